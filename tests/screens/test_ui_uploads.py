"""What became of added files is told until whoever reads it turns to something else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from footnote import loop
from footnote.assemble import Application
from footnote.settings import load
from footnote.ui import uploads, wording
from footnote.ui.running import opened
from tests.screens.test_ui_page import PAGE, asked, drawn, outcome

REFUSED = "empty.txt** was refused."


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    with opened(load(data=tmp_path / "data", model="extractive")) as application:
        loop.run(application.knowledge_base().add("hours.md", b"The museum opens at nine.\n"))
        yield application
        for batch in uploads.batches():
            uploads.dismiss(batch)


@pytest.fixture
def page(application: Application) -> AppTest:
    """A conversation, and below it a file that was refused."""
    page = asked(opened_page(), "When does the museum open?")
    loop.run(outcome(uploads.start(application, [("empty.txt", b"")])))
    page.run()
    assert REFUSED in drawn(page)
    return page


def opened_page() -> AppTest:
    return AppTest.from_file(str(PAGE), default_timeout=60).run()


def test_what_was_refused_is_told_through_questions_and_a_reload(page: AppTest) -> None:
    asked(page, "And when does it close?")
    assert REFUSED in drawn(page)
    assert REFUSED in drawn(opened_page())


def test_it_goes_when_it_is_closed(page: AppTest) -> None:
    (close,) = (button for button in page.main.button if button.label == wording.DISMISS)
    assert close.icon
    close.click().run()
    assert REFUSED not in drawn(page)
    assert REFUSED not in drawn(opened_page())


def test_it_goes_when_a_new_conversation_is_opened(page: AppTest) -> None:
    page.button(key="new-conversation").click().run()
    assert REFUSED not in drawn(page)
    assert REFUSED not in drawn(opened_page())


def test_it_goes_when_another_conversation_is_opened(page: AppTest) -> None:
    (entry,) = (button for button in page.button if str(button.key).startswith("conversation-"))
    entry.click().run()
    assert REFUSED not in drawn(page)


def test_it_goes_when_other_files_are_offered(page: AppTest) -> None:
    page.file_uploader[0].set_value([("opera.txt", b"The opera opens at ten.", "text/plain")]).run()
    assert "opera.txt** added" in drawn(page)
    assert REFUSED not in drawn(page)


def test_what_was_not_shown_yet_does_not_go(page: AppTest, application: Application) -> None:
    loop.run(outcome(uploads.start(application, [("blank.txt", b"")])))
    page.button(key="new-conversation").click().run()
    assert REFUSED not in drawn(page)
    assert "blank.txt** was refused." in drawn(page)
