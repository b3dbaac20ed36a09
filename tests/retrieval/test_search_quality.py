"""Fusion and evidence on small collections of our own; the measured figures are in docs/quality.md."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.embedders.minilm import MiniLM
from footnote.interfaces import Candidate
from footnote.language.words import document_terms, query_terms
from footnote.retrieval.evidence import STRICT_THRESHOLD, weigh
from footnote.retrieval.fusion import blindness, fuse
from footnote.types import Chunk, ChunkId, Passage

EMBEDDER = MiniLM()
POLISH = [
    json.loads(line)
    for line in (Path(__file__).parent / "polish.jsonl").read_text(encoding="utf-8").splitlines()
]


def candidate(number: int, words: float, vector: float) -> Candidate:
    return Candidate(chunk_id=ChunkId(number), words=words, vector=vector)


def passage(text: str, document: str = "Guide", score: float = 0.5, vector: float = 0.5) -> Passage:
    return Passage(
        chunk=Chunk(text=text, start=0, end=len(text)), document=document, score=score, vector_score=vector
    )


HANDBOOK = [
    passage(
        "Unused leave carries over until 31 March. Managers approve leave within three days. "
        "Leave beyond 25 days is unpaid.",
        "Leave policy",
        0.8,
    ),
    passage("The canteen opens at noon. It serves soup on Mondays.", "Canteen", 0.4),
]

scored = st.lists(st.tuples(st.floats(0, 40), st.floats(-1, 1)), max_size=30)


@given(scored, st.text(max_size=40))
def test_fusion_keeps_every_candidate_with_falling_scores(
    pairs: list[tuple[float, float]], question: str
) -> None:
    candidates = [candidate(i, words, vector) for i, (words, vector) in enumerate(pairs)]
    fused = fuse(candidates, question, EMBEDDER.count_tokens)
    assert sorted(c.chunk_id for c, _ in fused) == list(range(len(pairs)))
    scores = [score for _, score in fused]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_words_decide_where_the_embedder_is_blind() -> None:
    by_words, by_vector = candidate(1, 9.0, 0.40), candidate(2, 3.0, 0.55)
    others = [candidate(i, 0.0, 0.35 + i / 1000) for i in range(3, 30)]
    assert fuse([by_words, by_vector, *others], "refund window", EMBEDDER.count_tokens)[0][0] == by_vector
    blind = fuse([by_words, by_vector, *others], "退款期限是多少天", EMBEDDER.count_tokens)
    assert blind[0][0] == by_words


@pytest.mark.parametrize(
    ("question", "low", "high"),
    [
        ("What is the refund policy of the company?", 0.0, 0.1),
        ("Wie lange ist die Kündigungsfrist im Arbeitsvertrag?", 0.3, 1.0),
        ("Jak często wymieniać filtr w pompie?", 0.3, 1.0),
        ("退款期限是多少天", 0.9, 1.0),
        ("", 0.0, 0.0),
    ],
)
def test_blindness_is_seen_by_the_pieces_of_the_words(question: str, low: float, high: float) -> None:
    assert low <= blindness(question, EMBEDDER.count_tokens) <= high


async def test_a_language_the_embedder_never_learned_is_found_by_its_words() -> None:
    vectors = await EMBEDDER.embed([row["text"] for row in POLISH], "document")
    terms = [document_terms(row["text"], "pl") for row in POLISH]
    fused_hits = vector_hits = 0
    for right, row in enumerate(POLISH):
        cosines = vectors @ (await EMBEDDER.embed([row["question"]], "query"))[0]
        wanted = query_terms(row["question"], ["pl"])
        # Each word counts by its rarity, as in BM25; texts of one sentence need no length norm.
        words = np.zeros(len(POLISH))
        for alternatives in wanted:
            having = np.array([not set(alternatives).isdisjoint(t) for t in terms])
            words += having * np.log(1 + len(POLISH) / (1 + having.sum()))
        candidates = [candidate(i, float(words[i]), float(cosines[i])) for i in range(len(POLISH))]
        fused_hits += fuse(candidates, row["question"], EMBEDDER.count_tokens)[0][0].chunk_id == right
        vector_hits += int(cosines.argmax()) == right
    assert fused_hits >= 26
    assert fused_hits > vector_hits


@pytest.mark.parametrize("embedder", [EMBEDDER, None], ids=["with an embedder", "words only"])
async def test_the_sentence_that_answers_comes_first(embedder: MiniLM | None) -> None:
    evidence = await weigh("Until when can I use unused leave?", HANDBOOK, embedder)
    best = evidence.sentences[0]
    quote = HANDBOOK[best.passage].chunk.text[best.start : best.end]
    assert quote == "Unused leave carries over until 31 March."


@pytest.mark.parametrize("embedder", [EMBEDDER, None], ids=["with an embedder", "words only"])
async def test_evidence_tells_what_is_answered_from_what_is_not(embedder: MiniLM | None) -> None:
    answered = await weigh("Who approves leave?", HANDBOOK, embedder)
    off_topic = [passage(p.chunk.text, p.document, 0.1, 0.05) for p in HANDBOOK]
    unanswered = await weigh("Why does the sky look blue at noon in Norway?", off_topic, embedder)
    assert answered.score >= STRICT_THRESHOLD > unanswered.score


async def test_no_passages_are_no_evidence() -> None:
    evidence = await weigh("Who approves leave?", [], EMBEDDER)
    assert evidence.score == 0
    assert evidence.sentences == ()


@given(st.lists(st.text(max_size=120), max_size=3), st.text(max_size=40))
async def test_every_sentence_lies_within_its_passage(texts: list[str], question: str) -> None:
    passages = [passage(text) for text in texts]
    evidence = await weigh(question, passages, None)
    assert 0 <= evidence.score <= 1
    scores = [sentence.score for sentence in evidence.sentences]
    assert scores == sorted(scores, reverse=True)
    for sentence in evidence.sentences:
        assert passages[sentence.passage].chunk.text[sentence.start : sentence.end].strip()
        assert 0 <= sentence.score <= 1
