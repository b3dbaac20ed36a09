"""HTML and XHTML pages."""

from footnote.parsers.building.decoding import decode
from footnote.parsers.building.hypertext import add_hypertext
from footnote.parsers.building.writing import Writing
from footnote.types import Extracted


def parse(data: bytes, name: str) -> Extracted:
    writing = Writing()
    add_hypertext(writing, decode(data, declared=True))
    return writing.extracted()
