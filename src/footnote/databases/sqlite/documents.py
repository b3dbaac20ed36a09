"""Documents with their chunks, vectors and words, in one transaction each. Start at `put`."""

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from sqlalchemy import Row, Select, and_, delete, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from footnote.databases.sqlite.failures import in_plain_words
from footnote.databases.sqlite.rows import Prepared, document_of, passage_of, prepare, summary_of
from footnote.databases.sqlite.schema import (
    chunks,
    citations,
    documents,
    file_state,
    removals,
    vectors,
    words,
)
from footnote.databases.sqlite.search import Search
from footnote.databases.sqlite.unbroken import unbroken
from footnote.errors import IndexMismatch, NotFound
from footnote.interfaces import Candidate, IndexIdentity, Vectors
from footnote.types import (
    LOCAL,
    Chunk,
    ChunkId,
    Document,
    DocumentId,
    DocumentSummary,
    Filters,
    MessageId,
    OwnerId,
    Passage,
)

if TYPE_CHECKING:
    from footnote.databases.sqlite.database import SqliteDatabase

_SUMMARY = (
    documents.c.id,
    documents.c.collection,
    documents.c.name,
    documents.c.sha256,
    documents.c.media_type,
    documents.c.size,
    documents.c.added_at,
    documents.c.characters,
    documents.c.chunk_count.label("chunks"),
    documents.c.page_count.label("pages"),
    documents.c.language,
    documents.c.notes,
)


class SqliteDocuments:
    """The `DocumentStore` of a `SqliteDatabase`."""

    def __init__(self, database: "SqliteDatabase") -> None:
        self.database = database
        self._search = Search()

    @unbroken
    async def identity(self) -> IndexIdentity | None:
        async with self.database.reading() as connection:
            return await _identity(connection)

    # --- in and out -------------------------------------------------------------------------

    @unbroken
    async def put(
        self,
        document: Document,
        original: bytes,
        chunks: Sequence[Chunk],
        vectors: Vectors,
        identity: IndexIdentity,
    ) -> None:
        if vectors.shape != (len(chunks), identity.dimensions):
            raise ValueError(f"{len(chunks)} chunks of {identity.dimensions} dimensions, but {vectors.shape}")
        # The text stands in the file twice, as itself and as terms, and everything once more in the log.
        self.database.require_space(2 * (len(original) + 8 * len(document.extracted.text) + vectors.nbytes))
        prepared = await anyio.to_thread.run_sync(prepare, document, original, chunks, vectors)
        async with self.database.writing() as connection:
            await _claim(connection, identity)
            same = (documents.c.collection == document.collection, documents.c.name == document.name)
            old = (await connection.execute(_ranges(document.owner).where(*same))).one_or_none()
            if old is not None:
                await _delete(connection, document.owner, old)
            await _insert(connection, prepared)
            await _bump(connection)

    @unbroken
    async def remove(self, owner: OwnerId, document_ids: Sequence[DocumentId]) -> tuple[MessageId, ...]:
        citing: dict[MessageId, None] = {}
        async with self.database.writing(erases=True) as connection:
            for document_id in document_ids:
                row = (
                    await connection.execute(_ranges(owner).where(documents.c.id == document_id))
                ).one_or_none()
                if row is None:
                    raise _not_found(document_id)
                await _delete(connection, owner, row)
                citing |= dict.fromkeys(await _blank_quotes(connection, owner, row))
            # Merged into one piece: until then, the old ones still hold the words of what was deleted.
            await connection.execute(text("INSERT INTO words(words) VALUES ('optimize')"))
            await _bump(connection)
        return tuple(citing)

    @unbroken
    async def replace_index(self, identity: IndexIdentity) -> None:
        async with self.database.writing(erases=True) as connection:
            # Of every owner: vectors of two makers must never meet.
            for table in (vectors, chunks, words):
                await connection.execute(delete(table))
            await connection.execute(update(documents).values(first_chunk=0, chunk_count=0))
            await _name_maker(connection, identity)
            await _bump(connection)

    # --- looking ----------------------------------------------------------------------------

    @unbroken
    async def find(self, owner: OwnerId, collection: str, name: str) -> DocumentSummary | None:
        wanted = select(*_SUMMARY).where(
            documents.c.owner == owner, documents.c.collection == collection, documents.c.name == name
        )
        async with self.database.reading() as connection:
            row = (await connection.execute(wanted)).one_or_none()
        return summary_of(row) if row is not None else None

    @unbroken
    async def list(self, owner: OwnerId, collection: str | None = None) -> tuple[DocumentSummary, ...]:
        wanted = select(*_SUMMARY).where(documents.c.owner == owner)
        if collection is not None:
            wanted = wanted.where(documents.c.collection == collection)
        async with self.database.reading() as connection:
            rows = await connection.execute(wanted.order_by(documents.c.collection, documents.c.name))
            return tuple(summary_of(row) for row in rows)

    @unbroken
    async def document(self, owner: OwnerId, document_id: DocumentId) -> Document:
        kept = [column for column in documents.c if column is not documents.c.original]
        wanted = select(*kept).where(documents.c.owner == owner, documents.c.id == document_id)
        async with self.database.reading() as connection:
            row = (await connection.execute(wanted)).one_or_none()
        if row is None:
            raise _not_found(document_id)
        return document_of(row)

    @unbroken
    async def original(self, owner: OwnerId, document_id: DocumentId) -> bytes:
        wanted = select(documents.c.original).where(documents.c.owner == owner, documents.c.id == document_id)
        async with self.database.reading() as connection:
            packed = (await connection.execute(wanted)).scalar_one_or_none()
        if packed is None:
            raise _not_found(document_id)
        with in_plain_words(self.database.path):
            return await anyio.to_thread.run_sync(zlib.decompress, packed)

    @unbroken
    async def search(
        self, owner: OwnerId, question: str, vector: Vectors, filters: Filters, limit: int = 200
    ) -> tuple[Candidate, ...]:
        async with self.database.reading() as connection:
            return await self._search.find(
                connection, owner=owner, question=question, vector=vector, filters=filters, limit=limit
            )

    @unbroken
    async def passages(self, owner: OwnerId, chunk_ids: Sequence[ChunkId]) -> tuple[Passage, ...]:
        # A chunk is a slice of its document's text; SQLite counts characters as Python does, from 1.
        slice_ = func.substr(
            documents.c.text, chunks.c.starts_at + 1, chunks.c.ends_at - chunks.c.starts_at
        ).label("text")
        about = (documents.c.name, documents.c.sha256, documents.c.collection, documents.c.metadata)
        wanted = (
            select(chunks, slice_, *about)
            .join(documents, documents.c.id == chunks.c.document_id)
            .where(chunks.c.owner == owner, documents.c.owner == owner, chunks.c.id.in_(chunk_ids))
        )
        async with self.database.reading() as connection:
            found = {row.id: row for row in await connection.execute(wanted)}
        return tuple(passage_of(found[chunk_id]) for chunk_id in chunk_ids if chunk_id in found)


