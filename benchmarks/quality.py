"""Prints the measured quality of search, evidence, sentence selection and follow-ups beside baselines.

    python -m benchmarks.quality [--distractors 4000] [--part retrieval|sentences|evidence|follow-up|gate]

Needs the development data (see `quality_sets.py`). The first run embeds the collections, at about 50
passages a second and core; `--distractors` keeps only so many passages of the large ones that no
question needs, which makes the search easier, and the table says so.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import benchmarks.quality_sets as sets
from benchmarks.quality_index import Index, vectors_of
from benchmarks.quality_sets import Collection, Question
from benchmarks.quality_weighing import Weighed, weighed
from footnote.embedders.minilm import MiniLM
from footnote.interfaces import Candidate
from footnote.retrieval.evidence import STRICT_THRESHOLD, answered, evidence_features, sentence_scores
from footnote.retrieval.follow_up import EMPTY, stand_alone
from footnote.retrieval.fusion import blindness, fuse
from footnote.retrieval.gate import decide, plain_words, root
from footnote.types import Message

EMBEDDER = MiniLM(threads=2)
UTTERANCES = Path(__file__).parents[1] / "tests" / "retrieval" / "utterances.jsonl"
POLISH = Path(__file__).parents[1] / "tests" / "retrieval" / "polish.jsonl"
Ranking = Callable[[Sequence[Candidate], str], list[Candidate]]


def by_rank(candidates: Sequence[Candidate], question: str) -> list[Candidate]:
    """Reciprocal rank fusion (Cormack et al. 2009), k = 60: the common choice, for comparison."""
    ranks = []
    for arm in ("words", "vector"):
        order = sorted(candidates, key=lambda c, arm=arm: -getattr(c, arm))  # type: ignore[misc]
        ranks.append({c.chunk_id: i for i, c in enumerate(order, 1)})
    return sorted(candidates, key=lambda c: -sum(1 / (60 + rank[c.chunk_id]) for rank in ranks))


RANKINGS: dict[str, Ranking] = {
    "words": lambda found, _: sorted(found, key=lambda c: -c.words),
    "vectors": lambda found, _: sorted(found, key=lambda c: -c.vector),
    "ranks": by_rank,
    "fused": lambda found, q: [c for c, _ in fuse(found, q, EMBEDDER.count_tokens)],
}


def recall(index: Index, questions: Sequence[Question], ranking: str, depths: tuple[int, int]) -> list[float]:
    """Mean share of the relevant passages among the first so many."""
    shares = np.zeros((len(questions), len(depths)))
    for i, question in enumerate(questions):
        best = [
            index.ids[c.chunk_id] for c in RANKINGS[ranking](index.candidates(question.text), question.text)
        ]
        for j, depth in enumerate(depths):
            shares[i, j] = len(set(best[:depth]) & question.relevant) / len(question.relevant)
    return [float(value) for value in shares.mean(axis=0)]


def ndcg(index: Index, questions: Sequence[Question], ranking: str, depth: int = 5) -> float:
    total = 0.0
    for question in questions:
        best = RANKINGS[ranking](index.candidates(question.text), question.text)[:depth]
        gains = [1 / np.log2(i + 2) for i, c in enumerate(best) if index.ids[c.chunk_id] in question.relevant]
        ideal = sum(1 / np.log2(i + 2) for i in range(min(depth, len(question.relevant))))
        total += sum(gains) / ideal
    return float(total / len(questions))


def retrieval(distractors: int | None) -> None:
    print("\n## Search: recall at two depths (MTRAG: recall@5 / nDCG@5)\n")
    print("| set | words | vectors | ranks | fused | baseline: words, vectors, best fusion |")
    print("|---|---|---|---|---|---|")
    squad = sets.squad()
    small = [
        ("SQuAD2, 400", squad, (1, 5), ".805/.945, .693/.897, .830/.968"),
        ("XQuAD en, 400", sets.xquad("en"), (1, 5), ".935/.990, .895/.978, .968/.998"),
        ("XQuAD de, 400", sets.xquad("de"), (1, 5), ".870/.973, .545/.785, .890/.985 (w = 1)"),
        ("XQuAD zh, 400", sets.xquad("zh"), (1, 5), "–"),
        ("HotpotQA, 100", sets.hotpot(), (2, 5), ".600/.780, .625/.790, .625/.820"),
        ("Polish, 30 (ours)", polish(), (1, 3), "–"),
    ]
    for name, collection, depths, baseline in small:
        index = Index(collection.passages, collection.language, EMBEDDER)
        asked = sets.some(collection.questions, 400)
        found = (recall(index, asked, ranking, depths) for ranking in RANKINGS)
        cells = ["/".join(f"{value:.3f}" for value in values) for values in found]
        print(f"| {name} | {' | '.join(cells)} | {baseline} |", flush=True)
    large = {
        ("fiqa", "lastturn"): ".125/.105, .251/.242, .288/.262",
        ("fiqa", "rewrite"): ".176/.146, .294/.280, .345/.309",
        ("cloud", "lastturn"): ".228/.201, .277/.247, .345/.287",
        ("cloud", "rewrite"): ".238/.212, .282/.255, .335/.292",
    }
    for (domain, kind), baseline in large.items():
        collection = sets.mtrag(domain, kind, distractors)
        index = Index(collection.passages, "en", EMBEDDER)
        asked = collection.questions
        cells = [f"{recall(index, asked, r, (5, 5))[0]:.3f}/{ndcg(index, asked, r):.3f}" for r in RANKINGS]
        size = f"{len(index.ids):,} passages"
        print(
            f"| MTRAG {domain} {kind}, {len(asked)}, {size} | {' | '.join(cells)} | {baseline} |", flush=True
        )


def polish() -> Collection:
    """A language that the development data does not have: thirty paragraphs and questions of our own."""
    rows = [json.loads(line) for line in POLISH.read_text(encoding="utf-8").splitlines()]
    return Collection(
        name="polish",
        language="pl",
        passages={str(i): row["text"] for i, row in enumerate(rows)},
        questions=tuple(
            Question(text=row["question"], relevant=frozenset([str(i)])) for i, row in enumerate(rows)
        ),
    )


def selected(found: Sequence[Weighed], score: Callable[[Weighed], np.ndarray]) -> list[float]:
    """The share of questions whose answer stands in the best one, two, three sentences."""
    hits = np.zeros(3)
    for one in found:
        order = np.argsort(-score(one), kind="stable")
        hits += [one.wanted_text[order[:n]].any() for n in (1, 2, 3)]
    return [float(value) for value in hits / len(found)]


def selection() -> None:
    print("\n## The answer is in the best 1 / 2 / 3 sentences (every paragraph indexed, 5 passages found)\n")
    print("| set | cosine alone | as it ships | baseline |\n|---|---|---|---|")
    for name, collection, baseline in (
        ("SQuAD2, all answerable", sets.squad(), ".646/.790/.857 cosine, .790/.884/.911 combined"),
        ("XQuAD de, 250", sets.xquad("de"), "–"),
        ("XQuAD zh, 250", sets.xquad("zh"), "–"),
    ):
        index = Index(collection.passages, collection.language, EMBEDDER)
        asked = collection.questions if "SQuAD2" in name else sets.some(collection.questions, 400)[:250]
        vectors_of([q.text for q in asked], EMBEDDER, "query")
        found = [weighed(index, collection, q, EMBEDDER) for q in asked]
        cosine = selected(found, lambda one: one.rows[:, 0] + one.rows[:, 1])
        ships = selected(found, lambda one: sentence_scores(one.rows))
        cells = ("/".join(f"{v:.3f}" for v in values) for values in (cosine, ships))
        print(f"| {name} | {' | '.join(cells)} | {baseline} |", flush=True)


def chance(one: Weighed, with_meaning: bool = True) -> float:
    if not len(one.rows):
        return 0.0
    blind = blindness(one.search.question, EMBEDDER.count_tokens)
    return answered(evidence_features(one.search, one.rows, sentence_scores(one.rows), blind), with_meaning)


def area(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The chance that an answerable question scores higher than an unanswerable one (AUC)."""
    higher = np.subtract.outer(np.array(positive), np.array(negative))
    return float((higher > 0).mean() + 0.5 * (higher == 0).mean())


