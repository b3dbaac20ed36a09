"""The conversations at the left: which one is shown, the list of them, and deleting one.

The conversation that is shown is named in the page's address (`?c=…`), so that a reload, a second
tab and a bookmark all lead back to it.
"""

import streamlit as st

from footnote import loop
from footnote.assemble import Application
from footnote.types import LOCAL, ConversationId, ConversationSummary
from footnote.ui import sources, uploads, wording
from footnote.ui.escaping import plain
from footnote.ui.seen import Seen, figures

IN_ADDRESS = "c"
FEW = 10
"""Conversations among which nobody needs to search."""
SHOWN = 12
"""Conversations in the list before "Show all"."""


def current() -> ConversationId | None:
    named = st.query_params.get(IN_ADDRESS)
    return ConversationId(named) if named else None


def show(conversation_id: ConversationId | None) -> None:
    """Go to a conversation, or to a new one."""
    sources.close()
    for about_the_last in ("deleting", "problem"):
        st.session_state.pop(about_the_last, None)
    if conversation_id is None:
        st.query_params.pop(IN_ADDRESS, None)
    else:
        st.query_params[IN_ADDRESS] = conversation_id


def turn_to(conversation_id: ConversationId | None) -> None:
    """`show`, by a click: what became of files stays behind."""
    uploads.dismiss_told()
    show(conversation_id)


def draw_new() -> None:
    st.button(
        wording.NEW,
        icon=":material/edit_square:",
        width="stretch",
        on_click=turn_to,
        args=(None,),
        key="new-conversation",
    )


def draw_list(seen: Seen) -> None:
    """Past conversations, newest first."""
    if not seen.conversations:
        return
    st.caption(wording.PAST)
    wanted = ""
    if len(seen.conversations) > FEW:
        wanted = st.text_input(
            wording.FIND, placeholder=wording.FIND, label_visibility="collapsed", key="find-conversation"
        )
    found = [one for one in seen.conversations if wanted.strip().casefold() in one.title.casefold()]
    if not found:
        st.caption(wording.NONE_CALLED_SO)
    everything = st.session_state.get("all-conversations", False)
    with st.container(gap=None, key="conversations"):
        for conversation in found if everything else found[:SHOWN]:
            _draw_entry(conversation, conversation.id == seen.conversation_id)
    if len(found) > SHOWN:
        st.toggle(wording.ALL_CONVERSATIONS, key="all-conversations")


def _draw_entry(conversation: ConversationSummary, is_shown: bool) -> None:
    title = plain(conversation.title) or wording.UNTITLED
    st.button(
        f"**{title}**" if is_shown else title,
        key=f"conversation-{conversation.id}",
        type="tertiary",
        wrap=False,
        on_click=turn_to,
        args=(conversation.id,),
    )


def draw_figures(seen: Seen) -> None:
    """What this conversation has used, and the way to delete it."""
    used = figures(seen.messages)
    took = "–" if used.last_seconds is None else f"{used.last_seconds:.1f} s"
    st.caption(wording.FIGURES)
    with st.container(horizontal=True):
        for label, value, explained in (
            (wording.TURNS, f"{used.turns:,}", wording.TURNS_EXPLAINED),
            (wording.RETRIEVALS, f"{used.retrievals:,}", wording.RETRIEVALS_EXPLAINED),
            (wording.TOKENS, f"{used.tokens:,}", wording.TOKENS_EXPLAINED),
            (wording.TIME, took, wording.TIME_EXPLAINED),
        ):
            st.metric(label, value, help=explained, width="content")


def draw_clear(application: Application, conversation_id: ConversationId) -> None:
    if st.session_state.get("deleting") != conversation_id:
        st.button(
            wording.CLEAR,
            icon=":material/delete:",
            type="tertiary",
            key="clear-conversation",
            on_click=lambda: st.session_state.update(deleting=conversation_id),
        )
        return
    st.markdown(wording.CLEAR_ASKED)
    with st.container(horizontal=True):
        st.button(
            wording.YES_DELETE,
            type="primary",
            key="clear-confirmed",
            on_click=_delete,
            args=(application, conversation_id),
        )
        st.button(
            wording.CANCEL, key="clear-cancelled", on_click=lambda: st.session_state.pop("deleting", None)
        )


def _delete(application: Application, conversation_id: ConversationId) -> None:
    async def delete() -> None:
        running = application.turns.running(conversation_id)
        if running is not None:
            await application.turns.stop(running)
        await application.database.conversations.delete(LOCAL, conversation_id)

    loop.run(delete())
    turn_to(None)
