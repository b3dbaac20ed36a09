"""What was found for a declined question: shown to look into, and not to be taken for an answer."""

from dataclasses import replace

import streamlit as st

from footnote import loop
from footnote.assemble import Application
from footnote.errors import NotFound
from footnote.language.sentences import sentences
from footnote.retrieval.evidence import weigh
from footnote.types import LOCAL, Chunk, Message, Passage, TurnId
from footnote.ui import sources, wording
from footnote.ui.escaping import plain, quoted
from footnote.ui.seen import Seen

MOST = 2
"""Passages that are shown at first."""
SHORT = 200
"""Characters to which each of them is shortened, unless a sentence alone is longer."""


def draw(application: Application, seen: Seen, message: Message) -> None:
    """Open below the last answer; below others read only when somebody opens it."""
    if not message.metadata.get("retrieved"):
        st.caption(wording.NOTHING_CLOSE)
        return
    last = message is seen.messages[-1]
    # The key lets one that was open fold up when the next answer comes.
    folded = st.expander(
        wording.CLOSEST, expanded=last, key=f"closest-{message.id}-{last}", on_change="rerun"
    )
    if not folded.open:
        return
    chosen = f"all-closest-{message.id}"
    in_full = st.session_state.get(chosen, False)
    passages = loop.run(_found(application, TurnId(message.metadata.get("turn_id", "")), in_full))
    with folded:
        for number, passage in enumerate(passages):
            with st.container(gap=None):
                st.button(
                    plain(seen.short.get(passage.document, passage.document)),
                    key=f"closest-{message.id}-{number}",
                    type="tertiary",
                    help=plain(passage.document),
                    on_click=sources.open_document,
                    args=(passage.document_id,),
                )
                # Smaller and paler than an answer, for which nobody should take it.
                st.caption(quoted(passage.chunk.text, 0, 0))
        if passages:
            st.toggle(wording.ALL_CLOSEST, key=chosen)
        else:
            st.caption(wording.NOTHING_LEFT)


async def _found(application: Application, turn_id: TurnId, in_full: bool) -> list[Passage]:
    """The passages of a turn, best first, read from the documents as they are now: all of them in full,
    or a few of them shortened."""
    database = application.database
    found: list[Passage] = []
    try:
        record = await database.conversations.turn(LOCAL, turn_id)
    except NotFound:
        return found
    for passage in record.passages:
        try:
            document = await database.documents.document(LOCAL, passage["document_id"])
        except NotFound:
            continue
        if document.sha256 != passage["sha256"]:
            continue
        start, end = passage["start"], passage["end"]
        chunk = Chunk(text=document.extracted.text[start:end], start=start, end=end)
        found.append(Passage(chunk=chunk, document=document.name, document_id=document.id))
        if not in_full:
            found[-1] = await _shortened(found[-1], record.rewritten_question or record.question)
            if len(found) == MOST:
                break
    return found


async def _shortened(passage: Passage, question: str) -> Passage:
    """The sentence that is closest to the question by its words, with as many beside it as fit."""
    text = passage.chunk.text
    evidence = await weigh(question, [passage], None)
    if not evidence.sentences:
        return passage
    start, end = evidence.sentences[0].start, evidence.sentences[0].end
    spans = sentences(text)
    end = max([end, *(stop for _, stop in spans if stop <= start + SHORT)])
    start = min([start, *(begin for begin, _ in spans if begin >= end - SHORT)])
    before, after = "… " * bool(text[:start].strip()), " …" * bool(text[end:].strip())
    return replace(passage, chunk=replace(passage.chunk, text=before + text[start:end] + after))
