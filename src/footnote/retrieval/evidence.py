"""Whether the passages answer the question, and with which sentences. Read `weigh`.

Each sentence is scored by its meaning (cosine), by the question's words in it and around it, by its
passage, and by whether it holds the kind of thing that is asked for. What the best sentences and
passages have and lack then makes one calibrated chance that the question is answered. The constants
were fitted by `benchmarks/quality_fit.py`; `docs/quality.md` has what they were measured to do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footnote.interfaces import Embedder
from footnote.language.readable import readable, says_something
from footnote.language.sentences import sentences
from footnote.language.words import content_words, detect_language, document_terms, fold, query_terms
from footnote.retrieval.another import about_another, particulars
from footnote.retrieval.answer_types import expected, holds
from footnote.retrieval.fusion import blindness
from footnote.types import Chunk, Evidence, Passage, ScoredSentence

STRICT_THRESHOLD = 0.4
"""The least chance of an answer at which strict mode answers."""
MOST_SENTENCES = 40
"""Sentences that are embedded for one question; those with fewest of its words are left out."""
MOST_READ = 100
"""Sentences of a passage that are read in their surroundings. Ours are shorter; a longer one comes from
another index, and reading it so would take the square of its length."""
ROOT = 5
"""Letters that two words must share at their beginning to count as akin."""

Row = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sentence:
    passage: int
    start: int
    end: int
    text: str
    """As it is read: a row with its header's names, an item with its lead-in, and an answer in a list of
    questions with its question."""
    terms: tuple[str, ...]
    says_something: bool
    about_another: bool
    """Whether it speaks of another thing of the kind that is asked about, see `retrieval/another.py`."""


@dataclass(frozen=True, slots=True)
class Search:
    """A question with the sentences found for it, and which of its words each of them has."""

    question: str
    passages: tuple[Passage, ...]
    sentences: tuple[Sentence, ...]
    wanted: tuple[tuple[str, ...], ...]
    found: Row
    """Shape (sentences, words of the question): 1 where the sentence has the word, .5 for one akin."""
    around: Row
    """The same for what stands around a sentence: its neighbours, its headings, its document's name."""
    weights: Row
    """Of the question's words, adding up to 1."""


async def weigh(question: str, passages: Sequence[Passage], embedder: Embedder | None) -> Evidence:
    """How likely the passages answer the question, and their sentences, best first.

    Costs one embedding per sentence, `MOST_SENTENCES` at most. Without an embedder words alone decide.
    """
    search = prepare(question, passages)
    if not search.sentences:
        return Evidence(score=0.0)
    cosines, blind = None, 0.0
    if embedder is not None:
        vectors = await embedder.embed([question, *(s.text for s in search.sentences)], "query")
        cosines = (vectors[1:] @ vectors[0]).astype(np.float64)
        blind = blindness(question, embedder.count_tokens)
    rows = sentence_features(search, cosines, blind)
    scores = sentence_scores(rows)
    order = np.argsort(-scores, kind="stable")
    ranked = tuple(
        ScoredSentence(
            passage=search.sentences[i].passage,
            start=search.sentences[i].start,
            end=search.sentences[i].end,
            score=float(scores[i]),
        )
        for i in order
    )
    score = answered(evidence_features(search, rows, scores, blind), cosines is not None)
    return Evidence(score=score, sentences=ranked)


