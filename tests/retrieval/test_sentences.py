"""Text cut into the units that a reader takes in one at a time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.language.sentences import LONGEST, sentences

FRAGMENTS = [
    "Dr. Hale paid 3.5. ", "\n", "- item", "| a | b |\n", "|---|---|\n", "```\n", "x = 1\n", "退款。",
    "e.g. ", "  ", "# Title\n", "\t", "Why? ", "“No!” ", "a" * 700, "\r\n", "word ", "1. ", "U.S. ", "\u2028",
]  # fmt: skip
PIECES = st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join)


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Dr. Hale paid $3.5 million to Mr. Ito.",
        "Use a proxy, e.g. nginx, before v2.1 of the server.",
        "See https://example.com/a.b?c=d. for more.",
        "The U.S. Army moved.",
        "J. K. Osei wrote it.",
        "It costs approx. five euros.",
        "Am 3. Oktober war es kalt.",
        "Das gilt z.B. für Kunden.",
        "See fig. 3 and sec. 4.",
        '"Is it so?" she asked.',
    ],
)
def test_a_full_stop_within_a_sentence_does_not_end_it(sentence: str) -> None:
    assert cut(f"It begins here. {sentence} Then we left.") == ["It begins here.", sentence, "Then we left."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We met at 5 p.m. It rained.", ["We met at 5 p.m.", "It rained."]),
        ("It was 5. We left.", ["It was 5.", "We left."]),
        ("Stop! Why? Because.", ["Stop!", "Why?", "Because."]),
        ("他走了。我留下！「好。」他说。", ["他走了。", "我留下！", "「好。」", "他说。"]),
        ("- one. Two.\n- three", ["- one. Two.", "- three"]),
        ("1. First\n2. Second", ["1. First", "2. Second"]),
        ("| a | b |\n|---|---|\n| 1 | 2 |", ["| a | b |", "| 1 | 2 |"]),
        ("Name | Price\nTea | 3", ["Name | Price", "Tea | 3"]),
        ("# Title\nText follows. More.", ["# Title", "Text follows.", "More."]),
        ("```\nx = 1. Y\n\nz\n```\nDone.", ["```\nx = 1. Y\n\nz\n```", "Done."]),
        ("A line that is broken in the middle of its\nsentence goes on.",
         ["A line that is broken in the middle of its\nsentence goes on."]),
        ("", []),
        ("  \n ", []),
    ],
)  # fmt: skip
def test_units(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@given(st.one_of(st.text(max_size=400), PIECES))
def test_spans_are_in_order_trimmed_and_apart(text: str) -> None:
    position = 0
    for start, end in sentences(text):
        assert position <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        assert end - start <= max(LONGEST, 1)
        position = end


@given(st.one_of(st.text(max_size=400), PIECES))
def test_nothing_readable_is_left_out(text: str) -> None:
    kept = [False] * len(text)
    for start, end in sentences(text):
        kept[start:end] = [True] * (end - start)
    assert not any(letter.isalnum() and not inside for letter, inside in zip(text, kept, strict=True))
