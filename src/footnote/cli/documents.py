"""`add`, `list`, `remove`, `search`, `reindex`: what the knowledge base holds and finds."""

import glob
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from time import localtime, strftime
from typing import Annotated

import typer
from rich.markup import escape

from footnote import loop
from footnote.assemble import Application, is_new
from footnote.chatbot import admitted
from footnote.cli.output import as_json, count, err, note, out, printable, problem, progress, say, size, table
from footnote.cli.session import (
    CollectionOption,
    DataOption,
    JsonOption,
    matching,
    no_documents,
    opened,
    within,
)
from footnote.knowledge import source_name
from footnote.settings import load
from footnote.types import DEFAULT_COLLECTION, Added, DocumentId, DocumentSummary, MessageId, Passage


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
    """Read files into the knowledge base; a refused file gets a line with the reason.

    The exit code is 0 when every file is in, new or not, and 1 when one is not, however often it was
    offered before.
    """
    offered, skipped = collect(paths)
    in_vain = [given for given in paths if not matches(given)]
    for given in in_vain:
        problem(f"No file fits `{given}`.")
    if not offered:
        if not in_vain:
            hidden = f" ({count(skipped, 'hidden file was', 'hidden files were')} skipped)" if skipped else ""
            problem(f"There is no file to add{hidden}.")
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
        note(f"{count(skipped, 'hidden file or folder was', 'hidden files and folders were')} skipped.")
    if outcomes["refused"] or in_vain or not kept:
        raise typer.Exit(1)


def collect(paths: list[str]) -> tuple[list[Offered], int]:
    """The files that the arguments mean, each once, and how many hidden ones were passed over.

    Each is named by where it lies (`source_name`).
    """
    offered: dict[Path, str] = {}
    skipped = 0
    for given in paths:
        for match in matches(given):
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


def matches(given: str) -> list[str]:
    """What an argument means: a path, or what there is that fits a pattern."""
    if os.path.lexists(given) or not glob.has_magic(given):
        return [given]
    return sorted(glob.glob(given, recursive=True))


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
            passages = count(added.chunks, "passage")
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
    found: tuple[DocumentSummary, ...] = ()
    if not is_new(load(data=data)):
        with opened(data=data) as application:
            found = loop.run(application.knowledge_base().documents(collection))
    if json:
        keys = ("id", "collection", "name", "media_type", "size", "characters", "chunks", "pages", "added_at")
        as_json({"documents": [{key: getattr(one, key) for key in keys} for one in found]})
        return
    if not found:
        note(no_documents([collection] if collection else None))
        return
    folder = shared_folder([one.name for one in found]) if out.is_terminal else ""
    if folder:
        note(f"in {folder}")
    table(
        ["id", "name", "collection", "size", "passages", "added"],
        [
            [
                one.id[:8],
                one.name.removeprefix(folder),
                one.collection,
                size(one.size),
                str(one.chunks),
                strftime("%Y-%m-%d %H:%M", localtime(one.added_at)),
            ]
            for one in found
        ],
        flexible="name",
    )


def shared_folder(names: Sequence[str]) -> str:
    """The folders that all of several names begin with, and the last slash."""
    if len(names) < 2:
        return ""
    levels = zip(*(name.split("/")[:-1] for name in names), strict=False)
    return "".join(f"{level[0]}/" for level in takewhile(lambda level: len(set(level)) == 1, levels))


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
            say(f"deleted {count(len(citing), 'saved answer')} that cited it")
        elif citing:
            cited = count(len(citing), "saved answer cites", "saved answers cite")
            note(f"{cited} what was removed; the quotes are blanked, the words stay.")


def _wanted_gone(answers: str, citing: int) -> bool:
    if answers == "ask" and err.is_terminal:
        cited = count(citing, "saved answer cites", "saved answers cite")
        return typer.confirm(f"{cited} what was removed. Delete them too?", default=False, err=True)
    return answers == "delete"


async def _blank(application: Application, messages: tuple[MessageId, ...]) -> None:
    await application.database.conversations.delete_messages(application.knowledge_base().owner, messages)


def search(
    question: Annotated[list[str], typer.Argument(help="What to look for, in quotes or without.")],
    *,
    top_k: Annotated[int, typer.Option("--top-k", "-k", min=1, max=50)] = 5,
    collection: CollectionOption = None,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show the passages that a question finds, best first, without answering it."""
    asked = admitted(" ".join(question))
    found: tuple[Passage, ...] = ()
    if not is_new(load(data=data)):
        with opened(data=data) as application:
            found = loop.run(application.knowledge_base().search(asked, top_k, filters=within(collection)))
    if json:
        as_json({"query": asked, "passages": [passage_as_json(p) | {"text": p.chunk.text} for p in found]})
        return
    if not found:
        note(f"Nothing was found. {no_documents(collection)}")
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
