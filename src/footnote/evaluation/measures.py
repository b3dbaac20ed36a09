"""The measures, pure. A ranking is judged by `ranks`: for each piece of evidence the place, from 1,
of the first result that holds it, or None when none does. Read `recall` first.
"""

import itertools
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from footnote.language.words import content_words, document_terms

Ranks = Sequence[int | None]

CONFIDENCE_Z = 1.959964
"""Of the normal distribution: 95 % of it lies within so many standard deviations."""
RESAMPLES = 2000
EXACT_CHANGES = 12
RANDOM_SIGNS = 10_000
SEED = 20_240_601
"""The same values always get the same interval."""

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_MARKER = re.compile(r"\[\d{1,3}\]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A mean over `count` questions with its 95 % interval."""

    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A mean difference over `count` questions that were judged twice, with its 95 % interval."""

    value: float
    low: float
    high: float
    count: int
    p: float
    """How often chance alone makes a difference as large."""

    @property
    def clear(self) -> bool:
        return self.p < 0.05


def recall(ranks: Ranks, k: int) -> float:
    """The share of the evidence among the first `k` results, 0 to 1."""
    return sum(rank is not None and rank <= k for rank in ranks) / len(ranks)


def reciprocal_rank(ranks: Ranks, k: int) -> float:
    """One over the place of the first result that holds any evidence; 0 when none of `k` does."""
    found = [rank for rank in ranks if rank is not None and rank <= k]
    return 1 / min(found) if found else 0.0


def ndcg(ranks: Ranks, k: int, grades: Sequence[int] | None = None) -> float:
    """Normalised discounted cumulative gain of the first `k` results, 0 to 1, with linear gains.

    Järvelin and Kekäläinen 2002. Each piece of evidence gains once, where it is first found. A
    result that holds two pieces could beat the ideal of one piece a result: 1 is the most.
    """
    grades = [1] * len(ranks) if grades is None else grades
    gained = sum(
        grade / math.log2(rank + 1)
        for rank, grade in zip(ranks, grades, strict=True)
        if rank is not None and rank <= k
    )
    ideal = sum(grade / math.log2(i + 2) for i, grade in enumerate(sorted(grades, reverse=True)[:k]))
    return min(1.0, gained / ideal)


# --- what an answer says ---------------------------------------------------------------------------


def quote_spans(text: str, quote: str) -> tuple[tuple[int, int], ...]:
    """Where a quote stands in a text, white space aside: half-open ranges, in order."""
    words = [re.escape(word) for word in quote.split()]
    return tuple(found.span() for found in re.finditer(r"\s+".join(words), text)) if words else ()


def overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two half-open ranges share a character; an empty range shares none."""
    return max(one[0], other[0]) < min(one[1], other[1])


def says(answer: str, gold: str) -> bool | None:
    """Whether an answer says what the gold answer says, as far as counting words can tell.

    True when it has the gold answer word for word, or all its numbers, or, for a gold answer
    without numbers, the stems of all its content words. None when the gold answer has neither: a
    mere "No." cannot be looked for. Generous to an answer that has the right number in the wrong
    place, strict to one in other words.
    """
    answer = _MARKER.sub(" ", answer)
    if _plain(gold) and f" {_plain(gold)} " in f" {_plain(answer)} ":
        return True
    if wanted := _numbers(gold):
        return wanted <= _numbers(answer)
    wanted = set(document_terms(" ".join(content_words(gold)), "en"))
    return wanted <= set(document_terms(answer, "en")) if wanted else None


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


def _numbers(text: str) -> set[str]:
    """Numbers as figures; 11,400 and 11400 are the same."""
    found = _NUMBER.findall(unicodedata.normalize("NFKC", text))
    return {one.replace(",", "") if _GROUPED.fullmatch(one) else one for one in found}


# --- many questions --------------------------------------------------------------------------------


def figure(values: Sequence[float]) -> Figure:
    """The mean of values between 0 and 1 with its 95 % interval. Raises `ValueError` for no values.

    Of yes and no: the interval of Wilson 1927, sound for few questions and for shares near 0 and 1.
    Else: the percentile bootstrap (Efron 1979).
    """
    if not values:
        raise ValueError("there is no mean of no values")
    mean = math.fsum(values) / len(values)
    if all(value in (0, 1) for value in values):
        low, high = wilson(round(math.fsum(values)), len(values))
    else:
        low, high = bootstrap(values)
    return Figure(value=mean, low=min(low, mean), high=max(high, mean), count=len(values))


def wilson(successes: int, count: int) -> tuple[float, float]:
    """The 95 % score interval of a share, Wilson 1927."""
    share, z = successes / count, CONFIDENCE_Z
    middle = share + z * z / (2 * count)
    reach = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def bootstrap(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % percentile interval of a mean, from resamples of the values."""
    drawn = np.random.default_rng(SEED).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.quantile(np.asarray(values, dtype=float)[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def difference(ours: Sequence[float], theirs: Sequence[float]) -> Difference:
    """The mean of the differences question by question (paired), with its bootstrap interval."""
    changes = [one - other for one, other in zip(ours, theirs, strict=True)]
    if not changes:
        raise ValueError("there is no mean of no values")
    mean = math.fsum(changes) / len(changes)
    low, high = bootstrap(changes)
    return Difference(
        value=mean, low=min(low, mean), high=max(high, mean), count=len(changes), p=by_chance(changes)
    )


def by_chance(changes: Sequence[float]) -> float:
    """How often a mean at least so far from 0 comes about when each change might as well have gone
    the other way: Fisher's randomisation test, two-sided. Exact for up to twelve changes, else from
    random signs. Smucker, Allan and Carterette 2007 recommend it for comparing searches."""
    changed = np.array([one for one in changes if one])
    if not len(changed):
        return 1.0
    if len(changed) <= EXACT_CHANGES:
        signs = np.array(list(itertools.product((1, -1), repeat=len(changed))))
        return float((np.abs(signs @ changed) >= abs(changed.sum()) - 1e-9).mean())
    signs = np.random.default_rng(SEED).choice((1, -1), (RANDOM_SIGNS, len(changed)))
    as_far = int((np.abs(signs @ changed) >= abs(changed.sum()) - 1e-9).sum())
    # The signs that were observed are one of the possible ones.
    return (as_far + 1) / (RANDOM_SIGNS + 1)


def separation(answerable: Sequence[float], unanswerable: Sequence[float]) -> float | None:
    """The chance that an answerable question scores above an unanswerable one: the area under the
    ROC curve (Hanley and McNeil 1982); ties count half. 0.5 is blind. None when a side is empty."""
    if not answerable or not unanswerable:
        return None
    above = np.subtract.outer(np.asarray(answerable, float), np.asarray(unanswerable, float))
    return float(((above > 0) + 0.5 * (above == 0)).mean())


def percentile(values: Sequence[float], percent: float) -> float:
    """Linear between the nearest values. Raises `ValueError` for no values."""
    if not values:
        raise ValueError("there is no percentile of no values")
    return float(np.percentile(np.asarray(values, dtype=float), percent))
