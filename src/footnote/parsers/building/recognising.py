"""Which parser reads a file: its first bytes come before its name, since names lie.

A zip archive is told by the parts it holds. Text is told by its name, and by its first words only
where the name says nothing.
"""

import io
import re
import zipfile
from pathlib import PurePath

from footnote.errors import DocumentRefused
from footnote.parsers import SUFFIXES
from footnote.parsers.building.archives import damaged
from footnote.parsers.building.decoding import is_text

_ZIP_PARTS = (("word/", "docx"), ("ppt/", "pptx"), ("xl/", "xlsx"))
_BINARY = frozenset({"pdf", "docx", "pptx", "xlsx", "odf", "epub", "msg"})
"""Formats that are never plain text."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD_OFFICE = {
    "doc": "an old Word file: save it as .docx",
    "dot": "an old Word file: save it as .docx",
    "xls": "an old Excel file: save it as .xlsx",
    "ppt": "an old PowerPoint file: save it as .pptx",
    "pps": "an old PowerPoint file: save it as .pptx",
}
_PICTURE = "a picture: if it shows text, add the text that an OCR program reads from it, such as tesseract"
_ARCHIVE = "an archive: unpack it and add the files in it"
_SOUND = "sound or video: add a transcript of it"
_PROGRAM = "a program"
_MAGIC = (
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"GIF8", _PICTURE),
    (b"II*\0", _PICTURE),
    (b"MM\0*", _PICTURE),
    (b"BM", _PICTURE),
    (b"\0\0\1\0", _PICTURE),
    (b"\x1f\x8b", _ARCHIVE),
    (b"BZh", _ARCHIVE),
    (b"\xfd7zXZ", _ARCHIVE),
    (b"7z\xbc\xaf", _ARCHIVE),
    (b"Rar!", _ARCHIVE),
    (b"\x28\xb5\x2f\xfd", _ARCHIVE),
    (b"ID3", _SOUND),
    (b"OggS", _SOUND),
    (b"fLaC", _SOUND),
    (b"\xff\xfb", _SOUND),
    (b"\x1aE\xdf\xa3", _SOUND),
    (b"\x7fELF", _PROGRAM),
    (b"MZ", _PROGRAM),
    (b"\xca\xfe\xba\xbe", _PROGRAM),
    (b"SQLite format 3\0", "a database: export what you need as CSV"),
)
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--[^>]{0,1000}-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I
)
_MAIL = re.compile(rb"(?:[A-Za-z-]{2,40}: ?[^\n]{0,998}\r?\n(?:[ \t][^\n]{0,998}\r?\n)*){2,}")
_MAIL_FIELD = re.compile(rb"^(?:from|received|return-path|message-id|mime-version):", re.I | re.M)


def suffix_of(name: str) -> str:
    """The file ending in lower case, without the dot; the whole name where there is none."""
    path = PurePath(name.replace("\\", "/"))
    return (path.suffix.removeprefix(".") or path.name).lower()


def format_of(data: bytes, name: str) -> str:
    """The name of the module in `parsers` that reads these bytes. Raises `DocumentRefused`."""
    suffix = suffix_of(name)
    named = SUFFIXES.get(suffix, "")
    head = data[:1024]
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_format(data, named)
    if head.startswith(_OLE):
        return _ole_format(data, suffix, named)
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if head.lstrip().startswith(b"%PDF-") or (named in ("pdf", "") and b"%PDF-" in head):
        return "pdf"
    if is_text(data):
        return _text_format(head, named)
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise _unsupported(what)
    if head.startswith(b"RIFF") or head[4:8] == b"ftyp":
        raise _unsupported(_PICTURE if b"WEBP" in head[:16] or b"avif" in head[:16] else _SOUND)
    if named in _BINARY:
        raise damaged(f"it does not begin like a .{suffix} file")
    # The parser says what is wrong with the bytes.
    return named or "text"


def _zip_format(data: bytes, named: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()[:20_000]
            kind = archive.read("mimetype")[:100] if "mimetype" in names[:50] else b""
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        if named in _BINARY:
            raise damaged("its archive has no readable directory") from error
        raise _unsupported(_ARCHIVE) from error
    if kind.startswith(b"application/epub"):
        return "epub"
    if kind.startswith(b"application/vnd.oasis.opendocument"):
        return "odf"
    for part, module in _ZIP_PARTS:
        if any(name.startswith(part) for name in names):
            return module
    if "META-INF/container.xml" in names:
        return "epub"
    if named in _BINARY:
        raise damaged("the parts of a document are missing in it")
    raise _unsupported(_ARCHIVE)


def _ole_format(data: bytes, suffix: str, named: str) -> str:
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise DocumentRefused(
            "This file is protected with a password. Save a copy without one and add that.",
            reason="encrypted",
        )
    if suffix in _OLD_OFFICE:
        raise _unsupported(_OLD_OFFICE[suffix])
    if named == "msg" or "__substg1.0_".encode("utf-16-le") in data:
        return "msg"
    for stream, ending in (("WordDocument", "doc"), ("Workbook", "xls"), ("PowerPoint Document", "ppt")):
        if stream.encode("utf-16-le") in data:
            raise _unsupported(_OLD_OFFICE[ending])
    raise _unsupported("an old Microsoft file: save it in a current format, such as .docx")


def _text_format(head: bytes, named: str) -> str:
    if named in _BINARY or not named:
        if _HTML.match(head.removeprefix(b"\xef\xbb\xbf")):
            return "html"
        mail = _MAIL.match(head)
        if mail and _MAIL_FIELD.search(mail[0]):
            return "eml"
    # A flat OpenDocument file is XML, not an archive.
    if named in _BINARY - {"odf"}:
        raise damaged("it holds plain text, not what its name says")
    return named or "text"


def _unsupported(what: str) -> DocumentRefused:
    return DocumentRefused(f"This file is not read: it is {what}.", reason="unsupported")
