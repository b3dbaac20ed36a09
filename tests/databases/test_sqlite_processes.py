"""Several tasks and several processes in one data folder."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import anyio
import pytest

from footnote.databases.sqlite import SqliteDatabase
from footnote.databases.sqlite.locks import lock_file
from footnote.errors import DatabaseError
from footnote.testing.document_store import found, sample
from footnote.types import LOCAL, Message, MessageId

PRELUDE = """
import sys, anyio
from pathlib import Path
from footnote.databases.sqlite import SqliteDatabase
from footnote.testing.document_store import sample
from footnote.types import LOCAL, Message

folder = Path(sys.argv[1])
"""


def start(program: str, folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + program, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


async def line_from(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return (await asyncio.to_thread(process.stdout.readline)).strip()


async def test_what_another_process_adds_is_found_within_a_second(database: SqliteDatabase) -> None:
    await sample("a first text\n", name="first.txt").put_into(database.documents)
    assert await found(database.documents, "zebra") == []
    program = """
async def main():
    database = await SqliteDatabase.open(folder)
    for number in range(3):
        await sample(f"zebra {number}\\n", name=f"{number}.txt").put_into(database.documents)
        print("added", flush=True)
    await database.aclose()
anyio.run(main)
"""
    with start(program, database.folder) as process:
        for number in range(3):
            assert await line_from(process) == "added"
            acknowledged = time.monotonic()
            while f"zebra {number}\n" not in await found(database.documents, f"zebra {number}"):
                assert time.monotonic() - acknowledged < 1
        assert await asyncio.to_thread(process.wait) == 0


async def test_what_another_process_removes_is_no_longer_found(database: SqliteDatabase) -> None:
    gone = await sample("a zebra\n", name="gone.txt").put_into(database.documents)
    await sample("a horse\n", name="stays.txt").put_into(database.documents)
    assert await found(database.documents, "zebra") == ["a zebra\n"]
    program = f"""
async def main():
    database = await SqliteDatabase.open(folder)
    await database.documents.remove(LOCAL, ["{gone.document.id}"])
    await database.aclose()
anyio.run(main)
"""
    with start(program, database.folder) as process:
        assert await asyncio.to_thread(process.wait) == 0
    assert await found(database.documents, "zebra horse") == ["a horse\n"]
    assert b"zebra" not in b"".join(p.read_bytes() for p in database.folder.iterdir() if p.is_file())


async def test_readers_neither_wait_for_a_writer_nor_see_half_of_it(database: SqliteDatabase) -> None:
    await sample("apple\n").put_into(database.documents)
    async with database.writing() as connection:
        await connection.exec_driver_sql("DELETE FROM words")
        await connection.exec_driver_sql("DELETE FROM documents")
        async with anyio.create_task_group() as readers:
            for _ in range(20):
                readers.start_soon(found, database.documents, "apple")
        assert await found(database.documents, "apple") == ["apple\n"]
    assert await found(database.documents, "apple") == []


async def test_many_writers_in_two_processes_lose_nothing(database: SqliteDatabase) -> None:
    program = """
async def write(database, writer):
    for number in range(10):
        name = f"{sys.argv[0]}{id(database)}-{writer}-{number}.txt"
        await sample("one line\\nanother line\\n", name=name).put_into(database.documents)

async def main():
    database = await SqliteDatabase.open(folder)
    async with anyio.create_task_group() as writers:
        for writer in range(8):
            writers.start_soon(write, database, f"{__import__('os').getpid()}-{writer}")
    await database.aclose()
anyio.run(main)
"""
    processes = [start(program, database.folder) for _ in range(2)]
    searches = 0
    while any(process.poll() is None for process in processes):
        candidates = await found(database.documents, "another line", limit=1000)
        assert len(candidates) % 2 == 0, "half of a document was found"
        searches += 1
        await anyio.sleep(0.01)
    for process in processes:
        with process:
            assert process.wait() == 0
    summaries = await database.documents.list(LOCAL)
    assert searches
    assert len(summaries) == 160
    assert {s.chunks for s in summaries} == {2}


async def test_a_write_that_waits_too_long_for_another_process_says_so(
    database: SqliteDatabase,
) -> None:
    database.patience = 0.05
    with (
        lock_file(database.folder / "write.lock"),
        pytest.raises(DatabaseError, match="Another process has been writing"),
    ):
        await database.conversations.create(LOCAL)
    await database.conversations.create(LOCAL)


@pytest.mark.parametrize("pause", [0.0, 0.001, 0.003, 0.01, 0.02])
async def test_a_cancelled_write_is_done_or_undone_and_blocks_nobody(
    database: SqliteDatabase, pause: float
) -> None:
    for number in range(5):
        put = asyncio.create_task(sample("apple\n" * 50, name=f"{number}.txt").put_into(database.documents))
        await asyncio.sleep(pause)
        put.cancel()
        await asyncio.gather(put, return_exceptions=True)
        with anyio.move_on_after(pause):
            await sample("apple\n" * 50, name=f"scope {number}.txt").put_into(database.documents)
    await sample("pear\n", name="last.txt").put_into(database.documents)
    # A write whose caller has left still goes on; what it does is whole, whenever it ends.
    while database.running:
        await asyncio.wait(set(database.running))
    summaries = await database.documents.list(LOCAL)
    assert {s.chunks for s in summaries if s.name != "last.txt"} <= {50}
    assert len(await found(database.documents, "apple", limit=1000)) == 50 * (len(summaries) - 1)


async def test_an_answer_whose_process_was_killed_is_interrupted(database: SqliteDatabase) -> None:
    mine = await database.conversations.create(LOCAL, "mine")
    growing = Message(role="assistant", content="Fo", id=MessageId("a"), outcome="streaming")
    await database.conversations.append(LOCAL, mine, growing)
    program = """
async def main():
    database = await SqliteDatabase.open(folder)
    conversation = await database.conversations.create(LOCAL, "theirs")
    for outcome in ("complete", "streaming"):
        said = Message(role="assistant", content=outcome, outcome=outcome)
        await database.conversations.append(LOCAL, conversation, said)
    print(conversation, flush=True)
    await anyio.sleep_forever()
anyio.run(main)
"""
    with start(program, database.folder) as process:
        theirs = await line_from(process)
        assert await database.conversations.interrupt_streaming() == 0, "it is still alive"
        process.kill()
        await asyncio.to_thread(process.wait)
    assert await database.conversations.interrupt_streaming() == 1
    assert await database.conversations.interrupt_streaming() == 0
    said = await database.conversations.messages(LOCAL, type(mine)(theirs))
    assert [m.outcome for m in said] == ["complete", "interrupted"]
    assert [m.outcome for m in await database.conversations.messages(LOCAL, mine)] == ["streaming"]