# --- statements --------------------------------------------------------------------------------


def _ranges(owner: OwnerId) -> Select[Any]:
    return select(
        documents.c.id,
        documents.c.collection,
        documents.c.name,
        documents.c.first_chunk,
        documents.c.chunk_count,
    ).where(documents.c.owner == owner)


async def _identity(connection: AsyncConnection) -> IndexIdentity | None:
    anything = select(documents.c.id).limit(1)
    state = (
        await connection.execute(
            select(file_state).where(
                file_state.c.owner == LOCAL, file_state.c.embedder != "", anything.exists()
            )
        )
    ).one_or_none()
    if state is None:
        return None
    return IndexIdentity(embedder=state.embedder, dimensions=state.dimensions, chunker=state.chunker)


async def _claim(connection: AsyncConnection, identity: IndexIdentity) -> None:
    """Let only the maker of the index go on; an empty index is anyone's. Raises `IndexMismatch`."""
    maker = await _identity(connection)
    if maker is None:
        await _name_maker(connection, identity)
    elif maker != identity:
        raise IndexMismatch(
            f"The index was built with the embedder {maker.embedder} ({maker.dimensions} dimensions) and "
            f"the chunker {maker.chunker}; now the embedder is {identity.embedder} "
            f"({identity.dimensions} dimensions) and the chunker {identity.chunker}. Run `footnote "
            "reindex` to rebuild it with these, or set the old ones again."
        )


async def _name_maker(connection: AsyncConnection, identity: IndexIdentity) -> None:
    await connection.execute(
        update(file_state)
        .where(file_state.c.owner == LOCAL)
        .values(embedder=identity.embedder, dimensions=identity.dimensions, chunker=identity.chunker)
    )


async def _bump(connection: AsyncConnection) -> None:
    """Tell every process that its matrix is out of date."""
    await connection.execute(
        update(file_state).where(file_state.c.owner == LOCAL).values(revision=file_state.c.revision + 1)
    )


async def _delete(connection: AsyncConnection, owner: OwnerId, row: Row[*tuple[Any, ...]]) -> None:
    """Delete a document; its chunks and vectors go with it."""
    end = row.first_chunk + row.chunk_count
    await connection.execute(delete(words).where(words.c.rowid >= row.first_chunk, words.c.rowid < end))
    await connection.execute(delete(documents).where(documents.c.owner == owner, documents.c.id == row.id))


async def _insert(connection: AsyncConnection, prepared: Prepared) -> None:
    last = text("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'")
    first = ((await connection.execute(last)).scalar() or 0) + 1
    count = len(prepared.chunks)
    placed = {"first_chunk": first if count else 0, "chunk_count": count}
    await connection.execute(insert(documents), prepared.document | placed)
    if not count:
        return
    owner = prepared.document["owner"]
    ids = range(first, first + count)
    pairs = zip(ids, prepared.chunks, strict=True)
    await connection.execute(insert(chunks), [{"id": chunk_id, **row} for chunk_id, row in pairs])
    await connection.execute(
        insert(vectors),
        [
            {"chunk_id": chunk_id, "owner": owner, "vector": vector}
            for chunk_id, vector in zip(ids, prepared.vectors, strict=True)
        ],
    )
    terms = zip(ids, prepared.words, strict=True)
    await connection.execute(insert(words), [{"rowid": chunk_id, **row} for chunk_id, row in terms])


async def _blank_quotes(
    connection: AsyncConnection, owner: OwnerId, row: Row[*tuple[Any, ...]]
) -> Sequence[MessageId]:
    """Take a document's words and name out of saved footnotes; returns the answers that hold them.

    Found by name as well as by id: a footnote to a replaced version is of the same document.
    """
    of_removed = (
        citations.c.owner == owner,
        or_(
            citations.c.document_id == row.id,
            and_(citations.c.collection == row.collection, citations.c.document == row.name),
        ),
    )
    citing = select(citations.c.message_id).where(*of_removed).distinct().order_by(citations.c.message_id)
    message_ids = (await connection.execute(citing)).scalars().all()
    await connection.execute(
        update(citations).where(*of_removed).values(quote="", document="", page="", claim="")
    )
    await connection.execute(insert(removals).values(document_id=row.id, owner=owner))
    return [MessageId(message_id) for message_id in message_ids]


def _not_found(document_id: DocumentId) -> NotFound:
    return NotFound(f"There is no document {document_id} here. `footnote list` shows what there is.")
