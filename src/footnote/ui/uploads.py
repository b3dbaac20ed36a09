"""Files on their way into the knowledge base. A batch is a task of the server, like a turn: a click
or a reload does not lose the files that were still waiting. Read `start`, then `draw`."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from footnote import loop
from footnote.assemble import Application
from footnote.errors import FootnoteError
from footnote.types import Added
from footnote.ui import wording
from footnote.ui.escaping import plain

SHOWN_ONE_BY_ONE = 6
"""A batch with more results than this shows those that went well folded up."""


@dataclass(eq=False)
class Batch:
    """Files that were offered together, and what became of each so far."""

    waiting: list[tuple[str, bytes]]
    offered: int
    results: list[Added] = field(default_factory=list)
    reading: str = ""
    ended: bool = False
    task: asyncio.Task[None] | None = None


_batches: list[Batch] = []
"""Those that nobody has left behind yet. They concern everyone who sees these documents."""


def batches() -> list[Batch]:
    return list(_batches)


def start(application: Application, files: Sequence[tuple[str, bytes]]) -> Batch:
    """Begin to read files, given as (name, content), and return at once."""
    waiting = told_apart(files)
    batch = Batch(waiting=waiting, offered=len(waiting))
    _batches.append(batch)

    async def begin() -> None:
        batch.task = asyncio.create_task(_read(application, batch))

    loop.run(begin())
    return batch


def offer(application: Application, files: Sequence[tuple[str, bytes]]) -> Batch:
    """Files from whoever looks at this page, who has seen what became of earlier ones."""
    dismiss_told()
    return start(application, files)


def told_apart(files: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Files of one batch with names of their own: of two that are called the same and are not, the
    second must not replace the first."""
    kept: dict[str, bytes] = {}
    for name, content in files:
        path, number, free = PurePath(name), 1, name
        while kept.get(free, content) != content:
            number += 1
            free = f"{path.stem} ({number}){path.suffix}"
        kept[free] = content
    return list(kept.items())


async def _read(application: Application, batch: Batch) -> None:
    knowledge_base = application.knowledge_base()
    try:
        while batch.waiting:
            batch.reading, content = batch.waiting.pop(0)
            try:
                added = await knowledge_base.add(batch.reading, content)
            except FootnoteError as error:
                added = Added(name=batch.reading, outcome="refused", reason=str(error))
            batch.results.append(added)
    finally:
        # Only a fault of ours leaves files over; whoever offered them must hear of each.
        missed = [batch.reading] if len(batch.results) + len(batch.waiting) < batch.offered else []
        for name in [*missed, *(name for name, _ in batch.waiting)]:
            batch.results.append(Added(name=name, outcome="refused", reason=wording.BROKE_OFF))
        batch.waiting.clear()
        batch.ended = True


def follow(place: DeltaGenerator, told: Sequence[Batch]) -> bool:
    """Show how far the batches are until one more than those in `told` has ended. Returns whether there
    was one to wait for. Leaving early, by a click, does not stop them."""
    untold = [batch for batch in batches() if batch not in told]
    while untold and not any(batch.ended for batch in untold):
        with place.container():
            draw_progress()
        time.sleep(0.2)
    return bool(untold)


def draw_progress() -> None:
    """How far each running batch is. Only what can be drawn again and again: no buttons."""
    for batch in batches():
        if not batch.ended:
            done = len(batch.results)
            progress = f"{wording.READING} {plain(batch.reading)} ({done + 1} of {batch.offered})"
            st.progress(done / batch.offered, text=progress)


def draw() -> Sequence[Batch]:
    """What became of every file of the batches that have ended, which are returned."""
    ended = [batch for batch in batches() if batch.ended]
    st.session_state.told = ended
    for batch in ended:
        with st.container(border=True):
            _draw_results(batch)
    # In the place of one that was closed, until Streamlit clears it.
    st.empty()
    return ended


def _draw_results(batch: Batch) -> None:
    results = list(batch.results)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{wording.OFFERED}**")
        st.button(
            wording.DISMISS,
            icon=":material/close:",
            key=f"dismiss-{id(batch)}",
            on_click=dismiss,
            args=(batch,),
        )
    refused = [added for added in results if added.outcome == "refused"]
    replaced = [added for added in results if added.outcome == "replaced"]
    taken = [added for added in results if added.outcome in ("added", "unchanged")]
    for added in refused:
        st.markdown(line(added))
    if replaced:
        _draw_lines(replaced, wording.replaced(len(replaced)))
        st.caption(wording.REPLACED)
    _draw_lines(taken, wording.count(len(taken), "file is in", "files are in"))


def _draw_lines(results: Sequence[Added], summary: str) -> None:
    if len(results) > SHOWN_ONE_BY_ONE:
        with st.expander(summary):
            st.markdown("  \n".join(line(added) for added in results))
    else:
        for added in results:
            st.markdown(line(added))


def dismiss(batch: Batch) -> None:
    if batch in _batches:
        _batches.remove(batch)


def dismiss_told() -> None:
    """Those that this page shows: whoever turns to something else has read them. What has come since is
    still to be told."""
    for batch in st.session_state.pop("told", []):
        dismiss(batch)


def line(added: Added) -> str:
    """What became of a file, as one line of Markdown."""
    name = plain(added.name)
    match added.outcome:
        case "refused":
            said = f":red[✗] **{name}** was refused. {plain(added.reason)}"
        case "unchanged":
            said = f":gray[✓] **{name}** was there already, unchanged."
        case "replaced":
            passages = wording.count(added.chunks, "passage")
            said = f":orange[↻] **{name}** replaced the document of that name: {passages}."
        case "added":
            said = f":green[✓] **{name}** added: {wording.count(added.chunks, 'passage')}."
    return " ".join([said, *(plain(note) for note in added.notes)])