def evidence(distractors: int | None) -> None:
    print(f"\n## Evidence: answerable against not, threshold {STRICT_THRESHOLD}\n")
    print("| set | AUC passage cosine | AUC best sentence's cosine | AUC evidence | words only", end=" ")
    print("| answerable declined | unanswerable answered | baseline AUC |\n|---|---|---|---|---|---|---|---|")
    every: list[tuple[float, bool]] = []
    for name, yes, no, baseline in evidence_sets(distractors):
        cosines = [
            [max((p.vector_score for p in w.search.passages), default=0.0) for w in s] for s in (yes, no)
        ]
        best = [
            [float((w.rows[:, 0] + w.rows[:, 1]).max()) if len(w.rows) else 0.0 for w in s] for s in (yes, no)
        ]
        scores = [[chance(w) for w in s] for s in (yes, no)]
        words = [[chance(w, with_meaning=False) for w in s] for s in (yes, no)]
        if "near" not in name:
            every += [(score, True) for score in scores[0]] + [(score, False) for score in scores[1]]
        declined = np.mean(np.array(scores[0]) < STRICT_THRESHOLD)
        answers = np.mean(np.array(scores[1]) >= STRICT_THRESHOLD)
        cells = " | ".join(f"{area(*both):.3f}" for both in (cosines, best, scores, words))
        print(
            f"| {name} ({len(yes)} / {len(no)}) | {cells} | {declined:.3f} | {answers:.3f} | {baseline} |",
            flush=True,
        )
    print("\nCalibration over all sets but the near misses:\n")
    print("| score | questions | answerable |\n|---|---|---|")
    table = np.array(every)
    for low in np.arange(0, 1, 0.2):
        part = table[(table[:, 0] >= low) & (table[:, 0] < low + 0.2)]
        if len(part):
            print(f"| {low:.1f}–{low + 0.2:.1f} | {len(part)} | {part[:, 1].mean():.2f} |")


