"""PowerPoint presentations: a page for each slide, its title as heading, then text, tables and notes.

Read from the XML itself, which also serves slide shows and templates.
"""

import re
from collections.abc import Iterator

from footnote.parsers.building.archives import damaged
from footnote.parsers.building.writing import Writing
from footnote.parsers.building.xml import (
    Element,
    Package,
    attribute,
    child,
    children,
    descendants,
    local_name,
)
from footnote.types import Extracted

_PLACEHOLDERS_WITHOUT_WORDS = frozenset({"sldNum", "dt", "ftr", "hdr", "sldImg"})
_NUMBER = re.compile(r"\d+")


def parse(data: bytes, name: str) -> Extracted:
    package = Package(data)
    main = package.main_part("ppt/presentation.xml")
    root = package.xml(main)
    if root is None:
        raise damaged("its main part is missing")
    writing = Writing()
    hidden = []
    slides = list(_slides(package, main, root))
    for number, part in enumerate(slides, start=1):
        slide = package.xml(part)
        if slide is None:
            continue
        if slide.get("show") == "0":
            hidden.append(str(number))
        with writing.page(str(number)):
            _add_slide(writing, slide)
            for kind, target in package.related(part).values():
                if kind == "notesSlide":
                    _add_notes(writing, package.xml(target))
    if hidden:
        writing.notes.append(f"hidden slides were read too: {', '.join(hidden)}")
    return writing.extracted()


def _slides(package: Package, main: str, root: Element) -> Iterator[str]:
    """The parts of the slides in the order of the show."""
    related = package.related(main)
    listed = [
        related[attribute_id][1]
        for slide in descendants(root, "sldId")
        if (attribute_id := _relation_id(slide)) in related
    ]
    if listed:
        yield from listed
        return
    found = [name for name in package.archive.namelist() if re.fullmatch(r"ppt/slides/slide\d+\.xml", name)]
    yield from sorted(found, key=lambda name: int(_NUMBER.findall(name)[-1]))


def _relation_id(slide: Element) -> str:
    """`r:id`, not the slide's own plain `id`."""
    return next((value for key, value in slide.attrib.items() if key.endswith("}id")), "")


def _add_slide(writing: Writing, slide: Element) -> None:
    shapes = list(_shapes(child(child(slide, "cSld"), "spTree")))
    titles = [shape for shape in shapes if _placeholder(shape) in ("title", "ctrTitle")]
    for shape in titles:
        writing.add(" ".join(" ".join(text for text, _ in _paragraphs(shape)).split()), "heading", 1)
    for shape in shapes:
        if shape in titles or _placeholder(shape) in _PLACEHOLDERS_WITHOUT_WORDS:
            continue
        tables = list(descendants(shape, "tbl"))
        for table in tables:
            writing.add_table(
                [
                    [" ".join(text for text, _ in _paragraphs(cell)) for cell in children(row, "tc")]
                    for row in children(table, "tr")
                ]
            )
        if not tables:
            _add_words(writing, shape)


def _add_words(writing: Writing, shape: Element) -> None:
    paragraphs = [(text, level) for text, level in _paragraphs(shape) if text.strip()]
    # A body is a list of points; one lone paragraph is just said.
    in_list = len(paragraphs) > 1 and _placeholder(shape) in ("", "body", "obj") and _is_body(shape)
    for text, level in paragraphs:
        if in_list:
            writing.add(f"- {text.strip()}", "list_item", level + 1, 2 * level)
        else:
            writing.add(text)


def _add_notes(writing: Writing, notes: Element | None) -> None:
    for shape in _shapes(child(child(notes, "cSld"), "spTree")):
        if _placeholder(shape) == "body":
            for text, _ in _paragraphs(shape):
                writing.add(text)


def _shapes(tree: Element | None) -> Iterator[Element]:
    """The shapes in the order of the file, groups opened."""
    for shape in () if tree is None else tree:
        match local_name(shape):
            case "grpSp":
                yield from _shapes(shape)
            case "AlternateContent":
                yield from _shapes(child(shape, "Choice"))
            case "sp" | "graphicFrame" | "cxnSp" | "pic":
                yield shape


def _placeholder(shape: Element) -> str | None:
    """What the layout means the shape for: "title", "body", "" (a plain one); None for a free shape."""
    for mark in descendants(shape, "ph"):
        return attribute(mark, "type") or ""
    return None


def _is_body(shape: Element) -> bool:
    return any(True for _ in descendants(shape, "ph"))


def _paragraphs(shape: Element) -> Iterator[tuple[str, int]]:
    """Each paragraph with its depth in a list."""
    for paragraph in descendants(shape, "p"):
        level = attribute(child(paragraph, "pPr"), "lvl") if child(paragraph, "pPr") is not None else None
        text = ""
        for piece in paragraph.iter():
            if local_name(piece) == "t":
                text += piece.text or ""
            elif local_name(piece) == "br":
                text += "\n"
            elif local_name(piece) == "tab":
                text += "\t"
        yield text, min(int(level), 8) if level and level.isdigit() else 0
