"""The documents at the left: adding files, reading and removing documents."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from footnote import loop
from footnote.assemble import Application
from footnote.types import LOCAL, DocumentSummary
from footnote.ui import sources, uploads, waiting, wording
from footnote.ui.escaping import plain
from footnote.ui.seen import Seen

SHOWN = 100
"""Documents in the list; more would slow down every click."""


def draw_welcome(seen: Seen) -> None:
    """The page before anything was asked."""
    st.subheader(wording.TAGLINE, anchor=False)
    if not seen.documents:
        st.markdown(wording.NO_DOCUMENTS)
        st.markdown(wording.HOW_TO_ADD)
        return
    st.caption(f"{wording.count(len(seen.documents), 'document')} ready.")
    if not _is_handbook(seen.documents):
        st.markdown(wording.TRY_OWN)
        return
    st.caption(wording.TRY)
    for suggestion in wording.SUGGESTIONS:
        st.button(suggestion, key=f"try-{suggestion}", on_click=waiting.add, args=(suggestion,))


def _is_handbook(documents: Sequence[DocumentSummary]) -> bool:
    """Whether there is the handbook and nothing else, so that questions to it are worth a try."""
    names = {document.name for document in documents}
    collections = {document.collection for document in documents}
    return collections == {wording.HANDBOOK} and names.issuperset(wording.SUGGESTED_FOR)


def draw(application: Application, seen: Seen) -> None:
    label = f"{wording.DOCUMENTS} ({len(seen.documents):,})"
    # The key keeps it open when the number in its label changes.
    with st.expander(label, icon=":material/folder_open:", key="documents"):
        # A new key empties the box once its files are on their way.
        emptied = st.session_state.setdefault("emptied", 0)
        files = st.file_uploader(wording.ADD, accept_multiple_files=True, key=f"files-{emptied}")
        if files:
            uploads.offer(application, [(file.name, file.getvalue()) for file in files])
            st.session_state.emptied += 1
            st.rerun()
        with st.container(gap=None):
            for document in seen.documents[:SHOWN]:
                _draw_entry(application, document, seen.short[document.name])
        if len(seen.documents) > SHOWN:
            st.caption(f"… {len(seen.documents) - SHOWN:,} more: `footnote list`")


def _draw_entry(application: Application, document: DocumentSummary, name: str) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", wrap=False, key=f"document-{document.id}", gap="small"
    ):
        # As wide as its name, in a place as wide as there is: a wide button would centre its name.
        st.container().button(
            plain(name),
            key=f"open-{document.id}",
            type="tertiary",
            help=plain(document.name),
            wrap=False,
            on_click=sources.open_document,
            args=(document.id,),
        )
        if st.session_state.get("removing") == document.id:
            st.button(
                wording.REMOVE,
                key=f"confirm-{document.id}",
                type="primary",
                help=wording.REMOVE_ASKED,
                on_click=_remove,
                args=(application, document, name),
            )
        else:
            st.button(
                "",
                icon=":material/close:",
                key=f"remove-{document.id}",
                type="tertiary",
                help=f"{wording.REMOVE} {plain(name)}",
                on_click=lambda: st.session_state.update(removing=document.id),
            )


def _remove(application: Application, document: DocumentSummary, name: str) -> None:
    citing = loop.run(application.knowledge_base().remove([document.id]))
    st.session_state.pop("removing", None)
    if citing:
        st.session_state.citing = (name, citing)


def draw_citing(application: Application, place: DeltaGenerator) -> None:
    """After a removal: the saved answers that cite what is gone, and the offer to delete them."""
    if "citing" not in st.session_state:
        return
    name, citing = st.session_state.citing

    def delete() -> None:
        loop.run(application.database.conversations.delete_messages(LOCAL, citing))
        keep()

    def keep() -> None:
        st.session_state.pop("citing", None)

    with place.container(border=True):
        st.markdown(wording.cited_by(plain(name), len(citing)))
        with st.container(horizontal=True):
            st.button(wording.DELETE_CITING, key="delete-citing", on_click=delete)
            st.button(wording.KEEP_CITING, key="keep-citing", on_click=keep)
