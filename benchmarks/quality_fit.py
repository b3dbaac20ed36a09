"""Fits the constants of `footnote/retrieval/evidence.py` on the development data, and prints them.

    python -m benchmarks.quality_fit [--distractors 4000]

Sentences: a softmax over those of one question, so that the right one wins (SQuAD2 and XQuAD en, de, zh),
then scaled to a chance. Evidence: a logistic model over whole searches; unanswerable are questions whose
article is taken out, SQuAD2's near misses (at .3 of the weight: no form of words tells them apart) and
MTRAG-UN Cloud. The handbook that ships is never used: it is a test set.
"""

import argparse
import zlib

import numpy as np
import numpy.typing as npt

from benchmarks.quality import EMBEDDER, area, evidence_sets
from benchmarks.quality_index import Index, vectors_of
from benchmarks.quality_sets import some, squad, xquad
from benchmarks.quality_weighing import Weighed, weighed
from footnote.retrieval.evidence import (
    EVIDENCE_FEATURES,
    SENTENCE_FEATURES,
    evidence_features,
    sentence_scores,
)
from footnote.retrieval.fusion import blindness

Row = npt.NDArray[np.float64]
NEAR_MISS = 0.3
FOLDS = 8


def logistic(rows: Row, labels: Row, weights: Row, ridge: float = 0.5) -> tuple[Row, float]:
    """Newton's method; the bias is not shrunk."""
    design = np.c_[rows, np.ones(len(rows))]
    shrink = np.eye(design.shape[1]) * ridge
    shrink[-1, -1] = 1e-6
    found = np.zeros(design.shape[1])
    for _ in range(50):
        chances = 1 / (1 + np.exp(-design @ found))
        slope = design.T @ (weights * (labels - chances)) - shrink @ found
        curve = (design * (weights * chances * (1 - chances))[:, None]).T @ design + shrink
        found += np.linalg.solve(curve, slope)
    return found[:-1], float(found[-1])


def softmax_over_sentences(found: list[Weighed], ridge: float = 0.0005, steps: int = 400) -> Row:
    """Weights under which the right sentences of each question get most of the mass (Adam)."""
    usable = [one for one in found if one.right.any()]
    longest = max(len(one.rows) for one in usable)
    rows = np.zeros((len(usable), longest, len(SENTENCE_FEATURES)))
    present, right = np.zeros((2, len(usable), longest), bool)
    for i, one in enumerate(usable):
        rows[i, : len(one.rows)] = one.rows
        present[i, : len(one.rows)] = True
        right[i, : len(one.rows)] = one.right
    weights = first = second = np.zeros(len(SENTENCE_FEATURES))
    for step in range(1, steps + 1):
        scores = np.where(present, rows @ weights, -1e9)
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        target = chances * right
        target /= np.maximum(target.sum(axis=1, keepdims=True), 1e-30)
        slope = np.einsum("ij,ijk->k", target - chances, rows) / len(usable) - ridge * weights
        first = 0.9 * first + 0.1 * slope
        second = 0.99 * second + 0.01 * slope**2
        weights = weights + 0.1 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return weights


def best_of(found: list[Weighed], weights: Row) -> Row:
    """How many questions have their answer in the best 1, 2, 3 sentences."""
    hits = np.zeros(3)
    for one in found:
        order = np.argsort(-(one.rows @ weights), kind="stable")
        hits += [one.wanted_text[order[:n]].any() for n in (1, 2, 3)]
    return hits


def fit_sentences() -> None:
    found: dict[str, list[Weighed]] = {}
    for collection, most in ((squad(), 10_000), *((xquad(code), 250) for code in ("en", "de", "zh"))):
        index = Index(collection.passages, collection.language, EMBEDDER)
        asked = some(collection.questions, 400)[:most] if most < 10_000 else collection.questions
        vectors_of([q.text for q in asked], EMBEDDER, "query")
        found[collection.name] = [weighed(index, collection, q, EMBEDDER) for q in asked]
    others = [one for name, part in found.items() if name != "squad2" for one in part]
    hits = np.zeros(3)
    for article in sorted({one.group for one in found["squad2"]}):
        rest = [one for one in found["squad2"] if one.group != article]
        held_out = [one for one in found["squad2"] if one.group == article]
        hits += best_of(held_out, softmax_over_sentences(rest + others))
    print("SQuAD2, each article held out:", np.round(hits / len(found["squad2"]), 3))
    everything = others + found["squad2"]
    weights = softmax_over_sentences(everything)
    margins = np.concatenate([one.rows @ weights for one in everything])
    labels = np.concatenate([one.right for one in everything]).astype(float)
    scale, bias = logistic(margins[:, None], labels, np.ones(len(labels)), ridge=1.0)
    print("SENTENCE_WEIGHTS", dict(zip(SENTENCE_FEATURES, np.round(weights * scale[0], 2), strict=True)))
    print("SENTENCE_BIAS", round(bias, 2))


def fit_evidence(distractors: int | None) -> None:
    rows, labels, weights, names, folds = [], [], [], [], []
    for name, yes, no, _ in evidence_sets(distractors):
        if "fiqa" in name:
            continue  # held out
        for part, answerable in ((yes, True), (no, False)):
            if answerable and "near" in name:
                continue  # the same questions as off the topic
            for one in (one for one in part if len(one.rows)):
                blind = blindness(one.search.question, EMBEDDER.count_tokens)
                rows.append(evidence_features(one.search, one.rows, sentence_scores(one.rows), blind))
                labels.append(answerable and (bool(one.right.any()) or not one.question.answers))
                weights.append(NEAR_MISS if "near" in name else 0.5 if "XQuAD" in name else 1.0)
                names.append((name, answerable))
                folds.append(zlib.crc32(one.group.encode()) % FOLDS)  # an article stays together
    features, truth, weight = np.array(rows), np.array(labels, float), np.array(weights)
    fold = np.array(folds)
    for title, kept in (("EVIDENCE", range(8)), ("WORDS", (2, 3, 4, 5))):
        columns = features[:, list(kept)]
        chances = np.zeros(len(truth))
        for one_fold in range(FOLDS):
            rest = fold != one_fold
            found, bias = logistic(columns[rest], truth[rest], weight[rest])
            chances[~rest] = 1 / (1 + np.exp(-(columns[~rest] @ found + bias)))
        for name in sorted({name for name, _ in names}):
            if "near" not in name:
                parts = [
                    [c for c, n in zip(chances, names, strict=True) if n == (name, a)] for a in (True, False)
                ]
                print(f"{title} {name}: held-out AUC {area(*parts):.3f}")
        found, bias = logistic(columns, truth, weight)
        print(
            title,
            {EVIDENCE_FEATURES[k]: round(float(v), 2) for k, v in zip(kept, found, strict=True)},
            round(bias, 2),
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--distractors", type=int, default=None)
    given = parser.parse_args()
    fit_sentences()
    fit_evidence(given.distractors)
