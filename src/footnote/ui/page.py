"""The chat page, from top to bottom. Streamlit runs it anew for each click and each arrival.

It decides nothing: it draws what the database and the running turns say, and a click changes those.
"""

import streamlit as st

from footnote import loop
from footnote.errors import FootnoteError
from footnote.ui import answer, conversations, documents, sources, uploads, waiting, wording
from footnote.ui.escaping import plain
from footnote.ui.running import the_application
from footnote.ui.seen import ask, look

st.set_page_config(page_title=wording.TITLE, page_icon=answer.AVATAR, layout="wide")
application = the_application()
seen = loop.run(look(application, conversations.current()))
if seen.gone:
    conversations.show(None)
    st.session_state.problem = wording.GONE_CONVERSATION

# Streamlit clears what an earlier run drew only when this run ends, and following an answer takes long. So
# each part has a place of its own, and what is no longer drawn there is emptied at once.
with st.sidebar:
    st.title(wording.TITLE)
    conversations.draw_new()
    documents.draw(application, seen)
    with st.container():
        conversations.draw_list(seen)
    conversations.draw_figures(seen)
    if seen.conversation_id is not None:
        conversations.draw_clear(application, seen.conversation_id)

welcome, said_before = st.empty(), st.container()
citing, problem, growing = st.empty(), st.empty(), st.empty()
read, reading, next_up = st.container(), st.empty(), st.container()
if not seen.messages and not waiting.questions():
    with welcome.container():
        documents.draw_welcome(seen)

question = ""
with said_before:
    for message in seen.messages:
        if message.role == "user":
            question = message.content
            with st.chat_message("user", avatar=":material/person:"):
                st.text(question)
        else:
            answer.draw(application, seen, message, question)

documents.draw_citing(application, citing)
if "problem" in st.session_state:
    problem.error(plain(st.session_state.problem))
with read:
    told = uploads.draw()
with next_up:
    waiting.draw(answering=seen.turn is not None)
sources.draw(application, seen)

stop = st.bottom.empty()
if seen.turn is not None:
    # In a container, as Streamlit would keep a button that was clicked in sight beside the next one.
    stop.container().button(
        wording.STOP,
        icon=":material/stop:",
        key=f"stop-{seen.turn}",
        on_click=answer.stop,
        args=(application, seen.turn),
    )
if said := st.chat_input(wording.ASK, accept_file="multiple", key="said"):
    st.session_state.pop("problem", None)
    files = [(file.name, file.getvalue()) for file in said.files]
    batch = uploads.offer(application, files) if files else None
    if said.text.strip():
        waiting.add(said.text, batch)
    st.rerun()

# What is still going on is shown as it goes, and then the page begins again with what has come of it.
if seen.turn is not None:
    with growing.container():
        answer.follow(application, seen.turn, reading)
    st.rerun()
if (questions := waiting.questions()) and questions[0].ready:
    # Taken from the list first: a click at this moment must not ask it twice.
    next_question = questions.pop(0)
    try:
        begun = loop.run(ask(application, seen.conversation_id, next_question.text))
        if begun is None:
            questions.insert(0, next_question)
        else:
            conversations.show(begun)
    except FootnoteError as error:
        st.session_state.problem = str(error)
    st.rerun()
if uploads.follow(reading, told):
    st.rerun()
