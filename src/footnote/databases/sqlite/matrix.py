"""All vectors of the file in memory, and exact search over them.

A cache of the `vectors` table and never the truth: it can be thrown away at any time.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footnote.interfaces import Vectors

Ids = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int64]

GATHER_BELOW = 0.25
"""The share of rows under which copying them out is cheaper than multiplying all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The matrix at one moment; later changes do not reach it. `ids` ascend, one for each row."""

    ids: Ids
    vectors: Vectors

    def rows_of(self, ids: Ids) -> tuple[Rows, npt.NDArray[np.bool_]]:
        """Where these ids stand, and which of them are here at all."""
        rows = np.searchsorted(self.ids, ids)
        inside = np.minimum(rows, max(len(self.ids) - 1, 0))
        here = self.ids[inside] == ids if len(self.ids) else np.zeros(len(ids), dtype=np.bool_)
        return inside, here

    def rows_between(self, firsts: Ids, counts: Ids) -> Rows:
        """The rows of the ids `first` to `first + count - 1`, for each pair."""
        starts, here = self.rows_of(firsts)
        starts, counts = starts[here], counts[here]
        before = np.cumsum(counts) - counts
        rows: Rows = np.repeat(starts - before, counts) + np.arange(counts.sum(), dtype=np.int64)
        return rows

    def cosines(self, ids: Ids, question: Vectors) -> npt.NDArray[np.float32]:
        """The similarity of chunks to the question, of shape (dimensions,); 0 for those not here."""
        rows, here = self.rows_of(ids)
        found = np.zeros(len(ids), dtype=np.float32)
        found[here] = _products(self.vectors[rows[here]], question)
        return found

    def nearest(self, question: Vectors, rows: Rows | None, limit: int) -> Ids:
        """The ids of the most similar among `rows` (None: all), best first."""
        candidates = len(self.ids) if rows is None else len(rows)
        if not candidates:
            return np.empty(0, dtype=np.int64)
        if rows is None:
            scores = _products(self.vectors, question)
        elif candidates < GATHER_BELOW * len(self.ids):
            scores = _products(self.vectors[rows], question)
        else:
            scores = _products(self.vectors, question)[rows]
        best = np.arange(candidates)
        if limit < candidates:
            best = np.argpartition(-scores, limit)[:limit]
        best = best[np.argsort(-scores[best], kind="stable")]
        return self.ids[best if rows is None else rows[best]]


def _products(vectors: Vectors, question: Vectors) -> Vectors:
    """Each row times the question. Not by `@`: that shares the work out to a thread for each core, which
    then keep the cores busy with waiting, and all of this is reading memory, which one thread does."""
    products: Vectors = np.vecdot(vectors, question)
    return products


class Matrix:
    """Grows at its end and is compacted when chunks vanish. Not safe to change from two tasks at once."""

    def __init__(self) -> None:
        self.newest = 0
        """The highest id ever added, kept though that chunk may have vanished since."""
        self._count = 0
        self._ids: Ids = np.empty(0, dtype=np.int64)
        self._vectors: Vectors = np.empty((0, 0), dtype=np.float32)

    def snapshot(self) -> Snapshot:
        return Snapshot(ids=self._ids[: self._count], vectors=self._vectors[: self._count])

    def reserve(self, room: int, dimensions: int) -> None:
        """Make room for this many rows in all, so that a first load copies nothing twice."""
        count = self._count
        ids = np.empty(room, dtype=np.int64)
        vectors = np.empty((room, dimensions), dtype=np.float32)
        if count:
            ids[:count], vectors[:count] = self._ids[:count], self._vectors[:count]
        self._ids, self._vectors = ids, vectors

    def append(self, ids: Ids, vectors: Vectors) -> None:
        """Add rows; `ids` ascend and are higher than all before."""
        count = self._count + len(ids)
        if count > len(self._ids) or vectors.shape[1] != self._vectors.shape[1]:
            # Half as much again: adding one by one copies each row a few times, not each time.
            self.reserve(count + count // 2, vectors.shape[1])
        # Behind the rows that any snapshot shows, so none of them sees this.
        self._ids[self._count : count] = ids
        self._vectors[self._count : count] = vectors
        self._count = count
        self.newest = int(ids[-1])

    def keep(self, firsts: Ids, counts: Ids) -> None:
        """Drop every id outside the ranges `first` to `first + count - 1`."""
        rows = self.snapshot().rows_between(firsts, counts)
        if len(rows) < self._count:
            rows.sort()
            # Copies: the rows that snapshots show must not move under them.
            self._ids, self._vectors = self._ids[rows], self._vectors[rows]
            self._count = len(rows)
