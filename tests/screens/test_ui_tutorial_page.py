"""A page written for the tutorial's classes runs on ours."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

PAGE = Path(__file__).with_name("tutorial_page.py")


def opened(key: str) -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=60)
    page.secrets["OPENAI_API_KEY"] = key
    page.run()
    assert not page.exception
    return page


@pytest.fixture
def page() -> Iterator[AppTest]:
    running = opened(key="")
    yield running
    running.session_state.bot.kb.close()


def figures(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.sidebar.metric}


def test_the_page_begins_empty_with_its_title_and_figures(page: AppTest) -> None:
    assert page.title[0].value == "Chat with documents"
    assert figures(page) == {"Conversation turns": "0", "RAG retrievals": "0"}
    assert len(page.chat_message) == 0
    assert page.sidebar.button[0].label == "Clear conversation"


def test_a_question_is_answered_and_counted(page: AppTest) -> None:
    page.chat_input[0].set_value("What was Q3 2024 revenue?").run()
    assert not page.exception
    assert [message.name for message in page.chat_message] == ["user", "assistant"]
    assert page.chat_message[0].markdown[0].value == "What was Q3 2024 revenue?"
    assert "Based on the provided context [1]" in page.chat_message[1].markdown[0].value
    assert figures(page) == {"Conversation turns": "1", "RAG retrievals": "1"}


def test_the_bot_is_made_once_and_remembers(page: AppTest) -> None:
    bot = page.session_state.bot
    page.chat_input[0].set_value("What does the premium plan cost?").run()
    page.chat_input[0].set_value("What was Q3 2024 revenue?").run()
    assert page.session_state.bot is bot
    assert len(bot.memory) == 4
    assert bot.memory.messages[-1].metadata["retrieved_sources"][0] == "finance-q3.txt"
    assert figures(page)["Conversation turns"] == "2"


def test_clear_forgets_the_conversation(page: AppTest) -> None:
    page.chat_input[0].set_value("What was Q3 2024 revenue?").run()
    page.sidebar.button[0].click().run()
    assert not page.exception
    assert len(page.chat_message) == 0
    assert len(page.session_state.bot.memory) == 0


def test_the_key_comes_from_the_secrets() -> None:
    page = opened(key="key-of-the-test")
    assert page.session_state.bot.llm.name.startswith("openai")
    page.session_state.bot.kb.close()
