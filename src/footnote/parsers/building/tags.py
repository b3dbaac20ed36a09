"""Cuts hypertext into tags and text in time linear in its length, whatever it holds.

The standard library's `html.parser` reads well-formed pages as well, but takes minutes over 100 KB of
unclosed tags or comments in the Python releases that people have, and raises on some of them.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

_START = re.compile(r"""<([A-Za-z][^\s/>]*+)((?:[^>"']++|"[^"]*+"|'[^']*+')*+)>""")
_END = re.compile(r"</([A-Za-z][^\s/>]*+)")
_LETTER = re.compile("[A-Za-z]")
_ATTRIBUTE = re.compile(r"""([^\s=/>"']++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>]++)))?""")
_RAW = {
    tag: re.compile(f"</{tag}(?=[\\s/>])", re.IGNORECASE)
    for tag in ("script", "style", "title", "textarea", "xmp")
}
"""Inside these, only their own end tag is a tag."""


@dataclass(kw_only=True, slots=True)
class Tag:
    kind: Literal["start", "end"]
    name: str
    """In lower case, without a namespace prefix."""
    attributes: dict[str, str] = field(default_factory=dict)
    closed: bool = False
    """Written as `<name/>`."""


def tags_and_text(source: str) -> Iterator[Tag | str]:
    """The tags and the text between them, entities resolved; comments and declarations left out."""
    cutter = _Cutter(source)
    position = 0
    while (sign := source.find("<", position)) >= 0:
        if sign > position:
            yield _unescape(source[position:sign])
        tag, position = cutter.cut(sign)
        if tag is not None:
            yield tag
        if isinstance(tag, Tag) and tag.kind == "start" and not tag.closed:
            end = cutter.end_of_raw(tag.name, position)
            if end > position:
                yield _unescape(source[position:end])
                position = end
    if position < len(source):
        yield _unescape(source[position:])


class _Cutter:
    """Finds where each tag ends, and never searches twice for an end that does not exist."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._endless: set[str] = set()

    def cut(self, sign: int) -> tuple[Tag | str | None, int]:
        """What begins at this "<", if it is worth passing on, and where to go on."""
        source = self._source
        if source.startswith(("<!", "<?"), sign):
            return self._declaration(sign)
        if (ending := _END.match(source, sign)) is not None:
            close = self._find(">", ending.end())
            return Tag(kind="end", name=_local(ending[1])), close + 1 if close >= 0 else len(source)
        if not _LETTER.match(source, sign + 1):
            return "<", sign + 1
        opening = _START.match(source, sign) if "quotes" not in self._endless else None
        if opening is not None:
            return _start_tag(opening[1], opening[2]), opening.end()
        # A quote that never ends: from here on a tag ends at its first ">".
        self._endless.add("quotes")
        close = self._find(">", sign)
        opening = _START.match(source[sign : close + 1].replace('"', " ").replace("'", " "))
        return (_start_tag(opening[1], opening[2]), close + 1) if opening is not None else ("<", sign + 1)

    def end_of_raw(self, name: str, position: int) -> int:
        """Where the plain text inside a script, a title and the like ends; `position` for other tags."""
        if name not in _RAW or name in self._endless:
            return position
        if (end := _RAW[name].search(self._source, position)) is not None:
            return end.start()
        self._endless.add(name)
        return len(self._source) if name in ("script", "style") else position

    def _declaration(self, sign: int) -> tuple[str | None, int]:
        if self._source.startswith("<!--", sign) and (end := self._find("-->", sign + 2)) >= 0:
            return None, end + 3
        end = self._find(">", sign)
        return (None, end + 1) if end >= 0 else ("<", sign + 1)

    def _find(self, what: str, start: int) -> int:
        found = -1 if what in self._endless else self._source.find(what, start)
        if found < 0:
            self._endless.add(what)
        return found


def _start_tag(name: str, rest: str) -> Tag:
    attributes: dict[str, str] = {}
    # Most tags carry nothing that matters here.
    if "=" in rest or "hidden" in rest.lower():
        for found in _ATTRIBUTE.finditer(rest):
            value = next((value for value in found.groups()[1:] if value is not None), "")
            attributes.setdefault(found[1].lower(), _unescape(value) if "&" in value else value)
    return Tag(kind="start", name=_local(name), attributes=attributes, closed=rest.endswith("/"))


def _local(name: str) -> str:
    return name.lower().rpartition(":")[2]


def _unescape(text: str) -> str:
    try:
        return html.unescape(text)
    except ValueError:
        # A character number of thousands of digits.
        return text
