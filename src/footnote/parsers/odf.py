"""OpenDocument: texts, spreadsheets (a page for each sheet) and presentations (a page for each slide)."""

from collections.abc import Iterator

from footnote.errors import DocumentRefused
from footnote.parsers.building.archives import damaged
from footnote.parsers.building.writing import Writing
from footnote.parsers.building.xml import Element, Package, attribute, child, local_name, parse_xml
from footnote.types import Extracted

_GONE = frozenset({"tracked-changes", "annotation", "sequence-decls", "forms", "note", "notes", "ruby-text"})
_MAX_REPEATED = 200
"""Repeated cells and rows beyond this are empty space or a bomb, not a table."""


def parse(data: bytes, name: str) -> Extracted:
    content = _content(data)
    body = child(content, "body")
    if body is None:
        raise damaged("its main part is missing")
    writing = Writing()
    for kind in body:
        match local_name(kind):
            case "spreadsheet":
                _add_paged(writing, kind, "table")
            case "presentation" | "drawing":
                _add_paged(writing, kind, "page")
            case _:
                _add(writing, kind)
    return writing.extracted()


def _content(data: bytes) -> Element:
    if not data.startswith(b"PK"):
        return parse_xml(data)
    package = Package(data)
    manifest = package.read("META-INF/manifest.xml") or b""
    if b"encryption-data" in manifest:
        raise DocumentRefused(
            "This file is protected with a password. Save a copy without one and add that.",
            reason="encrypted",
        )
    content = package.xml("content.xml")
    if content is None:
        raise damaged("its main part is missing")
    return content


def _add_paged(writing: Writing, body: Element, unit: str) -> None:
    number = 0
    for part in body:
        if local_name(part) != unit:
            continue
        number += 1
        with writing.page(attribute(part, "name") or str(number) if unit == "table" else str(number)):
            if unit == "table":
                writing.add_table(list(_rows(part)))
            else:
                _add(writing, part)


def _add(writing: Writing, element: Element, depth: int = 0, marker: str = "") -> None:
    """The blocks below an element; `marker` stands before the first one of a list item."""
    for part in element:
        name = local_name(part)
        if name == "h":
            level = attribute(part, "outline-level") or "1"
            writing.add(_text(part), "heading", min(int(level), 6) if level.isdigit() else 1)
        elif name == "p" and marker:
            writing.add(marker + _text(part).strip(), "list_item", depth, 2 * (depth - 1))
            marker = ""
        elif name == "p":
            writing.add(_text(part))
            for frame in (inner for inner in part.iter() if local_name(inner) == "text-box"):
                _add(writing, frame)
        elif name == "list":
            _add(writing, part, min(depth + 1, 9))
        elif name in ("list-item", "list-header"):
            _add(writing, part, depth, "- ")
        elif name == "table":
            writing.add_table(list(_rows(part)))
        elif name and name not in _GONE:
            _add(writing, part, depth)


def _rows(table: Element) -> Iterator[list[str]]:
    for part in table:
        name = local_name(part)
        if name == "table-row":
            cells = [text for cell in part for text in _repeated(cell, _text(cell))]
            if any(cells):
                yield from [cells] * _count(part, "number-rows-repeated")
        elif name in ("table-header-rows", "table-rows", "table-row-group"):
            yield from _rows(part)


def _repeated(cell: Element, text: str) -> list[str]:
    if local_name(cell) not in ("table-cell", "covered-table-cell"):
        return []
    return [text] * _count(cell, "number-columns-repeated")


def _count(element: Element, name: str) -> int:
    times = attribute(element, name) or "1"
    return min(int(times), _MAX_REPEATED) if times.isdigit() else 1


def _text(element: Element) -> str:
    """What is said in a paragraph or cell; text boxes anchored in it are written after it."""
    pieces = [element.text or ""]
    for part in element:
        name = local_name(part)
        if name == "s":
            pieces.append(" ")
        elif name == "tab":
            pieces.append("\t")
        elif name == "line-break":
            pieces.append("\n")
        elif name and name not in _GONE and name != "text-box":
            pieces.append(_text(part))
            if name == "p":
                pieces.append(" ")
        pieces.append(part.tail or "")
    return "".join(pieces)
