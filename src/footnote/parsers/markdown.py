"""Markdown, kept as it is written; only the places of headings, items, tables and code are noted.

Only the block structure is parsed: inline marks do not matter for it, and they are where hostile
text costs the most time.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.token import Token

from footnote.language.characters import clean, removal_note
from footnote.parsers.building.decoding import decode
from footnote.types import Block, BlockKind, Extracted

_FRONT_MATTER = re.compile(r"\A---[^\S\n]*\n(?:(?!---|\.\.\.).*\n){0,1000}(?:---|\.\.\.)[^\S\n]*(?:\n|\Z)")
_QUOTE_MARKS = " \t>"
_LEAVES: dict[str, BlockKind] = {
    "list_item_open": "list_item",
    "paragraph_open": "paragraph",
    "heading_open": "heading",
    "tr_open": "table_row",
    "fence": "code",
    "code_block": "code",
    "html_block": "paragraph",
}


def parse(data: bytes, name: str) -> Extracted:
    text, removed = clean(decode(data))
    return Extracted(text=text, blocks=tuple(blocks(text)), notes=removal_note(removed))


def blocks(text: str) -> list[Block]:
    """The blocks of a Markdown text whose line breaks are `\\n`."""
    parser = MarkdownIt("commonmark", {"maxNesting": 40}).enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    front = _FRONT_MATTER.match(text)
    skipped = front.end() if front else 0
    found = [_block(text, 0, skipped, "code")] if front else []
    found += _of_tokens(text, _line_starts(text, skipped), parser.parse(text[skipped:]))
    return [block for block in found if block is not None]


def _of_tokens(text: str, lines: Sequence[int], tokens: Sequence[Token]) -> Iterator[Block | None]:
    depth = 0
    marker_at: int | None = None
    row: BlockKind = "table_row"
    for token, following in zip_longest(tokens, tokens[1:]):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
        elif token.type in ("thead_open", "thead_close"):
            row = "table_header" if token.type == "thead_open" else "table_row"
        elif token.map is None or token.type not in _LEAVES:
            continue
        elif token.type == "list_item_open":
            marker_at = _first_letter(text, lines, token)
        elif token.type == "paragraph_open" and marker_at is not None:
            # The item's first paragraph brings the marker along, even over a nested marker ("- - x").
            yield _block(text, marker_at, lines[token.map[1]], "list_item", depth)
            marker_at = None
        elif token.type == "heading_open":
            yield _heading(text, lines, token, following)
            marker_at = None
        elif token.type != "html_block" or not _is_comment(token.content):
            kind = row if token.type == "tr_open" else _LEAVES[token.type]
            start = lines[token.map[0]] if kind == "code" else _first_letter(text, lines, token)
            yield _block(text, start, lines[token.map[1]], kind)
            marker_at = None


def _heading(text: str, lines: Sequence[int], token: Token, inline: Token) -> Block | None:
    """The title alone, without the signs that make it one."""
    assert token.map is not None
    start, end = lines[token.map[0]], lines[token.map[1]]
    said = inline.content.split("\n")
    first = text.find(said[0], start, end)
    last = text.rfind(said[-1], start, end) if len(said) > 1 else first
    if not inline.content or first < 0 or last < 0:
        return None
    return _block(text, first, last + len(said[-1]), "heading", int(token.tag[1:]))


def _block(text: str, start: int, end: int, kind: BlockKind, level: int = 0) -> Block | None:
    """The range without the blanks at its edges; None when nothing is left."""
    words = text[start:end]
    start += len(words) - len(words.lstrip())
    end = start + len(words.strip())
    return Block(kind=kind, start=start, end=end, level=level) if end > start else None


def _first_letter(text: str, lines: Sequence[int], token: Token) -> int:
    assert token.map is not None
    start, end = lines[token.map[0]], lines[token.map[1]]
    while start < end and text[start] in _QUOTE_MARKS:
        start += 1
    return start


def _is_comment(content: str) -> bool:
    content = content.strip()
    return content.startswith("<!--") and content.find("-->") == len(content) - 3


def _line_starts(text: str, start: int) -> list[int]:
    """Offsets of the lines from `start` on, and of the end, twice: a last line break makes no line."""
    starts = [start]
    while (found := text.find("\n", starts[-1])) >= 0:
        starts.append(found + 1)
    return [*starts, len(text), len(text)]
