"""Reads XML without entities, external files or unlimited depth, and the zip packages made of it."""

import posixpath
import zipfile
from collections.abc import Iterator
from typing import Any

from lxml import etree

from footnote.errors import DocumentRefused
from footnote.parsers.building.archives import checked_zip, damaged, read_member

Element = Any
"""An lxml element; the library has no types of its own."""


def parse_xml(data: bytes) -> Element:
    """The root. Raises `DocumentRefused`: "damaged", or "unsafe_archive" for declared entities."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise refusal_of_xml(data, "a part of it is not valid XML") from error
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise _entities()
    return root


def refusal_of_xml(data: bytes, why: str) -> DocumentRefused:
    """A bomb of entities breaks off like a damaged part; its declaration tells them apart."""
    return _entities() if b"<!ENTITY" in data[:100_000] else damaged(why)


def local_name(element: Element) -> str:
    """The tag without its namespace; empty for an instruction or a comment."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Element, name: str) -> str | None:
    """The attribute of this local name, in whatever namespace."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return None


def child(element: Element | None, name: str) -> Element | None:
    """The first child of this local name."""
    return next(children(element, name), None)


def children(element: Element | None, name: str) -> Iterator[Element]:
    return (inner for inner in (() if element is None else element) if local_name(inner) == name)


def descendants(element: Element | None, name: str) -> Iterator[Element]:
    return iter(()) if element is None else element.iter(f"{{*}}{name}")


class Package:
    """An Office document: a zip of XML parts that refer to one another by relationships."""

    def __init__(self, data: bytes) -> None:
        self.archive: zipfile.ZipFile = checked_zip(data)

    def read(self, part: str) -> bytes | None:
        return read_member(self.archive, part)

    def xml(self, part: str) -> Element | None:
        """The root of a part; None when the package has none of that name."""
        data = self.read(part)
        return None if data is None else parse_xml(data)

    def related(self, part: str) -> dict[str, tuple[str, str]]:
        """The parts that a part refers to: relationship id to (kind, part name)."""
        folder, name = posixpath.split(part)
        root = self.xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        found = {}
        for relation in children(root, "Relationship"):
            if relation.get("TargetMode") == "External":
                continue
            kind = (relation.get("Type") or "").rpartition("/")[2]
            target = posixpath.normpath(posixpath.join("/", folder, relation.get("Target") or ""))
            found[relation.get("Id") or ""] = (kind, target.lstrip("/"))
        return found

    def main_part(self, usual: str) -> str:
        """The part that the package names as its document, else the usual one."""
        for kind, target in self.related("").values():
            if kind == "officeDocument":
                return target
        return usual


def _entities() -> DocumentRefused:
    return DocumentRefused(
        "This file was not opened because it declares entities, a way to hide or multiply text that "
        "documents do not need. If you trust it, open it in the program it came from and save it again.",
        reason="unsafe_archive",
    )
