"""How things are written: colour and tables on a terminal, plain lines in a pipe, errors apart."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from footnote.errors import SettingsError

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

GAP = 2
"""Columns of a terminal between two columns of a table."""
NARROWEST = 24
"""Columns that a flexible cell keeps on the narrowest terminal."""


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


def table(columns: list[str], rows: list[list[str]], flexible: str) -> None:
    """A table on a terminal, tab-separated lines in a pipe. Where the terminal is too narrow, the cells
    of the `flexible` column lose their middle."""
    if not out.is_terminal:
        for row in rows:
            sys.stdout.write("\t".join(printable(cell).replace("\t", " ") for cell in row) + "\n")
        return
    place = columns.index(flexible)
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, cells)) + GAP for cells in zip(columns, *shown, strict=True)]
    room = max(out.width - sum(widths) + widths[place], NARROWEST)
    for row in shown:
        row[place] = shortened(row[place], room)
    widths[place] = max(cell_len(cell) for cell in [flexible, *(row[place] for row in shown)]) + GAP
    # A terminal that is narrower still breaks the lines, and loses nothing.
    drawn = Table(box=None, header_style="bold", pad_edge=False, width=sum(widths) - GAP)
    for column in columns:
        drawn.add_column(column, no_wrap=True)
    for row in shown:
        drawn.add_row(*map(escape, row))
    out.print(drawn)


def shortened(name: str, room: int) -> str:
    """A path of at most `room` columns: without some of its folders, and with half a name at worst."""
    if cell_len(name) <= room:
        return name
    *folders, last = name.split("/")
    while folders:
        folders.pop()
        if cell_len(less := "/".join([*folders, "…", last])) <= room:
            return less
    # A letter may take two columns: cut by columns, not by letters.
    half = (room - 1) // 2
    return f"{set_cell_size(last, room - 1 - half).rstrip()}…{set_cell_size(last[::-1], half)[::-1].lstrip()}"


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun, as in "1 document" and "2 documents"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[str], None]]:
    """A bar on standard error, on a terminal only. Each call of what it yields is one step, and may
    name what is done in it."""
    columns = (
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as bar:
        task = bar.add_task(label, total=total)

        def step(name: str) -> None:
            bar.update(task, advance=1, description=escape(printable(name or label)[-40:]))

        yield step


@contextmanager
def written(to: Path) -> Iterator[TextIO]:
    """A file for its owner's eyes that takes its place when all is written, and changes nothing when
    something fails. Raises `SettingsError`."""
    part = to.with_name(f"{to.name}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            yield file
        part.replace(to)
    except OSError as error:
        raise SettingsError(f"{to} cannot be written: {(error.strerror or str(error)).lower()}.") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def size(count: int) -> str:
    """Bytes as a person reads them."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"
