"""A second chance for a PDF whose tables are destroyed but whose pages are not.

pdfium rebuilds a broken cross-reference table by itself, and gives up when the list of pages is gone.
Here the objects are found by their words "12 0 obj", those that are pages are listed anew, and a new
table is appended, as for an update of the file.
"""

import re

_OBJECT = re.compile(rb"(?<![0-9])(\d{1,8})[ \t\r\n]+(\d{1,5})[ \t\r\n]+obj\b")
_PAGE = re.compile(rb"/Type[ \t\r\n]*/Page(?![A-Za-z])")
_END = re.compile(rb"endobj|stream")
_MAX_OBJECTS = 200_000
_MAX_DICTIONARY = 100_000
"""Bytes of a page's description; its content is elsewhere."""


def repaired(data: bytes) -> bytes | None:
    """The file with a new list of pages at its end; None when no page is left in it."""
    places: dict[int, tuple[int, int]] = {}
    for found in _OBJECT.finditer(data):
        if len(places) >= _MAX_OBJECTS:
            return None
        # The last of several objects of one number is the valid one.
        places[int(found[1])] = (found.start(), int(found[2]))
    pages = [number for number, (start, _) in sorted(places.items(), key=lambda item: item[1])]
    pages = [number for number in pages if _is_page(data, places[number][0])]
    if not pages:
        return None
    catalog = max(places) + 1
    kids = b" ".join(b"%d %d R" % (number, places[number][1]) for number in pages)
    added = bytearray(b"\n")
    for number, words in (
        (catalog, b"<</Type/Catalog/Pages %d 0 R>>" % (catalog + 1)),
        (catalog + 1, b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(pages), kids)),
    ):
        places[number] = (len(data) + len(added), 0)
        added += b"%d 0 obj\n%b\nendobj\n" % (number, words)
    table = len(data) + len(added)
    added += b"xref\n"
    for number in sorted(places):
        added += b"%d 1\n%010d %05d n \n" % (number, *places[number])
    added += b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (catalog + 2, catalog, table)
    return data + bytes(added)


def _is_page(data: bytes, start: int) -> bool:
    end = _END.search(data, start, start + _MAX_DICTIONARY)
    return _PAGE.search(data, start, end.start() if end else start + _MAX_DICTIONARY) is not None
