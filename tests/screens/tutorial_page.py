"""The tutorial's Streamlit page, on our imports: what its readers wrote must go on working."""

import streamlit as st

from footnote import Chatbot, KnowledgeBase, LLMBackend, MockBackend, OpenAIBackend

DOCUMENTS = [
    {"text": "Revenue in Q3 2024 was 4.2 million dollars, up 23 percent.", "source": "finance-q3.txt"},
    {"text": "The premium plan costs 49 dollars a month and includes support.", "source": "pricing.txt"},
]

st.set_page_config(page_title="Chat with documents", layout="wide")


def make_bot() -> Chatbot:
    knowledge_base = KnowledgeBase()
    knowledge_base.add_documents(DOCUMENTS)
    key = st.secrets["OPENAI_API_KEY"]
    llm: LLMBackend = OpenAIBackend(api_key=key) if key else MockBackend()
    return Chatbot(llm=llm, knowledge_base=knowledge_base, system_prompt="Be brief.")


if "bot" not in st.session_state:
    st.session_state.bot = make_bot()
    st.session_state.messages = []
bot = st.session_state.bot

st.title("Chat with documents")

with st.sidebar:
    st.header("Statistics")
    figures = bot.get_stats()
    st.metric("Conversation turns", figures["turns"])
    st.metric("RAG retrievals", figures["retrievals"])
    if st.button("Clear conversation"):
        bot.reset()
        st.session_state.messages = []
        st.rerun()

for message in st.session_state.messages:
    with st.chat_message(message["role"]):
        st.markdown(message["content"])

if question := st.chat_input("Ask a question"):
    st.session_state.messages.append({"role": "user", "content": question})
    with st.chat_message("user"):
        st.markdown(question)
    with st.chat_message("assistant"):
        with st.spinner("Thinking..."):
            reply = bot.chat(question)
        st.markdown(reply)
    st.session_state.messages.append({"role": "assistant", "content": reply})
    st.rerun()
