"""How things are written: colour and tables on a terminal, plain lines in a pipe, errors apart."""

import json
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str, style: str = "") -> None:
    """A line of text that is ours or the user's: never read as markup."""
    out.print(escape(printable(text)), style=style or None)


def note(text: str) -> None:
    """Something beside the result: on standard error, so that a pipe gets results only."""
    err.print(escape(printable(text)), style="dim")


def problem(text: str) -> None:
    err.print(escape(printable(text)), style="bold red")


def printable(text: str) -> str:
    """Without control characters: a file name or a document must not steer the terminal."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "\ufffd" for letter in text)


def as_json(value: Any) -> None:
    """One JSON object on standard output; what a terminal might obey is escaped."""
    written = json.dumps(value, ensure_ascii=False, indent=2)
    safe = (
        letter if letter.isprintable() or letter == "\n" else json.dumps(letter)[1:-1] for letter in written
    )
    sys.stdout.write("".join(safe) + "\n")


def table(columns: list[str], rows: list[list[str]]) -> None:
    """A table on a terminal, tab-separated lines in a pipe."""
    if not out.is_terminal:
        for row in rows:
            sys.stdout.write("\t".join(printable(cell).replace("\t", " ") for cell in row) + "\n")
        return
    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(escape(printable(cell)) for cell in row))
    out.print(drawn)


def size(count: int) -> str:
    """Bytes as a person reads them."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"