def evidence_sets(distractors: int | None):  # type: ignore[no-untyped-def]
    """Name, answerable, unanswerable, baseline. Off the topic: the article that answers is taken out."""
    squad = sets.squad()
    index = Index(squad.passages, "en", EMBEDDER)
    asked = sets.some(squad.questions, 500, 7)
    yes = [weighed(index, squad, q, EMBEDDER) for q in asked]
    yield "SQuAD2, off the topic", yes, [_off(index, squad, q) for q in asked], "–"
    near = [weighed(index, squad, q, EMBEDDER) for q in sets.some(sets.squad(True).questions, 500, 7)]
    yield "SQuAD2, near misses", yes, near, "–"
    for language in ("en", "de", "zh"):
        collection = sets.xquad(language)
        index = Index(collection.passages, language, EMBEDDER)
        asked = sets.some(collection.questions, 400)[:250]
        yes = [weighed(index, collection, q, EMBEDDER) for q in asked]
        yield f"XQuAD {language}, off the topic", yes, [_off(index, collection, q) for q in asked], "–"
    for domain, baseline in (("cloud", "passage .748, best sentence .826"), ("fiqa", "–")):
        collection = sets.mtrag(domain, "lastturn", distractors)
        index = Index(collection.passages, "en", EMBEDDER)
        found: dict[bool, list[Weighed]] = {True: [], False: []}
        for question, answerable in sets.mtrag_un(domain):
            history = [Message("user" if who == "user" else "assistant", text) for who, text in question.said]
            text = stand_alone(question.text, history)
            found[answerable].append(weighed(index, collection, question, EMBEDDER, text=text))
        yield f"MTRAG-UN {domain}, {len(index.ids):,} passages", found[True], found[False], baseline


