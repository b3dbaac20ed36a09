"""Search by words and by vectors in one consistent view. Start at `Search.find`.

Words: FTS5's BM25 over terms that `footnote.language.words` makes of texts and questions alike.
Vectors: exact cosine over a matrix in memory, brought up to date when the index's revision has
changed, so that what another process adds is found by the next search.
"""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import anyio
import anyio.to_thread
import numpy as np
from sqlalchemy import ColumnElement, Select, bindparam, func, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from footnote.databases.sqlite.matrix import Ids, Matrix, Rows, Snapshot
from footnote.databases.sqlite.schema import chunks, documents, file_state, words
from footnote.databases.sqlite.schema import vectors as vector_table
from footnote.errors import IndexMismatch
from footnote.interfaces import Candidate, Vectors
from footnote.language.words import query_terms
from footnote.types import LOCAL, ChunkId, Filters, OwnerId

WEIGHT_OF_BODY = 1.0
WEIGHT_OF_HEADING = 0.6
WEIGHT_OF_NAME = 0.4
# BM25 as FTS5 gives it is negative, the best first.
BM25: ColumnElement[float] = literal_column(
    f"-bm25(words, {WEIGHT_OF_BODY}, {WEIGHT_OF_HEADING}, {WEIGHT_OF_NAME})"
)
MATCHES = text("words MATCH :expression")

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
            snapshot = self._matrix.snapshot()
            scope = await self._scope(connection, snapshot, owner, filters)
        if scope.empty:
            return ()
        asked = vector.reshape(-1).astype(np.float32, copy=False)
        near = await anyio.to_thread.run_sync(snapshot.nearest, asked, scope.rows, limit)
        expression = expression_of(question, scope.languages)
        by_words = await _best_by_words(connection, expression, owner, filters, limit)
        without_words = [int(chunk) for chunk in near if int(chunk) not in by_words]
        by_words |= await _words_of(connection, expression, without_words)
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


def expression_of(question: str, languages: Collection[str]) -> str:
    """The question in FTS5's language: any of its terms may match. Empty when it has none."""
    terms = dict.fromkeys(term for spellings in query_terms(question, languages) for term in spellings)
    return " OR ".join('"' + term.replace('"', '""') + '"' for term in terms)


def best_by_words(owner: OwnerId, filters: Filters, limit: int) -> Select[int, float]:
    """The chunks that match `:expression` best, the best first, with their BM25."""
    best = (
        select(words.c.rowid, BM25.label("score"))
        .select_from(words.join(chunks, chunks.c.id == words.c.rowid))
        .where(MATCHES, chunks.c.owner == owner)
        .order_by(literal_column("score").desc())
        .limit(limit)
    )
    if filters == Filters():
        return best
    seen = select(documents.c.id).where(*allowed(owner, filters))
    # The plus keeps SQLite from going through each allowed document's chunks one by one.
    return best.where(literal_column("+chunks.document_id").in_(seen))


async def _best_by_words(
    connection: AsyncConnection, expression: str, owner: OwnerId, filters: Filters, limit: int
) -> dict[int, float]:
    if not expression:
        return {}
    found = await connection.execute(best_by_words(owner, filters, limit), {"expression": expression})
    return {row.rowid: row.score for row in found}


async def _words_of(
    connection: AsyncConnection, expression: str, chunk_ids: Sequence[int]
) -> dict[int, float]:
    """BM25 of chunks that the caller may see; those that no word matches are left out."""
    if not expression or not chunk_ids:
        return {}
    # The plus makes one pass over the matches; without it, one search for each id.
    chosen = literal_column("+words.rowid").in_(chunk_ids)
    scored = select(words.c.rowid, BM25.label("score")).select_from(words).where(MATCHES, chosen)
    found = await connection.execute(scored, {"expression": expression})
    return {row.rowid: row.score for row in found}


def _columns(ranges: Sequence[tuple[int, ...]]) -> tuple[Ids, Ids]:
    table: Ids = np.array([tuple(row)[:2] for row in ranges], dtype=np.int64).reshape(-1, 2)
    table = table[table[:, 1] > 0]
    return table[:, 0], table[:, 1]
