"""Settings, names and the objects made of them; a conversation goes on in another process."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from footnote import catalog
from footnote.assemble import Application, backend, embedder, open_application
from footnote.backends.extractive import ExtractiveBackend
from footnote.errors import MissingExtra, NotFound, SettingsError
from footnote.retrieval.evidence import STRICT_THRESHOLD
from footnote.settings import Settings, load
from footnote.types import LOCAL, ConversationId

RETURNS = b"Returns are free within 30 days of delivery."
ASKED = "Are returns free within 30 days of delivery?"


# --- settings --------------------------------------------------------------------------------------


def test_an_argument_beats_the_environment_and_the_environment_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert (load().top_k, load().host) == (5, "127.0.0.1")
    monkeypatch.setenv("FOOTNOTE_TOP_K", "7")
    assert load().top_k == 7
    assert load(top_k=3).top_k == 3
    assert load(top_k=None).top_k == 7
    assert load(data=tmp_path).data == tmp_path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("top_k", "none"),
        ("top_k", "0"),
        ("mode", "sloppy"),
        ("port", "70000"),
        ("max_turns", "-1"),
        ("threshold", "1.1"),
        ("threshold", "nan"),
    ],
)
def test_a_wrong_setting_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"FOOTNOTE_{name.upper()}", value)
    with pytest.raises(SettingsError, match=rf"`{name}` \(FOOTNOTE_{name.upper()}\) is not valid"):
        load()


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().top_k = 9


def test_keys_are_not_among_the_settings_that_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sekret")
    settings = load()
    assert settings.environment["OPENAI_API_KEY"] == "sekret"
    assert "sekret" not in repr(settings)


def test_the_guide_has_every_setting_with_its_default() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in guide.splitlines() if line.startswith("| `FOOTNOTE_")]
    told = {row[0].strip("`"): (row[1].strip(" `"), row[-1]) for row in rows}
    computed = {"data": "your system's folder for application data", "threshold": str(STRICT_THRESHOLD)}
    assert told == {
        f"FOOTNOTE_{name.upper()}": (computed.get(name, str(field.default)), field.description)
        for name, field in Settings.model_fields.items()
    }


# --- names -----------------------------------------------------------------------------------------


def test_the_file_name_is_the_name() -> None:
    assert {"extractive", "mock", "openai", "anthropic", "ollama", "scripted"} <= set(
        catalog.names("backends")
    )
    assert "minilm" in catalog.names("embedders")
    for name in catalog.names("backends"):
        assert catalog.implementation("backends", name).connect("", {}).stream


@pytest.mark.parametrize("name", ["", "nonsense", "../settings", "os", "__init__"])
def test_an_unknown_name_is_refused_with_those_that_there_are(name: str) -> None:
    with pytest.raises(SettingsError, match="Choose one of: anthropic, extractive"):
        catalog.implementation("backends", name)


def test_a_missing_package_is_named_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delitem(sys.modules, "footnote.backends.mock", raising=False)
    monkeypatch.setattr(catalog, "import_module", lambda _: __import__("no_such_package"))
    with pytest.raises(MissingExtra, match=r"needs the package `no_such_package`: pip install '\.\[mock\]'"):
        catalog.implementation("backends", "mock")
    monkeypatch.setattr(catalog, "import_module", lambda _: __import__("footnote.no_such_module"))
    with pytest.raises(ModuleNotFoundError, match="footnote"):
        catalog.implementation("backends", "mock")


def test_an_address_has_a_name_and_a_detail() -> None:
    settings = load()
    assert isinstance(backend("auto", settings), ExtractiveBackend)
    assert backend("openai:gpt-4o-mini", settings).name == "openai:gpt-4o-mini"
    assert backend("openai:vendor/model:free", settings).name == "openai:vendor/model:free"
    assert embedder(settings).dimensions == 384


# --- conversations that outlive a process ----------------------------------------------------------


@pytest.fixture
async def application() -> AsyncIterator[Application]:
    application = await open_application(load())
    yield application
    await application.aclose()


async def test_a_saved_conversation_goes_on_where_it_ended(application: Application) -> None:
    await application.knowledge_base().add("returns.txt", RETURNS)
    bot = await application.chatbot()
    answer = await bot.answer(ASKED)
    assert [citation.verdict for citation in answer.citations] == ["verified"]
    conversation_id = bot.conversation_id
    await application.aclose()

    again = await open_application(load())
    try:
        resumed = await again.chatbot(conversation_id)
        assert [(m.role, m.content) for m in resumed.memory.messages] == [
            ("user", ASKED),
            ("assistant", answer.text),
        ]
        assert resumed.memory.messages[1].citations == answer.citations
        recalled = await resumed.answer("What was my first question?")
        assert recalled.basis == "conversation"
        assert ASKED in recalled.text
        kept = await again.database.conversations.messages(LOCAL, answer.conversation_id)
        assert [m.parent_id for m in kept] == [None, *(m.id for m in kept[:-1])]
    finally:
        await again.aclose()


async def test_a_threshold_of_the_user_s_decides_what_is_declined(tmp_path: Path) -> None:
    for threshold, outcome in ((None, "declined"), (0.05, "complete")):
        application = await open_application(load(data=tmp_path / "data", threshold=threshold))
        try:
            await application.knowledge_base().add("returns.txt", RETURNS)
            answer = await (await application.chatbot()).answer("When can I get my money back?")
            assert answer.outcome == outcome
        finally:
            await application.aclose()


async def test_an_answer_that_is_not_to_be_saved_is_not(application: Application) -> None:
    await (await application.chatbot(saved=False)).answer(ASKED)
    assert await application.database.conversations.conversations(LOCAL) == ()


async def test_a_conversation_that_is_gone_is_not_begun_anew(application: Application) -> None:
    with pytest.raises(NotFound):
        await application.chatbot(ConversationId("gone"))


async def test_no_trace_of_a_document_s_text_is_in_the_record_of_a_turn(application: Application) -> None:
    await application.knowledge_base().add("returns.txt", RETURNS)
    bot = await application.chatbot()
    answer = await bot.answer("What about free returns after delivery?")
    record = await application.database.conversations.turn(LOCAL, answer.turn_id)
    assert record.passages
    assert RETURNS.decode() not in repr(record)
    found = await application.knowledge_base().store.document(LOCAL, record.passages[0]["document_id"])
    start, end = record.passages[0]["start"], record.passages[0]["end"]
    assert found.extracted.text[start:end] == RETURNS.decode()
    assert found.sha256 == record.passages[0]["sha256"]
