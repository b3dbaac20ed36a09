"""What every `ConversationStore` and `SettingsStore` must do.

Inherit from `ConversationStoreContract` and give it a `conversations`; from `SettingsStoreContract`,
a `settings`.
"""

from dataclasses import replace

import pytest

from footnote.errors import NotFound
from footnote.interfaces import ConversationStore, SettingsStore
from footnote.types import (
    LOCAL,
    Citation,
    ConversationId,
    DocumentId,
    Message,
    MessageId,
    OwnerId,
    TurnId,
    TurnRecord,
    Usage,
)

SOMEONE_ELSE = OwnerId("someone else")


def citation(document_id: str = "d1", quote: str = "fourteen days") -> Citation:
    return Citation(
        marker=1,
        document="policy.pdf",
        document_id=DocumentId(document_id),
        sha256="ab" * 32,
        collection="documents",
        page="iv",
        quote=quote,
        start=3,
        end=16,
        verdict="verified",
        claim="It takes fourteen days.",
    )


def turn_record(conversation_id: ConversationId, turn_id: str = "t1") -> TurnRecord:
    return TurnRecord(
        id=TurnId(turn_id),
        conversation_id=conversation_id,
        question_id=MessageId("q1"),
        answer_id=MessageId("a1"),
        started_at=12.5,
        question="How long?",
        rewritten_question="How long do refunds take?",
        basis="documents",
        outcome="complete",
        model="extractive",
        template="1",
        parameters={"temperature": 0.5},
        passages=({"document_id": "d1", "sha256": "ab", "start": 1, "end": 5, "score": 0.5},),
        evidence_score=0.75,
        usage=Usage(tokens_in=3, tokens_out=4, tokens_cached=1),
        timings_ms={"search": 1.5},
    )


