"""The page against a real application, without a browser: what it draws and what its clicks do."""

import asyncio
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from footnote import loop
from footnote.assemble import Application
from footnote.errors import DatabaseError
from footnote.reading import ConfinedReader
from footnote.settings import load
from footnote.types import LOCAL, Block, Citation, ConversationId, DocumentId, Extracted, Message
from footnote.ui import answer, sources, uploads, wording
from footnote.ui.running import opened
from footnote.ui.seen import ask, figures, look
from footnote.ui.waiting import Question

PAGE = Path(answer.__file__).with_name("page.py")
TEXT = b"# Opening hours\n\nThe museum opens at nine in the morning.\n\nIt closes at six in the evening.\n"


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    with opened(load(data=tmp_path / "data", model="extractive")) as application:
        loop.run(application.knowledge_base().add("hours.md", TEXT))
        yield application
        for batch in uploads.batches():
            uploads.dismiss(batch)


@pytest.fixture
def page(application: Application) -> AppTest:
    return AppTest.from_file(str(PAGE), default_timeout=60).run()


def asked(page: AppTest, question: str, files: uploads.Batch | None = None) -> AppTest:
    page.session_state.asked = [Question(question, files)]
    return page.run()


def drawn(page: AppTest) -> str:
    elements = [*page.markdown, *page.caption, *page.text, *page.error, *page.warning, *page.subheader]
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", "\n".join(str(element.value) for element in elements))


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def test_an_empty_page_says_how_many_documents_there_are(page: AppTest) -> None:
    assert not page.exception
    assert wording.TAGLINE in drawn(page)
    assert "1 document ready." in drawn(page)


def test_an_answer_is_drawn_with_its_footnote(page: AppTest) -> None:
    asked(page, "When does the museum open?")
    assert not page.exception
    assert "The museum opens at nine in the morning" in drawn(page)
    assert any(label.endswith(f"hours\\.md \u2002{wording.VERDICTS['verified']}") for label in labels(page))
    assert {metric.label: metric.value for metric in page.metric}[wording.RETRIEVALS] == "1"


def test_a_question_that_is_too_long_is_refused_with_the_reason(page: AppTest) -> None:
    asked(page, "why " * 3000)
    assert "Add a long text as a document" in drawn(page)
    assert len(page.chat_message) == 0


def test_an_address_of_no_conversation_leads_to_a_new_one(application: Application) -> None:
    page = AppTest.from_file(str(PAGE), default_timeout=60)
    page.query_params["c"] = "nowhere"
    page.run()
    assert wording.GONE_CONVERSATION in drawn(page)
    assert not page.exception


def test_a_backend_that_fails_leaves_the_reason_and_a_way_to_ask_again(tmp_path: Path) -> None:
    with opened(load(data=tmp_path / "data", model="openai")) as application:
        loop.run(application.knowledge_base().add("hours.md", TEXT))
        page = asked(AppTest.from_file(str(PAGE), default_timeout=60).run(), "When does the museum open?")
        assert wording.FAILED in drawn(page)
        assert wording.RETRY in labels(page)
        assert any("cannot be asked" in caption.value for caption in page.caption)


def test_a_model_that_does_not_exist_is_told_in_a_sentence(tmp_path: Path) -> None:
    with opened(load(data=tmp_path / "data", model="nonsense")):
        page = asked(AppTest.from_file(str(PAGE), default_timeout=60).run(), "When does the museum open?")
        assert "There is no `nonsense` in backends." in drawn(page)
        assert wording.UNTITLED not in labels(page)
        assert not [button for button in page.button if str(button.key).startswith("conversation-")]
        assert not page.exception


def test_our_own_errors_are_told_and_others_are_left_to_the_log() -> None:
    page = AppTest.from_string(
        """
        import streamlit as st
        from footnote.errors import DatabaseError
        from footnote.ui.server import told
        st.text(str([told(DatabaseError("The *disk* is full.")), told(ValueError("no"))]))
        """
    ).run()
    assert page.text[0].value == "[True, False]"
    assert [error.value for error in page.error] == ["The \\*disk\\* is full\\."]


