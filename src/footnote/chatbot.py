"""One turn of conversation, a straight line from the question to the saved answer.

Read `Chatbot.stream` first: its numbered steps are the whole product. Everything it uses is given
to it: a language model, something that finds passages, and, when conversations shall outlive the
process, a store for them.
"""

import time
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Literal, assert_never

import anyio
import anyio.to_thread

from footnote import loop
from footnote.citing import Checked, check, repeated
from footnote.errors import FootnoteError, QuestionRefused
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
from footnote.finding import look_up, wanted
from footnote.interfaces import ConversationStore, Finished, LLMBackend, Retriever, Text
from footnote.language.characters import clean
from footnote.memory import ConversationMemory, latest, roughly
from footnote.prompting import DECLINED, TEMPLATE, build
from footnote.retrieval.conversation import answer_from_history
from footnote.retrieval.evidence import STRICT_THRESHOLD
from footnote.retrieval.gate import decide
from footnote.types import (
    LOCAL,
    Answer,
    Basis,
    Citation,
    ConversationId,
    Evidence,
    Filters,
    Message,
    MessageId,
    Outcome,
    OwnerId,
    Passage,
    TurnId,
    TurnRecord,
    Usage,
)

LONGEST_QUESTION = 8_000
"""Characters. A longer one is a document: add it as one."""

SAVE_EVERY = 1.0
"""Seconds between saves of a growing answer."""

BROKEN_OFF = {
    "end": "",
    "cut": "The answer broke off before its end: the model's stream stopped without saying so.",
    "length": "The answer was cut short: the model reached the length that it may write.",
    "filter": "The answer was cut short: the model's provider held back the rest.",
}

Mode = Literal["strict", "open"]
"""`strict` declines when the evidence is weak; `open` lets the model answer and labels it so."""


@dataclass(kw_only=True)
class _Turn:
    """What is known of the running turn; it becomes the answer and the turn record."""

    id: TurnId
    asked: str
    question_id: MessageId
    answer_id: MessageId
    started: float = field(default_factory=time.time)
    clock: float = field(default_factory=time.perf_counter)
    question: str = ""
    basis: Basis = "model"
    passages: tuple[Passage, ...] = ()
    evidence: Evidence | None = None
    recalled: str = ""
    repeated: tuple[Citation, ...] = ()
    """The footnotes of what is recalled: words of a document stay findable when they are said again."""
    pieces: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    outcome: Outcome = "interrupted"
    broken_off: str = BROKEN_OFF["cut"]
    """Why the answer is not whole; empty when it is."""
    model: str = ""
    usage: Usage = Usage()
    parameters: dict[str, Any] = field(default_factory=dict)
    timings_ms: dict[str, float] = field(default_factory=dict)

    def mark(self, name: str) -> None:
        self.timings_ms[name] = round((time.perf_counter() - self.clock) * 1000, 1)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


