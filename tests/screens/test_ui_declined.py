"""What the page shows when the documents do not answer: the closest passages, told from an answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from footnote import loop
from footnote.assemble import Application
from footnote.settings import load
from footnote.ui import wording
from footnote.ui.closest import MOST, SHORT
from footnote.ui.escaping import plain, quoted
from footnote.ui.running import opened
from tests.screens.test_ui_page import PAGE, asked

QUESTION = "Who pays for a broken window of the harbour museum?"
CLOSE = "The harbour museum has forty windows to the sea."
BEFORE = " ".join(f"The ferry number {number} leaves the island at noon." for number in range(5))
AFTER = " ".join(f"The ferry number {number} is back at noon." for number in range(2))
DOCUMENTS = {
    "/home/ann/museum.txt": f"{BEFORE} {CLOSE} {AFTER}",
    "/home/ann/garden.txt": "The garden has roses.",
    "/home/ann/kitchen.txt": "The kitchen has an oven.",
    "/home/ann/cellar.txt": "The cellar has wine.",
}


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    with opened(load(data=tmp_path / "data", model="extractive")) as application:
        for name, text in DOCUMENTS.items():
            loop.run(application.knowledge_base().add(name, text.encode()))
        yield application


@pytest.fixture
def page(application: Application) -> AppTest:
    return asked(AppTest.from_file(str(PAGE), default_timeout=60).run(), QUESTION)


def closest(page: AppTest) -> list[str]:
    """What stands under the declined answers, folded or not."""
    return [text.value for fold in page.main.expander for text in fold.caption]


def test_the_best_passages_stand_open_under_a_declined_answer_as_no_answer(page: AppTest) -> None:
    (fold,) = page.main.expander
    assert fold.label == wording.CLOSEST
    assert "not an answer" in wording.CLOSEST
    assert fold.proto.expanded
    assert len(closest(page)) == MOST
    assert quoted(CLOSE, 0, 0) in closest(page)[0]


def test_a_passage_is_shortened_to_the_part_that_is_closest(page: AppTest) -> None:
    best = closest(page)[0].replace("\\", "")
    assert best == f"… The ferry number 4 leaves the island at noon. {CLOSE} {AFTER}"
    assert len(best) <= SHORT + len("… ")


def test_all_of_the_passages_are_shown_in_full_when_asked_for(page: AppTest) -> None:
    page.toggle[0].set_value(True).run()
    assert len(closest(page)) == len(page.main.expander[0].button) > MOST
    assert any(text.startswith(quoted(BEFORE, 0, 0)) for text in closest(page))


def test_the_document_of_a_passage_opens_by_its_short_name(page: AppTest) -> None:
    name = page.main.expander[0].button[0]
    assert name.label == plain("museum.txt")
    assert name.help == plain("/home/ann/museum.txt")
    name.click().run()
    assert [text.value for text in page.text if text.value == DOCUMENTS["/home/ann/museum.txt"]]


def test_only_the_last_answer_stands_open(page: AppTest) -> None:
    asked(page, "Who mends the sails of the ferry?")
    assert [fold.proto.expanded for fold in page.main.expander] == [False, True]


def test_passages_of_documents_that_are_gone_are_not_shown(page: AppTest, application: Application) -> None:
    for document in loop.run(application.knowledge_base().documents()):
        loop.run(application.knowledge_base().remove([document.id]))
    page.run()
    assert not page.exception
    assert closest(page) == [wording.NOTHING_LEFT]
