"""What a run of the page looks at, read in one go, so that all of the page shows the same moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from footnote.assemble import Application
from footnote.errors import ConversationBusy, FootnoteError, NotFound
from footnote.memory import branch, roughly
from footnote.types import (
    LOCAL,
    ConversationId,
    ConversationSummary,
    DocumentSummary,
    Message,
    TurnId,
)
from footnote.ui import wording
from footnote.ui.naming import short_names


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    conversation_id: ConversationId | None
    conversations: tuple[ConversationSummary, ...]
    documents: tuple[DocumentSummary, ...]
    messages: tuple[Message, ...]
    """The branch that is shown, oldest first, without the answer that is being written."""
    short: Mapping[str, str]
    """What the page calls each document that is there or cited, by its full name."""
    turn: TurnId | None
    """The turn that runs in this conversation now."""
    gone: bool
    """The conversation that was asked for does not exist."""


async def look(application: Application, conversation_id: ConversationId | None) -> Seen:
    store = application.database.conversations
    # First the turn, then the messages: a turn that ends in between is then seen ended.
    turn = application.turns.running(conversation_id) if conversation_id else None
    messages: Sequence[Message] = ()
    gone = False
    if conversation_id:
        try:
            messages = branch(await store.messages(LOCAL, conversation_id))
        except NotFound:
            conversation_id, turn, gone = None, None, True
    if turn is not None and messages and messages[-1].role == "assistant":
        if messages[-1].outcome == "streaming":
            messages = messages[:-1]
        else:
            turn = None
    documents = await application.database.documents.list(LOCAL)
    cited = [citation.document for message in messages for citation in message.citations]
    return Seen(
        conversation_id=conversation_id,
        conversations=await store.conversations(LOCAL),
        documents=documents,
        messages=tuple(messages),
        short=short_names([*(document.name for document in documents), *cited]),
        turn=turn,
        gone=gone,
    )


async def ask(
    application: Application, conversation_id: ConversationId | None, question: str
) -> ConversationId | None:
    """Begin a turn, in a new conversation when there is none, and return when the question is saved.

    None when a turn runs in the conversation already, as from another tab: its answer comes first, and
    the question must be asked again after it. Raises `QuestionRefused`, `SettingsError` for a model
    that cannot be had, and `NotFound` for a conversation that is gone.
    """
    # Before the chatbot reads what was said, so that no half answer is among it.
    if conversation_id is not None and application.turns.running(conversation_id) is not None:
        return None
    chatbot = await application.chatbot(conversation_id)
    try:
        turn = await application.turns.start(chatbot, question)
    except ConversationBusy:
        return None
    news = await application.turns.news(turn, 0)
    while not news.events and not news.ended:
        news = await application.turns.news(turn, 0)
    if chatbot.conversation_id is None:
        raise FootnoteError(news.error or wording.FAILED)
    return chatbot.conversation_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What a conversation has used, counted from its saved messages, so that a reload keeps it."""

    turns: int
    retrievals: int
    tokens: int
    """Of questions and answers, estimated."""
    last_seconds: float | None


def figures(messages: Sequence[Message]) -> Figures:
    answers = [message for message in messages if message.role == "assistant"]
    times = [message.metadata.get("timings_ms", {}).get("total") for message in answers[-1:]]
    return Figures(
        turns=sum(message.role == "user" for message in messages),
        retrievals=sum(
            bool(message.metadata.get("retrieved")) or message.metadata.get("basis") == "documents"
            for message in answers
        ),
        tokens=sum(roughly(message.content) for message in messages if message.content),
        last_seconds=times[0] / 1000 if times and times[0] is not None else None,
    )
