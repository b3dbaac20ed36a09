"""A row, an item or a sentence as a person reads it on its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.language.readable import cells, readable, says_something
from footnote.language.sentences import sentences

TABLE = "| Plan | Monthly | Yearly |\n| --- | --- | --- |\n| Basic | 10 | 100 |\n| Pro | 20 | 200 |"


def of(text: str, part: str, lead_in: str = "") -> str:
    start = text.index(part)
    return readable(text, start, start + len(part), lead_in)


def test_a_row_has_the_names_of_its_header() -> None:
    assert of(TABLE, "| Pro | 20 | 200 |") == "Plan: Pro; Monthly: 20; Yearly: 200"


def test_rows_below_a_cut_have_the_names_of_the_header_before_it() -> None:
    header, _, first, second = TABLE.split("\n")
    below = f"{first}\n{second}"
    assert of(below, first, header) == "Plan: Basic; Monthly: 10; Yearly: 100"
    assert of(below, second, header) == "Plan: Pro; Monthly: 20; Yearly: 200"


def test_a_second_table_has_its_own_header_and_not_that_of_the_table_before_it() -> None:
    text = "| Pro | 20 | 200 |\n\nAnd the offices:\n\n| City | Desks |\n| --- | --- |\n| Oslo | 7 |"
    assert of(text, "| Oslo | 7 |", TABLE.partition("\n")[0]) == "City: Oslo; Desks: 7"


def test_a_row_that_does_not_fit_its_header_is_not_labelled_by_guess() -> None:
    assert of("| A | B |\n| 1 | 2 | 3 |", "| 1 | 2 | 3 |") == "| 1 | 2 | 3 |"


def test_an_empty_cell_is_not_named() -> None:
    assert of("| A | B |\n| 1 |  |", "| 1 |  |") == "A: 1"


def test_a_list_item_has_the_sentence_that_introduces_its_list() -> None:
    text = "We ship everywhere. These are free:\n\n- returns within 30 days\n- repairs"
    assert of(text, "- repairs") == "These are free: repairs"


def test_an_introduction_may_run_over_several_lines() -> None:
    text = "For orders that come from outside the union\nthe following is not free:\n- customs"
    assert of(text, "- customs").split() == (
        "For orders that come from outside the union the following is not free: customs".split()
    )


def test_an_item_below_a_cut_has_the_introduction_before_it() -> None:
    assert of("- returns\n- repairs", "- repairs", "These are free:") == "These are free: repairs"


def test_an_item_of_a_later_list_does_not_take_the_introduction_of_an_earlier_one() -> None:
    text = "- returns\n- repairs\n\nCustoms are another matter.\n\n- They are paid by the buyer."
    assert of(text, "- They are paid by the buyer.", "These are free:") == "They are paid by the buyer."


def test_a_sentence_that_begins_with_an_initial_keeps_it() -> None:
    assert of("A. Lovelace wrote it.", "A. Lovelace wrote it.") == "A. Lovelace wrote it."


def test_the_marks_of_markdown_go_and_its_words_stay() -> None:
    text = "## The **premium** plan has [free returns](https://example.org/r) and `code`"
    assert of(text, text) == "The premium plan has free returns and code"


def test_an_underscore_or_a_star_within_a_word_is_no_mark_of_markdown() -> None:
    assert of("Set max_retries to 2*3.", "Set max_retries to 2*3.") == "Set max_retries to 2*3."
    assert of("Call __init__ and a__b__c.", "Call __init__ and a__b__c.") == "Call __init__ and a__b__c."


def test_a_block_of_code_keeps_its_lines() -> None:
    code = "```python\nfor a in b:\n    print(a)\n```"
    assert of(f"Like this:\n\n{code}\n\nDone.", code) == code


def test_cells_are_the_same_with_and_without_outer_bars() -> None:
    assert cells("| a | b |") == cells("a | b") == ["a", "b"]


@given(st.text(alphabet="abc XYZ.:|-*1\n#", max_size=120), st.data())
def test_any_part_of_any_text_can_be_read_and_keeps_its_words(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    said = readable(text, start, end)
    # A bullet's own number or letter may go; every other word stays.
    lost = [word for word in text[start:end].split() if word.isalpha() and word not in said]
    assert lost == []


@pytest.mark.parametrize(
    ("text", "span", "expected"),
    [
        ("| Plan | Price |\n|---|---|\n| Premium | $49 |", "| Plan | Price |", False),
        ("| Plan | Price |\n|---|---|\n| Premium | $49 |", "| Premium | $49 |", True),
        ("plan | price\nPremium | 49", "plan | price", False),
        ("Ann | Duluth\nBob | Ghent", "Ann | Duluth", True),
        ("## Prices\nPremium costs $49.", "## Prices", False),
        ("Do I get my money back? Yes, within 30 days.", "Do I get my money back?", False),
        ("Do I get my money back? Yes, within 30 days.", "Yes, within 30 days.", True),
        ("These are excluded:\n- gift cards", "These are excluded:", False),
    ],
)
def test_a_heading_a_header_and_a_question_say_nothing_by_themselves(
    text: str, span: str, expected: bool
) -> None:
    start = text.index(span)
    assert says_something(text, start, start + len(span)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See `the guide <https://guide.example/>`__ for more.", "See the guide for more."),
        ("Read :ref:`permissions` first.", "Read permissions first."),
        ("Set ``page_size`` to 50.", "Set `page_size` to 50."),
        ("At 10:30:`x`", "At 10:30:x"),
    ],
)
def test_the_marks_of_restructured_text_are_left_out(text: str, expected: str) -> None:
    assert readable(text, 0, len(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2**8 is 256 and 2**10 is 1024.",
        "f(*args, **kwargs) or g(**kwargs)",
        "cat log.txt | sort | uniq -c",
        "src/**/*.py and tests/**/*.py",
        "handlers[name](event)",
        "a || b",
        "30. September 2024 ist der letzte Termin.",
        "- 40 °C is the lowest.",
    ],
)
def test_what_only_looks_like_markup_is_left_as_it_is(text: str) -> None:
    assert readable(text, 0, len(text)) == text


@pytest.mark.parametrize(
    ("tree", "lines"),
    [
        ("```\nAda, head\n├── Bo, sales\n│   └── Cy, shops\n```", ["Ada, head", "Bo, sales", "Cy, shops"]),
        ("src\n|-- a.py\n|   `-- b.py\n+-- c.py", ["src", "a.py", "b.py", "c.py"]),
    ],
)
def test_each_line_of_a_drawn_tree_is_read_without_its_branches(tree: str, lines: list[str]) -> None:
    assert [readable(tree, start, end) for start, end in sentences(tree)] == lines


@pytest.mark.parametrize(
    ("text", "part", "read"),
    [
        (
            "Options:\n- `--force` overwrites files.\n- `--quiet` says less.",
            "- `--force` overwrites files.",
            None,
        ),
        ("| Flag | Effect |\n|---|---|\n| `--force` | overwrites |", "| `--force` | overwrites |", None),
        ("`--` separates options from names.", "`--` separates options from names.", None),
        ("+--verbose\n+--quiet", "+--verbose", "+--verbose"),
    ],
)
def test_an_option_is_no_branch_of_a_tree(text: str, part: str, read: str | None) -> None:
    said = of(text, part)
    assert said == read if read else "--" in said


def test_a_result_in_a_code_block_stays_in_one_piece() -> None:
    block = "```\n+----+------+\n| id | name |\n+----+------+\n|  1 | Ann  |\n+----+------+\n```"
    assert [block[start:end] for start, end in sentences(block)] == [block]
