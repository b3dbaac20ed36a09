"""The words and lists beside the chat: what to try, what was used, and past conversations."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from footnote import loop
from footnote.assemble import Application
from footnote.settings import load
from footnote.types import LOCAL
from footnote.ui import conversations, wording
from footnote.ui.running import opened
from tests.screens.test_ui_page import PAGE, asked, drawn, labels


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    with opened(load(data=tmp_path / "data", model="extractive")) as application:
        yield application


def opened_page() -> AppTest:
    return AppTest.from_file(str(PAGE), default_timeout=60).run()


def add(application: Application, name: str, text: str, collection: str = "documents") -> None:
    loop.run(application.knowledge_base().add(name, text.encode(), collection=collection))


def add_handbook(application: Application) -> None:
    for name in wording.SUGGESTED_FOR:
        add(application, name, "Something to ask about.", "handbook")


# --- what to try


def test_the_handbook_alone_comes_with_questions_to_try(application: Application) -> None:
    add_handbook(application)
    page = opened_page()
    assert set(wording.SUGGESTIONS) <= set(labels(page))
    assert wording.TRY_OWN not in drawn(page)


def test_own_documents_come_with_advice_and_no_invented_questions(application: Application) -> None:
    add(application, "hours.md", "The museum opens at nine.")
    page = opened_page()
    assert wording.TRY_OWN in drawn(page)
    assert not set(wording.SUGGESTIONS) & set(labels(page))


def test_own_documents_beside_the_handbook_end_its_questions(application: Application) -> None:
    add_handbook(application)
    add(application, "hours.md", "The museum opens at nine.")
    page = opened_page()
    assert wording.TRY_OWN in drawn(page)
    assert not set(wording.SUGGESTIONS) & set(labels(page))


# --- what was used


def test_each_figure_has_plain_words_and_an_explanation(application: Application) -> None:
    add(application, "hours.md", "The museum opens at nine.")
    page = asked(opened_page(), "When does the museum open?")
    figures = {metric.label: (metric.value, metric.help) for metric in page.metric}
    assert list(figures) == [wording.TURNS, wording.RETRIEVALS, wording.TOKENS, wording.TIME]
    assert figures[wording.TURNS][0] == figures[wording.RETRIEVALS][0] == "1"
    assert all(explained.endswith(".") for _, explained in figures.values())
    assert not any("RAG" in label for label in figures)


def test_a_quoted_answer_says_so_and_names_no_machinery(application: Application) -> None:
    add(application, "hours.md", "The museum opens at nine.")
    page = asked(opened_page(), "When does the museum open?")
    assert f"{wording.QUOTED} · " in drawn(page)
    asked(page, "Hello!")
    assert drawn(page).count(wording.QUOTED) == 1
    assert "extractive" not in drawn(page)


def test_an_answer_of_a_model_names_it(tmp_path: Path) -> None:
    with opened(load(data=tmp_path / "scripted", model="scripted:0|The museum opens at nine. [1]")) as served:
        add(served, "hours.md", "The museum opens at nine.")
        page = asked(opened_page(), "When does the museum open?")
        assert "scripted · " in drawn(page)


# --- conversations


def test_to_delete_a_conversation_is_called_so_and_asked_again(application: Application) -> None:
    add(application, "hours.md", "The museum opens at nine.")
    page = asked(opened_page(), "When does the museum open?")
    page.button(key="clear-conversation").click().run()
    assert "Delete this conversation" in wording.CLEAR
    assert wording.CLEAR_ASKED in drawn(page)
    assert len(loop.run(application.database.conversations.conversations(LOCAL))) == 1
    page.button(key="clear-confirmed").click().run()
    assert loop.run(application.database.conversations.conversations(LOCAL)) == ()


def past(page: AppTest) -> list[str]:
    return [button.label for button in page.sidebar.button if str(button.key).startswith("conversation-")]


def test_many_conversations_can_be_searched_by_title(application: Application) -> None:
    for number in range(conversations.FEW):
        loop.run(application.database.conversations.create(LOCAL, f"About room {number}"))
    page = opened_page()
    assert not page.sidebar.text_input
    for title in ("When does the MUSEUM open?", "The museum's garden"):
        loop.run(application.database.conversations.create(LOCAL, title))
    page.run()
    page.sidebar.text_input[0].set_value("museum").run()
    assert sorted(past(page)) == ["The museum\\'s garden", "When does the MUSEUM open\\?"]
    page.sidebar.text_input[0].set_value("aquarium").run()
    assert past(page) == []
    assert wording.NONE_CALLED_SO in drawn(page)
    page.sidebar.text_input[0].set_value("").run()
    assert len(past(page)) == conversations.SHOWN
