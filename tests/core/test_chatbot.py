"""One turn: its events in order, its outcomes, and what is remembered and saved of it."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Literal

import anyio
import pytest

from footnote import chatbot as chatbot_module
from footnote.backends.extractive import NO_DOCUMENTS, NOTHING_SAID, ExtractiveBackend
from footnote.backends.scripted import ScriptedBackend
from footnote.chatbot import Chatbot, title_of
from footnote.errors import BackendUnreachable, QuestionRefused
from footnote.events import (
    CitationChecked,
    Notice,
    PassagesFound,
    QuestionRewritten,
    TextAdded,
    TurnEnded,
    TurnEvent,
    TurnStarted,
)
from footnote.interfaces import Finished, LLMBackend, Piece, Prompt, Text
from footnote.memory import roughly
from footnote.prompting import DECLINED, build
from footnote.testing.fakes import MemoryConversations, MemoryRetriever, WordEmbedder, whole_passage
from footnote.testing.retriever import RetrieverContract
from footnote.types import (
    LOCAL,
    Answer,
    ConversationId,
    Message,
    MessageId,
    Outcome,
    OwnerId,
    Passage,
    TurnId,
)

RETURNS = "Returns are free within 30 days of delivery."
PLANS = "The premium plan costs 20 euros a month."
TEXTS = {"returns.txt": RETURNS, "plans.txt": PLANS}
ASKED = "Are returns free within 30 days of delivery?"
OFF_TOPIC = "Which penguins swim fastest?"
QUOTED = [f"{RETURNS[:8]}", f"{RETURNS[8:]} ", "[1]"]


def bot(*scripts: Sequence[object], **more: Any) -> Chatbot:
    """A chatbot with a script for a model, a few texts and a store in memory."""
    given: dict[str, Any] = {
        "llm": ScriptedBackend(*(scripts or [QUOTED])),
        "knowledge_base": MemoryRetriever(TEXTS),
        "conversations": MemoryConversations(),
        "threshold": 0.01,
        **more,
    }
    return Chatbot(**given)


async def events_of(chatbot: Chatbot, question: str, **more: Any) -> list[TurnEvent]:
    """The events of a turn; its error, when it raised one, is left out."""
    events: list[TurnEvent] = []
    try:
        async with aclosing(chatbot.stream(question, **more)) as stream:
            async for event in stream:
                events.append(event)
    except (BackendUnreachable, LookupError):
        pass
    return events


def prompts(chatbot: Chatbot) -> list[Prompt]:
    assert isinstance(chatbot.llm, ScriptedBackend)
    return chatbot.llm.prompts


def texts(events: Sequence[TurnEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextAdded))


def notices(events: Sequence[TurnEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


def ended(events: Sequence[TurnEvent]) -> Answer:
    last = events[-1]
    assert isinstance(last, TurnEnded)
    assert sum(isinstance(event, TurnEnded) for event in events) == 1
    return last.answer


async def saved(chatbot: Chatbot) -> list[Message]:
    """The conversation as the store has it, which must be what the memory has."""
    assert chatbot.conversations is not None
    assert chatbot.conversation_id is not None
    kept = list(await chatbot.conversations.messages(chatbot.owner, chatbot.conversation_id))
    remembered = chatbot.memory.messages
    assert [(m.id, m.parent_id, m.role, m.content, m.outcome) for m in kept] == [
        (m.id, m.parent_id, m.role, m.content, m.outcome) for m in remembered
    ]
    assert [m.role for m in kept] == ["user", "assistant"] * (len(kept) // 2)
    assert [m.parent_id for m in kept] == [None, *(m.id for m in kept[:-1])]
    assert "streaming" not in [m.outcome for m in kept]
    return kept


# --- an answer ----------------------------------------------------------------------------------


async def test_the_events_of_an_answer_come_in_their_order() -> None:
    chatbot = bot()
    events = await events_of(chatbot, ASKED)
    assert [event.kind for event in events] == [
        "turn_started",
        "passages_found",
        "text_added",
        "text_added",
        "text_added",
        "citation_checked",
        "turn_ended",
    ]
    answer = ended(events)
    assert (answer.text, answer.outcome, answer.basis) == (f"{RETURNS} [1]", "complete", "documents")
    assert texts(events) == answer.text
    [citation] = answer.citations
    assert (citation.document, citation.verdict, citation.quote) == ("returns.txt", "verified", RETURNS)
    assert events[-2] == CitationChecked(citation=citation)


async def test_a_turn_is_known_by_its_ids_from_the_first_event_on() -> None:
    chatbot = bot()
    events = await events_of(chatbot, ASKED, turn_id=TurnId("t1"))
    started, answer = events[0], ended(events)
    assert isinstance(started, TurnStarted)
    assert started.turn_id == answer.turn_id == "t1"
    assert started.answer_id == answer.message_id
    assert started.conversation_id == answer.conversation_id == chatbot.conversation_id
    question, said = await saved(chatbot)
    assert (question.id, said.id) == (started.question_id, started.answer_id)
    assert (question.content, said.content) == (ASKED, answer.text)


async def test_an_answer_remembers_its_sources_and_footnotes() -> None:
    chatbot = bot()
    answer = await chatbot.answer(ASKED)
    recalled = chatbot.memory.messages[-1]
    assert recalled.metadata["retrieved_sources"] == [p.document for p in answer.passages]
    _, said = await saved(chatbot)
    # A document's name is saved in footnotes alone, from which removing the document takes it.
    assert "retrieved_sources" not in said.metadata
    assert said.metadata["retrieved"] == len(answer.passages)
    assert said.metadata["turn_id"] == answer.turn_id
    assert said.citations == answer.citations


async def test_the_second_question_goes_on_with_the_conversation() -> None:
    chatbot = bot(QUOTED, ["Yes. [1]"])
    await chatbot.answer(ASKED)
    await chatbot.answer("What does the premium plan cost?")
    assert len(await saved(chatbot)) == 4
    assert [m.content for m in prompts(chatbot)[1].messages if m.role != "system"][:2] == [
        ASKED,
        f"{RETURNS} [1]",
    ]


async def test_what_was_cut_out_of_an_answer_is_told() -> None:
    events = await events_of(bot([f"{RETURNS} [1] [9]"]), ASKED)
    assert ended(events).text == f"{RETURNS} [1]"
    assert any("pointed to no passage" in text for text in notices(events))
    assert ended(events).notices == tuple(notices(events))


async def test_passages_that_do_not_fit_are_told_and_not_cited() -> None:
    retriever = MemoryRetriever({"a.txt": f"{RETURNS} " + "returns " * 3000, "b.txt": f"{RETURNS} free"})
    chatbot = bot(["Yes. [1] [2]"], knowledge_base=retriever)
    events = await events_of(chatbot, ASKED)
    assert any("did not fit" in text for text in notices(events))
    assert len(ended(events).passages) == 1
    assert [citation.marker for citation in ended(events).citations] == [1]


@pytest.mark.parametrize("question", ["", "  \n ", "\u200b", "x" * 8001])
async def test_a_question_that_is_not_admitted_leaves_no_trace(question: str) -> None:
    chatbot = bot()
    with pytest.raises(QuestionRefused):
        await chatbot.answer(question)
    assert chatbot.memory.messages == []
    assert chatbot.conversation_id is None
    assert chatbot.get_stats() == {"turns": 0, "retrievals": 0, "tokens_est": 0}


async def test_half_characters_in_a_question_do_no_harm() -> None:
    """A terminal hands over bytes that are no text as halves of a character."""
    chatbot = bot()
    await chatbot.answer(f"{ASKED}\udce9")
    (await saved(chatbot))[0].content.encode("utf-8")


def test_a_title_is_whole_words_of_the_first_question() -> None:
    assert title_of("Are  returns\nfree?") == "Are returns free?"
    title = title_of("word " * 40)
    assert len(title) <= 61
    assert title.endswith("word…")


# --- deciding -------------------------------------------------------------------------------------


async def test_weak_evidence_is_declined_without_asking_the_model() -> None:
    chatbot = bot()
    events = await events_of(chatbot, OFF_TOPIC)
    answer = ended(events)
    assert (answer.text, answer.outcome, answer.citations) == (DECLINED, "declined", ())
    assert texts(events) == DECLINED
    assert prompts(chatbot) == []
    assert (await saved(chatbot))[1].outcome == "declined"


async def test_in_open_mode_the_model_answers_and_it_is_said_to_be_not_from_the_documents() -> None:
    chatbot = bot(["The gentoo."], mode="open")
    events = await events_of(chatbot, OFF_TOPIC)
    answer = ended(events)
    assert (answer.text, answer.outcome, answer.basis) == ("The gentoo.", "complete", "model")
    assert (answer.passages, answer.citations) == ((), ())
    assert any("Not from your documents" in text for text in notices(events))
    kinds = [event.kind for event in events]
    assert kinds.index("notice") < kinds.index("text_added")


async def test_small_talk_needs_no_documents_and_is_labelled() -> None:
    retriever = MemoryRetriever(TEXTS)
    chatbot = bot(["Hello!"], knowledge_base=retriever)
    answer = ended(await events_of(chatbot, "How are you today?"))
    assert (answer.outcome, answer.basis, answer.passages) == ("complete", "small_talk", ())
    assert retriever.asked == []
    assert chatbot.get_stats()["retrievals"] == 0


async def test_nothing_found_is_declined_whatever_the_threshold() -> None:
    chatbot = bot(llm=ExtractiveBackend(), threshold=0.0)
    answer = await chatbot.answer(OFF_TOPIC)
    assert (answer.outcome, answer.basis, answer.text) == ("declined", "documents", DECLINED)


async def test_a_new_subject_is_not_mixed_with_the_old_one() -> None:
    texts = {"sticks.txt": "USB sticks are not allowed.", "trees.txt": "The discount on trees is 25 percent."}
    chatbot = bot(llm=ExtractiveBackend(), knowledge_base=MemoryRetriever(texts), threshold=0.4)
    await chatbot.answer("Are USB sticks allowed?")
    answer = await chatbot.answer("What is the discount on trees?")
    assert answer.text == "The discount on trees is 25 percent. [1]"
    assert answer.rewritten_question == ""


async def test_what_is_only_about_the_topic_before_is_no_answer() -> None:
    texts = {
        "sticks.txt": "USB sticks are not allowed in the laboratory, and sticks that are found are kept."
    }
    chatbot = bot(llm=ExtractiveBackend(), knowledge_base=MemoryRetriever(texts), threshold=0.4)
    await chatbot.answer("Are USB sticks allowed in the laboratory?")
    answer = await chatbot.answer("Who founded the company?")
    assert answer.outcome == "declined"


async def test_a_follow_up_is_looked_up_so_that_it_stands_alone() -> None:
    retriever = MemoryRetriever(TEXTS)
    chatbot = bot(["20 euros. [1]"], knowledge_base=retriever)
    await chatbot.answer("What does the premium plan cost?")
    events = await events_of(chatbot, "And for a year?")
    [rewritten] = [event for event in events if isinstance(event, QuestionRewritten)]
    assert "premium" in rewritten.question
    assert retriever.asked[-1] == rewritten.question == ended(events).rewritten_question
    found = next(event for event in events if isinstance(event, PassagesFound))
    assert found.query == rewritten.question
    assert [event.kind for event in events][:3] == ["turn_started", "question_rewritten", "passages_found"]
    # The user's own words are what is remembered.
    assert (await saved(chatbot))[2].content == "And for a year?"


async def test_a_question_about_the_conversation_is_answered_from_it_over_three_turns() -> None:
    chatbot = bot(llm=ExtractiveBackend())
    await chatbot.answer("My name is Ada.")
    await chatbot.answer(ASKED)
    answer = await chatbot.answer("What is my name?")
    assert (answer.outcome, answer.basis) == ("complete", "conversation")
    assert "Ada" in answer.text
    first = await chatbot.answer("What was my first question?")
    assert (first.outcome, first.basis) == ("complete", "conversation")
    assert ASKED in first.text
    await saved(chatbot)


async def test_a_question_about_the_conversation_is_never_declined() -> None:
    chatbot = bot(llm=ExtractiveBackend(), threshold=0.99)
    await chatbot.answer("How are you today?")
    answer = await chatbot.answer("What did you tell me about penguins before?")
    assert (answer.outcome, answer.basis, answer.text) == ("complete", "conversation", NOTHING_SAID)


@pytest.mark.parametrize("more", [{"knowledge_base": None}, {}])
async def test_without_documents_it_chats_and_never_declines(more: dict[str, Any]) -> None:
    chatbot = bot(["The gentoo."], **more)
    answer = ended(await events_of(chatbot, OFF_TOPIC, use_rag=False))
    assert (answer.text, answer.outcome, answer.basis) == ("The gentoo.", "complete", "model")
    assert chatbot.get_stats()["retrievals"] == 0


async def test_without_documents_the_conversation_still_answers_about_itself() -> None:
    chatbot = bot(llm=ExtractiveBackend(), knowledge_base=None)
    assert (await chatbot.answer(OFF_TOPIC)).text == NO_DOCUMENTS
    answer = await chatbot.answer("What was my first question?")
    assert (answer.basis, OFF_TOPIC in answer.text) == ("conversation", True)


# --- streams that do not end well -----------------------------------------------------------------

UNREACHABLE = BackendUnreachable("The model could not be reached. Try again.")


async def test_a_stream_that_breaks_off_is_interrupted_and_told_and_never_complete() -> None:
    chatbot = bot([RETURNS[:20], ScriptedBackend.CUT])
    events = await events_of(chatbot, ASKED)
    answer = ended(events)
    assert (answer.text, answer.outcome) == (RETURNS[:20], "interrupted")
    assert any("broke off" in text for text in notices(events))
    assert (await saved(chatbot))[1].outcome == "interrupted"


async def test_a_stream_that_ends_without_a_word_is_interrupted_too() -> None:
    chatbot = bot([ScriptedBackend.CUT])
    assert ended(await events_of(chatbot, ASKED)).outcome == "interrupted"


class Stopping(LLMBackend):
    """Says half and tells why it stopped."""

    def __init__(self, stopped_by: Literal["end", "length", "filter"]) -> None:
        self.stopped_by = stopped_by

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        yield Text(text="Half of it")
        yield Finished(stopped_by=self.stopped_by)


@pytest.mark.parametrize("stopped_by", ["length", "filter"])
async def test_an_answer_that_the_model_cuts_short_is_told_to_be(
    stopped_by: Literal["length", "filter"],
) -> None:
    chatbot = bot(llm=Stopping(stopped_by))
    events = await events_of(chatbot, ASKED)
    assert ended(events).outcome == "cut_short"
    assert any("cut short" in text for text in notices(events))
    assert (await saved(chatbot))[1].content == "Half of it"


@pytest.mark.parametrize("error", [UNREACHABLE, KeyError("choices")])
async def test_a_model_that_fails_before_its_first_word_fails_the_turn(error: Exception) -> None:
    chatbot = bot([error])
    events = await events_of(chatbot, ASKED)
    assert (ended(events).outcome, ended(events).text) == ("failed", "")
    assert notices(events)
    assert (await saved(chatbot))[1].outcome == "failed"
    with pytest.raises(type(error)):
        await chatbot.answer(ASKED)


@pytest.mark.parametrize("error", [UNREACHABLE, KeyError("choices")])
async def test_a_model_that_fails_after_a_few_words_keeps_them(error: Exception) -> None:
    chatbot = bot([f"{RETURNS} [1]", error])
    events = await events_of(chatbot, ASKED)
    answer = ended(events)
    assert (answer.text, answer.outcome) == (f"{RETURNS} [1]", "interrupted")
    assert [citation.verdict for citation in answer.citations] == ["verified"]
    assert notices(events)
    assert [m.outcome for m in await saved(chatbot)] == ["complete", "interrupted"]


async def test_the_conversation_goes_on_after_a_turn_that_failed() -> None:
    chatbot = bot([UNREACHABLE], QUOTED)
    await events_of(chatbot, ASKED)
    answer = await chatbot.answer(ASKED)
    assert answer.outcome == "complete"
    assert len(await saved(chatbot)) == 4
    # Services refuse a conversation with an empty message in it.
    assert all(message.content for message in prompts(chatbot)[1].messages)


async def leave_after(chatbot: Chatbot, kind: str) -> None:
    """A reader who hangs up when an event of that kind has come."""
    stream = chatbot.stream(ASKED)
    async with aclosing(stream):
        async for event in stream:
            if event.kind == kind:
                return
    raise AssertionError(f"there was no {kind}")


async def test_half_an_answer_survives_a_reader_who_hangs_up() -> None:
    chatbot = bot()
    await leave_after(chatbot, "text_added")
    _, said = await saved(chatbot)
    assert (said.content, said.outcome) == (RETURNS[:8], "interrupted")


@pytest.mark.parametrize(
    "kind", ["turn_started", "passages_found", "text_added", "citation_checked", "turn_ended"]
)
async def test_whenever_a_reader_hangs_up_the_conversation_is_sound(kind: str) -> None:
    chatbot = bot()
    await leave_after(chatbot, kind)
    await saved(chatbot)
    assert (await chatbot.answer(ASKED)).outcome == "complete"
    assert len(await saved(chatbot)) == 4


async def test_a_reader_who_hangs_up_at_a_notice_of_a_fault_leaves_a_sound_conversation() -> None:
    chatbot = bot(["Half", UNREACHABLE])
    await leave_after(chatbot, "notice")
    assert [m.outcome for m in await saved(chatbot)] == ["complete", "interrupted"]


async def test_a_reader_who_hangs_up_at_a_refusal_leaves_the_refusal() -> None:
    chatbot = bot(knowledge_base=MemoryRetriever({}))
    await leave_after(chatbot, "text_added")
    _, said = await saved(chatbot)
    assert (said.content, said.outcome) == (DECLINED, "declined")


async def test_a_turn_that_is_cancelled_closes_the_model_and_keeps_the_half_answer() -> None:
    closed = anyio.Event()

    class Slow(LLMBackend):
        async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
            try:
                yield Text(text="Half")
                await anyio.sleep_forever()
            finally:
                closed.set()

    chatbot = bot(llm=Slow())
    with anyio.CancelScope() as scope:
        async with aclosing(chatbot.stream(ASKED)) as stream:
            async for event in stream:
                if isinstance(event, TextAdded):
                    scope.cancel()
    assert closed.is_set()
    assert [(m.content, m.outcome) for m in await saved(chatbot)][1] == ("Half", "interrupted")


# --- saving ---------------------------------------------------------------------------------------


async def test_a_growing_answer_is_saved_while_it_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chatbot_module, "SAVE_EVERY", 0.0)
    store = MemoryConversations()
    await bot(conversations=store).answer(ASKED)
    assert [(m.content, m.outcome) for m in store.updates] == [
        (RETURNS[:8], "streaming"),
        (f"{RETURNS} ", "streaming"),
        (f"{RETURNS} [1]", "streaming"),
        (f"{RETURNS} [1]", "complete"),
    ]


async def test_the_question_and_the_place_of_its_answer_are_saved_before_anything_is_looked_up() -> None:
    store = MemoryConversations()
    seen: list[list[Outcome]] = []

    class Watching(MemoryRetriever):
        async def retrieve(self, query: str, top_k: int = 3, min_score: float = 0.0) -> list[Passage]:
            [messages] = store.said.values()
            seen.append([message.outcome for message in messages.values()])
            return await super().retrieve(query, top_k, min_score)

    await bot(conversations=store, knowledge_base=Watching(TEXTS)).answer(ASKED)
    assert seen == [["complete", "streaming"]]


async def test_without_a_store_the_conversation_lives_in_memory_alone() -> None:
    chatbot = bot(conversations=None)
    answer = await chatbot.answer(ASKED)
    assert answer.conversation_id == ""
    assert len(chatbot.memory) == 2


async def test_a_conversation_is_its_owner_s() -> None:
    store = MemoryConversations()
    await bot(conversations=store, owner=OwnerId("ada")).answer(ASKED)
    assert len(await store.conversations(OwnerId("ada"))) == 1
    assert await store.conversations(LOCAL) == ()


async def test_a_reset_begins_a_new_conversation_and_keeps_what_is_saved() -> None:
    store = MemoryConversations()
    chatbot = bot(conversations=store)
    await chatbot.answer(ASKED)
    assert "cleared" in chatbot.reset()
    assert len(chatbot.memory) == 0
    await chatbot.answer(ASKED)
    assert [one.messages for one in await store.conversations(LOCAL)] == [2, 2]


async def test_the_record_of_a_turn_holds_ids_offsets_and_hashes_and_no_passage_text() -> None:
    chatbot = bot(["Yes. [1]"])
    answer = await chatbot.answer("What about returns?")
    assert chatbot.conversations is not None
    record = await chatbot.conversations.turn(LOCAL, answer.turn_id)
    assert (record.outcome, record.model, record.question) == ("complete", "scripted", "What about returns?")
    assert [(p["document_id"], p["start"], p["end"], p["sha256"]) for p in record.passages] == [
        (p.document_id, p.chunk.start, p.chunk.end, p.sha256) for p in answer.passages
    ]
    assert record.passages
    assert not any(text in repr(record) for text in TEXTS.values())


async def test_a_prompt_can_be_built_again_from_the_record_the_conversation_and_the_documents() -> None:
    chatbot = bot(QUOTED, system_prompt="Be brief.")
    await chatbot.answer("What does the premium plan cost?")
    answer = await chatbot.answer("And for a year?")
    assert chatbot.conversations is not None
    record = await chatbot.conversations.turn(LOCAL, answer.turn_id)
    messages = await chatbot.conversations.messages(LOCAL, record.conversation_id)
    parameters = record.parameters
    again = build(
        system_prompt=parameters["system_prompt"],
        history=messages[: [m.id for m in messages].index(record.question_id)],
        asked=record.question,
        question=record.rewritten_question or record.question,
        basis=record.basis,
        passages=[
            replace(whole_passage(p["document_id"], TEXTS[p["document_id"]]), score=p["score"])
            for p in record.passages
        ],
        evidence=None,
        recalled="",
        context_tokens=parameters["context_tokens"],
        count=roughly,
        mark=parameters["mark"],
    )
    assert again.prompt.messages == prompts(chatbot)[1].messages


# --- anybody's retriever and anybody's model ------------------------------------------------------


def plain(query: str, top_k: int = 3, min_score: float = 0.0) -> list[dict[str, Any]]:
    return [{"text": RETURNS, "source": "returns.txt", "score": 0.9, "year": 2024}]


async def asynchronous(query: str, top_k: int = 3, min_score: float = 0.0) -> list[dict[str, Any]]:
    return plain(query)


def awaitable(query: str, top_k: int = 3, min_score: float = 0.0) -> Any:
    return asynchronous(query)


def passages(query: str, top_k: int = 3, min_score: float = 0.0) -> list[Passage]:
    return [whole_passage("returns.txt", RETURNS)]


def bare(query: str, top_k: int = 3, min_score: float = 0.0) -> list[str]:
    return [RETURNS]


class OwnIndex:
    """An index of somebody's own, with an attribute that only looks like ours."""

    embedder = "somebody's own"

    def __init__(self, retrieve: Callable[..., Any]) -> None:
        self.retrieve = retrieve


