"""Outlook messages (MSG): subject, sender, recipients and the body.

An MSG file is a small file system ([MS-CFB]) whose streams are the properties of a message
([MS-OXMSG]); the few that matter are read here.
"""

import struct
from email.parser import HeaderParser

from footnote.parsers.building.archives import damaged
from footnote.parsers.building.decoding import decode
from footnote.parsers.building.hypertext import add_hypertext
from footnote.parsers.building.writing import Writing, one_line
from footnote.types import Extracted

_END = 0xFFFFFFFA
"""Sector numbers from here on end a chain."""
_STREAM, _ROOT = 2, 5
_SUBJECT, _SENDER, _SENDER_ADDRESS, _TO, _CC = "0037", "0C1A", "0C1F", "0E04", "0E03"
_BODY, _HTML, _HEADERS, _ATTACHMENT_NAMES = "1000", "1013", "007D", ("3707", "3704")


def parse(data: bytes, name: str) -> Extracted:
    try:
        streams = _streams(data)
    except (struct.error, IndexError) as error:
        raise damaged("its table of parts is broken") from error
    writing = Writing()
    writing.add(_property(streams, _SUBJECT), "heading", 1)
    sender = _property(streams, _SENDER)
    address = _property(streams, _SENDER_ADDRESS)
    date = HeaderParser().parsestr(_property(streams, _HEADERS)).get("Date", "")
    fields = {
        "From": f"{sender} <{address}>" if "@" in address and address != sender else sender,
        "To": _property(streams, _TO),
        "Cc": _property(streams, _CC),
        "Date": str(date),
    }
    writing.add("\n".join(f"{field}: {one_line(value)}" for field, value in fields.items() if value.strip()))
    body = _property(streams, _BODY)
    html = streams.get(f"__substg1.0_{_HTML}0102") or b""
    if body.strip():
        for paragraph in body.replace("\r\n", "\n").split("\n\n"):
            writing.add(paragraph)
    elif html:
        add_hypertext(writing, decode(html, declared=True), with_title=False)
    attachments = _attachments(streams)
    if attachments:
        shown = ", ".join(attachments[:20])
        writing.notes.append(f"attachments were not read, add them as files of their own: {shown}")
    return writing.extracted()


def _property(streams: dict[str, bytes], number: str) -> str:
    """A text property, in UTF-16 (type 001F) or in bytes (001E)."""
    if (wide := streams.get(f"__substg1.0_{number}001F")) is not None:
        return wide.decode("utf-16-le", errors="replace").rstrip("\0")
    narrow = streams.get(f"__substg1.0_{number}001E", b"").rstrip(b"\0")
    return decode(narrow) if narrow else ""


def _attachments(streams: dict[str, bytes]) -> list[str]:
    names: dict[str, str] = {}
    for path, content in streams.items():
        folder, _, stream = path.rpartition("/")
        for number in _ATTACHMENT_NAMES:
            if folder.startswith("__attach") and "/" not in folder and stream == f"__substg1.0_{number}001F":
                names.setdefault(folder, one_line(content.decode("utf-16-le", errors="replace").rstrip("\0")))
    return [name for name in names.values() if name]


# --- the file system inside ---------------------------------------------------------------------------


def _streams(data: bytes) -> dict[str, bytes]:
    """All streams by path, without the root's own name."""
    file = _CompoundFile(data)
    streams: dict[str, bytes] = {}
    waiting = [(file.entries[0][3], "")]
    seen: set[int] = set()
    while waiting:
        number, folder = waiting.pop()
        if number in seen or number >= len(file.entries):
            continue
        seen.add(number)
        name, kind, siblings, below, start, size = file.entries[number]
        path = f"{folder}{name}"
        waiting += [(sibling, folder) for sibling in siblings]
        if kind == _STREAM:
            streams[path] = file.stream(start, size)
        else:
            waiting.append((below, f"{path}/"))
    return streams


class _CompoundFile:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._sector = 1 << struct.unpack_from("<H", data, 30)[0]
        if self._sector not in (512, 4096):
            raise damaged("its table of parts is broken")
        fat_count, directory = struct.unpack_from("<I", data, 44)[0], struct.unpack_from("<I", data, 48)[0]
        self._cutoff, mini_fat, _, more, _ = struct.unpack_from("<5I", data, 56)
        tables = list(struct.unpack_from("<109I", data, 76))
        while more < _END and len(tables) * self._sector < len(data):
            *numbers, more = struct.unpack(f"<{self._sector // 4}I", self._read(more))
            tables += numbers
        fat = b"".join(self._read(number) for number in tables[:fat_count] if number < _END)
        self._fat = struct.unpack(f"<{len(fat) // 4}I", fat)
        self.entries = self._directory(self._chain(directory))
        _, kind, _, _, start, size = self.entries[0]
        if kind != _ROOT:
            raise damaged("its table of parts is broken")
        self._mini = self._chain(start)[:size]
        table = self._chain(mini_fat)
        self._mini_fat = struct.unpack(f"<{len(table) // 4}I", table)

    def stream(self, start: int, size: int) -> bytes:
        if size >= self._cutoff:
            return self._chain(start)[:size]
        pieces: list[bytes] = []
        for _ in range(len(self._mini_fat) + 1):
            if start >= _END or len(pieces) * 64 >= size:
                break
            pieces.append(self._mini[start * 64 : start * 64 + 64])
            start = self._mini_fat[start]
        return b"".join(pieces)[:size]

    def _read(self, sector: int) -> bytes:
        start = (sector + 1) * self._sector
        return self._data[start : start + self._sector].ljust(self._sector, b"\0")

    def _chain(self, sector: int) -> bytes:
        pieces = []
        # A circle cannot be longer than the table.
        for _ in range(len(self._fat)):
            if sector >= _END:
                break
            pieces.append(self._read(sector))
            sector = self._fat[sector]
        return b"".join(pieces)

    def _directory(self, data: bytes) -> list[tuple[str, int, tuple[int, int], int, int, int]]:
        """(name, kind, siblings, first child, first sector, size) of every entry."""
        entries = []
        for start in range(0, len(data), 128):
            length = min(struct.unpack_from("<H", data, start + 64)[0], 64)
            name = data[start : start + max(length - 2, 0)].decode("utf-16-le", errors="replace")
            left, right, below = struct.unpack_from("<3I", data, start + 68)
            first, size = struct.unpack_from("<IQ", data, start + 116)
            entries.append((name, data[start + 66], (left, right), below, first, size & 0xFFFFFFFF))
        return entries
