"""Formats whose kept text is the file's own: plain text, Markdown, reStructuredText, JSON, source code,
and tables as text."""

import codecs
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.errors import DocumentRefused
from footnote.interfaces import Parse
from footnote.parsers import csv, json, markdown, rst, source, text
from footnote.testing.parser import check_extracted
from footnote.types import Extracted

PARSERS: dict[str, Parse] = {
    "note.txt": text.parse,
    "page.md": markdown.parse,
    "page.rst": rst.parse,
    "table.csv": csv.parse,
    "data.json": json.parse,
    "data.jsonl": json.parse,
    "code.py": source.parse,
}


def blocks(extracted: Extracted) -> list[tuple[str, int, str]]:
    check_extracted(extracted)
    return [(block.kind, block.level, extracted.text[block.start : block.end]) for block in extracted.blocks]


WORDS = st.text(st.characters(exclude_characters="\0"), max_size=100)
MARKS = st.text(alphabet=" \n\t#-*=+|>`~:.1aé漢\u200b\r\"'{}[],", max_size=200)


@pytest.mark.parametrize("name", PARSERS)
@given(words=st.one_of(MARKS, WORDS))
def test_places_hold_for_any_text(name: str, words: str) -> None:
    data = words.encode("utf-8", errors="ignore")
    if data:
        check_extracted(PARSERS[name](data, name))


@pytest.mark.parametrize("name", ["note.txt", "page.md", "page.rst", "code.py", "data.jsonl"])
@given(words=st.text(alphabet="ab #-*=\n", max_size=100))
def test_the_kept_text_is_the_source(name: str, words: str) -> None:
    if words:
        assert PARSERS[name](words.encode(), name).text == words


# --- encodings -----------------------------------------------------------------------------------------

GERMAN = "Größe und Maße: fünf Äpfel für 3 € – „gut“.\n" * 3
JAPANESE = "名前,住所\n山田さん,とうきょうの中央\nすずきさん,おおさかの北\n"
RUSSIAN = "Договор вступает в силу со дня подписания обеими сторонами. Срок действия — один год.\n" * 3


@pytest.mark.parametrize(
    ("words", "encoding"),
    [
        (GERMAN, "utf-8"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "utf-16"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (GERMAN, "utf-32"),
        (GERMAN, "cp1252"),
        (JAPANESE, "utf-8"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "utf-16"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN.replace("—", "-"), "koi8-r"),
    ],
)
def test_text_is_read_in_its_encoding(words: str, encoding: str) -> None:
    assert text.parse(words.encode(encoding), "note.txt").text == words


def test_a_japanese_table_is_read_in_its_encoding() -> None:
    rows = blocks(csv.parse(JAPANESE.encode("shift_jis"), "table.csv"))
    assert rows[0] == ("table_header", 0, "名前 | 住所")
    assert rows[1] == ("table_row", 0, "山田さん | とうきょうの中央")


def test_one_broken_byte_does_not_spoil_a_utf_8_text() -> None:
    data = GERMAN.encode() + b"\xff" + GERMAN.encode()
    assert text.parse(data, "note.txt").text == f"{GERMAN}\ufffd{GERMAN}"


def test_binary_data_is_not_text() -> None:
    with pytest.raises(DocumentRefused) as refused:
        text.parse(bytes(range(256)) * 20, "note.txt")
    assert refused.value.reason == "unreadable"


def test_windows_line_breaks_become_newlines() -> None:
    assert text.parse(b"one\r\ntwo\rthree", "note.txt").text == "one\ntwo\nthree"


def test_invisible_characters_are_removed_with_a_note() -> None:
    extracted = text.parse("pay\u200b now\u202e".encode(), "note.txt")
    assert extracted.text == "pay now"
    assert extracted.notes == ("removed 2 invisible characters",)


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, b""])
def test_a_byte_order_mark_is_no_character(mark: bytes) -> None:
    extracted = text.parse(mark + b"one", "note.txt")
    assert (extracted.text, extracted.notes) == ("one", ())


# --- structure -------------------------------------------------------------------------------------------


def test_blank_lines_separate_paragraphs() -> None:
    assert blocks(text.parse(b"\n one\ntwo  \n \t\n\nthree\n", "a.txt")) == [
        ("paragraph", 0, "one\ntwo"),
        ("paragraph", 0, "three"),
    ]


def test_markdown_blocks() -> None:
    page = """---
title: Leave
---
# The *rules* #

Ask first,
then go.

Exceptions
==========
- one
  more
  - inner

    its second paragraph
1. first
2. second

> quoted

| Country | Days |
|---------|------|
| Malta   | 27   |

```python
# not a heading
```
<!-- a comment is not shown -->
"""
    assert blocks(markdown.parse(page.encode(), "page.md")) == [
        ("code", 0, "---\ntitle: Leave\n---"),
        ("heading", 1, "The *rules*"),
        ("paragraph", 0, "Ask first,\nthen go."),
        ("heading", 1, "Exceptions"),
        ("list_item", 1, "- one\n  more"),
        ("list_item", 2, "- inner"),
        ("paragraph", 0, "its second paragraph"),
        ("list_item", 1, "1. first"),
        ("list_item", 1, "2. second"),
        ("paragraph", 0, "quoted"),
        ("table_header", 0, "| Country | Days |"),
        ("table_row", 0, "| Malta   | 27   |"),
        ("code", 0, "```python\n# not a heading\n```"),
    ]