@pytest.mark.parametrize("retrieve", [plain, asynchronous, awaitable, passages, bare])
async def test_anybody_s_index_can_stand_in_the_place_of_ours(retrieve: Callable[..., Any]) -> None:
    answer = ended(await events_of(bot(knowledge_base=OwnIndex(retrieve)), ASKED))
    assert answer.outcome == "complete"
    [citation] = answer.citations
    assert (citation.verdict, citation.quote, citation.start, citation.end) == (
        "verified",
        RETURNS,
        0,
        len(RETURNS),
    )
    assert citation.document == ("passage 1" if retrieve is bare else "returns.txt")
    if retrieve in (plain, asynchronous, awaitable):
        assert answer.passages[0].metadata == {"year": 2024}
        assert answer.passages[0].score == 0.9


@pytest.mark.parametrize("returned", [[{"source": "a"}], [7], [{"text": 7}]])
async def test_an_index_that_returns_nonsense_is_told_what_it_should_return(returned: list[Any]) -> None:
    chatbot = bot(knowledge_base=OwnIndex(lambda *_: returned))
    with pytest.raises(TypeError, match='dicts with "text"'):
        await chatbot.answer(ASKED)
    assert [m.outcome for m in await saved(chatbot)] == ["complete", "failed"]


async def test_an_index_that_raises_fails_the_turn_and_it_is_told() -> None:
    def broken(query: str, top_k: int = 3, min_score: float = 0.0) -> Any:
        raise LookupError("the index is gone")

    chatbot = bot(knowledge_base=OwnIndex(broken))
    events = await events_of(chatbot, ASKED)
    assert ended(events).outcome == "failed"
    assert any("the index is gone" in text for text in notices(events))
    assert [m.outcome for m in await saved(chatbot)] == ["complete", "failed"]


