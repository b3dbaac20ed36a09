"""The measures against values worked out by hand, and the laws that they obey."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.evaluation import measures

RANKS = st.lists(st.none() | st.integers(1, 20), min_size=1, max_size=5)
SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_recall_is_the_share_of_the_evidence_that_was_found() -> None:
    ranks = [1, 4, None]
    assert measures.recall(ranks, 1) == pytest.approx(1 / 3)
    assert measures.recall(ranks, 3) == pytest.approx(1 / 3)
    assert measures.recall(ranks, 4) == pytest.approx(2 / 3)


def test_the_reciprocal_rank_is_that_of_the_first_evidence_found() -> None:
    assert measures.reciprocal_rank([None, 3, 5], 5) == pytest.approx(1 / 3)
    assert measures.reciprocal_rank([6], 5) == 0
    assert measures.reciprocal_rank([None], 5) == 0


def test_the_discounted_gain_is_that_worked_out_by_hand() -> None:
    # Found at 2 and 3: (1/log2 3 + 1/log2 4) of (1/log2 2 + 1/log2 3).
    expected = (1 / math.log2(3) + 1 / 2) / (1 + 1 / math.log2(3))
    assert measures.ndcg([3, 2], 5) == pytest.approx(expected)
    assert measures.ndcg([1], 5) == 1
    assert measures.ndcg([6], 5) == 0


def test_grades_weigh_the_gain() -> None:
    # The grade 1 came first and the grade 3 second.
    expected = (1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3))
    assert measures.ndcg([1, 2], 5, grades=[1, 3]) == pytest.approx(expected)


def test_two_pieces_of_evidence_in_one_passage_are_no_more_than_perfect() -> None:
    assert measures.ndcg([1, 1], 5) == 1


@given(RANKS, st.integers(1, 20))
def test_every_measure_of_a_ranking_is_a_share_and_grows_with_k(ranks: list[int | None], k: int) -> None:
    for measure in (measures.recall, measures.reciprocal_rank):
        assert 0 <= measure(ranks, k) <= measure(ranks, k + 1) <= 1
    assert 0 <= measures.ndcg(ranks, k) <= 1


@given(RANKS, st.integers(1, 20), st.data())
def test_finding_evidence_earlier_never_lowers_a_measure(
    ranks: list[int | None], k: int, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(ranks) - 1))
    was = ranks[place]
    earlier = [*ranks[:place], data.draw(st.integers(1, was or 20)), *ranks[place + 1 :]]
    for measure in (measures.recall, measures.reciprocal_rank, measures.ndcg):
        assert measure(earlier, k) >= measure(ranks, k)


# --- quotes and answers ------------------------------------------------------------------------------


def test_a_quote_is_found_across_line_ends_and_wherever_it_stands() -> None:
    text = "Paid on\n  Friday. Never paid on Monday, paid on Friday."
    assert [text[start:end] for start, end in measures.quote_spans(text, "paid on Friday")] == [
        "paid on Friday"
    ]
    assert [text[start:end] for start, end in measures.quote_spans(text, "Paid on Friday.")] == [
        "Paid on\n  Friday."
    ]
    assert measures.quote_spans(text, "") == ()


@given(st.lists(st.text("ab.*[( ", min_size=1), min_size=1), st.sampled_from([" ", "\n", " \t "]))
def test_a_quote_is_found_however_its_words_are_spaced(words: list[str], space: str) -> None:
    quote = " ".join(words)
    text = "before " + space.join(quote.split()) + " after"
    spans = measures.quote_spans(text, quote)
    assert all(text[start:end].split() == quote.split() for start, end in spans)
    assert bool(spans) == bool(quote.split())


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [((0, 5), (4, 9), True), ((0, 5), (5, 9), False), ((2, 3), (0, 9), True), ((4, 4), (0, 9), False)],
)
def test_ranges_overlap_when_they_share_a_character(
    one: tuple[int, int], other: tuple[int, int], expected: bool
) -> None:
    assert measures.overlap(one, other) is expected
    assert measures.overlap(other, one) is expected


@pytest.mark.parametrize(
    ("answer", "gold", "expected"),
    [
        ("Premium costs $49 a month. [1]", "$49", True),
        ("Premium costs $42 a month. [1]", "$49", False),
        ("About 11400 stations were cut off.", "11,400 stations.", True),
        ("It went from 62 % to 64 %. [2]", "It rose from 62 % to 64 %.", True),
        ("It is now 64 %. [2]", "It rose from 62 % to 64 %.", False),
        ("During her leave Ruben Castell acts. [1]", "Ruben Castell.", True),
        ("Bettina Kroll is. [1]", "Ruben Castell.", False),
        ("Digital goods are not refundable.", "No, digital goods are not refunded.", True),
        ("Contractors cannot use this. [3]", "No.", None),
        ("The marker is no number. [49]", "$49", False),
    ],
)
def test_an_answer_says_what_the_gold_says_when_it_has_its_numbers_or_else_its_words(
    answer: str, gold: str, expected: bool | None
) -> None:
    assert measures.says(answer, gold) is expected


# --- means and intervals -----------------------------------------------------------------------------


def test_the_interval_of_yes_and_no_is_that_of_wilson() -> None:
    # 8 of 10, from the formula with z = 1.959964.
    found = measures.figure([1] * 8 + [0] * 2)
    assert found.value == pytest.approx(0.8)
    assert (found.low, found.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)


def test_all_right_is_still_uncertain() -> None:
    found = measures.figure([1.0] * 10)
    assert found.high == 1
    assert found.low == pytest.approx(0.7225, abs=1e-4)


@given(SHARES)
def test_an_interval_holds_its_mean_and_stays_within_0_and_1(values: list[float]) -> None:
    found = measures.figure(values)
    assert -1e-9 <= found.low <= found.value <= found.high <= 1 + 1e-9
    assert found == measures.figure(values)


def test_more_of_the_same_values_make_a_narrower_interval() -> None:
    few, many = measures.figure([0.2, 0.5, 0.9] * 4), measures.figure([0.2, 0.5, 0.9] * 40)
    assert many.high - many.low < few.high - few.low


def test_a_difference_is_paired() -> None:
    ours, theirs = [0.1, 0.5, 0.9] * 5, [0.0, 0.4, 0.8] * 5
    found = measures.difference(ours, theirs)
    assert (found.value, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))


def test_the_chance_of_a_difference_is_that_counted_by_hand() -> None:
    # Three changes of one direction: 2 of the 8 patterns of signs go as far.
    assert measures.by_chance([1, 1, 1, 0, 0]) == 2 / 8
    assert measures.by_chance([1, -1]) == 1
    assert measures.by_chance([0, 0]) == 1
    assert measures.by_chance([0.5] * 6) == 2 / 64


def test_many_changes_of_one_direction_are_hardly_chance() -> None:
    assert measures.by_chance([0.3] * 40) < 0.001
    assert measures.by_chance([0.3, -0.3] * 20) == 1
    assert measures.difference([1.0] * 6, [0.0] * 6).clear
    assert not measures.difference([1.0] * 5, [0.0] * 5).clear


@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]), max_size=30))
def test_the_chance_of_a_difference_does_not_depend_on_its_direction(changes: list[float]) -> None:
    found = measures.by_chance(changes)
    assert 0 < found <= 1
    assert measures.by_chance([-one for one in changes]) == pytest.approx(found, abs=0.03)


def test_the_mean_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no values"):
        measures.figure([])
    with pytest.raises(ValueError, match="no values"):
        measures.difference([], [])


def test_separation_counts_pairs_in_the_right_order_and_ties_half() -> None:
    assert measures.separation([0.9, 0.8], [0.1]) == 1
    assert measures.separation([0.5], [0.5]) == 0.5
    assert measures.separation([0.9, 0.2], [0.5, 0.1]) == 0.75
    assert measures.separation([], [0.5]) is None


def test_percentiles_lie_between_the_nearest_values() -> None:
    assert measures.percentile([10, 20], 50) == 15
    assert measures.percentile([3], 95) == 3
