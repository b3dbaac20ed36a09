"""Bytes of unknown encoding to text.

A mark at the start decides, then UTF-8, then UTF-16 without a mark, then Japanese (which statistics
mistake for other encodings when the text is short), then statistics over the bytes.
"""

import codecs
import re

from charset_normalizer import from_bytes

from footnote.errors import DocumentRefused

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_KANA = re.compile("[\u3040-\u30ff]")
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_SAMPLE = 1 << 18
"""Bytes that statistics look at."""


def decode(data: bytes, *, declared: bool = False) -> str:
    """The text of the bytes. With `declared`, an encoding named in the first lines (HTML, XML) comes
    before guessing. Raises `DocumentRefused` ("unreadable") for bytes that are not text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace").removeprefix("\ufeff")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        if data.count(0) * 50 <= len(data):
            return text
    if (wide := _utf_16(data)) is not None:
        return wide
    if _looks_binary(data):
        raise DocumentRefused(
            "This file holds binary data, not text. If it is a document, give it the file ending of its "
            "format; if not, there is nothing in it to read.",
            reason="unreadable",
        )
    return (_as_declared(data) if declared else None) or _mostly_utf_8(data) or _guessed(data)


def is_text(data: bytes) -> bool:
    """Whether `decode` would accept these bytes (a long file is judged by its beginning)."""
    sample = data[:_SAMPLE]
    return any(data.startswith(mark) for mark, _ in _MARKS) or not _looks_binary(sample) or _is_wide(sample)


def _looks_binary(data: bytes) -> bool:
    sample = data[:_SAMPLE]
    return 0 in sample or len(_CONTROLS.findall(sample)) * 50 > len(sample)


def _is_wide(data: bytes) -> bool:
    return _utf_16(data[: len(data) // 2 * 2]) is not None


def _utf_16(data: bytes) -> str | None:
    """UTF-16 without a mark shows as zero bytes at every second place (Latin letters, blanks)."""
    sample = data[:_SAMPLE]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if len(sample) < 4 or (even + odd) * 10 < len(sample):
        return None
    if min(even, odd) * 20 > max(even, odd):
        return None
    encoding = "utf-16-be" if even > odd else "utf-16-le"
    text = data.decode(encoding, errors="replace")
    head = text[:4096]
    return text if sum(c.isprintable() or c.isspace() for c in head) * 20 >= len(head) * 19 else None


def _as_declared(data: bytes) -> str | None:
    found = _DECLARED.search(data[:2048])
    if found is None:
        return None
    name = found[1].decode("ascii").lower()
    # The web reads these two names as their Windows supersets.
    name = {"iso-8859-1": "cp1252", "shift_jis": "cp932", "gb2312": "gb18030"}.get(name, name)
    try:
        if not codecs.lookup(name)._is_text_encoding:
            return None
        return data.decode(name, errors="replace")
    except LookupError:
        return None


def _mostly_utf_8(data: bytes) -> str | None:
    """A few broken bytes in a long UTF-8 text must not turn all its other letters into rubbish."""
    text = data.decode("utf-8", errors="replace")
    beyond_ascii = len(data.translate(None, bytes(range(128))))
    return text if text.count("\ufffd") * 10 < beyond_ascii else None


def _guessed(data: bytes) -> str:
    for encoding in ("cp932", "euc_jp"):
        if (text := _japanese(data, encoding)) is not None:
            return text
    sample = data[:_SAMPLE]
    best = from_bytes(sample).best()
    return data.decode(best.encoding if best is not None else "cp1252", errors="replace")


def _japanese(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    beyond_ascii = [character for character in text[:100_000] if not character.isascii()]
    kana = sum(1 for character in beyond_ascii if _KANA.match(character))
    halfwidth = sum(1 for character in beyond_ascii if "\uff61" <= character <= "\uff9f")
    return text if kana * 5 >= len(beyond_ascii) and halfwidth * 5 <= kana else None
