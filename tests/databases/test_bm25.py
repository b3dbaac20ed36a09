"""Not scoring every match must not show: the results are those of a search that scores them all."""

import json
import random
import sqlite3
from contextlib import closing

import pytest

from footnote import handbook
from footnote.databases.sqlite import SqliteDatabase
from footnote.databases.sqlite.bm25 import COUNTS, DECISIVE, any_of
from footnote.databases.sqlite.search import terms_of
from footnote.testing.document_store import SOMEONE_ELSE, embed, sample
from footnote.types import LOCAL, Filters, OwnerId

LIMIT = 5
"""Few enough for the common words of some hundred chunks to be worth leaving out."""
CLOSE = 1e-3
"""Words that weigh nothing beside the others are left out, so scores differ by a trifle."""


def every_score(database: SqliteDatabase, question: str, owner: OwnerId, collection: str) -> dict[int, float]:
    """BM25 of every chunk that has a word of the question, as FTS5 gives it, by chunk id."""
    with closing(sqlite3.connect(database.path)) as connection:
        rows = connection.execute(
            "SELECT words.rowid, -bm25(words, 1.0, 0.6, 0.4) FROM words "
            "JOIN chunks ON chunks.id = words.rowid JOIN documents ON documents.id = document_id "
            "WHERE words MATCH ? AND chunks.owner = ? AND ? IN ('', collection)",
            (any_of(terms_of(question, {"en"})), owner, collection),
        )
        return dict(rows.fetchall())


async def assert_the_best_are_found(
    database: SqliteDatabase, question: str, owner: OwnerId = LOCAL, collection: str = ""
) -> None:
    filters = Filters(collections=(collection,)) if collection else Filters()
    candidates = await database.documents.search(owner, question, embed(question), filters, LIMIT)
    every = every_score(database, question, owner, collection)
    by_words = {candidate.chunk_id: candidate.words for candidate in candidates}
    # Each score is right, those of chunks that only the vectors found too.
    assert by_words == pytest.approx({chunk: every.get(chunk, 0.0) for chunk in by_words}, abs=CLOSE)
    # And none is missing; chunks with equal scores may stand for one another.
    best = sorted(every.values(), reverse=True)[:LIMIT]
    assert sorted(by_words.values(), reverse=True)[: len(best)] == pytest.approx(best, abs=CLOSE)


@pytest.mark.parametrize("seed", range(3))
async def test_words_as_common_as_in_natural_text_find_the_same(database: SqliteDatabase, seed: int) -> None:
    chance = random.Random(seed)
    vocabulary = [f"word{number}" for number in range(400)]
    weights = [1 / (rank + 1) for rank in range(len(vocabulary))]

    def text(lines: int) -> str:
        return "\n".join(" ".join(chance.choices(vocabulary, weights, k=12)) for _ in range(lines))

    for number, owner in enumerate([LOCAL, LOCAL, SOMEONE_ELSE]):
        put = sample(text(200), name=f"{number}.txt", collection=f"number {number}", owner=owner)
        await put.put_into(database.documents)
    for length in (1, 2, 4, 8) * 5:
        question = " ".join(chance.choices(vocabulary, weights, k=length))
        await assert_the_best_are_found(database, question)
        await assert_the_best_are_found(database, question, owner=SOMEONE_ELSE)
        await assert_the_best_are_found(database, question, collection="number 1")


async def test_questions_about_real_text_find_the_same(database: SqliteDatabase) -> None:
    for file in handbook.documents():
        if file.suffix in {".md", ".txt"}:
            await sample(file.read_text(encoding="utf-8"), name=file.name).put_into(database.documents)
    questions = [
        "What does the premium plan cost per month, and what does the company give with it?",
        "Who is the customer service lead for orders of the company?",
        "How many days of vacation do employees have in the first year?",
        "What is the company?",
        "When was the incident review, and which team wrote it?",
    ]
    for question in questions:
        await assert_the_best_are_found(database, question)


async def test_words_that_every_chunk_has_still_rank_them(database: SqliteDatabase) -> None:
    lines = [f"apple{' apple' * (number % 7)} pear {number}" for number in range(60)]
    await sample("\n".join(lines), name="fruit.txt").put_into(database.documents)
    await assert_the_best_are_found(database, "apple pear")


async def test_what_is_added_changes_which_words_are_common(database: SqliteDatabase) -> None:
    await sample("rare thing\n" + "common thing\n" * 80, name="a.txt").put_into(database.documents)
    await assert_the_best_are_found(database, "rare common")
    await sample("rare thing\n" * 300, name="b.txt").put_into(database.documents)
    await assert_the_best_are_found(database, "rare common")


async def test_terms_are_counted_by_one_pass_each(database: SqliteDatabase) -> None:
    """SQLite may plan a search for each id instead, which would take seconds at 100,000 chunks."""
    await sample('a "quoted" word\nword\n', name="a.txt").put_into(database.documents)
    terms = json.dumps([any_of([term]) for term in ("word", "missing", 'say "word"')])
    with closing(sqlite3.connect(database.path)) as connection:
        assert connection.execute(str(COUNTS), {"terms": terms}).fetchall() == [(2,), (0,), (0,)]
        given = {"decisive": '"word"', "chosen": "[7]"}
        plan = connection.execute(f"EXPLAIN QUERY PLAN {DECISIVE}", given).fetchall()
    assert [step[3].split(" INDEX")[0] for step in plan if "SCAN" in step[3]] == [
        "SCAN words VIRTUAL TABLE",
        "SCAN json_each VIRTUAL TABLE",
    ]
