"""PDF, with a map from every kept character to its place on the page.

`parse` reads each page's lines with their position and letter size, then `_Writer` joins lines to
paragraphs and headings. A character of the kept text either is one character of a page (and lies in
a `PageRun`) or was added between two of them (a blank, a line break). `boxes` goes back to the pages.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence

import pypdfium2
import pypdfium2.raw as pdfium

from footnote.errors import DocumentRefused
from footnote.language.characters import removal_note
from footnote.parsers.building.archives import damaged
from footnote.parsers.building.pdf_pages import Line, PageText, read_page
from footnote.parsers.building.pdf_repair import repaired
from footnote.types import Block, BlockKind, Extracted, Page, PageRun

_BULLET = re.compile(r"(?:[•‣◦▪▫●○■□◆◇➢➤✓✔–—*\uf0b7\uf0a7-]|\(?(?:\d{1,3}|[A-Za-z])[.)])\s+\S")
_SENTENCE_END = re.compile(r"[.!?:;。！？][\"'”’)\]]*$")
_Box = tuple[int, float, float, float, float]
"""Page from 0, left, bottom, right, top."""


def parse(data: bytes, name: str) -> Extracted:
    document, notes = _open(data)
    try:
        pages = [read_page(document, number) for number in range(len(document))]
    finally:
        document.close()
    if not any(page.lines for page in pages):
        if notes:
            raise damaged("no text is left in it")
        raise DocumentRefused(
            "This PDF has pages but no text: it looks scanned or drawn. Make its text readable first, for "
            "example with “ocrmypdf in.pdf out.pdf” or the text recognition of your scanner.",
            reason="no_text",
        )
    removed = removal_note(sum(page.removed for page in pages))
    return _written([page.lines for page in pages], (*notes, *_notes(pages), *removed))


def _notes(pages: Sequence[PageText]) -> list[str]:
    def on(found: Callable[[PageText], bool]) -> str:
        labels = [str(number) for number, page in enumerate(pages, start=1) if found(page)]
        shown = ", ".join(labels[:20]) + (f" and {len(labels) - 20} more" if len(labels) > 20 else "")
        return f"page{'s' if len(labels) > 1 else ''} {shown}" if labels else ""

    notes = []
    if where := on(lambda page: not page.lines):
        notes.append(f"no text on {where} (pictures or blank)")
    if where := on(lambda page: page.hidden):
        notes.append(f"text that a reader cannot see (white, tiny or transparent) on {where}")
    if where := on(lambda page: page.garbled):
        notes.append(
            f"much text on {where} is in fonts that hide which letters they show, and may be garbled"
        )
    return notes


def boxes(data: bytes, ranges: Sequence[Sequence[int]]) -> list[_Box]:
    """Where ranges of page characters (page from 0, first, length) stand, one box for each stretch of a
    line, in points from the lower left corner of the page."""
    document, _ = _open(data)
    try:
        found: list[_Box] = []
        for page, first, length in ranges:
            text_page = document[page].get_textpage()
            for index in range(text_page.count_rects(first, length)):
                box = (page, *text_page.get_rect(index))
                if found and _goes_on(found[-1], box):
                    _, left, bottom, right, top = found.pop()
                    found.append(
                        (page, min(left, box[1]), min(bottom, box[2]), max(right, box[3]), max(top, box[4]))
                    )
                else:
                    found.append(box)
        return found
    finally:
        document.close()


def _goes_on(one: _Box, other: _Box) -> bool:
    """Whether the other box continues the line of the one: a new font begins a new box."""
    height = min(one[4] - one[2], other[4] - other[2])
    overlap = min(one[4], other[4]) - max(one[2], other[2])
    return one[0] == other[0] and overlap > 0.5 * height and -height < other[1] - one[3] < 1.5 * height


def _open(data: bytes) -> tuple[pypdfium2.PdfDocument, tuple[str, ...]]:
    """The document, and a note when its list of pages had to be put together again."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        # pdfium keeps the code of an earlier failure where it gives no new one.
        locked = error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
        if locked and b"/Encrypt" in data:
            raise DocumentRefused(
                "This PDF needs a password to be opened. Save a copy without one and add that.",
                reason="encrypted",
            ) from error
        return _open_repaired(data, error)
    if not _has_pages(document):
        document.close()
        return _open_repaired(data, None)
    return document, ()


def _has_pages(document: pypdfium2.PdfDocument) -> bool:
    """Whether its first page is really there: a broken list still has a count."""
    try:
        document[0].close()
    except (pypdfium2.PdfiumError, IndexError):
        return False
    return True


