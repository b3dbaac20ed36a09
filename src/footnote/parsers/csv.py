"""Tables as text (CSV, TSV): a row is its cells joined by " | "."""

import csv
import io
from collections import Counter

from footnote.parsers.building.decoding import decode
from footnote.parsers.building.writing import Writing
from footnote.types import Extracted

_DELIMITERS = ",;\t|"


def parse(data: bytes, name: str) -> Extracted:
    text = decode(data)
    writing = Writing()
    writing.add_table(_rows(text, delimiter(text, preferred="\t" if name.endswith(("tsv", "tab")) else ",")))
    return writing.extracted()


def delimiter(text: str, preferred: str = ",") -> str:
    """The sign that cuts the first rows into the same number of cells, and into the most."""
    head = text[:20_000]
    if len(text) > len(head):
        head = head[: head.rfind("\n") + 1] or head

    def evenness(sign: str) -> tuple[float, int, bool]:
        widths = [len(row) for row in _rows(head, sign)[:50] if row]
        if not widths:
            return (0.0, 0, False)
        width, times = Counter(widths).most_common(1)[0]
        return (times / len(widths) if width > 1 else 0.0, width, sign == preferred)

    best = max(_DELIMITERS, key=evenness)
    return best if evenness(best)[0] > 0 else preferred


def _rows(text: str, sign: str) -> list[list[str]]:
    # A cell may be as long as the text; the default limit would refuse it.
    csv.field_size_limit(max(131_072, len(text) + 1))
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=sign))
