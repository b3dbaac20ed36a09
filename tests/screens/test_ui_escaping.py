"""What others wrote is shown as they wrote it, and can neither reach out nor deceive."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from footnote.ui.escaping import plain, prose, quoted, visible

READER = MarkdownIt("gfm-like", {"html": True, "linkify": False})
JOINER = "\u2060"

PIECES = (
    *"! [ ] ( ) < > ` `` ``` ~~~ \\ : / | - # * _ $ { } ^ & ; 1. a x [1] [^1] &#33;".split(" "),
    *"![a](http://h.test/p) [b](http://h.test/l) [r]:http://h.test/r ![r] [r] <http://h.test/a>".split(" "),
    *":red[ :image[ ::: :material/home: :smile: http://h.test/q".split(" "),
    *(" ", "\n", "\n\n", "  ", "\t", " -- ", " -> ", "<img src=http://h.test/i>"),
)
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def inner(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in [token, *(token.children or [])]]


def tokens_of(markdown: str) -> list[Token]:
    return inner(READER.parse(markdown))


def shown(markdown: str) -> str:
    """The text that a reader sees, with line breaks, without what only protects it."""
    parts: list[str] = []
    for token in tokens_of(markdown):
        if token.type == "paragraph_open" and parts:
            parts.append("\n\n")
        if token.type in ("text", "text_special", "code_inline"):
            parts.append(token.content)
        if token.type in ("hardbreak", "softbreak"):
            parts.append("\n")
    return "".join(parts).replace(JOINER, "")


@given(HOSTILE)
def test_no_text_makes_an_image_or_hides_where_a_link_leads(text: str) -> None:
    tokens = tokens_of(prose(text, range(1000)))
    assert not [token for token in tokens if token.type == "image"]
    assert not [token for token in tokens if token.type.startswith("html")]
    for number, token in enumerate(tokens):
        if token.type == "link_open":
            assert tokens[number + 1].content in str(token.attrs["href"])


@given(HOSTILE, st.integers(0, 40))
def test_a_growing_answer_is_as_safe_at_every_moment(text: str, length: int) -> None:
    assert not [token for token in tokens_of(prose(text[:length])) if token.type == "image"]


@given(st.one_of(HOSTILE, st.text(max_size=60)))
def test_a_name_is_shown_letter_for_letter_on_one_line(name: str) -> None:
    assert shown(plain(name)) == " ".join(visible(name).split())
    assert {token.type for token in tokens_of(plain(name))} <= {
        "paragraph_open",
        "inline",
        "text",
        "text_special",
        "paragraph_close",
    }


@given(st.one_of(HOSTILE, st.text(max_size=80)), st.integers(0, 80), st.integers(0, 80))
def test_a_source_is_shown_letter_for_letter_with_the_quote_marked(text: str, one: int, other: int) -> None:
    text = visible(text).replace("\t", "    ")
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    markdown = quoted(text, start, end)
    without_marks = shown(re.sub(r":orange-background\[((?:\\.|[^\]\\])*)\]", r"\1", markdown))
    seen = without_marks.replace("\u00a0", " ").split("\n")
    assert [line.strip() for line in seen if line.strip()] == [
        line.replace("\u00a0", " ").strip() for line in text.split("\n") if line.strip()
    ]
    marked = "".join(re.findall(r":orange-background\[((?:\\.|[^\]\\])*)\]", markdown))
    told = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", marked).replace(JOINER, "")
    assert "".join(told.split()) == "".join(text[start:end].split())


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("It costs $4 and $5.", "It costs $4 and $5."),
        ("At 10:30, see note:this", "At 10:30, see note:this"),
        ("**bold** and `a[0](x)`", "bold and a[0]\\(x)"),
        (":smile: -> stays", ":smile: -> stays"),
    ],
)
def test_an_ordinary_answer_reads_as_written(written: str, kept: str) -> None:
    assert shown(prose(written)) == kept


def test_code_in_an_answer_is_kept_as_it_is() -> None:
    code = 'print(f"![{x}](y)")\n```not the end'
    blocks = [t for t in tokens_of(prose(f"So:\n```python\n{code}\n```\nDone.")) if t.type == "fence"]
    assert [(block.info, block.content.strip()) for block in blocks] == [("python", code)]


@pytest.mark.parametrize("opening", ["~~~\n```\n~~~", "``` not code\n```", "1. ```\n   ```", "> ```\n```"])
def test_a_fence_inside_another_fence_does_not_open_a_door(opening: str) -> None:
    text = f"{opening}\n![a](http://h.test/p)\n```"
    assert not [token for token in tokens_of(prose(text)) if token.type == "image"]


def test_only_footnotes_of_the_answer_are_drawn_as_footnotes() -> None:
    assert prose("So it is. [1][2] [7]", {1, 2}).count(":blue[") == 2


def test_characters_that_turn_or_hide_text_are_not_shown() -> None:
    assert visible("a\u202egpj.exe\u200b\U000e0041\x00\ud800") == "agpj.exe"
    assert visible("می\u200cخواهم 👩\u200d👩\u200d👧") == "می\u200cخواهم 👩\u200d👩\u200d👧"