class Chatbot:
    """A conversation with a language model about documents.

    `llm` and `kb` may be exchanged in mid-conversation. Without `knowledge_base` it just chats.
    With `conversations` the messages are saved under `conversation_id` as they come.
    """

    def __init__(
        self,
        llm: LLMBackend,
        knowledge_base: Retriever | None = None,
        system_prompt: str = "",
        max_turns: int = 10,
        *,
        mode: Mode = "strict",
        top_k: int = 5,
        filters: Filters | None = None,
        threshold: float = STRICT_THRESHOLD,
        conversations: ConversationStore | None = None,
        conversation_id: ConversationId | None = None,
        owner: OwnerId = LOCAL,
    ) -> None:
        self.llm = llm
        self.kb = knowledge_base
        self.memory = ConversationMemory(max_turns=max_turns, system_prompt=system_prompt)
        self.stats = {"turns": 0, "retrievals": 0, "tokens_est": 0}
        self.mode: Mode = mode
        self.top_k = top_k
        self.filters = filters or Filters()
        self.threshold = threshold
        self.conversations = conversations
        self.conversation_id = conversation_id
        self.owner = owner

    # --- the turn ---------------------------------------------------------------------------

    async def stream(
        self, message: str, *, use_rag: bool = True, turn_id: TurnId | None = None
    ) -> AsyncGenerator[TurnEvent]:
        """One turn as events. What went wrong is raised after a `Notice` of it and a `TurnEnded` with
        outcome `failed`, or `interrupted` when a part of the answer had come."""
        # 1 admit: raises before anything is spent.
        asked = admitted(message)

        # 2 remember the question; the place for the answer is made with it.
        history = list(self.memory.messages)
        turn = _Turn(
            id=turn_id or TurnId(uuid.uuid4().hex),
            asked=asked,
            question=asked,
            question_id=MessageId(uuid.uuid4().hex),
            answer_id=MessageId(uuid.uuid4().hex),
        )
        with anyio.CancelScope(shield=True):
            await self._remember_question(turn)
        try:
            yield TurnStarted(
                turn_id=turn.id,
                conversation_id=self.conversation_id or ConversationId(""),
                question_id=turn.question_id,
                answer_id=turn.answer_id,
            )
            # 3 gate, 4 follow up, 5 search, 6 decide.
            await self._look_up(turn, history, use_rag=use_rag)
            turn.mark("retrieval")
            if turn.question != asked:
                yield QuestionRewritten(question=turn.question)
            yield PassagesFound(
                query=turn.question, basis=turn.basis, passages=turn.passages, evidence=turn.evidence
            )
            if turn.outcome == "declined":
                yield TextAdded(text=DECLINED)
            else:
                # 7 prompt, 8 stream.
                async with aclosing(self._generate(turn, history)) as pieces:
                    async for event in pieces:
                        yield event
        except Exception as error:
            # A model or a retriever of the user's own may raise anything: it is told, and what was
            # said before the fault is kept.
            turn.outcome = "interrupted" if turn.pieces else "failed"
            turn.notices.append(notice := in_words(error))
            with anyio.CancelScope(shield=True):
                events = await self._end(turn)
            yield Notice(text=notice)
            for event in events:
                yield event
            raise
        except BaseException:
            # A reader who hangs up, or Stop, keeps the half answer they saw.
            if turn.outcome != "declined":
                turn.outcome = "interrupted"
            with anyio.CancelScope(shield=True):
                await self._end(turn)
            raise

        # 9 check every footnote, 10 save.
        with anyio.CancelScope(shield=True):
            events = await self._end(turn)
        for event in events:
            yield event

    async def _look_up(self, turn: _Turn, history: Sequence[Message], *, use_rag: bool) -> None:
        gate = decide(turn.asked, bool(history), history)
        if gate != "documents":
            turn.basis = gate
        if gate == "conversation":
            turn.recalled = answer_from_history(turn.asked, history) or ""
            turn.repeated = repeated(turn.recalled, history)
        if gate == "small_talk" or turn.recalled or self.kb is None or not use_rag:
            return
        if not await wanted(self.kb, turn.asked):
            return
        found = await look_up(self.kb, turn.asked, history, self.top_k, self.filters)
        self.stats["retrievals"] += 1
        turn.question, passages, evidence = found.question, found.passages, found.evidence
        if passages and evidence.score >= self.threshold:
            turn.basis, turn.passages, turn.evidence = "documents", passages, evidence
        elif gate == "conversation":
            # Neither our words nor the documents tell; the model may know from what was said.
            turn.basis = "conversation"
        elif self.mode == "open":
            turn.basis = "model"
            turn.notices.append("Not from your documents: they hold too little about this.")
        else:
            turn.basis, turn.passages, turn.evidence = "documents", passages, evidence
            turn.outcome = "declined"
            turn.pieces.append(DECLINED)

    async def _generate(self, turn: _Turn, history: Sequence[Message]) -> AsyncGenerator[TurnEvent]:
        built = build(
            system_prompt=self.memory.system_prompt,
            history=latest(history, self.memory.max_turns),
            asked=turn.asked,
            question=turn.question,
            basis=turn.basis,
            passages=turn.passages,
            evidence=turn.evidence,
            recalled=turn.recalled,
            context_tokens=self.llm.context_tokens,
            count=roughly,
        )
        left_out = built.notices()
        for notice in [*turn.notices, *left_out]:
            yield Notice(text=notice)
        turn.notices.extend(left_out)
        turn.passages = built.prompt.passages
        # With the stored messages and documents this is what rebuilds the prompt.
        turn.parameters = {
            "mark": built.mark,
            "system_prompt": self.memory.system_prompt,
            "max_turns": self.memory.max_turns,
            "context_tokens": self.llm.context_tokens,
        }
        turn.outcome, turn.model = "interrupted", self.llm.name
        saved = time.monotonic()
        async with aclosing(self.llm.stream(built.prompt)) as pieces:
            async for piece in pieces:
                match piece:
                    case Text(text=text):
                        if not turn.pieces:
                            turn.mark("first_token")
                        turn.pieces.append(text)
                        yield TextAdded(text=text)
                        if time.monotonic() - saved >= SAVE_EVERY:
                            await self._save_growing(turn)
                            saved = time.monotonic()
                    case Finished(stopped_by=stopped_by, model=model, usage=usage):
                        turn.outcome = "complete" if stopped_by == "end" else "cut_short"
                        turn.broken_off = BROKEN_OFF[stopped_by]
                        turn.model, turn.usage = model or self.llm.name, usage
                        break
                    case _:
                        assert_never(piece)
        if turn.broken_off:
            turn.notices.append(turn.broken_off)
            yield Notice(text=turn.broken_off)

    # --- the end of a turn ------------------------------------------------------------------

    async def _end(self, turn: _Turn) -> list[TurnEvent]:
        """Check the footnotes, save the answer and the turn's record. Returns the last events."""
        events: list[TurnEvent] = []
        # Without passages "[1]" is no footnote but a part of what was said, as in `items[1]`.
        claims_nothing = turn.outcome == "declined" or not turn.text or not turn.passages
        if claims_nothing:
            checked = Checked(text=turn.text, citations=turn.repeated)
        else:
            checked = check(turn.text, turn.passages)
        for notice in checked.notices(bool(turn.passages) and not claims_nothing):
            turn.notices.append(notice)
            events.append(Notice(text=notice))
        events.extend(CitationChecked(citation=citation) for citation in checked.citations)
        turn.mark("total")
        answer = Answer(
            text=checked.text,
            outcome=turn.outcome,
            basis=turn.basis,
            citations=checked.citations,
            passages=turn.passages,
            evidence=turn.evidence,
            model=turn.model,
            rewritten_question=turn.question if turn.question != turn.asked else "",
            notices=tuple(turn.notices),
            usage=turn.usage,
            timings_ms=turn.timings_ms,
            conversation_id=self.conversation_id or ConversationId(""),
            message_id=turn.answer_id,
            turn_id=turn.id,
        )
        await self._remember_answer(turn, answer)
        events.append(TurnEnded(answer=answer))
        return events

    async def _remember_question(self, turn: _Turn) -> None:
        parent = self.memory.messages[-1].id if self.memory.messages else None
        question = Message("user", turn.asked, id=turn.question_id, parent_id=parent or None)
        if self.conversations is not None:
            if self.conversation_id is None:
                self.conversation_id = await self.conversations.create(self.owner, title_of(turn.asked))
            await self.conversations.append(self.owner, self.conversation_id, question)
            growing = self._answer_message(turn, outcome="streaming")
            await self.conversations.append(self.owner, self.conversation_id, growing)
        self.memory.messages.append(question)
        self.stats["turns"] += 1
        self.stats["tokens_est"] += roughly(turn.asked)

    def _answer_message(self, turn: _Turn, *, outcome: Outcome) -> Message:
        return Message("assistant", turn.text, id=turn.answer_id, parent_id=turn.question_id, outcome=outcome)

    async def _save_growing(self, turn: _Turn) -> None:
        if self.conversations is not None:
            await self.conversations.update(self.owner, self._answer_message(turn, outcome="streaming"))

    async def _remember_answer(self, turn: _Turn, answer: Answer) -> None:
        message = self._answer_message(turn, outcome=answer.outcome)
        message.content = answer.text
        message.citations = answer.citations
        message.metadata = {
            "retrieved_sources": list(dict.fromkeys(p.document for p in answer.passages)),
            "retrieved": len(answer.passages),
            "basis": answer.basis,
            "model": answer.model,
            "rewritten_question": answer.rewritten_question,
            "notices": list(answer.notices),
            "evidence_score": round(answer.evidence.score, 4) if answer.evidence else None,
            "timings_ms": answer.timings_ms,
            "turn_id": answer.turn_id,
        }
        self.memory.messages.append(message)
        self.stats["tokens_est"] += roughly(answer.text)
        if self.conversations is not None and self.conversation_id is not None:
            # Names of documents are kept in footnotes alone, where removing one finds them.
            kept = {name: told for name, told in message.metadata.items() if name != "retrieved_sources"}
            await self.conversations.update(self.owner, replace(message, metadata=kept))
            await self.conversations.save_turn(self.owner, self._record(turn, answer))

    def _record(self, turn: _Turn, answer: Answer) -> TurnRecord:
        assert self.conversation_id is not None
        return TurnRecord(
            id=turn.id,
            conversation_id=self.conversation_id,
            question_id=turn.question_id,
            answer_id=turn.answer_id,
            started_at=turn.started,
            question=turn.asked,
            rewritten_question=answer.rewritten_question,
            basis=answer.basis,
            outcome=answer.outcome,
            model=answer.model,
            template=TEMPLATE,
            parameters={**turn.parameters, "mode": self.mode, "top_k": self.top_k},
            passages=tuple(
                {
                    "document_id": p.document_id,
                    "sha256": p.sha256,
                    "start": p.chunk.start,
                    "end": p.chunk.end,
                    "score": round(p.score, 4),
                }
                for p in answer.passages
            ),
            evidence_score=answer.evidence.score if answer.evidence else 0.0,
            usage=answer.usage,
            timings_ms=answer.timings_ms,
        )

    # --- one-liners over the turn -----------------------------------------------------------

    async def answer(self, message: str, *, use_rag: bool = True) -> Answer:
        """The turn read to its end."""
        ended: Answer | None = None
        async with aclosing(self.stream(message, use_rag=use_rag)) as events:
            async for event in events:
                if isinstance(event, TurnEnded):
                    ended = event.answer
        assert ended is not None, "every turn ends with TurnEnded"
        return ended

    def ask(self, message: str, *, use_rag: bool = True) -> Answer:
        """The whole answer, waited for. Raises `BackendError` when the model did not answer; what it
        had said by then is in the memory."""
        return loop.run(self.answer(message, use_rag=use_rag))

    def chat(self, user_message: str, use_rag: bool = True, verbose: bool = False) -> str:
        """The answer's text. `verbose` prints what was retrieved."""
        answer = self.ask(user_message, use_rag=use_rag)
        if verbose:
            print(f"Retrieved {len(answer.passages)} passages")  # noqa: T201 - it is asked for
            for passage in answer.passages:
                print(f"  [{passage.score:.2f}] {passage.document}: {passage.chunk.text[:80]}")  # noqa: T201
        return answer.text

    def reset(self) -> str:
        """Forget the conversation in memory and begin a new one; what is saved stays saved."""
        self.memory.clear()
        self.conversation_id = None
        return "Conversation cleared."

    def get_stats(self) -> dict[str, int]:
        return dict(self.stats)


def admitted(message: str) -> str:
    """The question without surrounding space and invisible characters. Raises `QuestionRefused`."""
    asked = clean(message)[0].strip()
    if not asked:
        raise QuestionRefused("The question is empty. Type what you want to know.")
    if len(asked) > LONGEST_QUESTION:
        raise QuestionRefused(
            f"The question has {len(asked):,} characters and {LONGEST_QUESTION:,} is the most. "
            "Add a long text as a document and ask about it."
        )
    return asked


def in_words(error: Exception) -> str:
    """Our own errors are sentences; any other one comes from a part that the user brought."""
    if isinstance(error, FootnoteError):
        return str(error)
    return f"The turn failed: {type(error).__name__}: {error}"


def title_of(question: str) -> str:
    """A conversation's title from its first question: whole words, 60 characters at most."""
    flat = " ".join(question.split())
    return flat if len(flat) <= 60 else flat[:60].rsplit(" ", 1)[0] + "…"
