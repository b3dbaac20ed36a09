"""A sentence, table row or list item as a person reads it on its own: a row with its header's
names, an item with the words that introduce its list. Pure.

The extractive answerer writes this, and the footnote check accepts it as the source's own words.
"""

import re

from footnote.language.sentences import BRANCH, sentences

# A letter only with a parenthesis: "A. Smith" begins with a name.
_BULLET = re.compile(r"^\s*(?:[-*+•‣◦▪–]|\(?\d{1,3}[.)]|\(?[a-zA-Z]\))\s+(?:\[[ xX]\]\s+)?")
_RULE = re.compile(r"^[\s|:+=-]+$")
_FENCED = re.compile(r"(```|~~~).*\n\s*\1\s*$", re.DOTALL)
_HEADING = re.compile(r"^#{1,6}\s+")
# Marks stand at the borders of words: `2**8`, `src/**/*.py` and `handlers[name](event)` have none.
_LINK = re.compile(r"(?<![\w\])])!?\[([^\]\[]+)\]\([^()\s]*\)")
_BOLD = re.compile(r"(?<![\w*/])\*\*(?=[^\s*/])([^*]+?)(?<=[^\s*/])\*\*(?![\w*/])")
_CODE = re.compile(r"`(?=\S)(.+?)(?<=\S)`")
# reStructuredText: `title <target>`_ and :role:`text`.
_RST_LINK = re.compile(r"`([^`<>]+?)\s*<[^<>`]*>`_{1,2}")
_RST_ROLE = re.compile(r"(?<!\w):[a-z:]{1,30}:`([^`<>]+)(?:<[^<>`]*>)?`")


def readable(text: str, start: int, end: int, lead_in: str = "") -> str:
    """`text[start:end]` made to stand alone. `lead_in` is what precedes the text: a table's header
    or the sentence that introduces a list."""
    span, above = text[start:end], f"{lead_in}\n{text[:start]}"
    if _FENCED.match(span):
        return span
    if _is_row(span):
        return _labelled(_header(above), span) or _plain(span)
    bullet = _BULLET.match(span)
    introduction = _introduction(above) if bullet else ""
    # "30. September" and a measure of "- 40 °C" are no list items.
    if bullet and not (introduction or _among_items(text, start, end, bullet)):
        return _plain(span)
    item = _plain(span[bullet.end() :] if bullet else span)
    return f"{_plain(introduction)} {item}" if introduction else item


def _among_items(text: str, start: int, end: int, bullet: re.Match[str]) -> bool:
    """Whether what looks like a list item is one: a sign that is no number or minus, or a neighbour."""
    sign = bullet.group().strip()
    if not any(letter.isdigit() for letter in sign) and not text[start + bullet.end() : end][:1].isdigit():
        return True
    above = text[:start].rstrip().rsplit("\n", 1)[-1]
    below = text[end:].lstrip().split("\n", 1)[0]
    return bool(_BULLET.match(above) or _BULLET.match(below))


def says_something(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` states anything by itself: a heading, a table's header or a question
    does not."""
    span = text[start:end].strip().rstrip("*_")
    if _HEADING.match(span) or span.endswith(("?", "？", ":")):
        return False
    return not (_is_row(span) and _is_header(text, start, end))


def cells(row: str) -> list[str]:
    """The cells of a row whose columns are parted by " | ", with or without outer bars."""
    return [_plain(cell) for cell in row.strip().strip("|").split("|")]


def _is_row(line: str) -> bool:
    return "|" in line and "\n" not in line.strip() and len(cells(line)) > 1


def _is_header(text: str, start: int, end: int) -> bool:
    """The first of a run of rows, with names above a ruler or above values that are numbers."""
    below = text[end:].lstrip("\n").splitlines()
    if _header(text[:start]) or not below:
        return False
    if below[0].strip() and _RULE.match(below[0]):
        return True
    return _is_row(below[0]) and not _has_number(text[start:end]) and _has_number(below[0])


def _has_number(row: str) -> bool:
    return any(cell[:1].isdigit() or cell[1:2].isdigit() for cell in cells(row) if cell)


def _header(above: str) -> str:
    """The first line of the unbroken run of rows at the end of `above`."""
    header = ""
    for line in reversed(above.splitlines()):
        if not _is_row(line) and not (line.strip() and _RULE.match(line)):
            break
        if not _RULE.match(line):
            header = line
    return header


def _introduction(above: str) -> str:
    """The sentence with a colon at its end that introduces the list at the end of `above`."""
    for start, end in reversed(sentences(above)):
        line = above[above.rfind("\n", 0, start) + 1 :]
        if not _BULLET.match(line) and not line.startswith((" ", "\t")):
            return above[start:end] if above[:end].endswith(":") else ""
    return ""


def _labelled(header: str, row: str) -> str:
    """A row's values with the names of their columns; empty when there is no header for it."""
    names, values = cells(header) if header else [], cells(row)
    if len(names) != len(values):
        return ""
    pairs = [(name, value) for name, value in zip(names, values, strict=True) if value]
    return "; ".join(f"{name}: {value}" if name else value for name, value in pairs)


def _plain(text: str) -> str:
    """Without the marks of Markdown that only make sense in their own page. Double underscores stay:
    they are more often part of a name, as in `__init__`."""
    branch = BRANCH.match(text)
    text = _HEADING.sub("", " ".join(text[branch.end() if branch else 0 :].split()))
    text = _RST_LINK.sub(r"\1", text)
    text = _RST_ROLE.sub(r"\1", text)
    text = _LINK.sub(r"\1", text)
    return _CODE.sub(r"\1", _BOLD.sub(r"\1", text)).strip()
