"""Questions searched and weighed as a turn does it, with what is known of the truth. Feeds the fit and
the measures alike."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.quality_index import Index, vectors_of
from benchmarks.quality_sets import Collection, Question
from footnote.interfaces import Embedder
from footnote.retrieval.evidence import Search, prepare, sentence_features
from footnote.retrieval.fusion import blindness, fuse
from footnote.types import Chunk, Passage

TOP = 5


@dataclass(frozen=True)
class Weighed:
    question: Question
    search: Search
    rows: npt.NDArray[np.float64]
    """Features of the sentences."""
    right: npt.NDArray[np.bool_]
    """Which sentences hold the answer in a relevant passage."""
    wanted_text: npt.NDArray[np.bool_]
    """Which sentences hold the answer's text anywhere."""
    group: str


def searched(
    index: Index,
    question: str,
    embedder: Embedder,
    titles: dict[str, str],
    without: frozenset[str] = frozenset(),
) -> tuple[tuple[Passage, ...], list[str]]:
    """The best passages with their ids; `without` leaves some out, as if they were not indexed."""
    candidates = tuple(c for c in index.candidates(question) if index.ids[c.chunk_id] not in without)
    best = fuse(candidates, question, embedder.count_tokens)[:TOP]
    ids = [index.ids[candidate.chunk_id] for candidate, _ in best]
    passages = tuple(
        Passage(
            chunk=Chunk(
                text=index.texts[c.chunk_id], start=0, end=len(index.texts[c.chunk_id]), id=c.chunk_id
            ),
            document=titles.get(index.ids[c.chunk_id], ""),
            score=score,
            words_score=c.words,
            vector_score=c.vector,
        )
        for c, score in best
    )
    return passages, ids


def weighed(
    index: Index,
    collection: Collection,
    question: Question,
    embedder: Embedder,
    *,
    text: str = "",
    without: frozenset[str] = frozenset(),
    words_only: bool = False,
) -> Weighed:
    asked = text or question.text
    passages, ids = searched(index, asked, embedder, collection.titles, without)
    search = prepare(asked, passages)
    cosines = None
    if not words_only and search.sentences:
        made = vectors_of([s.text for s in search.sentences], embedder)
        cosines = (made @ vectors_of([asked], embedder, "query")[0]).astype(np.float64)
    rows = sentence_features(search, cosines, blindness(asked, embedder.count_tokens))
    holding = [any(_in(answer, s.text) for answer in question.answers) for s in search.sentences]
    relevant = [ids[s.passage] in question.relevant for s in search.sentences]
    article = next(iter(question.relevant), question.key).rsplit("-", 1)[0]
    return Weighed(
        question,
        search,
        rows,
        np.array(holding, bool) & np.array(relevant, bool),
        np.array(holding, bool),
        f"{collection.name}:{article}",
    )


def _in(answer: str, text: str) -> bool:
    if re.match(r"\w", answer) and answer.isascii():
        return re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", text) is not None
    return answer in text