class TestOwnRetriever(RetrieverContract):
    @pytest.fixture
    def retriever(self) -> MemoryRetriever:
        from footnote.testing.retriever import TEXTS as CONTRACT_TEXTS  # noqa: PLC0415

        return MemoryRetriever(CONTRACT_TEXTS)


class Parrot(LLMBackend):
    """Somebody's own model: it defines only `complete`."""

    def __init__(self) -> None:
        self.seen: list[Sequence[Mapping[str, Any]]] = []

    def complete(self, messages: Sequence[Mapping[str, Any]], **kwargs: Any) -> str:
        self.seen.append(messages)
        return f"{RETURNS} [1]"


def test_a_model_of_one_s_own_needs_only_to_complete() -> None:
    parrot = Parrot()
    answer = bot(llm=parrot, system_prompt="Be brief.").ask(ASKED)
    assert (answer.text, answer.outcome, answer.model) == (f"{RETURNS} [1]", "complete", "custom")
    assert [citation.verdict for citation in answer.citations] == ["verified"]
    [messages] = parrot.seen
    assert [message["role"] for message in messages] == ["system", "user"]
    assert RETURNS in messages[-1]["content"]


def test_model_and_documents_can_be_exchanged_in_mid_conversation() -> None:
    chatbot = bot(["First."])
    chatbot.chat(ASKED)
    chatbot.llm = parrot = Parrot()
    chatbot.kb = MemoryRetriever({"new.txt": RETURNS})
    answer = chatbot.ask(ASKED)
    assert [citation.document for citation in answer.citations] == ["new.txt"]
    assert "First." in [message["content"] for message in parrot.seen[0]]


