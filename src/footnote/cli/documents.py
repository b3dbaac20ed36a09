"""`add`, `list`, `remove`, `search`, `reindex`: what the knowledge base holds and finds."""

import glob
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import localtime, strftime
from typing import Annotated

import typer
from rich.markup import escape

from footnote import loop
from footnote.assemble import Application
from footnote.cli.output import as_json, err, note, out, printable, problem, progress, say, size, table
from footnote.cli.session import CollectionOption, DataOption, JsonOption, matching, opened, within
from footnote.knowledge import source_name
from footnote.types import DEFAULT_COLLECTION, Added, DocumentId, MessageId, Passage


@dataclass(frozen=True, slots=True)
class Offered:
    """A file on disk and the source name under which it is kept."""

    path: Path
    name: str


def add(
    paths: Annotated[list[str], typer.Argument(help="Files, folders or patterns such as 'notes/*.md'.")],
    collection: Annotated[
        str, typer.Option("--collection", "-c", help="The collection to add to.")
    ] = DEFAULT_COLLECTION,
    data: DataOption = None,
) -> None:
    """Read files into the knowledge base; a refused file gets a line with the reason."""
    offered, skipped = collect(paths)
    if not offered:
        problem("There is no file to add" + (f" ({skipped} hidden files were skipped)." if skipped else "."))
        raise typer.Exit(1)
    with opened(data=data) as application:
        # The data folder may lie within a folder that is added: it is ours, not the user's.
        ours = application.settings.data.resolve()
        offered = [file for file in offered if not file.path.is_relative_to(ours)]
        outcomes = add_all(application, offered, collection)
    kept = outcomes["added"] + outcomes["replaced"] + outcomes["unchanged"]
    parts = [
        f"{outcomes[kind]} {kind}" for kind in ("added", "replaced", "unchanged", "refused") if outcomes[kind]
    ]
    say(f"{', '.join(parts)}. Your data is in {application.settings.data}.")
    if skipped:
        note(f"{skipped} hidden files and folders were skipped.")
    if outcomes["refused"] or not kept:
        raise typer.Exit(1)


def collect(paths: list[str]) -> tuple[list[Offered], int]:
    """The files that the arguments mean, each once, and how many hidden ones were passed over.

    Each is named by where it lies (`source_name`).
    """
    offered: dict[Path, str] = {}
    skipped = 0
    for given in paths:
        matches = [given] if os.path.lexists(given) else sorted(glob.glob(given, recursive=True))
        for match in matches or [given]:
            root = Path(match)
            if not root.is_dir():
                offered.setdefault(root.resolve(), source_name(root))
                continue
            for file in _files_below(root):
                if file is None:
                    skipped += 1
                else:
                    offered.setdefault(file.resolve(), source_name(file))
    return [Offered(path, name) for path, name in offered.items()], skipped


