"""Documents on the page: what they are called, and reading one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from footnote import loop
from footnote.assemble import Application
from footnote.settings import load
from footnote.ui import uploads
from footnote.ui.escaping import plain
from footnote.ui.running import opened
from tests.screens.test_ui_page import PAGE, asked, drawn

CLUB = "/home/ann/club/minutes.md"
SCHOOL = "/home/ann/school/minutes.md"
HARBOUR = "/home/ann/trips/harbour.txt"
DOCUMENTS = {
    CLUB: b"# Rowing club\n\nThe boat house is painted in May.\n",
    SCHOOL: b"# Parents' evening\n\nThe school trip goes to the harbour museum in June.\n",
    HARBOUR: b"The harbour museum is closed on Mondays.\n",
}


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    with opened(load(data=tmp_path / "data", model="extractive")) as application:
        for name, content in DOCUMENTS.items():
            loop.run(application.knowledge_base().add(name, content))
        yield application
        for batch in uploads.batches():
            uploads.dismiss(batch)


@pytest.fixture
def page(application: Application) -> AppTest:
    return AppTest.from_file(str(PAGE), default_timeout=60).run()


def test_documents_are_listed_by_names_that_tell_them_apart(page: AppTest) -> None:
    assert {text.value: text.help for text in page.sidebar.text} == {
        "club/minutes.md": plain(CLUB),
        "harbour.txt": plain(HARBOUR),
        "school/minutes.md": plain(SCHOOL),
    }


def test_a_footnote_and_its_source_have_the_same_short_name(page: AppTest) -> None:
    asked(page, "When is the boat house painted?")
    footnote = next(button for button in page.button if str(button.key).startswith("footnote-"))
    assert f"] {plain('club/minutes.md')} " in footnote.label
    assert footnote.help == plain(CLUB)
    footnote.click().run()
    assert plain(CLUB) in [caption.value for caption in page.caption]


def test_the_closest_passages_have_short_names_too(page: AppTest) -> None:
    asked(page, "Who won the 1998 football world cup at the harbour?")
    assert "harbour.txt" in drawn(page)
    assert "/home/ann" not in drawn(page)
