"""Search by words and by vectors in one consistent view. Start at `Search.find`.

Words: FTS5's BM25 over terms that `footnote.language.words` makes of texts and questions alike (`bm25`).
Vectors: exact cosine over a matrix in memory, brought up to date when the index's revision has
changed, so that what another process adds is found by the next search.
"""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import anyio
import anyio.to_thread
import numpy as np
from sqlalchemy import ColumnElement, bindparam, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from footnote.databases.sqlite.bm25 import Bm25
from footnote.databases.sqlite.matrix import Ids, Matrix, Rows, Snapshot
from footnote.databases.sqlite.schema import chunks, documents, file_state
from footnote.databases.sqlite.schema import vectors as vector_table
from footnote.errors import IndexMismatch
from footnote.interfaces import Candidate, Vectors
from footnote.language.words import query_terms
from footnote.types import LOCAL, ChunkId, Filters, OwnerId

BATCH = 4096
"""Vectors read at a time."""
REMEMBERED_SCOPES = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What one owner may see through one set of filters."""

    rows: Rows | None
    """Rows of the matrix; None for all of them."""
    languages: Collection[str]
    empty: bool


class Search:
    """Holds the matrix of one process."""

    def __init__(self) -> None:
        self._refreshing = anyio.Lock()
        self._revision = -1
        self._matrix = Matrix()
        self._words = Bm25(0)
        self._scopes: dict[tuple[OwnerId, Filters], Scope] = {}

    async def find(
        self,
        connection: AsyncConnection,
        *,
        owner: OwnerId,
        question: str,
        vector: Vectors,
        filters: Filters,
        limit: int,
    ) -> tuple[Candidate, ...]:
        """The best by words and the best by vector, each scored by both, by ascending chunk id."""
        async with self._refreshing:
            # The first statement fixes what this transaction sees; under the lock, so that the
            # matrix is of that same moment.
            await self._refresh(connection, vector.shape[-1])
            snapshot, words = self._matrix.snapshot(), self._words
            scope = await self._scope(connection, snapshot, owner, filters)
        if scope.empty:
            return ()
        asked = vector.reshape(-1).astype(np.float32, copy=False)
        near = await anyio.to_thread.run_sync(snapshot.nearest, asked, scope.rows, limit)
        terms = terms_of(question, scope.languages)
        by_words = await words.scores(connection, terms, visible(owner, filters), near.tolist(), limit)
        found: Ids = np.union1d(near, np.fromiter(by_words, dtype=np.int64, count=len(by_words)))
        cosines = snapshot.cosines(found, asked)
        return tuple(
            Candidate(chunk_id=ChunkId(chunk), words=by_words.get(chunk, 0.0), vector=cosine)
            for chunk, cosine in zip(found.tolist(), cosines.tolist(), strict=True)
        )

    async def _refresh(self, connection: AsyncConnection, dimensions: int) -> None:
        state = (await connection.execute(select(file_state).where(file_state.c.owner == LOCAL))).one()
        if state.embedder and state.dimensions != dimensions:
            raise IndexMismatch(
                f"These documents were indexed with the embedder {state.embedder} ({state.dimensions} "
                f"dimensions); the question has a vector of {dimensions}. Run `footnote reindex` to "
                "rebuild the index, or set the embedder back."
            )
        if state.revision == self._revision:
            return
        self._scopes.clear()
        # Of all owners: one matrix serves them, and `_scope` says whose rows a search may look at.
        alive = select(documents.c.first_chunk, documents.c.chunk_count).order_by(documents.c.first_chunk)
        firsts, counts = _columns((await connection.execute(alive)).all())
        await anyio.to_thread.run_sync(self._matrix.keep, firsts, counts)
        await self._load(connection, dimensions)
        self._words = Bm25(len(self._matrix.snapshot().ids))
        self._revision = state.revision

    async def _load(self, connection: AsyncConnection, dimensions: int) -> None:
        """Read the vectors that are newer than the matrix."""
        if not self._matrix.newest:
            count = (await connection.execute(select(func.count()).select_from(vector_table))).scalar_one()
            self._matrix.reserve(count, dimensions)
        newer = (
            select(vector_table.c.chunk_id, vector_table.c.vector)
            .where(vector_table.c.chunk_id > bindparam("newest"))
            .order_by(vector_table.c.chunk_id)
            .limit(BATCH)
        )
        while batch := (await connection.execute(newer, {"newest": self._matrix.newest})).all():
            ids = np.fromiter((row.chunk_id for row in batch), dtype=np.int64, count=len(batch))
            values = b"".join(row.vector for row in batch)
            if len(values) != 4 * dimensions * len(batch):
                raise sqlite3.DatabaseError("a stored vector has the wrong length")
            self._matrix.append(ids, np.frombuffer(values, dtype="<f4").reshape(len(batch), dimensions))

    async def _scope(
        self, connection: AsyncConnection, snapshot: Snapshot, owner: OwnerId, filters: Filters
    ) -> Scope:
        if (known := self._scopes.get((owner, filters))) is not None:
            return known
        seen = select(documents.c.first_chunk, documents.c.chunk_count, documents.c.language)
        found = (await connection.execute(seen.where(*allowed(owner, filters)))).all()
        rows: Rows | None = snapshot.rows_between(*_columns(found))
        if rows is not None and len(rows) == len(snapshot.ids):
            rows = None
        scope = Scope(
            rows=rows,
            languages=frozenset(row.language for row in found),
            empty=not any(row.chunk_count for row in found),
        )
        if len(self._scopes) >= REMEMBERED_SCOPES:
            self._scopes.clear()
        self._scopes[owner, filters] = scope
        return scope


def allowed(owner: OwnerId, filters: Filters) -> list[ColumnElement[bool]]:
    """The documents that a search may look at, as conditions on the `documents` table."""
    conditions: list[ColumnElement[bool]] = [documents.c.owner == owner]
    if filters.collections:
        conditions.append(documents.c.collection.in_(filters.collections))
    if filters.document_ids:
        conditions.append(documents.c.id.in_(filters.document_ids))
    if filters.file_types:
        suffixes = [suffix.lower().removeprefix(".") for suffix in filters.file_types]
        conditions.append(documents.c.file_type.in_(suffixes))
    if filters.added_after is not None:
        conditions.append(documents.c.added_at >= filters.added_after)
    if filters.added_before is not None:
        conditions.append(documents.c.added_at < filters.added_before)
    return conditions


def visible(owner: OwnerId, filters: Filters) -> list[ColumnElement[bool]]:
    """The same, as conditions on the `chunks` table."""
    conditions: list[ColumnElement[bool]] = [chunks.c.owner == owner]
    if filters != Filters():
        seen = select(documents.c.id).where(*allowed(owner, filters))
        # The plus keeps SQLite from going through each allowed document's chunks one by one.
        conditions.append(literal_column("+chunks.document_id").in_(seen))
    return conditions


def terms_of(question: str, languages: Collection[str]) -> list[str]:
    """The terms of the question, each once; any of them may match."""
    return list(dict.fromkeys(term for spellings in query_terms(question, languages) for term in spellings))


def _columns(ranges: Sequence[tuple[int, ...]]) -> tuple[Ids, Ids]:
    table: Ids = np.array([tuple(row)[:2] for row in ranges], dtype=np.int64).reshape(-1, 2)
    table = table[table[:, 1] > 0]
    return table[:, 0], table[:, 1]
