"""Plain text in any encoding: paragraphs are what blank lines separate."""

from collections.abc import Iterator

from footnote.language.characters import clean, removal_note
from footnote.parsers.building.decoding import decode
from footnote.types import Block, Extracted


def parse(data: bytes, name: str) -> Extracted:
    text, removed = clean(decode(data))
    return Extracted(text=text, blocks=tuple(_paragraphs(text)), notes=removal_note(removed))


def _paragraphs(text: str) -> Iterator[Block]:
    first: int | None = None
    start = end = 0
    for line in (*text.split("\n"), ""):
        words = line.strip()
        if words:
            first = start + line.index(words) if first is None else first
            end = start + len(line.rstrip())
        elif first is not None:
            yield Block(kind="paragraph", start=first, end=end)
            first = None
        start += len(line) + 1
