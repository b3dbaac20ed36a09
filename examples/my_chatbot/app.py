"""The chat page.

    streamlit run app.py -- FOLDER

Without a folder it talks about the handbook of a made-up company that comes with the library. A key
in `.streamlit/secrets.toml` (OPENAI_API_KEY) chooses the hosted model, which answers with the next
version of Footnote; until then the answers are quotes.
"""

import sys
from pathlib import Path

import streamlit as st
from chatbot import language_model, make_chatbot
from knowledge_base import add_folder

from footnote import KnowledgeBase, LLMBackend, Message, handbook
from footnote.errors import FootnoteError
from footnote.ui.escaping import plain, prose

st.set_page_config(page_title="My chatbot", layout="wide")

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(handbook.__file__).parent / "documents"


def secret(name: str) -> str | None:
    """A secret of the app; there need not be a file of them."""
    try:
        return str(st.secrets[name])
    except (KeyError, FileNotFoundError):
        return None


@st.cache_resource(show_spinner="Reading the documents…")
def knowledge_base(folder: Path) -> KnowledgeBase:
    """Made once, for all who visit."""
    kb = KnowledgeBase()
    add_folder(kb, folder)
    return kb


@st.cache_resource(show_spinner="Looking for the language model…")
def model(key: str | None) -> LLMBackend:
    return language_model("hosted" if key else "extractive", key)


def show(message: Message) -> None:
    """One message. What documents, models and people wrote is made safe before it is shown as Markdown."""
    with st.chat_message(message.role):
        st.markdown(prose(message.content, {citation.marker for citation in message.citations}))
        for citation in message.citations:
            where = f"[{citation.marker}] {citation.verdict}: {citation.document}"
            st.caption(plain(f"{where}: “{citation.quote}”"))


kb = knowledge_base(FOLDER)
if "bot" not in st.session_state:
    st.session_state.bot = make_chatbot(kb, model(secret("OPENAI_API_KEY")))
bot = st.session_state.bot

st.title("My chatbot")
for said in bot.memory.messages:
    show(said)

if question := st.chat_input("Ask about the documents"):
    with st.chat_message("user"):
        st.markdown(plain(question))
    try:
        with st.spinner("Thinking…"):
            bot.chat(question)
        show(bot.memory.messages[-1])
    except FootnoteError as error:
        st.error(plain(str(error)))

with st.sidebar:
    st.metric("Conversation turns", bot.get_stats()["turns"])
    st.metric("RAG retrievals", bot.get_stats()["retrievals"])
    st.caption(plain(f"Answers by {bot.llm.name}, from {FOLDER.name}"))
    if st.button("Clear conversation"):
        bot.reset()
        st.rerun()
