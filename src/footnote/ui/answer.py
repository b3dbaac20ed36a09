"""One answer as a person sees it: while it grows (`Growing`), and as it was saved (`draw`)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from footnote import loop
from footnote.assemble import Application
from footnote.errors import NotFound
from footnote.events import (
    CitationChecked,
    Notice,
    PassagesFound,
    QuestionRewritten,
    TextAdded,
    TurnEnded,
    TurnEvent,
    TurnStarted,
)
from footnote.types import Citation, Message, TurnId, Verdict
from footnote.ui import closest, sources, uploads, waiting, wording
from footnote.ui.escaping import plain, prose
from footnote.ui.seen import Seen

AVATAR = str(Path(__file__).with_name("icon.svg"))
QUOTING = "extractive"
"""What the answerer without a model is called in saved answers."""

LOOKS_PER_SECOND = 12
"""How often a growing answer is drawn at most."""

_WORST_FIRST: tuple[Verdict, ...] = ("unknown_source", "unsupported", "partial", "verified")


# --- while it grows --------------------------------------------------------------------------


@dataclass
class Growing:
    """What the events of a turn have told so far."""

    text: str = ""
    question: str = ""
    """As it was looked up, when that differs from what was typed."""
    status: str = wording.LOOKING
    notices: list[str] = field(default_factory=list)

    def take(self, event: TurnEvent) -> None:
        match event:
            case QuestionRewritten(question=question):
                self.question = question
            case PassagesFound(passages=passages):
                documents = {passage.document for passage in passages}
                self.status = wording.found(len(passages), len(documents))
            case TextAdded(text=text):
                self.text += text
            case Notice(text=text):
                self.notices.append(text)
            case TurnStarted() | CitationChecked() | TurnEnded():
                # The saved answer, drawn at the end, shows these.
                pass
            case _:
                assert_never(event)

    def draw(self) -> None:
        if self.question:
            st.caption(f"{wording.LOOKED_UP_AS}: {plain(self.question)}")
        if self.text:
            st.markdown(prose(self.text, range(1000)))
        else:
            st.caption(f":material/search: {self.status}")
        for notice in self.notices:
            st.caption(plain(notice))


def follow(application: Application, turn_id: TurnId, uploading: DeltaGenerator) -> None:
    """Show a turn until it ends. Leaving early, by a click or a closed tab, does not stop it.

    Streamlit can only interrupt this script when it draws, so it draws at least four times a second.
    """
    growing = Growing()
    after = 0
    with st.chat_message("assistant", avatar=AVATAR):
        place = st.empty()
    while True:
        news = loop.run(application.turns.news(turn_id, after, patience=0.25))
        for event in news.events:
            growing.take(event)
        after += len(news.events)
        with place.container():
            growing.draw()
        with uploading.container():
            uploads.draw_progress()
        if news.ended and not news.events:
            break
        time.sleep(1 / LOOKS_PER_SECOND)
    if news.error and news.error not in growing.notices:
        st.session_state.problem = news.error


def stop(application: Application, turn_id: TurnId) -> None:
    """The Stop button: what was said so far stays, marked as interrupted."""
    try:
        loop.run(application.turns.stop(turn_id))
    except NotFound:
        # It ended while the click was on its way.
        return


# --- as it was saved --------------------------------------------------------------------------


def draw(application: Application, seen: Seen, message: Message, question: str) -> None:
    """A saved answer with its footnotes. `question` is what it answers, for asking again."""
    told = message.metadata
    last = message is seen.messages[-1]
    with st.chat_message("assistant", avatar=AVATAR):
        if told.get("rewritten_question"):
            st.caption(f"{wording.LOOKED_UP_AS}: {plain(told['rewritten_question'])}")
        if message.content:
            st.markdown(prose(message.content, {citation.marker for citation in message.citations}))
        _draw_footnotes(seen, message)
        _draw_ending(application, seen, message)
        _draw_basis(message)
        again = st.empty()
        if last and message.outcome in ("interrupted", "failed", "streaming"):
            again.container().button(
                wording.RETRY,
                icon=":material/refresh:",
                key=f"retry-{message.id}",
                on_click=_ask_again,
                args=(question,),
            )


def _ask_again(question: str) -> None:
    waiting.add(question)


def _draw_footnotes(seen: Seen, message: Message) -> None:
    """A row of footnotes below the answer, one for each number; a click opens the source."""
    by_marker: dict[int, list[Citation]] = {}
    for citation in message.citations:
        by_marker.setdefault(citation.marker, []).append(citation)
    if not by_marker:
        return
    with st.container(horizontal=True, gap="small", key=f"footnotes-{message.id}"):
        for marker, cited in by_marker.items():
            st.button(
                label(marker, seen.short[cited[0].document], cited),
                key=f"footnote-{message.id}-{marker}",
                help=plain(cited[0].document),
                # The verdict stands at the end, and must not be cut off.
                wrap=True,
                on_click=sources.open_footnote,
                args=(message.id, marker),
            )


def label(marker: int, document: str, cited: Sequence[Citation]) -> str:
    """A footnote as a button says it: its number, its document and page, and its worst verdict."""
    pages = list(dict.fromkeys(citation.page for citation in cited if citation.page))
    where = f", p. {plain(', '.join(pages))}" if pages else ""
    verdict = min((citation.verdict for citation in cited), key=_WORST_FIRST.index)
    return f":blue[\\[{marker}\\]] {plain(document)}{where} \u2002{wording.VERDICTS[verdict]}"


def _draw_ending(application: Application, seen: Seen, message: Message) -> None:
    """How the answer ended, when it is not simply complete, and what the reader should know."""
    match message.outcome:
        case "complete":
            pass
        case "declined":
            st.caption(wording.DECLINED)
            closest.draw(application, seen, message)
        case "cut_short":
            st.warning(wording.CUT_SHORT, icon=":material/content_cut:")
        case "interrupted" | "streaming":
            st.warning(wording.INTERRUPTED, icon=":material/stop_circle:")
        case "failed":
            st.error(wording.FAILED, icon=":material/error:")
        case _:
            assert_never(message.outcome)
    for notice in message.metadata.get("notices", []):
        st.caption(f":material/info: {plain(notice)}")


def _draw_basis(message: Message) -> None:
    """What the answer rests on when it is not the documents, who wrote it, and how long it took."""
    told = message.metadata
    remarks: list[str] = []
    if message.outcome in ("complete", "cut_short", "interrupted"):
        if told.get("basis") == "conversation":
            remarks.append(f":violet[{wording.FROM_CONVERSATION}]")
        if told.get("basis") == "model":
            remarks.append(f":orange[{wording.FROM_MODEL}]")
    if told.get("model") == QUOTING:
        # Not named: it is no model, and what it says outside of documents is not quoted from them.
        remarks += [wording.QUOTED] if told.get("basis") == "documents" else []
    elif told.get("model"):
        remarks.append(plain(told["model"]))
    if "total" in told.get("timings_ms", {}):
        remarks.append(f"{told['timings_ms']['total'] / 1000:.1f} s")
    if remarks:
        st.caption(" · ".join(remarks))
