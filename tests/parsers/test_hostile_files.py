"""Hostile, odd and misnamed files end in a named reason or in text, in bounded time."""

import io
import random
import struct
import zipfile
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footnote.errors import DocumentRefused
from footnote.parsers import FORMATS, SUFFIXES
from footnote.parsers.building import archives
from footnote.parsers.building.recognising import format_of
from footnote.reading import ConfinedReader
from footnote.testing.parser import check_extracted
from tests.parsers import made_files

ENTITIES = (
    '<!DOCTYPE d [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + ' <!ENTITY f SYSTEM "file:///etc/hostname">]>'
)


def big_member(name: str, size: int) -> bytes:
    """A zip archive whose one member inflates to `size` bytes, made without holding them."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    check = 0
    pieces = []
    for _ in range(size >> 20):
        piece = b"<w:p>" + b" " * ((1 << 20) - 5)
        check = zlib.crc32(piece, check)
        pieces.append(deflate.compress(piece))
    body = b"".join([*pieces, deflate.flush()])
    words = name.encode()
    head = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, check, len(body), size, len(words), 0)
    local = b"PK\x03\x04" + head + words + body
    central = b"PK\x01\x02" + struct.pack("<H", 20) + head + struct.pack("<HHHII", 0, 0, 0, 0, 0) + words
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + end


def lying_member(name: str, size: int) -> bytes:
    """The same with a directory that claims a kilobyte."""
    return big_member(name, size).replace(struct.pack("<I", size), struct.pack("<I", 1024))


def sheet(rows: str) -> bytes:
    return made_files.zipped(
        {
            "xl/workbook.xml": '<workbook xmlns:r="urn:r"><sheets>'
            '<sheet name="S" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="r1" Type="x/worksheet" '
            'Target="worksheets/s.xml"/></Relationships>',
            "xl/worksheets/s.xml": f"<worksheet><sheetData>{rows}</sheetData></worksheet>",
        }
    )


async def outcome(reader: ConfinedReader, data: bytes, name: str) -> str:
    try:
        extracted = await reader.read(data, name)
    except DocumentRefused as refused:
        return refused.reason
    check_extracted(extracted)
    return "text"


PDF = made_files.pdf([["Some words"]])
DOCX = made_files.docx_with_everything()

FILES: dict[str, tuple[str, bytes, str]] = {
    "docx bomb": ("a.docx", big_member("word/document.xml", 400 << 20), "unsafe_archive"),
    "docx bomb below the size limit": (
        "a.docx",
        big_member("word/document.xml", 100 << 20),
        "unsafe_archive",
    ),
    "docx of many parts": (
        "a.docx",
        made_files.zipped({f"word/{n}.xml": "" for n in range(archives.MAX_MEMBERS + 1)}),
        "unsafe_archive",
    ),
    "docx with entities": (
        "a.docx",
        made_files.zipped({"word/document.xml": f"{ENTITIES}<d><body><p><t>&j;&f;</t></p></body></d>"}),
        "unsafe_archive",
    ),
    "docx without its main part": ("a.docx", made_files.zipped({"word/other.xml": "<a/>"}), "damaged"),
    "docx nested deeply": (
        "a.docx",
        made_files.word("<w:sdt>" * 10_000 + "</w:sdt>" * 10_000),
        "damaged",
    ),
    "xlsx with two corner cells": (
        "a.xlsx",
        sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'),
        "text",
    ),
    "xlsx with a column from far away": ("a.xlsx", sheet('<row><c r="ZZZ1"><v>2</v></c></row>' * 50), "text"),
    "xlsx with entities": (
        "a.xlsx",
        made_files.zipped({"xl/workbook.xml": f"{ENTITIES}<workbook>&j;</workbook>"}),
        "unsafe_archive",
    ),
    "json nested deeply": ("a.json", b"[" * 200_000 + b"]" * 200_000, "damaged"),
    "html nested deeply": ("a.html", b"<div>" * 200_000 + b"words", "text"),
    "markdown of brackets": ("a.md", b"[" * 50_000 + b"](" * 50_000, "text"),
    "rtf nested deeply": ("a.rtf", b"{\\rtf1 " + b"{" * 500_000 + b"words", "text"),
    "mail nested deeply": (
        "a.eml",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)),
        "damaged",
    ),
    "pdf with a password": ("a.pdf", made_files.pdf([["x"]], password="p"), "encrypted"),
    "pdf cut to its head": ("a.pdf", PDF[:200], "damaged"),
    "pdf of noise": ("a.pdf", b"%PDF-1.5\n" + random.Random(1).randbytes(50_000), "damaged"),
    "picture": ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(100), "unsupported"),
    "sound": ("a.mp3", b"ID3\x04" + bytes(1000), "unsupported"),
    "archive": ("a.zip", made_files.zipped({"a.txt": "words"}), "unsupported"),
    "old Word": ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "unsupported"),
    "locked Word": (
        "a.docx",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
        "encrypted",
    ),
    "noise called text": ("a.txt", random.Random(2).randbytes(5000), "unreadable"),
    "noise without a name": ("a", bytes(range(256)) * 4, "unreadable"),
    "text called pdf": ("a.pdf", b"Just words, nothing else.", "damaged"),
    "text called docx": ("a.docx", b"Just words, nothing else.", "damaged"),
    "pdf called txt": ("a.txt", PDF, "text"),
    "docx called pdf": ("a.pdf", DOCX, "text"),
    "docx without a name": ("document", DOCX, "text"),
    "page without a name": ("index", b"<!DOCTYPE html><p>Words", "text"),
    "page called doc": ("a.doc", b"<html><p>Words</html>", "text"),
    "mail without a name": ("message", b"From: a@b.c\nSubject: Hi\nDate: today\n\nWords", "text"),
    "note without a name": ("README", b"Words", "text"),
    "unknown ending": ("a.notes", b"Words", "text"),
    "name with a path": ("..\\..\\etc/a.md", b"Words", "text"),
}


@pytest.mark.parametrize("kind", FILES)
async def test_every_odd_file_ends_in_its_named_outcome(reader: ConfinedReader, kind: str) -> None:
    name, data, expected = FILES[kind]
    assert await outcome(reader, data, name) == expected


async def test_a_directory_that_lies_does_not_let_a_bomb_through(reader: ConfinedReader) -> None:
    lying = lying_member("word/document.xml", 400 << 20)
    with zipfile.ZipFile(io.BytesIO(lying)) as archive:
        assert archive.infolist()[0].file_size == 1024
    assert await outcome(reader, lying, "a.docx") == "damaged"


async def test_a_sheet_of_a_hundred_thousand_rows_is_read_or_refused(reader: ConfinedReader) -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(1, 100_001))
    assert await outcome(reader, sheet(rows), "a.xlsx") in ("text", "too_slow", "too_large")


async def test_a_white_picture_that_shrinks_a_thousandfold_is_no_bomb(reader: ConfinedReader) -> None:
    parts: dict[str, bytes | str] = {
        "word/document.xml": f'<w:document xmlns:w="{made_files.WORD}"><w:body>'
        "<w:p><w:r><w:t>Words</w:t></w:r></w:p></w:body></w:document>",
        "word/media/image1.bmp": bytes(5 << 20),
    }
    assert await outcome(reader, made_files.zipped(parts), "a.docx") == "text"


WHOLE = {
    "pdf": PDF,
    "docx": DOCX,
    "pptx": made_files.pptx_with_two_slides(),
    "xlsx": made_files.xlsx_with(A=[("Item", "Price"), ("Bolt", 2)]),
    "epub": made_files.epub({"a.xhtml": "<p>Words</p>"}),
    "rtf": b"{\\rtf1\\ansi Words\\par}",
    "eml": b"From: a@b.c\nSubject: Hi\n\nWords",
}


@pytest.mark.parametrize("kind", WHOLE)
async def test_cut_and_scrambled_files_never_crash_the_reader(reader: ConfinedReader, kind: str) -> None:
    chance = random.Random(kind)
    for _ in range(12):
        data = bytearray(WHOLE[kind])
        for _ in range(chance.choice([1, 5, 50])):
            data[chance.randrange(len(data))] = chance.randrange(256)
        cut = bytes(data[: chance.randrange(1, len(data) + 1)]) if chance.random() < 0.5 else bytes(data)
        # Any reason will do; anything but a reason or sound text fails.
        await outcome(reader, cut, f"a.{kind}")


@given(
    data=st.binary(min_size=1, max_size=400),
    name=st.sampled_from([f"a.{s}" for s in SUFFIXES] + ["a", "a.doc"]),
)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_recognising_ends_in_a_format_or_a_reason(data: bytes, name: str) -> None:
    try:
        found, sentence = format_of(data, name), ""
    except DocumentRefused as refused:
        found, sentence = "", str(refused)
    assert found in FORMATS or sentence.startswith("This file")
