"""reStructuredText, kept as it is written; headings, lists, literal blocks and tables are noted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from footnote.language.characters import clean, removal_note
from footnote.parsers.building.decoding import decode
from footnote.types import Block, BlockKind, Extracted

_ADORNMENT = re.compile(r"([!-/:-@[-`{-~])\1+\s*$")
_ITEM = re.compile(r"\s*(?:[-*+•]|\(?(?:\d+|#|[A-Za-z])[.)])\s+\S")
_CODE = re.compile(r"\s*\.\. +(?:code|code-block|sourcecode|highlight|parsed-literal|literalinclude)::")
_COMMENT = re.compile(r"\s*\.\. +(?![^\s:]+::)(?!\[|_|\|)\S")
_GRID_BORDER = re.compile(r"\s*\+(?:[-=]+\+)+\s*$")
_SIMPLE_BORDER = re.compile(r"\s*=+(?: +=+)+\s*$")


@dataclass(kw_only=True, slots=True)
class _Line:
    start: int
    text: str

    @property
    def indent(self) -> int:
        return len(self.text) - len(self.text.lstrip())

    @property
    def is_blank(self) -> bool:
        return not self.text.strip()


def parse(data: bytes, name: str) -> Extracted:
    text, removed = clean(decode(data))
    lines = []
    position = 0
    for line in text.split("\n"):
        lines.append(_Line(start=position, text=line))
        position += len(line) + 1
    return Extracted(text=text, blocks=tuple(_blocks(lines)), notes=removal_note(removed))


def _blocks(lines: list[_Line]) -> Iterator[Block]:
    levels: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.is_blank:
            at += 1
        elif (title := _title(lines, at)) is not None:
            heading, adornment, after = title
            if adornment not in levels:
                levels.append(adornment)
            yield _block([heading], "heading", min(levels.index(adornment) + 1, 6))
            at = after
        elif _GRID_BORDER.match(line.text) or _SIMPLE_BORDER.match(line.text):
            after = _end_of_table(lines, at)
            yield from _table(lines[at:after])
            at = after
        elif _CODE.match(line.text):
            after = _end_of_indented(lines, at + 1, line.indent)
            yield _block(lines[at:after], "code")
            at = after
        else:
            after = _end_of_paragraph(lines, at)
            yield from _paragraph(lines[at:after])
            if lines[after - 1].text.rstrip().endswith("::"):
                end = _end_of_indented(lines, after, line.indent)
                if any(not inner.is_blank for inner in lines[after:end]):
                    yield _block(lines[after:end], "code")
                after = end
            at = after


def _title(lines: list[_Line], at: int) -> tuple[_Line, str, int] | None:
    """The title that begins here, what adorns it (an overline makes it another kind) and what follows."""
    first = _adornment(lines, at)
    if first and at + 2 < len(lines) and _adornment(lines, at + 2) == first and not lines[at + 1].is_blank:
        return lines[at + 1], first * 2, at + 3
    under = _adornment(lines, at + 1)
    if under and not first and not lines[at].is_blank and lines[at].indent == 0:
        said = lines[at].text.rstrip()
        # A short line below a long one is a mistake or a transition, not an underline.
        if len(lines[at + 1].text.rstrip()) >= min(len(said), 4):
            return lines[at], under, at + 2
    return None


def _adornment(lines: list[_Line], at: int) -> str:
    found = _ADORNMENT.match(lines[at].text) if at < len(lines) else None
    return found[1] if found else ""


def _paragraph(lines: list[_Line]) -> Iterator[Block]:
    """A paragraph, or the items of a list that stand on neighbouring lines."""
    if _COMMENT.match(lines[0].text) or _adornment(lines, 0):
        return
    starts = [number for number, line in enumerate(lines) if _ITEM.match(line.text)]
    if not starts or starts[0] != 0:
        yield _block(lines, "paragraph")
        return
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield _block(lines[start:end], "list_item", 1 + min(lines[start].indent // 2, 8))


def _table(lines: list[_Line]) -> Iterator[Block]:
    """The lines between the borders; those above a border of "=" are the header."""
    borders = [number for number, line in enumerate(lines) if _is_border(line)]
    header_end = next(
        (number for number in borders[1:-1] if "=" in lines[number].text and "=" * 3 in lines[number].text), 0
    )
    for number, line in enumerate(lines):
        if number not in borders and line.text.strip(" |"):
            yield _block([line], "table_header" if number < header_end else "table_row")


def _is_border(line: _Line) -> bool:
    return bool(_GRID_BORDER.match(line.text) or _SIMPLE_BORDER.match(line.text))


def _end_of_table(lines: list[_Line], at: int) -> int:
    if _GRID_BORDER.match(lines[at].text):
        return _end_of_paragraph(lines, at)
    # Simple tables may hold blank lines: they end with the last border before a blank line.
    last = at
    for number in range(at + 1, len(lines)):
        if _SIMPLE_BORDER.match(lines[number].text):
            last = number
            if number + 1 >= len(lines) or lines[number + 1].is_blank:
                break
        elif lines[number].is_blank and lines[number - 1].is_blank:
            break
    return last + 1


def _end_of_paragraph(lines: list[_Line], at: int) -> int:
    end = at + 1
    while end < len(lines) and not lines[end].is_blank and _title(lines, end) is None:
        end += 1
    return end


def _end_of_indented(lines: list[_Line], at: int, indent: int) -> int:
    end = at
    while end < len(lines) and (lines[end].is_blank or lines[end].indent > indent):
        end += 1
    while end > at and lines[end - 1].is_blank:
        end -= 1
    return end


def _block(lines: list[_Line], kind: BlockKind, level: int = 0) -> Block:
    lines = [line for line in lines if not line.is_blank]
    return Block(
        kind=kind,
        start=lines[0].start + lines[0].indent,
        end=lines[-1].start + len(lines[-1].text.rstrip()),
        level=level,
    )