def prepare(question: str, passages: Sequence[Passage]) -> Search:
    """The passages cut into sentences, with the question's words looked for in each."""
    languages = [detect_language(passage.chunk.text) for passage in passages]
    wanted = query_terms(question, sorted({language for language in languages if language}))
    cut = [sentences(passage.chunk.text) for passage in passages]
    read = [_as_read(passage.chunk, spans) for passage, spans in zip(passages, cut, strict=True)]
    terms = [
        [tuple(document_terms(sentence, language)) for sentence in sentences_read]
        for sentences_read, language in zip(read, languages, strict=True)
    ]
    above = [" ".join([p.document, *p.chunk.heading, p.chunk.lead_in]) for p in passages]
    titles = [frozenset(document_terms(*one)) for one in zip(above, languages, strict=True)]
    asked = particulars(question, wanted, frozenset().union(*titles, *(t for ts in terms for t in ts)))
    found: list[Sentence] = []
    beside: list[frozenset[str]] = []
    for number, passage in enumerate(passages):
        for i, (start, end) in enumerate(cut[number]):
            said = terms[number][i]
            says = len(cut[number]) > MOST_READ or says_something(passage.chunk.text, start, end)
            other = about_another(asked, read[number][i], said, above[number], titles[number])
            found.append(Sentence(number, start, end, read[number][i], said, says, other))
            neighbours = [*terms[number][max(0, i - 1) : i], *terms[number][i + 1 : i + 2]]
            beside.append(titles[number].union(*neighbours))
    matches = _matches(wanted, [frozenset(sentence.terms) for sentence in found])
    kept = list(range(len(found)))
    if len(found) > MOST_SENTENCES:
        kept = sorted(np.argsort(-matches.sum(axis=1), kind="stable")[:MOST_SENTENCES].tolist())
    around = _matches(wanted, beside)
    return Search(
        question=question,
        passages=tuple(passages),
        sentences=tuple(found[i] for i in kept),
        wanted=wanted,
        found=matches[kept],
        around=around[kept],
        weights=_weights(matches),
    )


def _as_read(chunk: Chunk, spans: Sequence[tuple[int, int]]) -> list[str]:
    """The spans made to stand alone. A paragraph that begins with a question, or stands under one,
    answers it to its end."""
    if len(spans) > MOST_READ:
        return [chunk.text[start:end] for start, end in spans]
    read: list[str] = []
    question, asked_at = next(reversed(chunk.heading), ""), 0
    for start, end in spans:
        own = readable(chunk.text, start, end, chunk.lead_in)
        if own.endswith(("?", "？")):
            question, asked_at = own, end
        elif "\n\n" in chunk.text[asked_at:start].strip():
            question = ""
        read.append(f"{question} {own}" if question.endswith(("?", "？")) and question != own else own)
    return read


def _matches(wanted: Sequence[Sequence[str]], texts: Sequence[frozenset[str]]) -> Row:
    """1 where a text has one of a word's terms, .5 where it has only a word akin, else 0."""
    table = np.zeros((len(texts), len(wanted)))
    for column, alternatives in enumerate(wanted):
        roots = tuple({term[:ROOT] for term in alternatives if len(term) >= ROOT and term.isalpha()})
        for row, terms in enumerate(texts):
            if not terms.isdisjoint(alternatives):
                table[row, column] = 1.0
            elif roots and any(term.startswith(roots) for term in terms):
                table[row, column] = 0.5
    return table


def _weights(matches: Row) -> Row:
    """Rarer words among the sentences at hand say more (idf); they add up to 1."""
    count = len(matches)
    having = (matches == 1.0).sum(axis=0)
    rarity = np.log(1 + (count - having + 0.5) / (having + 0.5))
    return np.asarray(rarity / (rarity.sum() or 1.0))


SENTENCE_FEATURES = (
    "cosine", "cosine, blind", "words", "words around", "pairs", "passage", "first", "holds", "lacks",
    "short", "new words", "heading", "another",
)  # fmt: skip


COSINE, LACKS, ANOTHER = (SENTENCE_FEATURES.index(name) for name in ("cosine", "lacks", "another"))