def _off(index: Index, collection: Collection, question: Question) -> Weighed:
    article = next(iter(question.relevant)).rsplit("-", 1)[0]
    without = frozenset(key for key in collection.passages if key.rsplit("-", 1)[0] == article)
    return weighed(index, collection, question, EMBEDDER, without=without)


def follow_ups(distractors: int | None) -> None:
    print("\n## Follow-ups: recall@5, fused, with what is searched for\n")
    print("| set | last turn | all turns glued | ours | gold rewrite | changed |\n|---|---|---|---|---|---|")
    for domain in ("fiqa", "cloud"):
        last, glued, gold = (
            sets.mtrag(domain, kind, distractors) for kind in ("lastturn", "questions", "rewrite")
        )
        index = Index(last.passages, "en", EMBEDDER)
        ours = [
            Question(text=stand_alone(q.text, [Message("user", h) for h in q.history]), relevant=q.relevant)
            for q in last.questions
        ]
        changed = sum(a.text != b.text for a, b in zip(ours, last.questions, strict=True))
        cells = [
            f"{recall(index, questions, 'fused', (5, 5))[0]:.3f}"
            for questions in (last.questions, glued.questions, ours, gold.questions)
        ]
        name = f"MTRAG {domain}, {len(ours)}, {len(index.ids):,} passages"
        print(f"| {name} | {' | '.join(cells)} | {changed} |", flush=True)
    brought_back()


def brought_back() -> None:
    """TREC CAsT: how many of the words that people added are added, and how many of ours they added."""
    turns = list(sets.cast())
    missing = added = both = changed = needless = wanting = 0
    for before, asked, gold in turns:
        ours = stand_alone(asked, [Message("user", text) for text in before])
        wanted, given = (_topic_words(text) - _topic_words(asked) for text in (gold, ours))
        missing, added, both = missing + len(wanted), added + len(given), both + len(wanted & given)
        wanting += bool(wanted)
        changed += ours != asked
        needless += ours != asked and not wanted
    print(
        f"\nTREC CAsT: {len(turns)} turns, {wanting} rewritten by people with further words; "
        f"{changed} changed by ours, {needless} needlessly; {both / missing:.3f} of the missing words "
        f"brought back, {both / added:.3f} of the added words were missing"
    )


def _topic_words(text: str) -> set[str]:
    return {root(word) for word in plain_words(text) if word not in EMPTY}


def gate() -> None:
    said = [json.loads(line) for line in UTTERANCES.read_text(encoding="utf-8").splitlines()]
    wrong = {kind: [u for u in said if u["needs_documents"] == kind and
                    (decide(u["text"], True) == "documents") != kind] for kind in (True, False)}  # fmt: skip
    print("\n## Gate: errors on 100 utterances written after the code\n")
    for kind, error in (
        (True, "needs documents, judged not to"),
        (False, "needs none, sent to the documents"),
    ):
        print(f"{error}: {len(wrong[kind])} of {sum(u['needs_documents'] == kind for u in said)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--distractors", type=int, default=None)
    parser.add_argument("--part", choices=["retrieval", "sentences", "evidence", "follow-up", "gate"])
    given = parser.parse_args()
    if not sets.FOLDER.is_dir():
        raise SystemExit(f"No development data in {sets.FOLDER}; name its folder in FOOTNOTE_DEV_DATA.")
    parts: dict[str, Callable[[], None]] = {
        "gate": gate,
        "retrieval": lambda: retrieval(given.distractors),
        "sentences": selection,
        "evidence": lambda: evidence(given.distractors),
        "follow-up": lambda: follow_ups(given.distractors),
    }
    for name, part in parts.items():
        if given.part in (None, name):
            part()


if __name__ == "__main__":
    main()
