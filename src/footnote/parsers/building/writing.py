"""Writes the kept text of a file piece by piece, and notes where each block and page lies."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from footnote.language.characters import clean, removal_note
from footnote.types import Block, BlockKind, Extracted, Page

_CLOSE: frozenset[BlockKind] = frozenset({"list_item", "table_header", "table_row"})
"""Blocks that stand on neighbouring lines; others are separated by a blank line."""


class Writing:
    """The text so far. What is added is cleaned of invisible characters; empty pieces are left out."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._pages: list[Page] = []
        self._removed = 0
        self._apart = False
        self.notes: list[str] = []

    def add(self, text: str, kind: BlockKind = "paragraph", level: int = 0, indent: int = 0) -> None:
        """Append a block. `indent` spaces stand before it on its line, outside the block."""
        text, removed = clean(text)
        self._removed += removed
        # The indentation of a first line of code belongs to the code; elsewhere blanks say nothing.
        text = text.strip("\n").rstrip() if kind == "code" else text.strip()
        inner = len(text) - len(text.lstrip())
        if inner == len(text):
            return
        if self._blocks:
            close = kind in _CLOSE and self._blocks[-1].kind in _CLOSE and not self._apart
            self._write("\n" if close else "\n\n")
        self._apart = False
        self._write(" " * indent)
        start = self._length + inner
        self._write(text)
        self._blocks.append(Block(kind=kind, start=start, end=self._length, level=level))

    def add_table(self, rows: Sequence[Sequence[str]]) -> None:
        """Append rows of cells; the first is the header when it looks like one."""
        filled = [row for row in (_trimmed(row) for row in rows) if row]
        header = has_header(filled)
        for number, row in enumerate(filled):
            if number == 0:
                self._apart = True
            self.add(" | ".join(row), "table_header" if header and number == 0 else "table_row")

    @contextmanager
    def page(self, label: str) -> Iterator[None]:
        """What is added inside is the page of this name. A page without text leaves no trace."""
        first = len(self._blocks)
        yield
        if len(self._blocks) > first:
            label = clean(label)[0].strip() or str(len(self._pages) + 1)
            self._pages.append(Page(label=label, start=self._blocks[first].start, end=self._length))

    def extracted(self) -> Extracted:
        return Extracted(
            text="".join(self._pieces),
            blocks=tuple(self._blocks),
            pages=tuple(self._pages),
            notes=(*self.notes, *removal_note(self._removed)),
        )

    def _write(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: filled, distinct words, no numbers, and rows below."""
    if len(rows) < 2:
        return False
    first = [cell.strip() for cell in rows[0]]
    return (
        all(first)
        and len(set(first)) == len(first)
        and len(first) >= max(2, max(len(row) for row in rows[1:50]) - 1)
        and not any(_is_number(cell) or len(cell) > 200 for cell in first)
    )


def one_line(text: str) -> str:
    """Runs of white space as one space, as a cell or a heading needs it."""
    return " ".join(text.split())


def _trimmed(row: Sequence[str]) -> list[str]:
    cells = [one_line(cell) for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _is_number(cell: str) -> bool:
    return any(character.isdigit() for character in cell) and not any(
        character.isalpha() for character in cell
    )
