"""JSON and JSON lines.

A file that was laid out for reading is kept as it is; one long line is laid out first. What is not
quite JSON (comments, a cut end) is kept as the text it is, and a note says so.
"""

import json
from collections.abc import Iterator

from footnote.errors import DocumentRefused
from footnote.language.characters import clean, removal_note
from footnote.parsers.building.decoding import decode
from footnote.types import Block, Extracted

_LONG_LINE = 400
"""Characters per line, on average, above which nobody laid the file out."""


def parse(data: bytes, name: str) -> Extracted:
    text, removed = clean(decode(data))
    notes = removal_note(removed)
    if name.lower().endswith(("jsonl", "ndjson")):
        return Extracted(text=text, blocks=tuple(_lines(text)), notes=notes)
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise DocumentRefused(
            "This file is nested deeper than any document needs and was not read.", reason="damaged"
        ) from error
    except ValueError:
        if len(blocks := tuple(_lines(text))) > 1 and _is_json(text[blocks[0].start : blocks[0].end]):
            return Extracted(text=text, blocks=blocks, notes=notes)
        return Extracted(
            text=text, blocks=tuple(_parts(text)), notes=("not valid JSON, read as text", *notes)
        )
    if len(text) > _LONG_LINE * (text.count("\n") + 1):
        # Escaped characters appear only now, invisible ones among them.
        text, more = clean(json.dumps(value, ensure_ascii=False, indent=2))
        notes = removal_note(removed + more)
    return Extracted(text=text, blocks=tuple(_parts(text)), notes=notes)


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _lines(text: str) -> Iterator[Block]:
    """A record a line."""
    for start, line in _placed_lines(text):
        if line.strip():
            yield Block(kind="paragraph", start=start + _indent(line), end=start + len(line.rstrip()))


def _parts(text: str) -> Iterator[Block]:
    """The members of the outermost object or list: lines as little indented as the second one, each
    with the deeper lines that follow."""
    lines = [(start, line) for start, line in _placed_lines(text) if line.strip()]
    margin = _indent(lines[1][1]) if len(lines) > 2 else 0
    first: int | None = None
    end = 0
    for start, line in lines:
        if _indent(line) <= margin and first is not None and not line.strip().startswith(("}", "]")):
            yield Block(kind="code", start=first, end=end)
            first = None
        first = start + _indent(line) if first is None else first
        end = start + len(line.rstrip())
    if first is not None:
        yield Block(kind="code", start=first, end=end)


def _placed_lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line
        start += len(line) + 1


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