def test_two_tabs_cannot_ask_in_one_conversation_at_once(application: Application) -> None:
    async def both() -> int:
        conversation = await application.database.conversations.create(LOCAL)
        await asyncio.gather(
            *(ask(application, conversation, "When does the museum open?") for _ in range(3))
        )
        turn = application.turns.running(conversation)
        if turn is not None:
            assert [event async for event in application.turns.follow(turn)]
        return len(await application.database.conversations.messages(LOCAL, conversation))

    assert loop.run(both()) % 2 == 0


def test_every_file_of_a_batch_is_told_even_when_one_breaks_the_rest(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def add(self: object, name: str, data: bytes) -> object:
        raise (DatabaseError("The disk is full.") if name == "one.txt" else ZeroDivisionError)

    monkeypatch.setattr("footnote.knowledge.KnowledgeBase.add", add)
    batch = uploads.start(application, [("one.txt", b"1"), ("two.txt", b"2"), ("three.txt", b"3")])
    assert isinstance(loop.run(outcome(batch)), ZeroDivisionError)
    assert [(added.name, added.outcome, added.reason) for added in batch.results] == [
        ("one.txt", "refused", "The disk is full."),
        ("two.txt", "refused", wording.BROKE_OFF),
        ("three.txt", "refused", wording.BROKE_OFF),
    ]


async def outcome(batch: uploads.Batch) -> object:
    assert batch.task is not None
    return (await asyncio.gather(batch.task, return_exceptions=True))[0]


def test_a_source_that_changed_since_is_not_highlighted(application: Application) -> None:
    document = loop.run(application.database.documents.list(LOCAL))[0]
    citation = Citation(
        marker=1,
        document="hours.md",
        document_id=document.id,
        sha256=document.sha256,
        collection=document.collection,
        quote="The museum opens",
    )
    assert loop.run(sources.find(application, citation)).document is not None
    loop.run(application.knowledge_base().add("hours.md", b"The museum is closed for good.\n"))
    changed = loop.run(sources.find(application, citation))
    assert (changed.document, changed.remark) == (None, wording.SOURCE_CHANGED)
    stranger = Citation(marker=1, document="hours.md", document_id=DocumentId(""))
    assert loop.run(sources.find(application, stranger)).remark == wording.NOT_A_DOCUMENT


def test_the_window_around_a_quote_ends_at_lines() -> None:
    text = "\n".join(f"line {number} " + "x" * 100 for number in range(100))
    start = text.index("line 50")
    first, last = sources.window(text, start, start + 7)
    assert text[first:].startswith("line ")
    assert text[last] == "\n"
    assert first < start < start + 7 < last
    assert sources.window("short", 1, 3) == (0, 5)


def test_the_headings_above_a_quote_are_those_that_hold_it() -> None:
    text = "# One\n## Two\n## Three\nquote"
    blocks = tuple(
        Block(kind="heading", start=text.index(line), end=text.index(line) + len(line), level=level)
        for line, level in (("# One", 1), ("## Two", 2), ("## Three", 2))
    )
    extracted = Extracted(text=text, blocks=blocks)
    assert sources.headings_at(extracted, text.index("quote")) == ["One", "Three"]


def test_the_figures_are_counted_from_what_is_saved() -> None:
    said = [
        Message("user", "Hello there"),
        Message("assistant", "Hello!", metadata={"basis": "small_talk", "timings_ms": {"total": 100.0}}),
        Message("user", "When?"),
        Message(
            "assistant",
            "At nine.",
            metadata={"basis": "documents", "retrieved": 1, "timings_ms": {"total": 2500.0}},
        ),
    ]
    counted = figures(said)
    assert (counted.turns, counted.retrievals, counted.last_seconds) == (2, 1, 2.5)
    assert counted.tokens > 4


def test_nothing_is_seen_of_a_conversation_that_is_not_there(application: Application) -> None:
    seen = loop.run(look(application, ConversationId("nowhere")))
    assert (seen.gone, seen.conversation_id, seen.messages) == (True, None, ())


def test_a_file_that_replaces_another_is_told_outside_the_fold(
    page: AppTest, application: Application
) -> None:
    new = [(f"{number}.txt", f"Room {number} is open.".encode()) for number in range(8)]
    batch = uploads.start(application, [*new, ("hours.md", b"The museum is closed for good.")])
    loop.run(outcome(batch))
    page.run()
    folded = [said.value for expander in page.expander for said in expander.markdown]
    assert not any("hours" in said for said in folded)
    assert "hours.md** replaced the document of that name" in drawn(page)
    assert wording.REPLACED in drawn(page)
    assert any("8 files are in" in expander.label for expander in page.expander)


def test_many_files_that_replace_others_have_a_fold_of_their_own(
    page: AppTest, application: Application
) -> None:
    for version in (b"old", b"new"):
        files = [(f"{number}.txt", version + b" words of a room") for number in range(8)]
        loop.run(outcome(uploads.start(application, files)))
    page.run()
    folds = {expander.label for expander in page.expander}
    assert {"8 files are in", "8 files replaced the document of their name"} <= folds


class Held(ConfinedReader):
    """Reads a file only when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def read(self, data: bytes, name: str) -> Extracted:
        await self.let_go[name].wait()
        return await super().read(data, name)

    async def release(self, name: str) -> None:
        self.let_go[name].set()


@pytest.fixture
def held(application: Application) -> Held:
    application.reader = Held()
    return application.reader


def once_answered(application: Application, held: Held, name: str) -> threading.Thread:
    """Lets a file go when there is an answer in the newest conversation, as seen from outside."""

    async def wait() -> None:
        store = application.database.conversations
        while True:
            for conversation in await store.conversations(LOCAL):
                said = await store.messages(LOCAL, conversation.id)
                if said and said[-1].role == "assistant" and said[-1].outcome != "streaming":
                    return await held.release(name)
            await asyncio.sleep(0.02)

    thread = threading.Thread(target=lambda: loop.run(wait()), daemon=True)
    thread.start()
    return thread


def test_files_that_others_add_do_not_delay_a_question(
    page: AppTest, application: Application, held: Held
) -> None:
    uploads.start(application, [("theirs.txt", b"The garden is open in summer.")])
    released = once_answered(application, held, "theirs.txt")
    asked(page, "When does the museum open?")
    released.join()
    assert "The museum opens at nine in the morning" in drawn(page)
    assert "theirs.txt** added" in drawn(page)


def test_a_question_waits_for_the_files_that_came_with_it_and_for_no_others(
    page: AppTest, application: Application, held: Held
) -> None:
    uploads.start(application, [("theirs.txt", b"The garden is open in summer.")])
    mine = uploads.start(application, [("mine.txt", b"The cloakroom is in the basement.")])
    threading.Timer(0.5, lambda: loop.run(held.release("mine.txt"))).start()
    released = once_answered(application, held, "theirs.txt")
    asked(page, "Where is the cloakroom?", mine)
    released.join()
    assert "The cloakroom is in the basement" in drawn(page)
    assert wording.DECLINED not in drawn(page)


@pytest.mark.parametrize(
    ("answering", "reading", "said"),
    [
        (True, False, ["Asked next, when this answer is done", wording.LATER]),
        (False, True, ["Asked next, when the files that came with it are read", wording.LATER]),
        (
            True,
            True,
            [
                "Asked next, when this answer is done and the files that came with it are read",
                wording.LATER,
            ],
        ),
        (False, False, [wording.LATER]),
    ],
)
def test_a_question_that_waits_says_for_what(answering: bool, reading: bool, said: list[str]) -> None:
    def script(answering: bool, reading: bool) -> None:
        from footnote.ui import uploads, waiting  # noqa: PLC0415

        waiting.add("First?", uploads.Batch(waiting=[], offered=1, ended=not reading))
        waiting.add("Second?")
        waiting.draw(answering=answering)

    page = AppTest.from_function(script, kwargs={"answering": answering, "reading": reading}).run()
    assert [text.value for text in page.text] == ["First?", "Second?"]
    assert [caption.value for caption in page.caption] == said


def test_two_files_of_one_name_in_a_batch_are_both_kept() -> None:
    told = uploads.told_apart([("report.pdf", b"1"), ("report.pdf", b"2"), ("report.pdf", b"1"), ("a", b"3")])
    assert told == [("report.pdf", b"1"), ("report (2).pdf", b"2"), ("a", b"3")]
