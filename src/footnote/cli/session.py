"""What the commands share: their common options, and the application opened for one command."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from footnote import loop
from footnote.assemble import Application, open_application
from footnote.errors import NotFound
from footnote.settings import load
from footnote.types import DocumentSummary, Filters

SHORTEST_ID = 3
"""Letters of an id that are enough when they fit only one; a number of some list is no id."""

DataOption = Annotated[
    Path | None, typer.Option("--data", help="The data folder (FOOTNOTE_DATA).", show_default=False)
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help="Who answers: `extractive` quotes; hosted and local models answer with the next version.",
        show_default=False,
    ),
]
ThresholdOption = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        help="Evidence under which it declines; lower answers more, and more wrongly (FOOTNOTE_THRESHOLD).",
        show_default=False,
    ),
]
CollectionOption = Annotated[
    list[str] | None,
    typer.Option("--collection", "-c", help="Look only in this collection.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@contextmanager
def opened(**given: Any) -> Iterator[Application]:
    """The application for the length of a command; it is closed soundly whatever happens."""
    application = loop.run(open_application(load(**given)))
    try:
        yield application
    finally:
        loop.run(application.aclose())


def within(collections: list[str] | None) -> Filters:
    return Filters(collections=tuple(collections or ()))


def no_documents(collections: Sequence[str] | None) -> str:
    """What to tell when there is nothing, or nothing in these collections."""
    if not collections:
        return "There are no documents yet. Add some: footnote add PATH…"
    named = " or ".join(f"`{one}`" for one in collections)
    return f"There are no documents in {named}. Add some: footnote add PATH… --collection {collections[0]}"


def matching(summaries: tuple[DocumentSummary, ...], wanted: str) -> DocumentSummary:
    """The one document of that name or end of a path, id, or beginning of an id. Raises `NotFound`."""
    by_id = [s for s in summaries if s.id.startswith(wanted)]
    exact = [s for s in summaries if wanted in (s.id, s.name)]
    ending = [s for s in summaries if s.name.endswith(f"/{wanted}")]
    found = exact or ending or (by_id if len(wanted) >= SHORTEST_ID else [])
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(f"`{wanted}` fits {len(found)} documents; give more of the id (`footnote list`).")
    if by_id:
        raise NotFound(f"`{wanted}` is too short for an id: give its first {SHORTEST_ID} letters or more.")
    raise NotFound(f"There is no document `{wanted}`. `footnote list` shows what there is.")
