"""HTML to text with structure, in one linear pass over its tags.

`add_hypertext` is the entrance. `_Page` follows the tags and collects blocks; a table is kept aside
until its end shows whether it holds data (rows of cells) or only lays out the page (its blocks then
stand on their own). What a browser would not show is left out, and so are menus when the page marks
its main part.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from footnote.parsers.building.tags import Tag, tags_and_text
from footnote.parsers.building.writing import Writing
from footnote.types import BlockKind

_UNSEEN = frozenset(
    "script style template noscript svg head select textarea iframe object canvas audio video "
    "datalist".split()
)
_VOID = frozenset(
    "area base br col embed hr img input link meta param source track wbr basefont frame".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BREAKS = frozenset(
    "address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure "
    "footer form header hgroup hr html legend li main menu nav ol optgroup option p pre section summary "
    "table tbody td tfoot th thead tr ul caption".split()
).union(_HEADINGS)
_CLOSES_ITSELF = frozenset("p li td th tr dt dd option".split())
_LISTS = ("ul", "ol", "menu")
_MAX_LIST_DEPTH = 9
_IN_HEAD = frozenset("head title meta link script style base noscript template html".split())
_REGIONS = {
    "main": "main",
    "article": "main",
    "nav": "nav",
    "navigation": "nav",
    "footer": "edge",
    "aside": "edge",
    "header": "edge",
    "banner": "edge",
    "contentinfo": "edge",
    "complementary": "edge",
}
"""What the elements and ARIA roles of a page's parts mean: a menu is never part of the main text, an
edge is when it lies inside it (the header of an article holds its title)."""
_MAX_TABLES = 20
"""Tables deeper than this inside each other are read as plain blocks, so that time stays linear."""

_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])", re.IGNORECASE
)


@dataclass(kw_only=True, slots=True)
class _Piece:
    """A block before it is written."""

    text: str
    kind: BlockKind = "paragraph"
    level: int = 0
    in_main: bool = False
    in_menu: bool = False


@dataclass(kw_only=True, slots=True)
class _Table:
    rows: list[list[list[_Piece]]] = field(default_factory=list)
    heads: set[int] = field(default_factory=set)
    holds_table: bool = False

    def is_layout(self) -> bool:
        cells = [cell for row in self.rows for cell in row]
        return (
            self.holds_table
            or all(len(row) < 2 for row in self.rows)
            or any(piece.kind == "heading" for cell in cells for piece in cell)
            or any(len(cell) > 3 or sum(len(piece.text) for piece in cell) > 1500 for cell in cells)
        )


class _Page:
    def __init__(self) -> None:
        self.pieces: list[_Piece] = []
        self.title = ""
        self.hidden = 0
        self._words: list[str] = []
        self._open: list[tuple[str, bool, str]] = []
        self._count: Counter[str] = Counter()
        self._regions: Counter[str] = Counter()
        self._unseen = 0
        self._in_title = False
        self._lists: list[int | None] = []
        self._marker = ""
        self._tables: list[_Table] = []

    # --- tags ------------------------------------------------------------------------------------

    def read(self, source: str) -> None:
        for token in tags_and_text(source):
            if isinstance(token, str):
                self._text(token)
            elif token.kind == "end":
                self._end(token.name)
            else:
                self._start(token)
                # Only XHTML means it; a browser would take what follows into "<title/>".
                if token.closed and token.name not in _VOID:
                    self._end(token.name)
        while self._open:
            self._end(self._open[-1][0])
        self._end_block()

    def _start(self, tag: Tag) -> None:
        name = tag.name
        self._in_title = name == "title" and not self.title and not self._count["svg"]
        if self._count["head"] and name not in _IN_HEAD:
            self._end("head")
        if name in _CLOSES_ITSELF and self._open and self._open[-1][0] == name:
            self._end(name)
        if name == "br":
            self._words.append("\n")
        if name in _BREAKS:
            self._end_block()
        if name in _VOID:
            return
        unseen = name in _UNSEEN or self._is_hidden(tag)
        region = _REGIONS.get(tag.attributes.get("role") or name, "")
        self._open.append((name, unseen, region))
        self._count[name] += 1
        self._regions[region] += 1
        self._unseen += unseen
        if not self._unseen:
            self._enter(name)

    def _end(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if not self._count[tag]:
            if tag in ("p", "br"):
                self._words.append("\n")
            return
        while self._open:
            name, unseen, region = self._open.pop()
            self._count[name] -= 1
            if not self._unseen:
                self._leave(name)
            self._regions[region] -= 1
            self._unseen -= unseen
            if name == tag:
                return

    def _text(self, words: str) -> None:
        if self._in_title:
            self.title += words
        elif not self._unseen:
            self._words.append(words if self._count["pre"] else words.replace("\n", " "))

    # --- what the tags mean ------------------------------------------------------------------------

    def _is_hidden(self, tag: Tag) -> bool:
        if "hidden" in tag.attributes or _HIDDEN.search(tag.attributes.get("style", "")):
            self.hidden += not self._unseen
            return True
        # Decoration, or a second form of what is said beside it.
        return tag.attributes.get("aria-hidden") == "true"

    def _enter(self, tag: str) -> None:
        if tag in _LISTS:
            self._lists.append(1 if tag == "ol" else None)
        elif tag == "li":
            number = self._lists[-1] if self._lists else None
            self._marker = "- " if number is None else f"{number}. "
            if number is not None:
                self._lists[-1] = number + 1
        elif tag == "table" and len(self._tables) < _MAX_TABLES:
            self._tables.append(_Table())
        elif tag in ("tr", "td", "th") and self._tables and self._count["table"] <= _MAX_TABLES:
            table = self._tables[-1]
            if tag == "tr" or not table.rows:
                table.rows.append([])
            if tag != "tr":
                table.rows[-1].append([])
            if tag == "th":
                table.heads.add(len(table.rows) - 1)

    def _leave(self, name: str) -> None:
        if name in _BREAKS:
            self._end_block(name)
        if name in _LISTS and self._lists:
            self._lists.pop()
        elif name == "li":
            self._marker = ""
        elif name == "table" and self._tables and self._count["table"] < _MAX_TABLES:
            self._end_table()

    def _end_block(self, tag: str = "") -> None:
        """What was said since the last break becomes a block, or several where lines were left."""
        words = "".join(self._words)
        self._words.clear()
        if self._unseen or not words.strip():
            return
        kind: BlockKind = "paragraph"
        level = 0
        heading = next((level for name, level in _HEADINGS.items() if self._count[name]), 0)
        heading = _HEADINGS.get(tag, heading)
        if self._count["pre"] or tag == "pre":
            self._keep(_Piece(text=words, kind="code"))
            return
        if heading:
            # The sign after the title is a link to it.
            title = " ".join(words.split()).removesuffix("¶")
            self._keep(_Piece(text=title, kind="heading", level=heading))
            return
        for paragraph in re.split(r"\n[ \t]*\n", re.sub(r"[^\S\n]+", " ", words)):
            text = "\n".join(line.strip() for line in paragraph.split("\n")).strip()
            if not text:
                continue
            if self._marker:
                kind, level, text = (
                    "list_item",
                    min(max(len(self._lists), 1), _MAX_LIST_DEPTH),
                    self._marker + text,
                )
                self._marker = ""
            self._keep(_Piece(text=text, kind=kind, level=level))
            kind, level = "paragraph", 0

    def _keep(self, piece: _Piece) -> None:
        piece.in_main = self._regions["main"] > 0
        piece.in_menu = self._regions["nav"] > 0 or (self._regions["edge"] > 0 and not piece.in_main)
        if self._tables and self._tables[-1].rows and self._tables[-1].rows[-1]:
            self._tables[-1].rows[-1][-1].append(piece)
        elif self._tables:
            # Between the cells (a caption, stray words): before the table.
            self._place([piece], len(self._tables) - 1)
        else:
            self.pieces.append(piece)

    def _place(self, pieces: list[_Piece], depth: int) -> None:
        outer = self._tables[depth - 1] if depth > 0 else None
        if outer is not None and outer.rows and outer.rows[-1]:
            outer.rows[-1][-1].extend(pieces)
        else:
            self.pieces.extend(pieces)

    def _end_table(self) -> None:
        table = self._tables.pop()
        depth = len(self._tables)
        if depth:
            self._tables[-1].holds_table = True
        if table.is_layout():
            self._place([piece for row in table.rows for cell in row for piece in cell], depth)
            return
        self._place(_rows(table), depth)


def _rows(table: _Table) -> list[_Piece]:
    rows: list[_Piece] = []
    for number, row in enumerate(table.rows):
        cells = [" ".join(" ".join(piece.text for piece in cell).split()) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        first = next(piece for cell in row for piece in cell)
        is_header = not rows and number in table.heads and len(cells) > 1
        rows.append(
            _Piece(
                text=" | ".join(cells),
                kind="table_header" if is_header else "table_row",
                in_main=first.in_main,
                in_menu=first.in_menu,
            )
        )
    return rows


def add_hypertext(writing: Writing, source: str, *, with_title: bool = True) -> None:
    """Write what a reader of this page would see. The page's title becomes its heading when the
    page has no first-level heading of its own."""
    page = _Page()
    page.read(source)
    pieces = page.pieces
    if any(piece.in_main for piece in pieces):
        pieces = [piece for piece in pieces if not piece.in_menu]
    if with_title and not any(piece.kind == "heading" and piece.level == 1 for piece in pieces):
        writing.add(" ".join(page.title.split()), "heading", 1)
    for piece in pieces:
        indent = 2 * (piece.level - 1) if piece.kind == "list_item" else 0
        writing.add(piece.text, piece.kind, piece.level, indent)
    if page.hidden:
        plural = "s" if page.hidden > 1 else ""
        writing.notes.append(f"left out {page.hidden} hidden part{plural} that a browser would not show")
