"""The tables. `migrations/` makes them; a test holds the two equal.

Every table has an `owner`, and every statement about an owner's rows names it in the same statement,
so that an id alone never opens another's row. A chunk's text is not kept twice: it is the slice
`starts_at:ends_at` of its document's text.
"""

import re

from sqlalchemy import (
    JSON,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    column,
    table,
)

HEAD = "0001"
"""The newest migration. Revisions are numbered, so that a newer one can be told by comparison."""

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class StorableText(TypeDecorator[str]):
    """Text without the characters that SQLite cannot keep, in rows as in questions about rows.

    Its functions end a text at NUL, and UTF-8 has no lone surrogates, which models produce and file
    names contain. Replaced one for one, so that every offset stays true.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or (value.isascii() and "\x00" not in value):
            return value
        return UNSTORABLE.sub("\ufffd", value)


metadata = MetaData()

file_state = Table(
    "file_state",
    metadata,
    # What is true of the whole file: one row, of the owner `local` whoever else there is.
    Column("owner", StorableText, primary_key=True),
    Column("embedder", StorableText, nullable=False),
    Column("dimensions", Integer, nullable=False),
    Column("chunker", StorableText, nullable=False),
    # Counts the changes of the index; tells a running process that its matrix is out of date.
    Column("revision", Integer, nullable=False),
    # 1 from the moment that something is removed until no page of the file can hold a copy of it.
    Column("traces", Integer, nullable=False),
)

documents = Table(
    "documents",
    metadata,
    Column("id", StorableText, primary_key=True),
    Column("owner", StorableText, nullable=False),
    Column("collection", StorableText, nullable=False),
    Column("name", StorableText, nullable=False),
    Column("file_type", StorableText, nullable=False),
    Column("sha256", StorableText, nullable=False),
    Column("media_type", StorableText, nullable=False),
    Column("size", Integer, nullable=False),
    Column("added_at", Float, nullable=False),
    Column("language", StorableText, nullable=False),
    Column("characters", Integer, nullable=False),
    # A document's chunks are written in one transaction, so their ids follow one another.
    Column("first_chunk", Integer, nullable=False),
    Column("chunk_count", Integer, nullable=False),
    Column("page_count", Integer, nullable=False),
    Column("notes", JSON, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("blocks", JSON, nullable=False),
    Column("pages", JSON, nullable=False),
    Column("page_runs", JSON, nullable=False),
    # The long columns come last: SQLite need not read past the one that it looks for.
    Column("text", StorableText, nullable=False),
    Column("original", LargeBinary, nullable=False),
    UniqueConstraint("owner", "collection", "name", name="document_identity"),
)

chunks = Table(
    "chunks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner", StorableText, nullable=False),
    Column("document_id", StorableText, ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
    Column("starts_at", Integer, nullable=False),
    Column("ends_at", Integer, nullable=False),
    Column("page", StorableText, nullable=False),
    Column("heading", JSON, nullable=False),
    Column("lead_in", StorableText, nullable=False),
    Index("chunks_by_document", "document_id"),
    # Ids ascend and are never used again: a matrix in memory learns of new chunks by their ids alone.
    sqlite_autoincrement=True,
)

# Apart from the chunks, so that the word search joins over narrow rows.
vectors = Table(
    "vectors",
    metadata,
    Column("chunk_id", Integer, ForeignKey("chunks.id", ondelete="CASCADE"), primary_key=True),
    Column("owner", StorableText, nullable=False),
    # float32, little endian
    Column("vector", LargeBinary, nullable=False),
)

# An FTS5 table, so not part of `metadata`; its rowid is the chunk's id, through which it has an owner.
words = table(
    "words",
    column("rowid", Integer),
    column("body", StorableText),
    column("heading", StorableText),
    column("name", StorableText),
)

# Ids of removed documents: an answer that was being written meanwhile must not save their quotes again.
removals = Table(
    "removals",
    metadata,
    Column("document_id", StorableText, primary_key=True),
    Column("owner", StorableText, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", StorableText, primary_key=True),
    Column("owner", StorableText, nullable=False),
    Column("title", StorableText, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Index("conversations_by_owner", "owner", "updated_at"),
)

messages = Table(
    "messages",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", StorableText, nullable=False, unique=True),
    Column("owner", StorableText, nullable=False),
    Column(
        "conversation_id", StorableText, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False
    ),
    Column("parent_id", StorableText),
    Column("role", StorableText, nullable=False),
    Column("content", StorableText, nullable=False),
    Column("timestamp", Float, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("outcome", StorableText, nullable=False),
    # Who wrote it: an answer whose process died while streaming was interrupted.
    Column("process", StorableText, nullable=False),
    Index("messages_by_conversation", "conversation_id"),
    sqlite_autoincrement=True,
)

citations = Table(
    "citations",
    metadata,
    Column("message_id", StorableText, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("owner", StorableText, nullable=False),
    Column("marker", Integer, nullable=False),
    Column("document", StorableText, nullable=False),
    Column("document_id", StorableText, nullable=False),
    Column("sha256", StorableText, nullable=False),
    Column("collection", StorableText, nullable=False),
    Column("page", StorableText, nullable=False),
    Column("quote", StorableText, nullable=False),
    Column("starts_at", Integer, nullable=False),
    Column("ends_at", Integer, nullable=False),
    Column("verdict", StorableText, nullable=False),
    Column("claim", StorableText, nullable=False),
    Index("citations_by_document", "document_id"),
    Index("citations_by_name", "owner", "collection", "document"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", StorableText, primary_key=True),
    Column("owner", StorableText, nullable=False),
    Column(
        "conversation_id", StorableText, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False
    ),
    Column("started_at", Float, nullable=False),
    Column("record", JSON, nullable=False),
    Index("turns_by_conversation", "conversation_id"),
)

settings = Table(
    "settings",
    metadata,
    Column("owner", StorableText, primary_key=True),
    Column("name", StorableText, primary_key=True),
    Column("value", StorableText, nullable=False),
)