def test_restructured_text_blocks() -> None:
    page = """=====
Title
=====

Intro here,
two lines.

Section
-------

* first item
* second item
  goes on

Example::

    code here

    and here

.. code-block:: python

   print("x")

.. a comment

Deeper
~~~~~~

=====  =====
A      B
=====  =====
one    two
=====  =====

+----+----+
| C  | D  |
+====+====+
| 1  | 2  |
+----+----+
"""
    assert blocks(rst.parse(page.encode(), "page.rst")) == [
        ("heading", 1, "Title"),
        ("paragraph", 0, "Intro here,\ntwo lines."),
        ("heading", 2, "Section"),
        ("list_item", 1, "* first item"),
        ("list_item", 1, "* second item\n  goes on"),
        ("paragraph", 0, "Example::"),
        ("code", 0, "code here\n\n    and here"),
        ("code", 0, '.. code-block:: python\n\n   print("x")'),
        ("heading", 3, "Deeper"),
        ("table_header", 0, "A      B"),
        ("table_row", 0, "one    two"),
        ("table_header", 0, "| C  | D  |"),
        ("table_row", 0, "| 1  | 2  |"),
    ]


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("Name,Age\nAnn,41\nBo,35\n", "t.csv"),
        ("Name;Age\nAnn;41\nBo;35\n", "t.csv"),
        ("Name\tAge\nAnn\t41\nBo\t35\n", "t.tsv"),
        ("Name|Age\nAnn|41\nBo|35", "t.csv"),
        ('"Name","Age"\r\n"Ann","41"\r\n"Bo","35"\r\n', "t.csv"),
    ],
)
def test_a_table_is_cut_at_its_delimiter(table: str, name: str) -> None:
    assert blocks(csv.parse(table.encode(), name)) == [
        ("table_header", 0, "Name | Age"),
        ("table_row", 0, "Ann | 41"),
        ("table_row", 0, "Bo | 35"),
    ]


def test_numbers_in_the_first_row_are_no_header() -> None:
    assert blocks(csv.parse(b"2020,5\n2021,6\n", "t.csv"))[0] == ("table_row", 0, "2020 | 5")


def test_a_cell_with_line_breaks_and_commas_stays_one_cell() -> None:
    assert blocks(csv.parse(b'Name,Note\nAnn,"one, two\nthree"\n', "t.csv"))[1][2] == "Ann | one, two three"


def test_json_that_was_laid_out_is_kept() -> None:
    laid_out = '{\n  "name": "Ann",\n  "pets": [\n    "cat"\n  ]\n}\n'
    extracted = json.parse(laid_out.encode(), "d.json")
    assert extracted.text == laid_out
    assert [words for _, _, words in blocks(extracted)] == [
        "{",
        '"name": "Ann",',
        '"pets": [\n    "cat"\n  ]\n}',
    ]


def test_json_on_one_long_line_is_laid_out() -> None:
    record = '{"name":"Zo\\u00eb","hidden":"a\\u200bb"}'
    extracted = json.parse(f"[{','.join([record] * 30)}]".encode(), "d.json")
    assert '    "name": "Zoë",\n    "hidden": "ab"' in extracted.text
    assert extracted.notes == ("removed 30 invisible characters",)
    check_extracted(extracted)


def test_json_lines_are_a_block_each() -> None:
    assert [words for _, _, words in blocks(json.parse(b'{"a": 1}\n\n{"a": 2}\n', "d.jsonl"))] == [
        '{"a": 1}',
        '{"a": 2}',
    ]


def test_what_is_not_quite_json_is_kept_as_text() -> None:
    extracted = json.parse(b'{\n  // the port\n  "port": 80,\n}', "d.json")
    assert extracted.notes == ("not valid JSON, read as text",)
    assert '"port": 80' in extracted.text


def test_json_nested_without_end_is_refused() -> None:
    with pytest.raises(DocumentRefused) as refused:
        json.parse(b"[" * 200_000, "d.json")
    assert refused.value.reason == "damaged"


def test_source_code_is_cut_where_a_blank_line_meets_the_margin() -> None:
    code = b"import os\n\n\ndef one():\n    a = 1\n\n    return a\n\n\nclass Two:\n    pass\n"
    assert [words for _, _, words in blocks(source.parse(code, "c.py"))] == [
        "import os",
        "def one():\n    a = 1\n\n    return a",
        "class Two:\n    pass",
    ]


HOSTILE_MARKDOWN: dict[str, Any] = {
    "brackets": "[" * 50_000 + "](" * 50_000,
    "quotes": ">" * 100_000,
    "items": "- " * 50_000,
    "references": "[a]: b\n" * 20_000,
    "fences": "```\n" * 30_000,
    "backticks": "`" * 100_000,
    "emphasis": "*a_" * 50_000,
    "table": "|a" * 100 + "\n" + "|-" * 100 + "\n" + "|b\n" * 5_000,
}


@pytest.mark.parametrize("shape", HOSTILE_MARKDOWN)
@pytest.mark.timeout(60)
def test_hostile_markdown_is_read_to_its_end(shape: str) -> None:
    page = HOSTILE_MARKDOWN[shape]
    extracted = markdown.parse(page.encode(), "page.md")
    assert extracted.text == page
    check_extracted(extracted)
