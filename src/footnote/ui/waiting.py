"""Questions that were typed in this tab and are yet to be asked, one after the other.

A question waits for the answer before it, and for files only when they came in the same message:
what others add meanwhile, or the same person earlier, delays no question.
"""

from dataclasses import dataclass

import streamlit as st

from footnote.ui import wording
from footnote.ui.uploads import Batch


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    files: Batch | None = None
    """Those that came with it, which it is likely to be about."""

    @property
    def ready(self) -> bool:
        return self.files is None or self.files.ended


def questions() -> list[Question]:
    """Those of this tab, the next one first. Taking one out is up to whoever asks it."""
    waiting: list[Question] = st.session_state.setdefault("asked", [])
    return waiting


def add(text: str, files: Batch | None = None) -> None:
    questions().append(Question(text, files))


def draw(*, answering: bool) -> None:
    """Each with what it waits for. `answering` says that an answer is being written above."""
    for number, question in enumerate(questions()):
        with st.chat_message("user", avatar=":material/person:"):
            st.text(question.text)
            if number:
                st.caption(wording.LATER)
            elif until := wording.asked_when(answering=answering, reading=not question.ready):
                st.caption(until)
    # In the place of the one that was asked last, until Streamlit clears it.
    st.empty()
