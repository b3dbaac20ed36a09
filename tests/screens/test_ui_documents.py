"""Documents on the page: what they are called, and reading one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from footnote import loop
from footnote.assemble import Application
from footnote.settings import load
from footnote.ui import uploads
from footnote.ui.escaping import plain
from footnote.ui.running import opened
from tests.screens.test_ui_page import PAGE, asked

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
    opening = [button for button in page.sidebar.button if str(button.key).startswith("open-")]
    assert {button.label: button.help for button in opening} == {
        plain("club/minutes.md"): plain(CLUB),
        plain("harbour.txt"): plain(HARBOUR),
        plain("school/minutes.md"): plain(SCHOOL),
    }


def test_a_footnote_and_its_source_have_the_same_short_name(page: AppTest) -> None:
    asked(page, "When is the boat house painted?")
    footnote = next(button for button in page.button if str(button.key).startswith("footnote-"))
    assert f"] {plain('club/minutes.md')} " in footnote.label
    assert footnote.help == plain(CLUB)
    footnote.click().run()
    assert plain(CLUB) in [caption.value for caption in page.caption]


def named(page: AppTest, name: str) -> Button:
    return next(button for button in page.sidebar.button if button.label == plain(name))


def test_a_click_on_a_document_opens_all_of_it_beside_the_chat(page: AppTest) -> None:
    named(page, "school/minutes.md").click().run()
    assert [text.value for text in page.text] == [DOCUMENTS[SCHOOL].decode().rstrip()]
    assert plain(SCHOOL) in [caption.value for caption in page.caption]
    assert len(page.get("download_button")) == 1


def test_what_is_open_is_closed_when_it_is_removed_or_another_conversation_begins(
    page: AppTest, application: Application
) -> None:
    named(page, "harbour.txt").click().run()
    assert page.text
    page.button(key="new-conversation").click().run()
    assert not page.text
    named(page, "harbour.txt").click().run()
    for document in loop.run(application.knowledge_base().documents()):
        loop.run(application.knowledge_base().remove([document.id]))
    page.run()
    assert not page.exception
    assert not page.text


def test_a_file_of_code_is_set_as_code_and_a_text_is_not(page: AppTest, application: Application) -> None:
    code = "def area(width, height):\n    return width * height"
    loop.run(application.knowledge_base().add("area.py", code.encode()))
    named(page.run(), "area.py").click().run()
    assert [block.value for block in page.code] == [code]
    assert not page.text
