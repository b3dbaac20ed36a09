"""The lines of a PDF page: their characters with their places, and whether a reader would see them."""

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pypdfium2
import pypdfium2.raw as pdfium

from footnote.language.characters import invisible_at

_HYPHENS = "\x02\ufffe"
"""How pdfium writes a hyphen at the end of a line, in its two interfaces."""
_MIN_VISIBLE_SIZE = 1.0
"""Points; smaller letters cannot be read."""


@dataclass(kw_only=True, slots=True)
class Line:
    """A line of a page: its characters with their page indexes, and where it stands (in points)."""

    page: int
    characters: list[tuple[str, int]]
    hyphenated: bool
    size: float
    left: float = 0.0
    bottom: float = 0.0
    right: float = 0.0
    top: float = 0.0
    columns: bool = False
    """Whether wide gaps stand between its words, as in the row of a table."""

    @property
    def text(self) -> str:
        return "".join(character for character, _ in self.characters)


@dataclass(kw_only=True, slots=True)
class PageText:
    """What a page says, and what a reader should know about it."""

    lines: list[Line] = field(default_factory=list)
    removed: int = 0
    """Invisible characters that were dropped."""
    hidden: bool = False
    """Whether it holds text that a reader would not see."""
    garbled: bool = False
    """Whether much of it is in fonts that do not tell which letters their signs are."""


def read_page(document: pypdfium2.PdfDocument, number: int) -> PageText:
    """The lines of a page (from 0), in the order of the file."""
    said = PageText()
    try:
        page = document[number]
        text_page = page.get_textpage()
    except pypdfium2.PdfiumError:
        # A broken page is reported like one without text; the others are still worth reading.
        return said
    try:
        words: list[int] = []
        for stretch, hyphenated in _split(_characters(text_page)):
            kept = _visible(stretch)
            said.removed += len(stretch) - len(kept)
            while kept and kept[-1][0] == " ":
                kept.pop()
            while kept and kept[0][0] == " ":
                kept.pop(0)
            if kept:
                said.lines.append(_placed(text_page, number, kept, hyphenated))
                words += _word_starts(kept)
        said.hidden = any(_is_unseen(page, text_page, at) for at in words)
        unknown = sum(pdfium.FPDFText_HasUnicodeMapError(text_page.raw, at) == 1 for at in words)
        said.garbled = unknown * 5 > len(words)
        return said
    finally:
        text_page.close()
        page.close()


def _visible(stretch: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    unseen = invisible_at("".join(character for character, _ in stretch))
    return [
        (" " if character.isspace() else character, at)
        for position, (character, at) in enumerate(stretch)
        if position not in unseen
    ]


def _word_starts(kept: Sequence[tuple[str, int]]) -> list[int]:
    """The page indexes of the first letters of words, by which a word is judged."""
    before = [" ", *(character for character, _ in kept)]
    return [
        at for (character, at), previous in zip(kept, before, strict=False) if previous == " " != character
    ]


def _characters(text_page: pypdfium2.PdfTextPage) -> list[tuple[str, int]]:
    """Every character of the page with its index; what has no letter of its own is left out."""
    count = text_page.count_chars()
    text = text_page.get_text_range()
    if len(text) == count:
        return list(zip(text, range(count), strict=True))
    # Some characters have no Unicode value and are skipped in the text: ask for each by itself.
    raw = text_page.raw
    codes = ((pdfium.FPDFText_GetUnicode(raw, at), at) for at in range(count))
    return [(chr(code), at) for code, at in codes if code in (2, 9, 10, 13) or 31 < code <= 0x10FFFF]


def _split(characters: Sequence[tuple[str, int]]) -> Iterator[tuple[list[tuple[str, int]], bool]]:
    """The lines, each with whether it ends in a hyphen that cuts a word in two."""
    line: list[tuple[str, int]] = []
    for position, (character, at) in enumerate(characters):
        if character in "\r\n":
            if line:
                yield line, False
            line = []
        elif character in _HYPHENS:
            word = "".join(letter for letter, _ in line[-30:]).rpartition(" ")[2]
            following = characters[position + 1][0] if position + 1 < len(characters) else ""
            # "well-\nknown" keeps its hyphen where the word has another, or no small letter follows.
            if "-" in word or not following.islower():
                line.append(("-", at))
            yield line, True
            line = []
        else:
            line.append((character, at))
    if line:
        yield line, False


def _placed(
    text_page: pypdfium2.PdfTextPage, number: int, kept: list[tuple[str, int]], hyphenated: bool
) -> Line:
    first, last = kept[0][1], kept[-1][1]
    # A drop capital or a word in small capitals must not speak for the line.
    samples = (kept[len(kept) * part // 4][1] for part in (1, 2, 3))
    size = sorted(round(pdfium.FPDFText_GetFontSize(text_page.raw, at), 1) for at in samples)[1]
    left, bottom, _, top = text_page.get_charbox(first, loose=True)
    _, low, right, high = text_page.get_charbox(last, loose=True)
    return Line(
        page=number,
        characters=kept,
        hyphenated=hyphenated,
        size=size or top - bottom,
        left=left,
        bottom=min(bottom, low),
        right=right,
        top=max(top, high),
        columns=_has_wide_gap(text_page, kept, 1.2 * (size or top - bottom)),
    )


def _has_wide_gap(text_page: pypdfium2.PdfTextPage, kept: Sequence[tuple[str, int]], width: float) -> bool:
    raw = text_page.raw
    left, before, after, bottom, top = (ctypes.c_double() for _ in range(5))
    for position in range(1, len(kept) - 1):
        if kept[position][0] == " ":
            pdfium.FPDFText_GetCharBox(raw, kept[position - 1][1], left, before, bottom, top)
            pdfium.FPDFText_GetCharBox(raw, kept[position + 1][1], after, left, bottom, top)
            if after.value - before.value > width:
                return True
    return False


def _is_unseen(page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage, at: int) -> bool:
    """Whether a letter is white, tiny, see-through or not drawn."""
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if pdfium.FPDFText_GetFillColor(text_page.raw, at, red, green, blue, alpha) and (
        min(red.value, green.value, blue.value) > 250 or alpha.value < 8
    ):
        return True
    left, bottom, right, top = text_page.get_charbox(at)
    if 0 < max(top - bottom, right - left) < _MIN_VISIBLE_SIZE / 2:
        return bool(pdfium.FPDFText_GetFontSize(text_page.raw, at) < _MIN_VISIBLE_SIZE)
    drawn = pdfium.FPDFTextObj_GetTextRenderMode(pdfium.FPDFText_GetTextObject(text_page.raw, at))
    # The text layer of a scan is not drawn either: its picture is.
    return drawn == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE and not _has_picture(page)


def _has_picture(page: pypdfium2.PdfPage) -> bool:
    return any(True for _ in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=4))
