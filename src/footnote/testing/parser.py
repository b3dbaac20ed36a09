"""What every parser's result must satisfy. Call `check_extracted` on the result in a test."""

from footnote.language.characters import clean
from footnote.types import Extracted


def check_extracted(extracted: Extracted) -> None:
    """Assert that text and structure fit together: blocks and pages in order and in range, blocks
    without blanks at their edges, no invisible characters, page runs that do not overlap."""
    text = extracted.text
    assert clean(text) == (text, 0), "the text holds invisible characters or foreign line breaks"
    position = 0
    for block in extracted.blocks:
        assert position <= block.start < block.end <= len(text), f"{block} overlaps or is out of range"
        said = text[block.start : block.end]
        assert said == said.strip(), f"{block} begins or ends with blanks"
        assert 0 <= block.level <= 9, f"{block} has an odd level"
        assert block.kind != "heading" or 1 <= block.level <= 6, f"{block} has no level of a heading"
        position = block.end
    position = 0
    for page in extracted.pages:
        assert page.label, "a page has no label"
        assert position <= page.start < page.end <= len(text), f"{page} overlaps or is out of range"
        position = page.end
    position = 0
    for run in extracted.page_runs:
        assert run.length > 0, f"{run} is empty"
        assert run.page >= 0, f"{run} is on no page"
        assert run.page_start >= 0, f"{run} starts before its page"
        assert position <= run.start <= run.start + run.length <= len(text), f"{run} is out of order"
        position = run.start + run.length