class ConversationStoreContract:
    """Async tests: run with pytest-asyncio in `auto` mode."""

    async def test_messages_come_back_as_they_were_said(self, conversations: ConversationStore) -> None:
        conversation = await conversations.create(LOCAL, "Refunds")
        question = Message(
            role="user", content="Wie lange? 😀", timestamp=1.5, id=MessageId("q1"), metadata={"typed": True}
        )
        answer = Message(
            role="assistant",
            content="Fourteen days [1].",
            timestamp=2.5,
            id=MessageId("a1"),
            parent_id=question.id,
            citations=(citation(), replace(citation(), marker=2, quote="")),
            outcome="cut_short",
        )
        await conversations.append(LOCAL, conversation, question)
        await conversations.append(LOCAL, conversation, answer)
        assert await conversations.messages(LOCAL, conversation) == (question, answer)

    async def test_branches_are_kept_side_by_side(self, conversations: ConversationStore) -> None:
        conversation = await conversations.create(LOCAL)
        question = Message(role="user", content="?", id=MessageId("q"))
        tries = [
            Message(role="assistant", content=str(n), id=MessageId(f"a{n}"), parent_id=question.id)
            for n in range(3)
        ]
        for message in (question, *tries):
            await conversations.append(LOCAL, conversation, message)
        said = await conversations.messages(LOCAL, conversation)
        assert [(m.content, m.parent_id) for m in said] == [("?", None), ("0", "q"), ("1", "q"), ("2", "q")]

    async def test_a_message_without_an_id_is_given_one(self, conversations: ConversationStore) -> None:
        conversation = await conversations.create(LOCAL)
        for content in ("a", "b"):
            await conversations.append(LOCAL, conversation, Message(role="user", content=content))
        first, second = await conversations.messages(LOCAL, conversation)
        assert first.id
        assert first.id != second.id

    async def test_a_growing_answer_is_saved_again_and_again(self, conversations: ConversationStore) -> None:
        conversation = await conversations.create(LOCAL)
        answer = Message(role="assistant", content="", id=MessageId("a"), outcome="streaming")
        await conversations.append(LOCAL, conversation, answer)
        answer.content, answer.citations = "Four", (citation(),)
        await conversations.update(LOCAL, answer)
        answer.content, answer.citations, answer.outcome = "Fourteen", (citation("d2"),), "complete"
        answer.metadata = {"model": "extractive"}
        await conversations.update(LOCAL, answer)
        assert await conversations.messages(LOCAL, conversation) == (answer,)

    @pytest.mark.parametrize("content", ["a\x00b", "half a pair: \ud800", "x" * 1_000_000, "\u202e\ufffe"])
    async def test_whatever_a_model_says_can_be_saved(
        self, conversations: ConversationStore, content: str
    ) -> None:
        conversation = await conversations.create(LOCAL)
        said = Message(role="assistant", content=content, citations=(citation(quote=content),))
        await conversations.append(LOCAL, conversation, said)
        (message,) = await conversations.messages(LOCAL, conversation)
        assert len(message.content) == len(content)

    async def test_the_conversation_last_spoken_in_comes_first(
        self, conversations: ConversationStore
    ) -> None:
        first = await conversations.create(LOCAL, "first")
        await conversations.create(LOCAL, "second")
        assert [c.title for c in await conversations.conversations(LOCAL)] == ["second", "first"]
        await conversations.append(LOCAL, first, Message(role="user", content="again"))
        listed = await conversations.conversations(LOCAL)
        assert [(c.title, c.messages) for c in listed] == [("first", 1), ("second", 0)]
        assert listed[0].created_at <= listed[0].updated_at

    async def test_a_conversation_is_renamed_and_deleted(self, conversations: ConversationStore) -> None:
        gone, stays = await conversations.create(LOCAL, "a"), await conversations.create(LOCAL, "b")
        await conversations.append(LOCAL, gone, Message(role="user", content="x", id=MessageId("m")))
        await conversations.save_turn(LOCAL, turn_record(gone))
        await conversations.rename(LOCAL, stays, "c")
        await conversations.delete(LOCAL, gone)
        assert [c.title for c in await conversations.conversations(LOCAL)] == ["c"]
        with pytest.raises(NotFound):
            await conversations.messages(LOCAL, gone)
        with pytest.raises(NotFound):
            await conversations.turn(LOCAL, TurnId("t1"))

    async def test_deleted_answers_lose_their_words_and_footnotes_only(
        self, conversations: ConversationStore
    ) -> None:
        conversation = await conversations.create(LOCAL)
        for name in ("a", "b"):
            await conversations.append(
                LOCAL,
                conversation,
                Message(role="assistant", content=name, id=MessageId(name), citations=(citation(),)),
            )
        await conversations.delete_messages(LOCAL, [MessageId("a")])
        blank, kept = await conversations.messages(LOCAL, conversation)
        assert (blank.id, blank.content, blank.citations) == ("a", "", ())
        assert (kept.content, kept.citations) == ("b", (citation(),))

    async def test_a_turn_comes_back_as_it_was_saved(self, conversations: ConversationStore) -> None:
        conversation = await conversations.create(LOCAL)
        await conversations.save_turn(LOCAL, turn_record(conversation))
        assert await conversations.turn(LOCAL, TurnId("t1")) == turn_record(conversation)

    async def test_unknown_ids_are_not_found(self, conversations: ConversationStore) -> None:
        await self._expect_nothing_found(conversations, ConversationId("unknown"), LOCAL)

    async def test_no_owner_sees_or_touches_another_ones_conversations(
        self, conversations: ConversationStore
    ) -> None:
        theirs = await conversations.create(SOMEONE_ELSE, "secret")
        message = Message(role="user", content="secret", id=MessageId("m"), citations=(citation(),))
        await conversations.append(SOMEONE_ELSE, theirs, message)
        await conversations.save_turn(SOMEONE_ELSE, turn_record(theirs))
        await self._expect_nothing_found(conversations, theirs, LOCAL)
        await conversations.delete_messages(LOCAL, [message.id])
        assert await conversations.conversations(LOCAL) == ()
        assert await conversations.messages(SOMEONE_ELSE, theirs) == (message,)
        assert await conversations.turn(SOMEONE_ELSE, TurnId("t1")) == turn_record(theirs)

    async def _expect_nothing_found(
        self, conversations: ConversationStore, conversation: ConversationId, owner: OwnerId
    ) -> None:
        message = Message(role="user", content="mine", id=MessageId("m"))
        for attempt in (
            lambda: conversations.messages(owner, conversation),
            lambda: conversations.append(owner, conversation, Message(role="user", content="x")),
            lambda: conversations.update(owner, message),
            lambda: conversations.rename(owner, conversation, "x"),
            lambda: conversations.delete(owner, conversation),
            lambda: conversations.save_turn(owner, turn_record(conversation, "t2")),
            lambda: conversations.turn(owner, TurnId("t1")),
        ):
            with pytest.raises(NotFound):
                await attempt()

    async def test_a_living_process_keeps_its_streaming_answers(
        self, conversations: ConversationStore
    ) -> None:
        conversation = await conversations.create(LOCAL)
        await conversations.append(
            LOCAL, conversation, Message(role="assistant", content="Fo", outcome="streaming")
        )
        assert await conversations.interrupt_streaming() == 0
        (message,) = await conversations.messages(LOCAL, conversation)
        assert message.outcome == "streaming"


class SettingsStoreContract:
    """Async tests: run with pytest-asyncio in `auto` mode."""

    async def test_a_value_is_kept_for_its_owner(self, settings: SettingsStore) -> None:
        assert await settings.get(LOCAL, "theme") is None
        await settings.set(LOCAL, "theme", "dark")
        await settings.set(LOCAL, "theme", "light")
        await settings.set(SOMEONE_ELSE, "theme", "dark")
        assert await settings.get(LOCAL, "theme") == "light"
        assert await settings.get(SOMEONE_ELSE, "theme") == "dark"
        assert await settings.get(LOCAL, "other") is None
