"""Word documents: headings, lists, tables, text boxes and footnotes, in reading order.

Read from the XML itself: the usual library hides inserted text, text boxes and footnotes, and refuses
templates and documents with macros. Tracked changes count as accepted; hidden text is left out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from footnote.parsers.building.archives import damaged
from footnote.parsers.building.writing import Writing
from footnote.parsers.building.xml import (
    Element,
    Package,
    attribute,
    child,
    children,
    descendants,
    local_name,
)
from footnote.types import Extracted

_GONE = frozenset({"del", "moveFrom", "instrText", "delText", "pPr", "rPr", "rt", "Fallback", "sdtPr"})
"""Deleted text, field codes, properties, and the second form of what is said beside it."""

_HEADING = re.compile(r"heading ([1-9])$", re.IGNORECASE)
_ORDERED = ("decimal", "lowerLetter", "upperLetter", "lowerRoman", "upperRoman", "decimalZero")


@dataclass(kw_only=True)
class _Style:
    name: str = ""
    parent: str = ""
    outline: int | None = None
    list_id: str = ""
    list_level: int = 0


@dataclass(kw_only=True)
class _Paragraph:
    text: str = ""
    boxes: list[Element] = field(default_factory=list)
    """Text boxes anchored in it, written after it."""


def parse(data: bytes, name: str) -> Extracted:
    package = Package(data)
    main = package.main_part("word/document.xml")
    root = package.xml(main)
    body = child(root, "body")
    if body is None:
        raise damaged("its main part is missing")
    related = {kind: target for kind, target in package.related(main).values()}
    reading = _Reading(
        styles=_styles(package.xml(related.get("styles", "word/styles.xml"))),
        numbering=package.xml(related.get("numbering", "word/numbering.xml")),
    )
    reading.container(body)
    for kind in ("footnotes", "endnotes"):
        notes = package.xml(related[kind]) if kind in related else None
        for note in children(notes, kind.removesuffix("s")):
            if attribute(note, "type") in (None, "normal"):
                reading.container(note)
    writing = reading.writing
    if reading.hidden:
        writing.notes.append(f"left out {reading.hidden} passages marked as hidden text")
    comments = package.xml(related["comments"]) if "comments" in related else None
    if count := sum(1 for _ in children(comments, "comment")):
        writing.notes.append(f"comments were not read ({count})")
    return writing.extracted()


class _Reading:
    def __init__(self, *, styles: dict[str, _Style], numbering: Element | None) -> None:
        self.writing = Writing()
        self.hidden = 0
        self._styles = styles
        self._formats = _list_formats(numbering)
        self._counts: dict[tuple[str, int], int] = {}

    def container(self, element: Element) -> None:
        """A body, a cell of a layout table, a text box, a content control: blocks in order."""
        for block in element:
            match local_name(block):
                case "p":
                    self._paragraph(block)
                case "tbl":
                    self._table(block)
                case name if name not in _GONE:
                    self.container(block)

    def _paragraph(self, element: Element) -> None:
        said = _Paragraph()
        self._collect(element, said)
        properties = child(element, "pPr")
        style = attribute_of(child(properties, "pStyle"), "val") or ""
        level = self._heading_level(style, properties)
        marker, depth = self._list_marker(style, properties) if said.text.strip() else ("", 0)
        if level:
            self.writing.add(" ".join((marker.removeprefix("- ") + said.text).split()), "heading", level)
        elif marker:
            self.writing.add(marker + said.text.strip(), "list_item", depth, 2 * (depth - 1))
        else:
            self.writing.add(said.text)
        for box in said.boxes:
            self.container(box)

    def _collect(self, element: Element, said: _Paragraph) -> None:
        for part in element:
            name = local_name(part)
            if name == "t":
                said.text += part.text or ""
            elif name in ("tab", "ptab"):
                said.text += "\t"
            elif name in ("br", "cr"):
                said.text += "\n"
            elif name == "noBreakHyphen":
                said.text += "-"
            elif name == "txbxContent":
                said.boxes.append(part)
            elif name == "r" and _is_on(child(child(part, "rPr"), "vanish")):
                self.hidden += 1
            elif name not in _GONE:
                self._collect(part, said)

    def _table(self, element: Element) -> None:
        rows = [
            [cell for cell in _cells(row)]
            for row in _rows(element)
            if child(child(row, "trPr"), "del") is None
        ]
        if all(len(row) < 2 for row in rows):
            # A frame around text, not a table.
            for row in rows:
                for cell in row:
                    self.container(cell)
            return
        self.writing.add_table([[self._cell_text(cell) for cell in row] for row in rows])

    def _cell_text(self, cell: Element) -> str:
        pieces = []
        for paragraph in descendants(cell, "p"):
            said = _Paragraph()
            self._collect(paragraph, said)
            pieces.append(said.text)
        return " ".join(pieces)

    def _heading_level(self, style: str, properties: Element | None) -> int:
        own = attribute_of(child(properties, "outlineLvl"), "val")
        if own is not None and own.isdigit():
            return int(own) + 1 if int(own) < 6 else 0
        for known in self._inherited(style):
            if known.name.lower() == "title":
                return 1
            if found := _HEADING.match(known.name):
                return min(int(found[1]), 6)
            if known.outline is not None:
                return known.outline + 1 if known.outline < 6 else 0
        return 0

    def _list_marker(self, style: str, properties: Element | None) -> tuple[str, int]:
        """What stands before the item ("- " or "3. ") and how deep it is; ("", 0) outside a list."""
        numbered = child(properties, "numPr")
        list_id = attribute_of(child(numbered, "numId"), "val")
        level = int(attribute_of(child(numbered, "ilvl"), "val") or 0)
        known = next((known for known in self._inherited(style) if known.list_id), None)
        if list_id is None and known is not None:
            list_id, level = known.list_id, known.list_level
        if list_id in (None, "0") or list_id is None:
            named = next((known.name.lower() for known in self._inherited(style)), "")
            if list_id is None and named.startswith("list bullet"):
                return "- ", 1
            return "", 0
        level = min(max(level, 0), 8)
        if self._formats.get((list_id, level), "bullet") not in _ORDERED:
            return "- ", level + 1
        number = self._counts[list_id, level] = self._counts.get((list_id, level), 0) + 1
        for deeper in range(level + 1, 9):
            self._counts.pop((list_id, deeper), None)
        return f"{number}. ", level + 1

    def _inherited(self, style: str) -> Iterator[_Style]:
        """A style and those it is based on; a circle ends the walk."""
        seen: set[str] = set()
        while style in self._styles and style not in seen:
            seen.add(style)
            yield self._styles[style]
            style = self._styles[style].parent


def attribute_of(element: Element | None, name: str) -> str | None:
    return None if element is None else attribute(element, name)


def _is_on(switch: Element | None) -> bool:
    return switch is not None and attribute(switch, "val") not in ("0", "false", "off")


def _rows(table: Element) -> Iterator[Element]:
    """Rows may lie in content controls and change marks."""
    for inner in table:
        if local_name(inner) == "tr":
            yield inner
        elif local_name(inner) in ("sdt", "sdtContent", "customXml", "ins"):
            yield from _rows(inner)


def _cells(row: Element) -> Iterator[Element]:
    for inner in row:
        if local_name(inner) == "tc":
            yield inner
        elif local_name(inner) in ("sdt", "sdtContent", "customXml", "ins"):
            yield from _cells(inner)


def _styles(root: Element | None) -> dict[str, _Style]:
    styles = {}
    for element in children(root, "style"):
        properties = child(element, "pPr")
        outline = attribute_of(child(properties, "outlineLvl"), "val")
        numbered = child(properties, "numPr")
        styles[attribute(element, "styleId") or ""] = _Style(
            name=attribute_of(child(element, "name"), "val") or "",
            parent=attribute_of(child(element, "basedOn"), "val") or "",
            outline=int(outline) if outline is not None and outline.isdigit() else None,
            list_id=attribute_of(child(numbered, "numId"), "val") or "",
            list_level=int(attribute_of(child(numbered, "ilvl"), "val") or 0),
        )
    return styles


def _list_formats(root: Element | None) -> dict[tuple[str, int], str]:
    """(list id, level) to the form of its numbers: "bullet", "decimal", …"""
    shapes: dict[str, dict[int, str]] = {}
    for shape in children(root, "abstractNum"):
        shapes[attribute(shape, "abstractNumId") or ""] = {
            int(attribute(level, "ilvl") or 0): attribute_of(child(level, "numFmt"), "val") or "decimal"
            for level in children(shape, "lvl")
        }
    formats = {}
    for number in children(root, "num"):
        shape_id = attribute_of(child(number, "abstractNumId"), "val") or ""
        for level, form in shapes.get(shape_id, {}).items():
            formats[attribute(number, "numId") or "", level] = form
    return formats
