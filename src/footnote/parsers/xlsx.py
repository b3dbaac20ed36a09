"""Excel workbooks: a page for each sheet, a row of cells for each line.

Cells are streamed from the XML itself: only rows that exist cost time, however large the sheet says
it is. Formulas count with the value that Excel saved last.
"""

import io
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from lxml import etree

from footnote.parsers.building.archives import damaged
from footnote.parsers.building.writing import Writing
from footnote.parsers.building.xml import (
    Element,
    Package,
    attribute,
    child,
    children,
    descendants,
    refusal_of_xml,
)
from footnote.types import Extracted

_COLUMN = re.compile(r"([A-Z]{1,3})")
_MAX_COLUMNS = 16_384

_EPOCH_1900 = datetime(1899, 12, 30)
_EPOCH_1904 = datetime(1904, 1, 1)
_BUILT_IN_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
"""Numbers of the formats for dates and times that every workbook knows ([ECMA-376], 18.8.30)."""
_NOT_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
_DATE_CODE = re.compile(r"[dmhys]", re.IGNORECASE)


class _Workbook:
    def __init__(self, package: Package, main: str, root: Element) -> None:
        related = package.related(main)
        parts = {kind: target for kind, target in related.values()}
        self.package = package
        self.related = related
        self.strings = _shared_strings(package.read(parts.get("sharedStrings", "xl/sharedStrings.xml")))
        self.styles = _number_styles(package.xml(parts.get("styles", "xl/styles.xml")))
        from_1904 = any(mark.get("date1904") in ("1", "true") for mark in children(root, "workbookPr"))
        self.epoch = _EPOCH_1904 if from_1904 else _EPOCH_1900
        self.unsaved_formulas = 0


def parse(data: bytes, name: str) -> Extracted:
    package = Package(data)
    main = package.main_part("xl/workbook.xml")
    root = package.xml(main)
    if root is None:
        raise damaged("its main part is missing")
    workbook = _Workbook(package, main, root)
    writing = Writing()
    hidden = []
    for sheet in descendants(root, "sheet"):
        title = sheet.get("name") or ""
        relation = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), "")
        kind, part = workbook.related.get(relation, ("", ""))
        content = package.read(part) if kind == "worksheet" else None
        if content is None:
            continue
        if sheet.get("state", "visible") != "visible":
            hidden.append(title)
        with writing.page(title):
            for table in _tables(_rows(workbook, content)):
                writing.add_table(table)
    if hidden:
        writing.notes.append(f"hidden sheets were read too: {', '.join(hidden)}")
    if workbook.unsaved_formulas:
        writing.notes.append(
            f"{workbook.unsaved_formulas} formulas have no saved value: open the file in Excel or "
            "LibreOffice and save it to have their results read"
        )
    return writing.extracted()


def _tables(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    """What empty rows separate; columns that are empty in all rows of a table are left out."""
    table: list[list[str]] = []
    for row in rows:
        if row:
            table.append(row)
        elif table:
            yield _without_empty_columns(table)
            table = []
    if table:
        yield _without_empty_columns(table)


def _without_empty_columns(table: list[list[str]]) -> list[list[str]]:
    used = sorted({column for row in table for column, cell in enumerate(row) if cell})
    if used and used[-1] == len(used) - 1:
        return table
    return [[row[column] if column < len(row) else "" for column in used] for row in table]


def _rows(workbook: _Workbook, content: bytes) -> Iterator[list[str]]:
    """The rows with something in them, and an empty one for each gap between them."""
    last = 0
    for row in _elements(content, "row"):
        number = row.get("r", "")
        here = int(number) if number.isdigit() else last + 1
        cells = _cells(workbook, row)
        if cells:
            if here > last + 1:
                yield []
            yield cells
            last = here


def _cells(workbook: _Workbook, row: Element) -> list[str]:
    cells: list[str] = []
    for cell in row.iterchildren("{*}c"):
        text = " ".join(_value(workbook, cell).split())
        if not text:
            continue
        column = _column(cell.get("r", ""), len(cells))
        if column > len(cells):
            cells.extend([""] * (column - len(cells)))
        cells.append(text)
    return cells


def _column(reference: str, following: int) -> int:
    found = _COLUMN.match(reference)
    if found is None:
        return following
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return min(max(column - 1, following), _MAX_COLUMNS)


def _value(workbook: _Workbook, cell: Element) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _rich_text(child(cell, "is"))
    value = cell.findtext("{*}v") or ""
    if not value:
        workbook.unsaved_formulas += child(cell, "f") is not None
        return ""
    if kind == "s":
        return workbook.strings[int(value)] if value.isdigit() and int(value) < len(workbook.strings) else ""
    if kind == "b":
        return "TRUE" if value == "1" else "FALSE"
    if kind != "n":
        return value.removesuffix("T00:00:00")
    style = workbook.styles.get(cell.get("s", "0"))
    date = _date(value, workbook.epoch) if style == "date" else ""
    return date or _number(value, percent=style == "percent")


def _number(value: str, *, percent: bool) -> str:
    """Excel saves 0.1 + 0.2 with 17 digits and shows 15."""
    if value.isdigit() and not percent:
        return value
    try:
        return f"{float(value) * 100:.13g}%" if percent else f"{float(value):.15g}"
    except ValueError:
        return value


def _date(serial: str, epoch: datetime) -> str:
    """A day count as "2024-03-01", "2024-03-01 12:30:00" or "12:30:00"; empty for what is none."""
    try:
        days = float(serial)
        if 0 <= days < 1 and epoch is _EPOCH_1900:
            return str((datetime.min + timedelta(seconds=round(days * 86_400))).time())
        # Excel counts a 29 February 1900 that never was; days before it are one off.
        days += 1 if epoch is _EPOCH_1900 and days < 60 else 0
        return str(epoch + timedelta(seconds=round(days * 86_400))).removesuffix(" 00:00:00")
    except (ValueError, OverflowError):
        return ""


def _shared_strings(content: bytes | None) -> list[str]:
    return [] if content is None else [_rich_text(item) for item in _elements(content, "si")]


def _rich_text(item: Element | None) -> str:
    """All runs of a string, but not how it is pronounced."""
    if item is None:
        return ""
    own = [text.text or "" for text in children(item, "t")]
    return "".join(own + [text.text or "" for run in children(item, "r") for text in children(run, "t")])


def _number_styles(root: Element | None) -> dict[str, Literal["date", "percent"]]:
    """The cell styles that show a number as a date or time, or as a percentage."""
    own = {
        attribute(form, "numFmtId"): attribute(form, "formatCode") or ""
        for form in children(child(root, "numFmts"), "numFmt")
    }
    found: dict[str, Literal["date", "percent"]] = {}
    for number, style in enumerate(children(child(root, "cellXfs"), "xf")):
        form = attribute(style, "numFmtId") or "0"
        # The first section is for positive numbers.
        code = _NOT_CODE.sub("", own.get(form, "")).split(";")[0]
        if _DATE_CODE.search(code) or (form.isdigit() and int(form) in _BUILT_IN_DATES):
            found[str(number)] = "date"
        elif "%" in code or form in ("9", "10"):
            found[str(number)] = "percent"
    return found


def _elements(content: bytes, name: str) -> Iterator[Element]:
    """The elements of this name, one at a time; each is forgotten before the next is read."""
    events = etree.iterparse(
        io.BytesIO(content), events=("end",), tag=f"{{*}}{name}", resolve_entities=False, no_network=True
    )
    try:
        for _, element in events:
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise refusal_of_xml(content, "one of its sheets is not valid XML") from error