def _files_below(root: Path) -> Iterator[Path | None]:
    """Every file in order; None for a hidden file or folder that is passed over. A folder that cannot
    be opened is offered itself, and refused with the reason."""
    waiting, seen = [root], set[Path]()
    while waiting:
        folder = waiting.pop()
        # Links between folders may go round in circles.
        if folder.resolve() in seen:
            continue
        seen.add(folder.resolve())
        try:
            entries = sorted(folder.iterdir())
        except OSError:
            yield folder
            continue
        for entry in entries:
            if entry.name.startswith("."):
                yield None
            elif entry.is_file():
                yield entry
        visible = [entry for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
        waiting.extend(reversed(visible))


def add_all(
    application: Application, offered: list[Offered], collection: str, *, quiet: bool = False
) -> Counter[str]:
    """Add files one after the other, with a bar on a terminal and a line for each. `quiet` leaves
    out the lines of files that went in well."""
    outcomes: Counter[str] = Counter()
    knowledge = application.knowledge_base()
    with progress("Adding", len(offered)) as begin:
        for file in offered:
            begin(file.name)
            added = loop.run(knowledge.add_file(file.path, name=file.name, collection=collection))
            outcomes[added.outcome] += 1
            if not quiet or added.outcome == "refused":
                _tell(added)
    return outcomes


def _tell(added: Added) -> None:
    match added.outcome:
        case "refused":
            out.print(
                f"[red]refused[/]    {escape(printable(added.name))}: {escape(printable(added.reason))}"
            )
        case "unchanged":
            out.print(f"[dim]unchanged[/]  {escape(printable(added.name))}")
        case _:
            passages = f"{added.chunks} passages"
            out.print(f"[green]{added.outcome:<9}[/]  {escape(printable(added.name))} ({passages})")
    for remark in added.notes:
        out.print(f"           [dim]{escape(printable(remark))}[/]")


def list_documents(
    collection: Annotated[
        str | None, typer.Option("--collection", "-c", help="Only this collection.")
    ] = None,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show what the knowledge base holds."""
    with opened(data=data) as application:
        found = loop.run(application.knowledge_base().documents(collection))
    if json:
        keys = ("id", "collection", "name", "media_type", "size", "characters", "chunks", "pages", "added_at")
        as_json({"documents": [{key: getattr(one, key) for key in keys} for one in found]})
        return
    if not found:
        note("There are no documents yet. Add some: footnote add PATH…")
        return
    table(
        ["id", "name", "collection", "size", "passages", "added"],
        [
            [
                one.id[:8],
                one.name,
                one.collection,
                size(one.size),
                str(one.chunks),
                strftime("%Y-%m-%d %H:%M", localtime(one.added_at)),
            ]
            for one in found
        ],
    )


def remove(
    documents: Annotated[list[str], typer.Argument(help="Ids (or their first letters) or names.")],
    answers: Annotated[
        str, typer.Option(help="Saved answers that cite it: `ask`, `keep` (quotes blanked) or `delete`.")
    ] = "ask",
    data: DataOption = None,
) -> None:
    """Remove documents with every trace: text, index, and quotes in saved footnotes."""
    if answers not in ("ask", "keep", "delete"):
        raise typer.BadParameter("choose ask, keep or delete", param_hint="--answers")
    with opened(data=data) as application:
        knowledge = application.knowledge_base()
        present = loop.run(knowledge.documents())
        chosen = [matching(present, wanted) for wanted in documents]
        citing = loop.run(knowledge.remove([DocumentId(one.id) for one in chosen]))
        for one in chosen:
            say(f"removed {one.name}")
        if citing and _wanted_gone(answers, len(citing)):
            loop.run(_blank(application, citing))
            say(f"deleted {len(citing)} saved answers that cited it")
        elif citing:
            note(f"{len(citing)} saved answers cite it; their quotes are blanked, their words stay.")


def _wanted_gone(answers: str, count: int) -> bool:
    if answers == "ask" and err.is_terminal:
        return typer.confirm(f"{count} saved answers cite it. Delete them too?", default=False, err=True)
    return answers == "delete"


async def _blank(application: Application, messages: tuple[MessageId, ...]) -> None:
    await application.database.conversations.delete_messages(application.knowledge_base().owner, messages)


def search(
    question: Annotated[str, typer.Argument(help="What to look for.")],
    top_k: Annotated[int, typer.Option("--top-k", "-k", min=1, max=50)] = 5,
    collection: CollectionOption = None,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show the passages that a question finds, best first, without answering it."""
    with opened(data=data) as application:
        found = loop.run(application.knowledge_base().search(question, top_k, filters=within(collection)))
    if json:
        as_json({"query": question, "passages": [passage_as_json(p) | {"text": p.chunk.text} for p in found]})
        return
    if not found:
        note("Nothing was found.")
        raise typer.Exit(3)
    for number, passage in enumerate(found, 1):
        where = " › ".join(filter(None, [passage.document, *passage.chunk.heading]))
        page = f", page {passage.chunk.page}" if passage.chunk.page else ""
        out.print(f"[bold]{number}. {escape(printable(where))}[/]{page}  [dim]{passage.score:.2f}[/]")
        say(f"{passage.chunk.text}\n")


def passage_as_json(passage: Passage) -> dict[str, object]:
    """A passage as `--json` shows it everywhere."""
    return {
        "document": passage.document,
        "page": passage.chunk.page,
        "heading": list(passage.chunk.heading),
        "start": passage.chunk.start,
        "end": passage.chunk.end,
        "score": round(passage.score, 4),
    }


def reindex(data: DataOption = None) -> None:
    """Build the index again from the kept files, as after a change of embedder or chunker."""
    with opened(data=data) as application:
        for added in loop.run(application.knowledge_base().reindex(lambda name: note(f"reading {name}"))):
            _tell(added)


COMMANDS = [add, ("list", list_documents), remove, search, reindex]
