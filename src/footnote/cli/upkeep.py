"""`doctor` and `export`: is everything sound, and let me take my data with me."""

import json
import platform
import shutil
import sqlite3
import sys
from collections.abc import AsyncGenerator
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from footnote import loop
from footnote.assemble import Application
from footnote.cli.output import count, note, out, printable, size, written
from footnote.cli.session import DataOption, opened
from footnote.types import LOCAL

WAL_RESET_FIXED = (3, 51, 3)


def doctor(data: DataOption = None) -> None:
    """Check the installation and the data, and say what to do about what is wrong."""
    with opened(data=data) as application:
        checks = loop.run(_checks(application))
    for good, what in checks:
        out.print("[green]ok[/]   " if good else "[red]wrong[/]", escape(printable(what)))
    if not all(good for good, _ in checks):
        raise typer.Exit(1)


async def _checks(application: Application) -> list[tuple[bool, str]]:
    folder = application.settings.data
    free = shutil.disk_usage(folder).free
    knowledge = application.knowledge_base()
    documents = await knowledge.documents()
    without = [one.name for one in documents if not one.chunks]
    made_by = await knowledge.store.identity()
    [vector] = await knowledge.embedder.embed(["Is the embedder sound?"], "query")
    damage = await application.database.damage()
    version = sqlite3.sqlite_version_info
    guarded = "" if version >= WAL_RESET_FIXED else "; its known checkpoint fault is guarded by a file lock"
    page = (
        "installed" if find_spec("streamlit") else "not installed: pip install '.[ui]' in Footnote's folder"
    )
    return [
        (True, f"Python {platform.python_version()} on {platform.system()}"),
        (True, f"SQLite {sqlite3.sqlite_version}{guarded}"),
        (free > 200_000_000, f"data folder {folder}, {size(free)} free on its disk"),
        (not damage, f"database: {damage or 'sound'}"),
        (len(vector) == knowledge.embedder.dimensions, f"embedder {knowledge.embedder.id}"),
        (
            made_by is None or made_by == knowledge.identity,
            "index made by this embedder and chunker"
            if made_by in (None, knowledge.identity)
            else f"index made by {made_by}: run `footnote reindex`",
        ),
        (
            not without,
            count(len(documents), "document")
            + (
                f"; not indexed: {', '.join(without)}: run `footnote reindex`" if without else ", all indexed"
            ),
        ),
        (True, f"chat page: {page}"),
    ]


def export(
    to: Annotated[Path | None, typer.Option("--to", help="A file; standard output without it.")] = None,
    documents: Annotated[bool, typer.Option(help="Also the documents with their text.")] = False,
    data: DataOption = None,
) -> None:
    """Write conversations, and documents on request, as JSON Lines."""
    lines = 0
    with opened(data=data) as application, written(to) if to else nullcontext(sys.stdout) as file:
        for record in loop.iterate(_records(application, documents)):
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            lines += 1
    note(f"{count(lines, 'line')} written.")


async def _records(application: Application, documents: bool) -> AsyncGenerator[dict[str, Any]]:
    conversations = application.database.conversations
    for one in await conversations.conversations(LOCAL):
        yield {
            "type": "conversation",
            "id": one.id,
            "title": one.title,
            "created_at": one.created_at,
            "messages": [
                {
                    "id": message.id,
                    "parent_id": message.parent_id,
                    "role": message.role,
                    "content": message.content,
                    "timestamp": message.timestamp,
                    "outcome": message.outcome,
                    "citations": [
                        {"marker": c.marker, "document": c.document, "quote": c.quote, "verdict": c.verdict}
                        for c in message.citations
                    ],
                }
                for message in await conversations.messages(LOCAL, one.id)
            ],
        }
    if documents:
        knowledge = application.knowledge_base()
        for summary in await knowledge.documents():
            document = await knowledge.store.document(LOCAL, summary.id)
            yield {
                "type": "document",
                "id": summary.id,
                "collection": summary.collection,
                "name": summary.name,
                "sha256": summary.sha256,
                "text": document.extracted.text,
            }


COMMANDS = [doctor, export]
