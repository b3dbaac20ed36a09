"""Cuts an extracted text into chunks that are small enough to embed. Pure. Read `cut` first.

Structure first: a section never shares a chunk with the next; then whole paragraphs, list items,
table rows and code blocks; then sentences; then words. Always `chunk.text == text[start:end]`.
Headings are not part of a chunk's text: they stand in its `heading` path, which is searched too.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from footnote.language.sentences import sentences
from footnote.types import Block, Chunk, Extracted

CHUNKER = "structure-1"
"""Changes whenever the same text would be cut differently, so that an old index is noticed."""

TARGET_TOKENS = 180
"""All-MiniLM-L6-v2 reads 256 tokens; the rest is for the document's name and the heading path."""


# Chinese and Japanese have no spaces: any character may start a chunk. What has no space for 400
# characters in another script is not a word but a blob.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\s\u3040-\u30ff\u3400-\u9fff]{1,400}")


LONGEST_TITLE = 500
"""Characters."""

# An anchor or a class behind a heading, as in "Prices { #prices }".
_ATTRIBUTES = re.compile(r"\s*\{:?\s*[#.][^{}]*\}\s*$")


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is never cut further unless it is longer than a chunk may be."""

    start: int
    end: int
    tokens: int
    lead_in: str = ""
    lead_in_tokens: int = 0


def cut(
    extracted: Extracted, count_tokens: Callable[[str], int], target: int = TARGET_TOKENS
) -> tuple[Chunk, ...]:
    """The chunks of a text, in order. `target` is in tokens as `count_tokens` counts them."""
    chunks: list[Chunk] = []
    for heading, section in _sections(extracted):
        units = list(_units(extracted.text, section, count_tokens, target))
        for start, end, lead_in in _packed(units, target):
            chunks.append(
                Chunk(
                    text=extracted.text[start:end],
                    start=start,
                    end=end,
                    page=_page_at(extracted, start),
                    heading=heading,
                    lead_in=lead_in,
                )
            )
    return tuple(chunks)


def _sections(extracted: Extracted) -> Iterator[tuple[tuple[str, ...], list[Block]]]:
    """The blocks below each heading, with the path of headings above them."""
    path: list[tuple[int, str]] = []
    section: list[Block] = []
    last: Block | None = None
    for block in _without_gaps(extracted):
        if block.kind != "heading":
            section.append(block)
            continue
        if section:
            yield tuple(title for _, title in path), section
            section = []
        elif last is not None and block.level <= last.level:
            # A heading with nothing below it must still be found by its own words.
            yield tuple(title for _, title in path[:-1]), [last]
        while path and path[-1][0] >= block.level:
            path.pop()
        path.append((block.level, _title(extracted.text[block.start : block.end])))
        last = block
    if section:
        yield tuple(title for _, title in path), section
    elif last is not None:
        yield tuple(title for _, title in path[:-1]), [last]


def _without_gaps(extracted: Extracted) -> Iterator[Block]:
    """The blocks, and as paragraphs whatever words lie between them: nothing is silently lost."""
    position = 0
    for block in (*extracted.blocks, None):
        end = len(extracted.text) if block is None else block.start
        for found in re.finditer(r"\S(?:.*?\S)??(?=\s*\n\s*\n|\s*\Z)", extracted.text[position:end], re.S):
            if any(letter.isalnum() for letter in found.group()):
                yield Block(kind="paragraph", start=position + found.start(), end=position + found.end())
        if block is not None:
            yield block
            position = block.end


def _title(heading: str) -> str:
    """A heading's words without the marks of Markdown or reStructuredText around them. A line longer than
    any title is left as it is."""
    first = next((line for line in heading.splitlines() if any(c.isalnum() for c in line)), heading)
    if len(first) > LONGEST_TITLE:
        return first.strip()
    title = re.sub(r"^#+\s+|\s+#+\s*$", "", _ATTRIBUTES.sub("", first.strip()))
    return re.sub(r"(\*\*|``|`)(?=\S)(.+?)(?<=\S)\1", r"\2", title)


def _units(
    text: str, section: Sequence[Block], count_tokens: Callable[[str], int], target: int
) -> Iterator[_Unit]:
    header = introduction = ""
    for block in section:
        words = text[block.start : block.end]
        if block.kind == "table_header":
            header = words
        elif block.kind != "table_row":
            header = ""
        if block.kind == "paragraph":
            introduction = _introduction(words, count_tokens, target)
        elif block.kind != "list_item":
            introduction = ""
        lead_in = {"table_row": header, "list_item": introduction}.get(block.kind, "")
        before = count_tokens(lead_in) if lead_in else 0
        # They are embedded together; a header that leaves no room is cut off by the embedder.
        room = max(target - before, target // 2)
        tokens = count_tokens(words)
        if tokens <= room:
            yield _Unit(block.start, block.end, tokens, lead_in, before)
        else:
            for start, end in _pieces(text, block.start, block.end, count_tokens, room):
                yield _Unit(start, end, count_tokens(text[start:end]), lead_in, before)


def _introduction(paragraph: str, count_tokens: Callable[[str], int], target: int) -> str:
    """The sentence with a colon at the end of a paragraph, unless it is too long to introduce a list."""
    if not paragraph.rstrip().endswith(":"):
        return ""
    start, end = sentences(paragraph)[-1]
    last = paragraph[start:end]
    return last if count_tokens(last) <= target // 3 else ""


def _pieces(
    text: str, start: int, end: int, count_tokens: Callable[[str], int], target: int
) -> Iterator[tuple[int, int]]:
    """The sentences of a block, and the words of a sentence that is itself too long."""
    for first, last in sentences(text[start:end]):
        if count_tokens(text[start + first : start + last]) <= target:
            yield start + first, start + last
        else:
            yield from _runs_of_words(text, start + first, start + last, count_tokens, target)


def _runs_of_words(
    text: str, start: int, end: int, count_tokens: Callable[[str], int], target: int
) -> Iterator[tuple[int, int]]:
    first: int | None = None
    last = start
    spent = 0
    for word in _WORD.finditer(text[start:end]):
        tokens = count_tokens(word.group())
        if first is not None and spent + tokens > target:
            yield first, last
            first, spent = None, 0
        if first is None:
            first = start + word.start()
        last = start + word.end()
        spent += tokens
    if first is not None:
        yield first, last


def _packed(units: Sequence[_Unit], target: int) -> Iterator[tuple[int, int, str]]:
    """Neighbouring units put together up to the target: start, end, and what introduces the first."""
    run: list[_Unit] = []
    for unit in units:
        if run and run[0].lead_in_tokens + sum(u.tokens for u in run) + unit.tokens > target:
            yield run[0].start, run[-1].end, run[0].lead_in
            run = []
        run.append(unit)
    if run:
        yield run[0].start, run[-1].end, run[0].lead_in


def _page_at(extracted: Extracted, position: int) -> str:
    index = bisect_right(extracted.pages, position, key=lambda page: page.start) - 1
    return extracted.pages[index].label if index >= 0 else ""
