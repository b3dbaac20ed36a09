"""Source code and settings files, kept as they are: a block is what a blank line and a return to the
left margin separate, so that a function stays whole."""

import re
from itertools import pairwise

from footnote.language.characters import clean, removal_note
from footnote.parsers.building.decoding import decode
from footnote.types import Block, Extracted

_NEW_PART = re.compile(r"(?:\A|\n[^\S\n]*\n)(?=\S)")


def parse(data: bytes, name: str) -> Extracted:
    text, removed = clean(decode(data, declared=True))
    first = len(text) - len(text.lstrip())
    # A first part that is indented has no start of its own.
    starts = sorted({first, *(found.end() for found in _NEW_PART.finditer(text))} - {len(text)})
    blocks = []
    for start, following in pairwise([*starts, len(text)]):
        end = start + len(text[start:following].rstrip())
        blocks.append(Block(kind="code", start=start, end=end))
    return Extracted(text=text, blocks=tuple(blocks), notes=removal_note(removed))