def _open_repaired(
    data: bytes, error: pypdfium2.PdfiumError | None
) -> tuple[pypdfium2.PdfDocument, tuple[str, ...]]:
    whole = repaired(data)
    if whole is None:
        raise damaged("it holds no pages") from error
    try:
        document = pypdfium2.PdfDocument(whole)
    except pypdfium2.PdfiumError as still:
        raise damaged("it is not a whole PDF") from still
    return document, (f"this PDF is damaged: what is left of it was read ({len(document)} pages)",)


# --- writing -----------------------------------------------------------------------------------------


def _written(pages: Sequence[Sequence[Line]], notes: tuple[str, ...]) -> Extracted:
    lines = [line for page in pages for line in page]
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.characters)
    body = sizes.most_common(1)[0][0]
    larger = sorted({line.size for line in lines if _could_be_heading(line, body)}, reverse=True)
    levels = {size: min(level, 6) for level, size in enumerate(larger, start=1)}
    writer = _Writer()
    marks = []
    for page in pages:
        if page:
            start = writer.begin_page()
            _write_page(writer, page, body, levels)
            marks.append(Page(label=str(page[0].page + 1), start=start, end=writer.length))
    return writer.extracted(tuple(marks), notes)


def _could_be_heading(line: Line, body: float) -> bool:
    upright = line.top - line.bottom < 3 * line.size
    short = len(line.characters) < 150
    return upright and short and line.size >= body * 1.12 and any(c.isalpha() for c in line.text)


def _write_page(writer: "_Writer", lines: Sequence[Line], body: float, levels: dict[float, int]) -> None:
    previous: Line | None = None
    for number, line in enumerate(lines):
        level = levels[line.size] if _could_be_heading(line, body) else 0
        kind: BlockKind = "heading" if level else "paragraph"
        if _BULLET.match(line.text) and not level:
            kind = "list_item"
        widest = max(near.right - near.left for near in lines[max(0, number - 4) : number + 4])
        if previous is None or _begins_block(previous, line, kind, widest):
            writer.begin_block(kind, 1 if kind == "list_item" else level)
        elif not previous.hyphenated:
            in_table = previous.columns and line.columns
            writer.join(" " if level or (_is_full(previous, widest) and not in_table) else "\n")
        writer.put(line)
        previous = line


def _begins_block(previous: Line, line: Line, kind: BlockKind, widest: float) -> bool:
    if previous.hyphenated:
        return False
    height = max(min(line.top - line.bottom, previous.top - previous.bottom), 1.0)
    gap = previous.bottom - line.top
    if kind == "list_item" or abs(line.size - previous.size) > 0.12 * max(line.size, previous.size):
        return kind == "list_item" or abs(gap) > 0.3 * height or line.top < previous.bottom
    ended = _SENTENCE_END.search(previous.text[-4:]) is not None
    if gap < -2 * height:
        # Further up: the next column goes on with an unfinished sentence.
        return ended
    full = _is_full(previous, widest)
    indented = line.left - previous.left > 0.8 * height
    # A formula makes its line taller, so an unfinished sentence goes on over a wider gap.
    wide = 0.75 if ended or not full else 1.5
    return gap > wide * height or (ended and (not full or indented))


def _is_full(line: Line, widest: float) -> bool:
    """Whether the line goes to the right edge, so that its end is no end of what it says."""
    return line.right - line.left >= 0.72 * widest


class _Writer:
    """The kept text, its blocks, and the runs that map it to the pages."""

    def __init__(self) -> None:
        self.length = 0
        self._pieces: list[str] = []
        self._blocks: list[Block] = []
        self._runs: list[PageRun] = []
        self._open: tuple[BlockKind, int, int] | None = None

    def begin_page(self) -> int:
        self._end_block()
        return self.length + (2 if self.length else 0)

    def begin_block(self, kind: BlockKind, level: int) -> None:
        self._end_block()
        self.join("\n\n" if self.length else "")
        self._open = (kind, level, self.length)

    def join(self, words: str) -> None:
        self._pieces.append(words)
        self.length += len(words)

    def put(self, line: Line) -> None:
        """The characters of a line; those that lie side by side on the page make one run."""
        first = 0
        for position in range(1, len(line.characters) + 1):
            end = position == len(line.characters)
            if end or line.characters[position][1] != line.characters[position - 1][1] + 1:
                self._runs.append(
                    PageRun(
                        start=self.length + first,
                        page=line.page,
                        page_start=line.characters[first][1],
                        length=position - first,
                    )
                )
                first = position
        self.join(line.text)

    def extracted(self, pages: tuple[Page, ...], notes: tuple[str, ...]) -> Extracted:
        self._end_block()
        return Extracted(
            text="".join(self._pieces),
            blocks=tuple(self._blocks),
            pages=pages,
            page_runs=tuple(self._runs),
            notes=notes,
        )

    def _end_block(self) -> None:
        if self._open is not None:
            kind, level, start = self._open
            self._blocks.append(Block(kind=kind, start=start, end=self.length, level=level))
        self._open = None