def test_verbose_prints_how_many_passages_and_the_beginning_of_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = bot().chat(ASKED, verbose=True)
    printed = capsys.readouterr().out
    assert answer == f"{RETURNS} [1]"
    first, second = printed.splitlines()[:2]
    assert first.startswith("Retrieved ")
    assert first[10:11].isdigit()
    assert "returns.txt" in second
    assert RETURNS[:40] in second
    assert bot().chat(ASKED) == answer
    assert capsys.readouterr().out == ""


def test_the_statistics_count_turns_lookups_and_tokens() -> None:
    chatbot = bot()
    chatbot.chat(ASKED)
    chatbot.chat("How are you today?")
    chatbot.chat(ASKED, use_rag=False)
    stats = chatbot.get_stats()
    assert (stats["turns"], stats["retrievals"]) == (3, 1)
    assert stats["tokens_est"] > 0
    stats["turns"] = 99
    assert chatbot.get_stats()["turns"] == 3


async def test_a_word_embedder_finds_texts_that_share_words_near() -> None:
    """The fake itself must be right, or what rests on it proves nothing."""
    one, same, other = await WordEmbedder().embed([RETURNS, f"{RETURNS} Yes.", OFF_TOPIC], "document")
    assert one @ same > 0.9
    assert one @ other < 0.5


async def test_a_store_that_forgot_the_conversation_refuses_before_anything_is_spent() -> None:
    chatbot = bot(conversation_id=ConversationId("gone"))
    with pytest.raises(Exception, match="no such conversation"):
        await chatbot.answer(ASKED)
    assert prompts(chatbot) == []
    assert chatbot.memory.messages == []


def test_message_ids_are_never_reused() -> None:
    chatbot = bot()
    for _ in range(3):
        chatbot.chat(ASKED)
    ids = [message.id for message in chatbot.memory.messages]
    assert len(set(ids)) == 6
    assert MessageId("") not in ids
