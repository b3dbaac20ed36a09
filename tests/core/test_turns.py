"""A turn runs on its own: screens follow it, leave it and come back, and only Stop ends it early."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import anyio
import pytest

from footnote import turns as turns_module
from footnote.backends.scripted import ScriptedBackend
from footnote.chatbot import Chatbot
from footnote.errors import BackendUnreachable, ConversationBusy, NotFound, QuestionRefused
from footnote.events import TextAdded, TurnEnded, TurnEvent
from footnote.interfaces import LLMBackend, Piece, Prompt, Text
from footnote.testing.fakes import MemoryConversations
from footnote.turns import Turns
from footnote.types import LOCAL, ConversationId, Message, OwnerId, TurnId


class Gated(LLMBackend):
    """Says a word whenever it is told to, and ends when told to."""

    def __init__(self) -> None:
        self.words: asyncio.Queue[str] = asyncio.Queue()
        self.closed = False

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        try:
            while (word := await self.words.get()) != "END":
                yield Text(text=word)
        finally:
            self.closed = True


def bot(llm: LLMBackend | None = None, **more: Any) -> Chatbot:
    return Chatbot(
        llm or ScriptedBackend(["one ", "two ", "three"]), conversations=MemoryConversations(), **more
    )


async def said(chatbot: Chatbot) -> list[tuple[str, str]]:
    assert chatbot.conversations is not None
    assert chatbot.conversation_id is not None
    kept = await chatbot.conversations.messages(LOCAL, chatbot.conversation_id)
    assert [(m.content, m.outcome) for m in kept] == [(m.content, m.outcome) for m in chatbot.memory.messages]
    return [(m.content, m.outcome) for m in kept]


async def followed(turns: Turns, turn_id: TurnId, after: int = 0) -> list[TurnEvent]:
    async with aclosing(turns.follow(turn_id, after)) as events:
        return [event async for event in events]


async def until_text(turns: Turns, turn_id: TurnId) -> None:
    async with aclosing(turns.follow(turn_id)) as events:
        async for event in events:
            if isinstance(event, TextAdded):
                return


async def test_a_turn_is_followed_from_its_start_to_its_end() -> None:
    turns = Turns()
    turn_id = await turns.start(bot(), "Hello there, how is the weather?")
    kinds = [event.kind for event in await followed(turns, turn_id)]
    assert kinds[0] == "turn_started"
    assert kinds[-1] == "turn_ended"
    assert kinds.count("text_added") == 3


async def test_two_followers_see_the_same() -> None:
    turns = Turns()
    turn_id = await turns.start(bot(), "Which penguins swim fastest?")
    one, other = await asyncio.gather(followed(turns, turn_id), followed(turns, turn_id))
    assert one == other
    assert isinstance(one[-1], TurnEnded)


async def test_a_follower_can_come_in_the_middle_and_after_the_end() -> None:
    turns = Turns()
    turn_id = await turns.start(bot(), "Which penguins swim fastest?")
    everything = await followed(turns, turn_id)
    assert await followed(turns, turn_id, after=3) == everything[3:]
    assert await followed(turns, turn_id, after=len(everything)) == []


async def test_a_follower_who_leaves_changes_nothing() -> None:
    turns, llm = Turns(), Gated()
    chatbot = bot(llm)
    turn_id = await turns.start(chatbot, "Which penguins swim fastest?")
    llm.words.put_nowait("The ")
    await until_text(turns, turn_id)
    assert not llm.closed
    llm.words.put_nowait("gentoo.")
    llm.words.put_nowait("END")
    assert isinstance((await followed(turns, turn_id))[-1], TurnEnded)
    assert (await said(chatbot))[1][0] == "The gentoo."


async def test_stop_keeps_the_half_answer_and_closes_the_model() -> None:
    turns, llm = Turns(), Gated()
    chatbot = bot(llm)
    turn_id = await turns.start(chatbot, "Which penguins swim fastest?")
    llm.words.put_nowait("The gen")
    await until_text(turns, turn_id)
    await turns.stop(turn_id)
    assert llm.closed
    assert await said(chatbot) == [("Which penguins swim fastest?", "complete"), ("The gen", "interrupted")]
    assert (await turns.news(turn_id, 0)).ended


class SlowToSave(MemoryConversations):
    """A store that takes its time, so that a second Stop comes while the first is being saved."""

    async def update(self, owner: OwnerId, message: Message) -> None:
        await asyncio.sleep(0.02)
        await super().update(owner, message)


async def test_a_second_stop_does_not_stop_the_saving() -> None:
    turns, llm = Turns(), Gated()
    chatbot = Chatbot(llm, conversations=SlowToSave())
    turn_id = await turns.start(chatbot, "Which penguins swim fastest?")
    llm.words.put_nowait("The gen")
    await until_text(turns, turn_id)
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(turns.stop, turn_id)
            await asyncio.sleep(0.005)
    assert (await said(chatbot))[1] == ("The gen", "interrupted")


async def test_stop_during_the_saving_of_a_whole_answer_lets_it_be_saved() -> None:
    turns, llm = Turns(), ScriptedBackend(["The gentoo."])
    chatbot = Chatbot(llm, conversations=SlowToSave())
    turn_id = await turns.start(chatbot, "Which penguins swim fastest?")
    await until_text(turns, turn_id)
    await asyncio.sleep(0.01)
    await turns.stop(turn_id)
    assert (await said(chatbot))[1] == ("The gentoo.", "complete")


async def test_a_turn_that_is_stopped_before_it_begins_ends_too() -> None:
    turns = Turns()
    turn_id = await turns.start(bot(Gated()), "Which penguins swim fastest?")
    await turns.stop(turn_id)
    with anyio.fail_after(5):
        await followed(turns, turn_id)
    assert (await turns.news(turn_id, 0)).ended


async def test_stopping_an_ended_turn_does_nothing() -> None:
    turns, chatbot = Turns(), bot()
    turn_id = await turns.start(chatbot, "Which penguins swim fastest?")
    await followed(turns, turn_id)
    await turns.stop(turn_id)
    assert (await said(chatbot))[1] == ("one two three", "complete")


async def test_the_conversation_goes_on_after_a_stop() -> None:
    turns, llm = Turns(), Gated()
    chatbot = bot(llm)
    turn_id = await turns.start(chatbot, "Which penguins swim fastest?")
    await until_some(llm, turns, turn_id)
    await turns.stop(turn_id)
    chatbot.llm = ScriptedBackend(["Emperors dive deepest."])
    await followed(turns, await turns.start(chatbot, "And which dive deepest of them all?"))
    assert [outcome for _, outcome in await said(chatbot)] == [
        "complete",
        "interrupted",
        "complete",
        "complete",
    ]


async def until_some(llm: Gated, turns: Turns, turn_id: TurnId) -> None:
    llm.words.put_nowait("The gen")
    await until_text(turns, turn_id)


async def test_news_comes_at_once_when_there_is_some_and_after_patience_when_there_is_none() -> None:
    turns, llm = Turns(), Gated()
    turn_id = await turns.start(bot(llm), "Which penguins swim fastest?")
    await until_some(llm, turns, turn_id)
    with anyio.fail_after(5):
        first = await turns.news(turn_id, 0, patience=60)
    assert first.events
    assert not first.ended
    nothing = await turns.news(turn_id, len(first.events), patience=0.01)
    assert (nothing.events, nothing.ended) == ((), False)
    llm.words.put_nowait("too.")
    with anyio.fail_after(5):
        assert (await turns.news(turn_id, len(first.events), patience=60)).events
    await turns.aclose()


async def test_a_turn_that_fails_tells_its_followers_why() -> None:
    turns = Turns()
    llm = ScriptedBackend([BackendUnreachable("The model could not be reached.")])
    turn_id = await turns.start(bot(llm), "Which penguins swim fastest?")
    events = await followed(turns, turn_id)
    assert isinstance(events[-1], TurnEnded)
    assert events[-1].answer.outcome == "failed"
    assert (await turns.news(turn_id, 0)).error == "The model could not be reached."


async def test_an_error_of_somebody_s_own_model_is_told_too() -> None:
    turns = Turns()
    turn_id = await turns.start(
        bot(ScriptedBackend(["Half", KeyError("choices")])), "Which penguins swim fastest?"
    )
    events = await followed(turns, turn_id)
    assert isinstance(events[-1], TurnEnded)
    assert events[-1].answer.outcome == "interrupted"
    assert "KeyError" in (await turns.news(turn_id, 0)).error


async def test_a_question_that_is_not_admitted_is_refused_at_once() -> None:
    turns = Turns()
    with pytest.raises(QuestionRefused):
        await turns.start(bot(), "  ")


async def test_a_second_turn_is_refused_while_one_runs_in_its_conversation() -> None:
    turns, llm, conversations = Turns(), Gated(), MemoryConversations()
    first = Chatbot(llm, conversations=conversations)
    running = await turns.start(first, "Which penguins swim fastest?")
    await until_some(llm, turns, running)
    in_another_tab = Chatbot(
        ScriptedBackend(["Emperors."]), conversations=conversations, conversation_id=first.conversation_id
    )
    with pytest.raises(ConversationBusy, match="still being written"):
        await turns.start(in_another_tab, "Which dive deepest?")
    with pytest.raises(QuestionRefused):
        await turns.start(first, "Which dive deepest?")
    await turns.stop(running)
    assert [outcome for _, outcome in await said(first)] == ["complete", "interrupted"]
    await followed(turns, await turns.start(in_another_tab, "Which dive deepest?"))
    assert first.conversation_id is not None
    assert len(await conversations.messages(LOCAL, first.conversation_id)) == 4


async def test_a_second_turn_is_refused_before_the_first_has_a_conversation() -> None:
    turns, chatbot = Turns(), bot()
    running = await turns.start(chatbot, "Which penguins swim fastest?")
    assert chatbot.conversation_id is None
    with pytest.raises(ConversationBusy):
        await turns.start(chatbot, "Which dive deepest?")
    await followed(turns, running)
    assert len(await said(chatbot)) == 2


async def test_turns_of_different_conversations_run_at_once() -> None:
    turns = Turns()
    models = [Gated(), Gated()]
    started = [await turns.start(bot(llm), "Which penguins swim fastest?") for llm in models]
    for llm, turn_id in zip(models, started, strict=True):
        await until_some(llm, turns, turn_id)
    await turns.aclose()


async def test_a_screen_that_comes_back_finds_the_turn_of_its_conversation() -> None:
    turns, llm = Turns(), Gated()
    chatbot = bot(llm)
    turn_id = await turns.start(chatbot, "Which penguins swim fastest?")
    await until_some(llm, turns, turn_id)
    assert chatbot.conversation_id is not None
    assert turns.running(chatbot.conversation_id) == turn_id
    assert turns.running(ConversationId("another")) is None
    await turns.stop(turn_id)
    assert turns.running(chatbot.conversation_id) is None


async def test_closing_stops_all_turns_and_keeps_their_halves() -> None:
    turns = Turns()
    models = [Gated(), Gated()]
    bots = [bot(llm) for llm in models]
    for chatbot, llm in zip(bots, models, strict=True):
        await until_some(llm, turns, await turns.start(chatbot, "Which penguins swim fastest?"))
    await turns.aclose()
    for chatbot in bots:
        assert (await said(chatbot))[1] == ("The gen", "interrupted")


async def test_an_old_turn_is_forgotten_and_its_answer_is_in_the_conversation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns_module, "KEPT_AFTER_END", -1.0)
    turns, chatbot = Turns(), bot()
    turn_id = await turns.start(chatbot, "Which penguins swim fastest?")
    await followed(turns, turn_id)
    await followed(turns, await turns.start(chatbot, "And which dive deepest of them all?"))
    with pytest.raises(NotFound, match="in the conversation"):
        await turns.news(turn_id, 0)
    assert len(await said(chatbot)) == 4
