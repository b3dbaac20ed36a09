"""Words and vectors made one order. Read `fuse`.

Standardised scores are added, not ranks: how far ahead the best one is counts. How much words weigh
depends on how well the embedder knows the question's language, which its own tokenizer tells, so that
no list of languages is needed. `docs/quality.md` has what this was measured against.
"""

import re
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from footnote.interfaces import Candidate
from footnote.language.words import query_terms

Row = npt.NDArray[np.float64]

LEAST_WORDS = 0.5
"""The weight of words beside vectors, both standardised, where the embedder knows the language."""
MOST_WORDS = 2.5
WHOLE = 1.3
"""Pieces per word up to which an embedder's tokenizer knows the words of a question."""
SHATTERED = 3.0
"""Pieces per word from which on it knows none of them."""


WORDS_LIFT = 0.6
"""The share of the way to 1 that a full match of words lifts a cosine of 0."""
USUAL_MATCH = 2.0
"""BM25 per word at which half of that lift is reached."""
BLIND_LOSS = 0.3
"""How much less a cosine counts where the embedder knows no word."""


def fuse(
    candidates: Sequence[Candidate], question: str, count_tokens: Callable[[str], int] | None = None
) -> list[tuple[Candidate, float]]:
    """The candidates best first, each with its relevance (0 to 1), which never rises along the list.

    `count_tokens` is that of the embedder which made the vectors; without it, it is trusted.
    """
    if not candidates:
        return []
    words = np.array([c.words for c in candidates])
    vectors = np.array([c.vector for c in candidates])
    blind = blindness(question, count_tokens) if count_tokens else 0.0
    weight = LEAST_WORDS + (MOST_WORDS - LEAST_WORDS) * blind
    order = np.argsort(-(standardised(vectors) + weight * standardised(words)), kind="stable")
    # The same values, dealt out in the fused order: a score never contradicts the rank.
    scores = np.sort(_relevance(words, vectors, blind, len(query_terms(question, []))))[::-1]
    return [(candidates[i], float(score)) for i, score in zip(order, scores, strict=True)]


def blindness(question: str, count_tokens: Callable[[str], int]) -> float:
    """How little the embedder can know of the question's language: 0 knows it, 1 does not.

    An embedder has learned the words that its tokenizer keeps whole. One that must spell a question
    in pieces has seen little of its language.
    """
    words = re.findall(r"\w+", question)
    if not words:
        return 0.0
    marks = len(re.findall(r"[^\w\s]", question))
    pieces = (count_tokens(question) - marks) / len(words)
    return float(np.clip((pieces - WHOLE) / (SHATTERED - WHOLE), 0.0, 1.0))


def standardised(scores: Row) -> Row:
    """With mean 0 and deviation 1, so that scores of different makers can be added."""
    return np.asarray((scores - scores.mean()) / (scores.std() or 1.0))


def _relevance(words: Row, vectors: Row, blind: float, asked: int) -> Row:
    """Comparable between searches: the cosine, lifted by BM25 per word of the question.

    In a handful of texts BM25 is near 0 (every word is common there), which leaves the cosine.
    """
    each = np.maximum(words, 0.0) / max(asked, 1)
    lift = WORDS_LIFT * each / (each + USUAL_MATCH)
    return np.asarray(1 - (1 - np.clip(vectors, 0, 1) * (1 - BLIND_LOSS * blind)) * (1 - lift))
