"""The best chunks by words, with the BM25 of FTS5, without scoring every chunk that has one of them.

FTS5 finds matches quickly and scores them slowly, and common words match nearly every chunk. So the
rarest words are searched first: the last of their best chunks sets a bar. Common words whose weights
together stay below it lift no chunk over it alone, so a chunk that has only these needs no score.
(MaxScore: Turtle and Flood, "Query evaluation: strategies and optimizations", 1995.) Start at
`Bm25.scores`.
"""

import itertools
import json
import math
from bisect import bisect_left
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, bindparam, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from footnote.databases.sqlite.schema import chunks, words

WEIGHT_OF_BODY = 1.0
WEIGHT_OF_HEADING = 0.6
WEIGHT_OF_NAME = 0.4
# BM25 as FTS5 gives it is negative, the best first.
BM25: ColumnElement[float] = literal_column(
    f"-bm25(words, {WEIGHT_OF_BODY}, {WEIGHT_OF_HEADING}, {WEIGHT_OF_NAME})"
)
MATCHES = text("words MATCH :expression")
CHOSEN = text("SELECT value FROM json_each(:chosen)")
DECISIVE = text(
    "SELECT rowid FROM words WHERE words MATCH :decisive UNION ALL SELECT value FROM json_each(:chosen)"
)
COUNTS = text(
    "SELECT (SELECT count(*) FROM words WHERE words MATCH each.value) AS chunks "
    "FROM json_each(:terms) AS each ORDER BY each.key"
)

LARGEST_SHARE = 2.2
"""FTS5 has k1 = 1.2: however often a chunk has a term, its score stays below this times the weight."""
LEAST_WEIGHT = 1e-6
"""What a term weighs that half of all chunks have, or more."""
NOTHING = 1e-5
"""The share of the bar below which terms change no order worth telling: they are not looked up."""
FIRST_LOOK = 3
"""How many chunks the rarest terms should match, to set the bar: this times those that are wanted."""
WORTHWHILE = 10
"""How many matches there must be for each of that first look, and for each wanted, to begin with it."""
REMEMBERED_TERMS = 20_000


class Bm25:
    """BM25 at one revision of the index, with `size` chunks in all; remembers how common terms are."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._counts: dict[str, int] = {}

    async def scores(
        self,
        connection: AsyncConnection,
        terms: Sequence[str],
        visible: Sequence[ColumnElement[bool]],
        chosen: Sequence[int],
        limit: int,
    ) -> dict[int, float]:
        """BM25 of the best `limit` chunks by any of the terms, and of those of `chosen` that have one.

        `visible` are conditions on the `chunks` table. Of chunks with equal scores the older come first.
        """
        if not terms:
            return {}
        asked, decisive = await self._needed(connection, terms, visible, limit)
        statement = best_by_words(visible, of_decisive=len(decisive) < len(asked))
        given = {
            "expression": any_of(asked),
            "decisive": any_of(decisive),
            "chosen": json.dumps(chosen),
            "most": limit + len(chosen),
        }
        rows = (await connection.execute(statement, given)).all()
        best_first = sorted((-row.score, row.rowid) for row in rows)
        wanted = {*chosen, *(chunk for _, chunk in best_first[:limit])}
        return {chunk: -negative for negative, chunk in best_first if chunk in wanted}

    async def _needed(
        self,
        connection: AsyncConnection,
        terms: Sequence[str],
        visible: Sequence[ColumnElement[bool]],
        limit: int,
    ) -> tuple[Sequence[str], Sequence[str]]:
        """The terms that make a difference to scores; those of which a chunk among the best has one."""
        counts = await self._counted(connection, terms)
        rarest_first = sorted(terms, key=lambda term: counts[term])
        matches = list(itertools.accumulate(counts[term] for term in rarest_first))
        last = min(bisect_left(matches, FIRST_LOOK * limit), len(terms) - 1)
        if matches[-1] < WORTHWHILE * max(limit, matches[last]):
            return terms, terms
        given = {"expression": any_of(rarest_first[: last + 1]), "chosen": "[]", "most": limit}
        found = (await connection.execute(best_by_words(visible), given)).all()
        bar = found[-1].score if len(found) == limit else 0.0
        most = [LARGEST_SHARE * _weight(counts[term], self.size) for term in rarest_first]
        asked = {*rarest_first[: _needed_for(NOTHING * bar, most)]}
        decisive = {*rarest_first[: _needed_for(bar, most)]}
        # In the question's order, in which FTS5 adds: rounding must not depend on what is common.
        return [term for term in terms if term in asked], [term for term in terms if term in decisive]

    async def _counted(self, connection: AsyncConnection, terms: Sequence[str]) -> dict[str, int]:
        """In how many chunks of the whole file each term is."""
        if len(self._counts) > REMEMBERED_TERMS:
            self._counts = {}
        known = self._counts
        if unknown := [term for term in terms if term not in known]:
            found = await connection.execute(COUNTS, {"terms": json.dumps([any_of([t]) for t in unknown])})
            known.update(zip(unknown, found.scalars(), strict=True))
        return {term: known[term] for term in terms}


def best_by_words(visible: Sequence[ColumnElement[bool]], *, of_decisive: bool = False) -> Select[int, float]:
    """The `:most` chunks that match `:expression` best, with their BM25: those of `:chosen` first.

    With `of_decisive`, only those of `:chosen` and those that match `:decisive`.
    """
    # The plus keeps SQLite from searching for one id after the other: one pass over the matches.
    row: ColumnElement[int] = literal_column("+words.rowid")
    best = (
        select(words.c.rowid, BM25.label("score"))
        .select_from(words.join(chunks, chunks.c.id == words.c.rowid))
        .where(MATCHES, *visible)
        .order_by(row.in_(CHOSEN).desc(), literal_column("score").desc(), words.c.rowid)
        .limit(bindparam("most"))
    )
    return best.where(row.in_(DECISIVE)) if of_decisive else best


def any_of(terms: Sequence[str]) -> str:
    """In FTS5's language."""
    return " OR ".join('"' + term.replace('"', '""') + '"' for term in terms)


def _weight(count: int, size: int) -> float:
    """What FTS5 lets a term weigh that `count` of `size` chunks have."""
    return max(math.log((max(size - count, 0) + 0.5) / (count + 0.5)), LEAST_WEIGHT)


def _needed_for(bar: float, most: Sequence[float]) -> int:
    """How many from the front must be there, so that the others together stay below the bar."""
    needed, rest = len(most), 0.0
    while needed and (rest := rest + most[needed - 1]) < bar:
        needed -= 1
    return needed
