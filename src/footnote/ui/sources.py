"""The source beside the answer: what the document says, with the quoted span highlighted.

Read `draw`. Everything of a document is shown letter for letter.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from footnote import loop
from footnote.assemble import Application
from footnote.errors import NotFound
from footnote.types import LOCAL, Citation, Document, DocumentId, Extracted, MessageId
from footnote.ui import wording
from footnote.ui.escaping import plain, prose, quoted, visible
from footnote.ui.seen import Seen

AROUND = 700
"""Characters of the source before and after the quote."""

LONGEST_SHOWN = 300_000
"""Characters of a whole document that the page shows; the original can be downloaded."""

CODE = "code-window"
"""The beginning of the key of a window that shows code."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A cited document as it is now: `document` is None when it is gone or says something else."""

    document: Document | None
    remark: str = ""


def open_footnote(message_id: MessageId, marker: int) -> None:
    st.session_state.source = (message_id, marker)


def open_document(document_id: DocumentId) -> None:
    st.session_state.source = document_id


def close() -> None:
    st.session_state.pop("source", None)


def draw(application: Application, seen: Seen) -> None:
    """The panel of the footnote or document that is open, if one is and it is still there."""
    match st.session_state.get("source"):
        case (message_id, marker):
            cited = [
                citation
                for message in seen.messages
                if message.id == message_id
                for citation in message.citations
                if citation.marker == marker
            ]
            if cited:
                name = seen.short[cited[0].document]
                _panel(f"\\[{marker}\\] {plain(name)}", _draw_cited)(application, name, cited)
            else:
                close()
        case document_id:
            names = [document.name for document in seen.documents if document.id == document_id]
            if names:
                name = seen.short[names[0]]
                _panel(plain(name), _draw_document)(application, name, document_id)
            else:
                close()


def _panel(title: str, content: Callable[..., None]) -> Callable[..., None]:
    """`content`, drawn at the right of the page when it is called."""
    return st.dialog(title, width="medium", position="right", on_dismiss=close)(content)


def _draw_cited(application: Application, name: str, cited: Sequence[Citation]) -> None:
    _draw_full_name(cited[0].document, name)
    source = loop.run(find(application, cited[0]))
    if source.remark:
        st.warning(plain(source.remark))
    for number, citation in enumerate(cited):
        if number:
            st.divider()
        _draw_citation(citation, source.document)
    if source.document is not None:
        with st.expander(wording.WHOLE_DOCUMENT):
            _draw_text(source.document.extracted)
        _draw_download(application, source.document)


def _draw_document(application: Application, name: str, document_id: DocumentId) -> None:
    try:
        document = loop.run(application.database.documents.document(LOCAL, document_id))
    except NotFound:
        st.warning(wording.SOURCE_REMOVED)
        return
    _draw_full_name(document.name, name)
    for note in document.extracted.notes:
        st.caption(plain(note))
    _draw_download(application, document)
    _draw_text(document.extracted)


def _draw_full_name(full: str, name: str) -> None:
    if full != name:
        st.caption(plain(full))


async def find(application: Application, citation: Citation) -> Source:
    """The cited document, when it still is what was cited."""
    if not citation.document_id:
        return Source(document=None, remark=wording.NOT_A_DOCUMENT)
    store = application.database.documents
    try:
        document = await store.document(LOCAL, citation.document_id)
    except NotFound:
        replaced = await store.find(LOCAL, citation.collection, citation.document)
        kept = "" if citation.quote else f" {wording.QUOTE_GONE}"
        remark = wording.SOURCE_CHANGED if replaced else wording.SOURCE_REMOVED
        return Source(document=None, remark=remark + kept)
    if document.sha256 != citation.sha256:
        return Source(document=None, remark=wording.SOURCE_CHANGED)
    return Source(document=document)


def _draw_citation(citation: Citation, document: Document | None) -> None:
    st.markdown(f"{wording.VERDICTS[citation.verdict]} · {wording.VERDICTS_EXPLAINED[citation.verdict]}")
    if citation.claim:
        st.caption(wording.ANSWER_SAYS)
        st.markdown(prose(" ".join(citation.claim.split())))
    where = place(citation, document)
    st.caption(" · ".join([wording.SOURCE_SAYS, *(plain(part) for part in where)]))
    if document is None:
        st.markdown(quoted(citation.quote, 0, len(citation.quote)))
        return
    start, end = window(document.extracted.text, citation.start, citation.end)
    text = document.extracted.text[start:end]
    kind = CODE if _is_code(document.extracted) else "text"
    with st.container(border=True, key=f"{kind}-{citation.marker}-{citation.start}-{citation.end}"):
        st.markdown(quoted(text, citation.start - start, citation.end - start))
    if kind == CODE:
        # A block of code of Streamlit's own cannot have a part of it highlighted.
        st.html(
            f'<style>[class*="st-key-{CODE}-"] p '
            '{ font-family: "Source Code Pro", monospace; font-size: 0.875rem }</style>'
        )


def place(citation: Citation, document: Document | None) -> list[str]:
    """Where the quote stands, for a reader: its page and the headings above it."""
    page = (
        [f"page {citation.page}"] if citation.page.isdecimal() else [citation.page] if citation.page else []
    )
    headings = headings_at(document.extracted, citation.start) if document is not None else []
    return [*page, " › ".join(headings)] if headings else page


def headings_at(extracted: Extracted, position: int) -> list[str]:
    """The headings above a position, outermost first."""
    path: list[tuple[int, str]] = []
    for block in extracted.blocks:
        if block.start > position:
            break
        if block.kind == "heading":
            text = extracted.text[block.start : block.end].strip("# \n=-")
            path = [*((level, above) for level, above in path if level < block.level), (block.level, text)]
    return [text for _, text in path]


def window(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch of text to show around a quote: whole lines where they are short enough."""
    first = max(start - AROUND, 0)
    last = min(end + AROUND, len(text))
    if first > 0:
        after_break = text.find("\n", first, start)
        first = after_break + 1 if after_break >= 0 else first
    if last < len(text):
        before_break = text.rfind("\n", end, last)
        last = before_break if before_break >= 0 else last
    return first, last


def _draw_text(extracted: Extracted) -> None:
    """A whole text, line for line."""
    if len(extracted.text) > LONGEST_SHOWN:
        st.caption(f"The first {LONGEST_SHOWN:,} of {len(extracted.text):,} characters.")
    text = visible(extracted.text[:LONGEST_SHOWN])
    if _is_code(extracted):
        st.code(text, language=None, wrap_lines=True)
    else:
        st.text(text)


def _is_code(extracted: Extracted) -> bool:
    return {block.kind for block in extracted.blocks} == {"code"}


def _draw_download(application: Application, document: Document) -> None:
    st.download_button(
        wording.DOWNLOAD,
        # Read when it is asked for, and never as a type that a browser would open in our name.
        data=lambda: loop.run(application.database.documents.original(LOCAL, document.id)),
        file_name=document.name,
        mime="application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
        key=f"download-{document.id}",
    )