def sentence_features(search: Search, cosines: Row | None, blind: float) -> Row:
    """Shape (sentences, features), each about 0 to 1, named by `SENTENCE_FEATURES`."""
    kind = expected(search.question)
    known = frozenset(content_words(search.question)) | {fold(w) for w in search.question.split()}
    best = max((passage.score for passage in search.passages), default=0.0) or 1.0
    share = search.found @ search.weights
    around = np.maximum(search.around - search.found, 0.0) @ search.weights
    pairs = _pairs(search)
    rows = np.zeros((len(search.sentences), len(SENTENCE_FEATURES)))
    for i, sentence in enumerate(search.sentences):
        cosine = float(cosines[i]) if cosines is not None else 0.0
        held = kind != "none" and holds(kind, sentence.text, known)
        new = sum(word not in known for word in set(content_words(sentence.text)))
        rows[i] = (
            cosine * (1 - blind),
            cosine * blind,
            share[i],
            around[i],
            pairs[i],
            search.passages[sentence.passage].score / best,
            sentence.passage == 0,
            held,
            kind != "none" and not held,
            len(sentence.terms) < 4,
            min(new / 6, 1.0),
            not sentence.says_something,
            sentence.about_another,
        )
    return rows


def _pairs(search: Search) -> Row:
    """The share of the question's neighbouring words that are neighbours in the sentence as well."""
    pairs = list(zip(search.wanted, search.wanted[1:], strict=False))
    shares = np.zeros(len(search.sentences))
    for i, sentence in enumerate(search.sentences):
        together = set(zip(sentence.terms, sentence.terms[1:], strict=False))
        hits = sum(any((a, b) in together for a in first for b in second) for first, second in pairs)
        shares[i] = hits / max(len(pairs), 1)
    return shares


# Fitted, but for the last, which is set: too few sentences of the development data speak of another.
SENTENCE_WEIGHTS = np.array(
    [3.31, 1.02, 5.79, 1.91, 0.69, 3.32, 0.63, 0.81, -0.81, -0.15, -0.09, -0.67, -4.0]
)
SENTENCE_BIAS = -9.26


def sentence_scores(rows: Row) -> Row:
    """The chance that each sentence answers (0 to 1)."""
    return np.asarray(1 / (1 + np.exp(-(rows @ SENTENCE_WEIGHTS + SENTENCE_BIAS))))


EVIDENCE_FEATURES = (
    "best cosine", "passage cosine", "words", "words of the passage", "names missing", "lacks", "blind",
    "words of the passage, blind",
)  # fmt: skip
EVIDENCE_WEIGHTS = np.array([5.07, 3.28, 2.87, 0.0, -1.39, -0.63, 3.33, 7.69])
EVIDENCE_BIAS = -5.61
# The same without an embedder, for passages of someone else's index.
WORDS_WEIGHTS = np.array([0.0, 0.0, 3.91, 0.89, -2.11, -0.85, 0.0, 0.0])
WORDS_BIAS = -1.66


def evidence_features(search: Search, rows: Row, scores: Row, blind: float) -> Row:
    """What is known of the whole search, named by `EVIDENCE_FEATURES`."""
    best = int(np.argmax(scores))
    window = np.maximum(search.found[best], search.around[best])
    same = [i for i, s in enumerate(search.sentences) if s.passage == search.sentences[best].passage]
    there = np.maximum(search.found[same].max(axis=0), window)
    named = _names(search)
    covered = there @ search.weights
    return np.array(
        [
            (rows[:, COSINE] * (1 - rows[:, ANOTHER])).max(),
            max(passage.vector_score for passage in search.passages) * (1 - blind),
            window @ search.weights,
            covered,
            (1 - there) @ named / (named.sum() or 1.0),
            rows[best, LACKS],
            blind,
            covered * blind,
        ]
    )


def _names(search: Search) -> Row:
    """1 for each of the question's words that is a name, number or identifier."""
    names = {
        fold(word.strip(".,;:!?\"'()"))
        for i, word in enumerate(search.question.split())
        if any(c.isdigit() for c in word) or (i and word[:1].isupper()) or word[1:] != word[1:].lower()
    }
    return np.array(
        [any(term in names or fold(term) in names for term in w) for w in search.wanted], dtype=float
    )


def answered(features: Row, with_meaning: bool) -> float:
    """The calibrated chance that the passages answer the question."""
    weights, bias = (EVIDENCE_WEIGHTS, EVIDENCE_BIAS) if with_meaning else (WORDS_WEIGHTS, WORDS_BIAS)
    return float(1 / (1 + np.exp(-(features @ weights + bias))))
