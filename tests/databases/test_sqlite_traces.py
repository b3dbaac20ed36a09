"""What was removed is gone from every file of the data folder, and nowhere comes back."""

import random
import re
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from footnote.databases.sqlite import SqliteDatabase
from footnote.testing.conversation_store import citation, turn_record
from footnote.testing.document_store import Sample, sample
from footnote.types import LOCAL, Citation, Message, MessageId

CANARIES = ("Schnabeltier", "platypusses", "kookaburra", "quokkaquote", "wombatname")


def raw(folder: Path) -> bytes:
    """Every byte in the folder, lower case: the word index folds case."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file()).lower()


def canaries_in(folder: Path) -> set[str]:
    # The stem of each is a part of it, so that finding the stem is enough.
    return {word for word in CANARIES if word[:8].lower().encode() in raw(folder)}


def with_canaries() -> Sample:
    text = "The Schnabeltier lives with platypusses.\nAnd a kookaburra.\n"
    put = sample(text, name="wombatname.txt", metadata={"note": "a kookaburra"})
    # Not to be found through compression; the rows are counted instead.
    return replace(put, original=b"kookaburra" * 3)


def cites(put: Sample) -> Citation:
    return replace(
        citation(put.document.id, quote="the quokkaquote of platypusses"), document="wombatname.txt"
    )


def counted(path: Path) -> dict[str, int]:
    tables = ("documents", "chunks", "vectors", "words", "words_content", "words_docsize")
    with closing(sqlite3.connect(path)) as connection:
        return {t: connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables}


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    yield caplog
    assert not [r for r in caplog.records if r.name.startswith("footnote")]


async def test_a_removed_document_leaves_no_trace_in_any_file(
    database: SqliteDatabase, warnings: pytest.LogCaptureFixture
) -> None:
    stays = await sample("An entirely different text.\n", name="stays.txt").put_into(database.documents)
    put = await with_canaries().put_into(database.documents)
    conversation = await database.conversations.create(LOCAL)
    answer = Message(role="assistant", content="See [1].", id=MessageId("a"), citations=(cites(put),))
    await database.conversations.append(LOCAL, conversation, answer)
    assert canaries_in(database.folder) == set(CANARIES)

    assert await database.documents.remove(LOCAL, [put.document.id]) == (answer.id,)

    assert canaries_in(database.folder) == set()
    assert set(counted(database.path).values()) == {1}
    (said,) = await database.conversations.messages(LOCAL, conversation)
    assert said.content == "See [1]."
    (footnote,) = said.citations
    assert (footnote.document_id, footnote.quote, footnote.document) == (put.document.id, "", "")
    assert await database.documents.original(LOCAL, stays.document.id) == stays.original


async def test_removing_a_document_blanks_the_quotes_of_its_older_versions(database: SqliteDatabase) -> None:
    old = await with_canaries().put_into(database.documents)
    conversation = await database.conversations.create(LOCAL)
    answer = Message(role="assistant", content="[1]", id=MessageId("a"), citations=(cites(old),))
    await database.conversations.append(LOCAL, conversation, answer)
    new = await sample("Nothing of that.\n", name="wombatname.txt").put_into(database.documents)
    (said,) = await database.conversations.messages(LOCAL, conversation)
    assert said.citations == (cites(old),), "a footnote to a replaced version keeps its quote"

    assert await database.documents.remove(LOCAL, [new.document.id]) == (answer.id,)
    assert canaries_in(database.folder) == set()


async def test_an_answer_that_is_being_written_cannot_bring_a_removed_quote_back(
    database: SqliteDatabase,
) -> None:
    put = await with_canaries().put_into(database.documents)
    conversation = await database.conversations.create(LOCAL)
    answer = Message(role="assistant", content="", id=MessageId("a"), outcome="streaming")
    await database.conversations.append(LOCAL, conversation, answer)
    await database.documents.remove(LOCAL, [put.document.id])
    answer.citations, answer.outcome = (cites(put), citation("another")), "complete"
    await database.conversations.update(LOCAL, answer)
    (said,) = await database.conversations.messages(LOCAL, conversation)
    assert [c.quote for c in said.citations] == ["", "fourteen days"]
    assert canaries_in(database.folder) == set()


async def test_a_deleted_conversation_leaves_no_trace_in_any_file(database: SqliteDatabase) -> None:
    conversation = await database.conversations.create(LOCAL, "Schnabeltier")
    said = Message(
        role="user",
        content="platypusses",
        metadata={"note": "kookaburra"},
        citations=(citation(quote="quokkaquote"),),
    )
    await database.conversations.append(LOCAL, conversation, said)
    record = replace(turn_record(conversation), question="wombatname")
    await database.conversations.save_turn(LOCAL, record)
    assert canaries_in(database.folder) == set(CANARIES)
    await database.conversations.delete(LOCAL, conversation)
    assert canaries_in(database.folder) == set()


async def test_deleted_answers_leave_no_trace_in_any_file(database: SqliteDatabase) -> None:
    conversation = await database.conversations.create(LOCAL)
    for name, content in (("a", "Schnabeltier"), ("b", "stays")):
        quote = citation(quote="quokkaquote" if name == "a" else "")
        answer = Message(role="assistant", content=content, id=MessageId(name), citations=(quote,))
        await database.conversations.append(LOCAL, conversation, answer)
    assert canaries_in(database.folder) == {"Schnabeltier", "quokkaquote"}
    await database.conversations.delete_messages(LOCAL, [MessageId("a")])
    assert canaries_in(database.folder) == set()


async def test_no_page_of_the_file_keeps_a_copy_after_much_coming_and_going(
    database: SqliteDatabase,
) -> None:
    """Fails when only `secure_delete` is relied on: rows moved between pages leave copies behind."""
    rng = random.Random(7)
    living: dict[str, Sample] = {}
    removed: set[str] = set()
    filler = [f"w{number}x" for number in range(3000)]
    for number in range(150):
        if living and rng.random() < 0.35:
            gone = rng.sample(sorted(living), min(len(living), rng.randint(1, 3)))
            await database.documents.remove(LOCAL, [living.pop(word).document.id for word in gone])
            removed |= set(gone)
        else:
            word = f"zq{number:04d}qz"
            lengths = (rng.randint(3, 60) for _ in range(rng.randint(1, 12)))
            text = "".join(" ".join([word, *rng.choices(filler, k=length)]) + "\n" for length in lengths)
            living[word] = await sample(text, name=f"{word}.txt").put_into(database.documents)
    assert len(removed) > 30
    await database.documents.remove(LOCAL, [living.popitem()[1].document.id])
    left = {word.decode() for word in re.findall(rb"zq\d{4}qz", raw(database.folder))}
    assert left == set(living)


async def test_a_removal_that_was_cut_off_is_finished_at_the_next_start(tmp_path: Path) -> None:
    database = await SqliteDatabase.open(tmp_path / "data")
    put = await with_canaries().put_into(database.documents)
    # As if the process had died after the commit, before the file was rewritten.
    async with database.writing() as connection:
        await connection.exec_driver_sql("UPDATE file_state SET traces = 1")
        await connection.exec_driver_sql("PRAGMA secure_delete=OFF")
        await connection.exec_driver_sql("DELETE FROM documents")
        await connection.exec_driver_sql("DELETE FROM words")
        await connection.exec_driver_sql("INSERT INTO words(words) VALUES ('optimize')")
    await database.aclose()
    assert canaries_in(database.folder), "this test must have something to wipe"
    database = await SqliteDatabase.open(tmp_path / "data")
    assert canaries_in(database.folder) == set()
    assert put.document.id.encode() not in raw(database.folder)
    await database.aclose()


async def test_a_disk_without_room_for_a_rewrite_still_lets_documents_go(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put = await with_canaries().put_into(database.documents)
    usage = shutil.disk_usage(database.folder)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
        await database.documents.remove(LOCAL, [put.document.id])
    assert "Traces of removed documents may remain" in caplog.text
    assert await database.documents.list(LOCAL) == ()
    await database.aclose()
    again = await SqliteDatabase.open(database.folder)
    async with again.reading() as connection:
        assert (await connection.exec_driver_sql("SELECT traces FROM file_state")).scalar_one() == 0
    await again.aclose()


async def test_the_original_is_kept_packed_and_whole(database: SqliteDatabase) -> None:
    put = replace(sample("text\n"), original=b"\x00\xff" * 100_000)
    await put.put_into(database.documents)
    assert await database.documents.original(LOCAL, put.document.id) == put.original
    with closing(sqlite3.connect(database.path)) as connection:
        (packed,) = connection.execute("SELECT original FROM documents").fetchone()
    assert len(packed) < 1000
    assert zlib.decompress(packed) == put.original
