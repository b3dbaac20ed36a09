"""The words and lists beside the chat: what to try, what was used, and past conversations."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from footnote import loop
from footnote.assemble import Application
from footnote.settings import load
from footnote.ui import wording
from footnote.ui.running import opened
from tests.screens.test_ui_page import PAGE, drawn, labels


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
