"""Conversations, their messages with footnotes, and the records of turns."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from footnote.databases.sqlite.schema import citations, conversations, messages, removals, turns
from footnote.databases.sqlite.unbroken import unbroken
from footnote.errors import NotFound
from footnote.types import (
    Citation,
    ConversationId,
    ConversationSummary,
    DocumentId,
    Message,
    MessageId,
    OwnerId,
    TurnId,
    TurnRecord,
    Usage,
)

if TYPE_CHECKING:
    from footnote.databases.sqlite.database import SqliteDatabase


class SqliteConversations:
    """The `ConversationStore` of a `SqliteDatabase`."""

    def __init__(self, database: "SqliteDatabase") -> None:
        self.database = database

    @unbroken
    async def create(self, owner: OwnerId, title: str = "") -> ConversationId:
        conversation_id, now = uuid.uuid4().hex, time.time()
        new = insert(conversations).values(
            id=conversation_id, owner=owner, title=title, created_at=now, updated_at=now
        )
        async with self.database.writing() as connection:
            await connection.execute(new)
        return ConversationId(conversation_id)

    @unbroken
    async def conversations(self, owner: OwnerId) -> tuple[ConversationSummary, ...]:
        said = (
            select(func.count())
            .where(messages.c.conversation_id == conversations.c.id, messages.c.owner == owner)
            .scalar_subquery()
        )
        wanted = select(conversations, said.label("messages")).where(conversations.c.owner == owner)
        async with self.database.reading() as connection:
            rows = await connection.execute(wanted.order_by(conversations.c.updated_at.desc()))
            return tuple(
                ConversationSummary(
                    id=ConversationId(row.id),
                    title=row.title,
                    created_at=row.created_at,
                    updated_at=row.updated_at,
                    messages=row.messages,
                )
                for row in rows
            )

    @unbroken
    async def messages(self, owner: OwnerId, conversation_id: ConversationId) -> tuple[Message, ...]:
        said = select(messages).where(
            messages.c.owner == owner, messages.c.conversation_id == conversation_id
        )
        footnotes = (
            select(citations)
            .join(messages, messages.c.id == citations.c.message_id)
            .where(citations.c.owner == owner, messages.c.conversation_id == conversation_id)
        )
        async with self.database.reading() as connection:
            await _require_conversation(connection, owner, conversation_id)
            rows = (await connection.execute(said.order_by(messages.c.number))).all()
            cited: dict[str, list[Citation]] = {}
            for row in await connection.execute(footnotes.order_by(citations.c.position)):
                cited.setdefault(row.message_id, []).append(_citation(row))
        return tuple(_message(row, cited.get(row.id, ())) for row in rows)

    @unbroken
    async def append(self, owner: OwnerId, conversation_id: ConversationId, message: Message) -> None:
        if not message.id:
            message.id = MessageId(uuid.uuid4().hex)
        async with self.database.writing() as connection:
            await _touch(connection, owner, conversation_id)
            place = {
                "id": message.id,
                "owner": owner,
                "conversation_id": conversation_id,
                "parent_id": message.parent_id,
                "role": message.role,
                "timestamp": message.timestamp,
            }
            await connection.execute(insert(messages).values(**place, **self._contents(message)))
            await _save_citations(connection, owner, message)

    @unbroken
    async def update(self, owner: OwnerId, message: Message) -> None:
        async with self.database.writing() as connection:
            changed = await connection.execute(
                update(messages)
                .where(messages.c.owner == owner, messages.c.id == message.id)
                .values(**self._contents(message))
                .returning(messages.c.conversation_id)
            )
            if (conversation_id := changed.scalar_one_or_none()) is None:
                raise NotFound(f"There is no message {message.id} here.")
            await _touch(connection, owner, conversation_id)
            await _save_citations(connection, owner, message)

    def _contents(self, message: Message) -> dict[str, Any]:
        return {
            "content": message.content,
            "metadata": message.metadata,
            "outcome": message.outcome,
            "process": self.database.processes.own,
        }

    @unbroken
    async def rename(self, owner: OwnerId, conversation_id: ConversationId, title: str) -> None:
        async with self.database.writing() as connection:
            await _touch(connection, owner, conversation_id, title=title)

    @unbroken
    async def delete(self, owner: OwnerId, conversation_id: ConversationId) -> None:
        async with self.database.writing(erases=True) as connection:
            gone = await connection.execute(
                delete(conversations).where(
                    conversations.c.owner == owner, conversations.c.id == conversation_id
                )
            )
            if not gone.rowcount:
                raise _no_conversation(conversation_id)

    @unbroken
    async def delete_messages(self, owner: OwnerId, message_ids: Sequence[MessageId]) -> None:
        async with self.database.writing(erases=True) as connection:
            await connection.execute(
                update(messages)
                .where(messages.c.owner == owner, messages.c.id.in_(message_ids))
                .values(content="", metadata={})
            )
            await connection.execute(
                delete(citations).where(citations.c.owner == owner, citations.c.message_id.in_(message_ids))
            )

    # --- turns ------------------------------------------------------------------------------

    @unbroken
    async def save_turn(self, owner: OwnerId, record: TurnRecord) -> None:
        async with self.database.writing() as connection:
            await _require_conversation(connection, owner, record.conversation_id)
            await connection.execute(
                insert(turns).values(
                    id=record.id,
                    owner=owner,
                    conversation_id=record.conversation_id,
                    started_at=record.started_at,
                    record=asdict(record),
                )
            )

    @unbroken
    async def turn(self, owner: OwnerId, turn_id: TurnId) -> TurnRecord:
        wanted = select(turns.c.record).where(turns.c.owner == owner, turns.c.id == turn_id)
        async with self.database.reading() as connection:
            kept = (await connection.execute(wanted)).scalar_one_or_none()
        if kept is None:
            raise NotFound(f"There is no turn {turn_id} here.")
        return TurnRecord(**kept | {"usage": Usage(**kept["usage"]), "passages": tuple(kept["passages"])})

    @unbroken
    async def interrupt_streaming(self) -> int:
        unfinished = messages.c.outcome == "streaming"
        async with self.database.writing() as connection:
            # Of every owner: this tidies up after processes, and shows nobody anything.
            writers = (
                await connection.execute(select(messages.c.process).where(unfinished).distinct())
            ).scalars()
            dead = [process for process in writers if not self.database.processes.alive(process)]
            swept = await connection.execute(
                update(messages).where(unfinished, messages.c.process.in_(dead)).values(outcome="interrupted")
            )
            return swept.rowcount


async def _require_conversation(
    connection: AsyncConnection, owner: OwnerId, conversation_id: ConversationId
) -> None:
    known = select(conversations.c.id).where(
        conversations.c.owner == owner, conversations.c.id == conversation_id
    )
    if (await connection.execute(known)).one_or_none() is None:
        raise _no_conversation(conversation_id)


async def _touch(
    connection: AsyncConnection, owner: OwnerId, conversation_id: ConversationId, **changed: str
) -> None:
    touched = await connection.execute(
        update(conversations)
        .where(conversations.c.owner == owner, conversations.c.id == conversation_id)
        .values(updated_at=time.time(), **changed)
    )
    if not touched.rowcount:
        raise _no_conversation(conversation_id)


async def _save_citations(connection: AsyncConnection, owner: OwnerId, message: Message) -> None:
    await connection.execute(
        delete(citations).where(citations.c.owner == owner, citations.c.message_id == message.id)
    )
    if not message.citations:
        return
    cited = [citation.document_id for citation in message.citations]
    gone = select(removals.c.document_id).where(removals.c.owner == owner, removals.c.document_id.in_(cited))
    removed = set((await connection.execute(gone)).scalars())
    await connection.execute(
        insert(citations),
        [
            {
                "message_id": message.id,
                "position": position,
                "owner": owner,
                "marker": citation.marker,
                "document_id": citation.document_id,
                "sha256": citation.sha256,
                "collection": citation.collection,
                "starts_at": citation.start,
                "ends_at": citation.end,
                "verdict": citation.verdict,
                **_words_of(citation, removed),
            }
            for position, citation in enumerate(message.citations)
        ],
    )


def _words_of(citation: Citation, removed: set[str]) -> dict[str, str]:
    """What a footnote says of its document: nothing, when the document has been removed meanwhile."""
    said = {
        "document": citation.document,
        "page": citation.page,
        "quote": citation.quote,
        "claim": citation.claim,
    }
    return {key: "" if citation.document_id in removed else value for key, value in said.items()}


def _message(row: Row[*tuple[Any, ...]], cited: Sequence[Citation]) -> Message:
    return Message(
        role=row.role,
        content=row.content,
        timestamp=row.timestamp,
        metadata=row.metadata,
        id=MessageId(row.id),
        parent_id=MessageId(row.parent_id) if row.parent_id is not None else None,
        citations=tuple(cited),
        outcome=row.outcome,
    )


def _citation(row: Row[*tuple[Any, ...]]) -> Citation:
    return Citation(
        marker=row.marker,
        document=row.document,
        document_id=DocumentId(row.document_id),
        sha256=row.sha256,
        collection=row.collection,
        page=row.page,
        quote=row.quote,
        start=row.starts_at,
        end=row.ends_at,
        verdict=row.verdict,
        claim=row.claim,
    )


def _no_conversation(conversation_id: ConversationId) -> NotFound:
    return NotFound(f"There is no conversation {conversation_id} here.")
