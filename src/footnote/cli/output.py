"""How things are written: colour and tables on a terminal, plain lines in a pipe, errors apart."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from footnote.errors import SettingsError

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
