"""EPUB books: the chapters in the order of their spine."""

import posixpath
from urllib.parse import unquote

from footnote.errors import DocumentRefused
from footnote.parsers.building.archives import checked_zip, damaged, read_member
from footnote.parsers.building.decoding import decode
from footnote.parsers.building.hypertext import add_hypertext
from footnote.parsers.building.writing import Writing, one_line
from footnote.parsers.building.xml import descendants, parse_xml
from footnote.types import Extracted

_TEXT_TYPES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")


def parse(data: bytes, name: str) -> Extracted:
    archive = checked_zip(data)
    container = read_member(archive, "META-INF/container.xml")
    files = (
        [file.get("full-path") for file in descendants(parse_xml(container), "rootfile")] if container else []
    )
    listed = next((part for part in archive.namelist() if part.endswith(".opf")), "")
    package_part = next((file for file in files if file), listed)
    package = read_member(archive, package_part) if package_part else None
    if package is None:
        raise damaged("its table of parts is missing")
    root = parse_xml(package)
    folder = posixpath.dirname(package_part)
    items = {item.get("id"): item for item in descendants(root, "item")}
    locked = _locked(read_member(archive, "META-INF/encryption.xml"))
    writing = Writing()
    writing.add(one_line("".join(next(descendants(root, "title"), root).itertext())[:500]), "heading", 1)
    missing = 0
    for reference in descendants(root, "itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _TEXT_TYPES:
            continue
        part = posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))
        if part in locked:
            raise DocumentRefused(
                "This book is locked by its shop (DRM) and cannot be read. Add a copy that is not.",
                reason="encrypted",
            )
        chapter = read_member(archive, part)
        if chapter is None:
            missing += 1
            continue
        add_hypertext(writing, decode(chapter, declared=True), with_title=False)
    if missing:
        writing.notes.append(f"{missing} chapters that the book lists are missing in it")
    return writing.extracted()


def _locked(encryption: bytes | None) -> set[str]:
    """The parts that are encrypted. Fonts usually are, without harm."""
    if encryption is None:
        return set()
    return {unquote(part.get("URI") or "") for part in descendants(parse_xml(encryption), "CipherReference")}
