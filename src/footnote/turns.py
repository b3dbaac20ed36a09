"""The turns that run now. A turn is a task of the server, not of the browser tab that asked.

`start` begins one, `news` and `follow` let any number of screens watch it from any point, and only
`stop` ends it early: a follower that leaves changes nothing. Read `start` first.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field

import anyio

from footnote.chatbot import Chatbot, admitted, in_words
from footnote.errors import ConversationBusy, FootnoteError, NotFound
from footnote.events import TurnEvent
from footnote.types import ConversationId, TurnId

KEPT_AFTER_END = 300.0
"""Seconds for which the events of an ended turn can still be read; its answer is in the database."""


@dataclass
class _Running:
    chatbot: Chatbot
    events: list[TurnEvent] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    """Not `Task.cancel`: saving the half answer is shielded, however often somebody stops it."""
    task: asyncio.Task[None] | None = None
    error: str = ""
    ended_at: float | None = None

    def speaks_with(self, chatbot: Chatbot) -> bool:
        """Whether a chatbot is in the same conversation, which has no id before its first turn."""
        mine = self.chatbot.conversation_id
        return self.chatbot is chatbot or (mine is not None and mine == chatbot.conversation_id)

    def tell(self) -> None:
        """Wake whoever waits, and give later waiters an event of their own."""
        self.changed.set()
        self.changed = asyncio.Event()


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """What happened since a follower last looked."""

    events: tuple[TurnEvent, ...]
    ended: bool
    error: str = ""
    """Why the turn failed, in plain words."""


class Turns:
    """All running turns of one process. Use it from one event loop."""

    def __init__(self) -> None:
        self._turns: dict[TurnId, _Running] = {}

    async def start(self, chatbot: Chatbot, question: str, *, use_rag: bool = True) -> TurnId:
        """Begin a turn and return at once. Raises `QuestionRefused` for a question that is not
        admitted, and `ConversationBusy` while another turn runs in the conversation: each must know
        what was said before it."""
        self._forget_old()
        question = admitted(question)
        if any(turn.ended_at is None and turn.speaks_with(chatbot) for turn in self._turns.values()):
            raise ConversationBusy(
                "An answer is still being written in this conversation. Ask when it is done, or stop it."
            )
        turn_id = TurnId(uuid.uuid4().hex)
        running = _Running(chatbot=chatbot)
        self._turns[turn_id] = running
        running.task = asyncio.create_task(self._run(running, turn_id, question, use_rag))
        return turn_id

    async def _run(self, running: _Running, turn_id: TurnId, question: str, use_rag: bool) -> None:
        try:
            with running.scope:
                stream = running.chatbot.stream(question, use_rag=use_rag, turn_id=turn_id)
                async with aclosing(stream) as events:
                    async for event in events:
                        running.events.append(event)
                        running.tell()
        except FootnoteError as error:
            running.error = in_words(error)
        except Exception as error:
            running.error = in_words(error)
            raise
        finally:
            running.ended_at = time.monotonic()
            running.tell()

    async def news(self, turn_id: TurnId, after: int, patience: float = 0.25) -> News:
        """The events from number `after` on, waiting at most `patience` seconds for the first."""
        running = self._find(turn_id)
        if len(running.events) <= after and running.ended_at is None:
            changed = running.changed
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), patience)
        return News(
            events=tuple(running.events[after:]),
            ended=running.ended_at is not None,
            error=running.error,
        )

    async def follow(self, turn_id: TurnId, after: int = 0) -> AsyncGenerator[TurnEvent]:
        """The events from number `after` on, until the turn ends."""
        while True:
            news = await self.news(turn_id, after, patience=5.0)
            for event in news.events:
                yield event
            after += len(news.events)
            if news.ended and not news.events:
                return

    async def stop(self, turn_id: TurnId) -> None:
        """End a turn now; what was said so far is kept as interrupted. Returns when it is saved."""
        running = self._find(turn_id)
        running.scope.cancel()
        if running.task is not None:
            await asyncio.wait([running.task])

    def running(self, conversation_id: ConversationId) -> TurnId | None:
        """The turn that runs in a conversation now, for a screen that comes back to it."""
        for turn_id, turn in self._turns.items():
            if turn.ended_at is None and turn.chatbot.conversation_id == conversation_id:
                return turn_id
        return None

    async def aclose(self) -> None:
        """Stop every running turn, as at shutdown."""
        for turn_id in list(self._turns):
            await self.stop(turn_id)

    def _find(self, turn_id: TurnId) -> _Running:
        running = self._turns.get(turn_id)
        if running is None:
            raise NotFound("This turn is over; its answer is in the conversation.")
        return running

    def _forget_old(self) -> None:
        now = time.monotonic()
        for turn_id, turn in list(self._turns.items()):
            if turn.ended_at is not None and now - turn.ended_at > KEPT_AFTER_END:
                del self._turns[turn_id]
