"""Rich Text Format: the text and its paragraphs; tables as rows of cells."""

import re
from dataclasses import dataclass, replace

from footnote.parsers.building.archives import damaged
from footnote.parsers.building.writing import Writing
from footnote.types import Extracted

_TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})? ?"  # a control word
    rb"|\\'([0-9a-fA-F]{2})"  # a byte of the code page
    rb"|\\([^a-z'])"  # a control sign
    rb"|([{}])"
    rb"|([^\\{}\r\n]+)",
)
_UNSEEN = frozenset(
    b"fonttbl colortbl stylesheet info pict object objdata header footer headerl headerr headerf footerl "
    b"footerr footerf listtable listoverridetable revtbl rsidtbl generator themedata colorschememapping "
    b"datastore latentstyles xmlnstbl filetbl fldinst bkmkstart bkmkend pntext pnseclvl mmathpr".split()
)
_CHARACTERS = {
    b"tab": "\t",
    b"line": "\n",
    b"emdash": "—",
    b"endash": "–",
    b"bullet": "•",
    b"lquote": "‘",
    b"rquote": "’",
    b"ldblquote": "“",
    b"rdblquote": "”",
    b"emspace": " ",
    b"enspace": " ",
}
_SIGNS = {b"~": " ", b"_": "-", b"{": "{", b"}": "}", b"\\": "\\", b"\n": "\n", b"\r": "\n"}


@dataclass(kw_only=True, slots=True)
class _State:
    """What a group inherits from the one around it."""

    skip: bool = False
    hidden: bool = False
    fallback: int = 1
    """How many characters for old readers follow a Unicode one."""


class _Document:
    def __init__(self) -> None:
        self.writing = Writing()
        self.encoding = "cp1252"
        self._said: list[str] = []
        self._bytes = bytearray()
        self._row: list[str] = []
        self._rows: list[list[str]] = []
        self._level = 0

    def say(self, text: str) -> None:
        self._decode()
        self._said.append(text)

    def say_bytes(self, piece: bytes) -> None:
        """Bytes are decoded together: a letter may take two of them."""
        self._bytes += piece

    def control(self, word: bytes, number: int | None) -> None:
        if word == b"par" or word in (b"sect", b"page"):
            self.end_paragraph()
        elif word == b"pard":
            self._level = 0
        elif word == b"outlinelevel" and number is not None and number < 6:
            self._level = number + 1
        elif word == b"cell":
            self._row.append(self._take())
        elif word == b"row":
            self._rows.append(self._row)
            self._row = []
        elif word == b"ansicpg" and number:
            self.encoding = f"cp{number}" if number != 65001 else "utf-8"
        elif word in _CHARACTERS:
            self.say(_CHARACTERS[word])

    def end_paragraph(self) -> None:
        if self._row:
            # A paragraph inside a cell.
            self.say(" ")
            return
        text = self._take()
        if text.strip():
            self._end_table()
            self.writing.add(text, "heading" if self._level else "paragraph", self._level)

    def end(self) -> Extracted:
        self._row = []
        self.end_paragraph()
        self._end_table()
        return self.writing.extracted()

    def _end_table(self) -> None:
        self.writing.add_table(self._rows)
        self._rows = []

    def _take(self) -> str:
        self._decode()
        text = "".join(self._said)
        self._said.clear()
        # Letters beyond the basic plane come as two numbers.
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def _decode(self) -> None:
        if self._bytes:
            try:
                self._said.append(self._bytes.decode(self.encoding, "replace"))
            except LookupError:
                self._said.append(self._bytes.decode("cp1252", "replace"))
            self._bytes.clear()


class _Reader:
    """Follows the groups and passes on what is seen."""

    def __init__(self) -> None:
        self.document = _Document()
        self.states = [_State()]
        self._replaced = 0

    def take(self, found: re.Match[bytes]) -> None:
        word, number, code, sign, brace, words = found.groups()
        state = self.states[-1]
        if brace is not None:
            self._replaced = 0
            if brace == b"{":
                self.states.append(replace(state))
            else:
                self.states.pop()
        elif sign == b"*" or word in _UNSEEN:
            # A destination that a reader may leave out.
            state.skip = True
        elif word in (b"uc", b"v"):
            if word == b"uc":
                state.fallback = int(number or 1)
            else:
                state.hidden = number != b"0"
        elif not (state.skip or state.hidden):
            if word is not None:
                self._control(word, None if number is None else int(number), state)
            else:
                self._say(code, sign, words)

    def _control(self, word: bytes, number: int | None, state: _State) -> None:
        if word == b"bin":
            raise damaged("it holds raw binary data where text belongs")
        if word == b"u" and number is not None:
            self.document.say(chr(number % 65536))
            self._replaced = state.fallback
        else:
            self.document.control(word, number)

    def _say(self, code: bytes | None, sign: bytes | None, words: bytes | None) -> None:
        if sign is not None:
            self.document.say(_SIGNS.get(sign, ""))
            return
        said = words or bytes([int(code or b"0", 16)])
        # What old readers show in place of the character just said.
        dropped = min(self._replaced, len(said))
        self._replaced -= dropped
        self.document.say_bytes(said[dropped:])


def parse(data: bytes, name: str) -> Extracted:
    reader = _Reader()
    for found in _TOKEN.finditer(data):
        reader.take(found)
        if not reader.states:
            break
    return reader.document.end()
