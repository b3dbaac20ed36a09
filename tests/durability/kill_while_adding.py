"""Kills a process that adds documents, at random points, and counts what survived.

    python tests/durability/kill_while_adding.py --kills 200

A child adds and replaces documents through the public store and writes a ledger: `S` when it starts,
`B` before each document, `T` when its transaction has begun, `A` when the store has acknowledged it.
The parent kills it with SIGKILL, opens the folder again and counts: every acknowledged document must
be there, and every document must be there whole, in its text, chunks, vectors and words. Exit status 1
when one is not.
"""

import argparse
import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import anyio
import numpy as np
from sqlalchemy import event

from footnote.databases.sqlite import SqliteDatabase
from footnote.interfaces import IndexIdentity, Vectors
from footnote.types import LOCAL, Chunk, Document, DocumentId, Extracted, Filters

IDENTITY = IndexIdentity(embedder="random", dimensions=384, chunker="lines")
KILLS_PER_FOLDER = 10
WRITERS = 4
"""How many documents a child has under way at once: while one is written, others are prepared."""
LONGEST_LIFE = 0.6
"""Seconds from the first document to the kill, at most."""
MOST_LINES = 120
FILLER = [f"word{number}" for number in range(2000)]


@dataclass
class Count:
    kills: int = 0
    inside: int = 0
    """Kills between the beginning of a transaction and its acknowledgement."""
    acknowledged: int = 0
    lost: int = 0
    half_indexed: int = 0
    damaged: int = 0

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.inside} inside a transaction; {self.acknowledged} documents "
            f"acknowledged, {self.lost} lost, {self.half_indexed} half-indexed; "
            f"{self.kills - self.damaged} of {self.kills} integrity checks clean"
        )

    @property
    def clean(self) -> bool:
        return not (self.lost or self.half_indexed or self.damaged)


# --- the child ---------------------------------------------------------------------------------


def text_of(name: str, version: int) -> str:
    """The same text for the same name and version, in the child and in the parent."""
    rng = random.Random(f"{name} {version}")
    lines = (" ".join(rng.choices(FILLER, k=12)) for _ in range(rng.randint(20, MOST_LINES)))
    return "".join(f"{line} only{version}in{name}\n" for line in lines)


def lines_of(text: str) -> Iterator[Chunk]:
    start = 0
    for line in text.splitlines(keepends=True):
        yield Chunk(text=line, start=start, end=start + len(line))
        start += len(line)


async def add_until_killed(folder: Path, ledger_path: Path, seed: int) -> None:
    database = await SqliteDatabase.open(folder)
    ledger = os.open(ledger_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def mark(line: str) -> None:
        os.write(ledger, f"{line}\n".encode())
        os.fsync(ledger)

    event.listen(database._writer.sync_engine, "begin", lambda _: mark("T"))
    versions = {s.name: int(s.media_type) for s in await database.documents.list(LOCAL)}
    mark("S")

    # A child whose parent was itself killed must not write for ever.
    parent = os.getppid()

    async def add(writer: int) -> None:
        rng = random.Random(f"{seed} {writer}")
        noise = np.random.default_rng([seed, writer]).normal(size=(MOST_LINES, IDENTITY.dimensions))
        vectors = (noise / np.linalg.norm(noise, axis=1, keepdims=True)).astype(np.float32)
        while os.getppid() == parent:
            # One in four replaces what this writer has put there.
            known = [name for name in versions if name.startswith(f"w{writer}d")]
            name = rng.choice(known) if known and rng.random() < 0.25 else f"w{writer}d{len(known)}"
            version = versions.get(name, 0) + 1
            mark(f"B {name} {version}")
            await put(database, name, version, vectors)
            mark(f"A {name} {version}")
            versions[name] = version
            # From now on a transaction runs most of the time: the first one waits for its document.
            print("adding", flush=True)

    async with anyio.create_task_group() as writers:
        for writer in range(WRITERS):
            writers.start_soon(add, writer)


async def put(database: SqliteDatabase, name: str, version: int, vectors: Vectors) -> None:
    text = text_of(name, version)
    chunks = list(lines_of(text))
    document = Document(
        id=DocumentId(f"{name}-{version}"),
        owner=LOCAL,
        collection="documents",
        name=name,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        # Carries the version through the store.
        media_type=str(version),
        size=len(text),
        added_at=time.time(),
        extracted=Extracted(text=text),
        language="en",
    )
    await database.documents.put(document, text.encode(), chunks, vectors[: len(chunks)], IDENTITY)


# --- the parent --------------------------------------------------------------------------------


def kill_one(folder: Path, ledger: Path, seed: int) -> bool:
    """Start a child, kill it at a random moment; returns whether it was inside a transaction."""
    arguments = [sys.executable, __file__, "--child", str(folder), str(ledger), str(seed)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"adding\n"
        time.sleep(random.Random(seed).uniform(0, LONGEST_LIFE))
        child.send_signal(signal.SIGKILL)
    marks = ledger.read_text().splitlines() if ledger.exists() else []
    lived = [line[0] for line in marks[len(marks) - marks[::-1].index("S") :]]
    return lived.count("T") > lived.count("A")


def versions_in(ledger: Path, letter: str) -> dict[str, int]:
    """The newest version of each name that was begun (`B`) or acknowledged (`A`)."""
    marks = (line.split() for line in ledger.read_text().splitlines())
    return {mark[1]: int(mark[2]) for mark in marks if mark[0] == letter}


async def recount(folder: Path, ledger: Path, count: Count) -> None:
    begun = versions_in(ledger, "B")
    database = await SqliteDatabase.open(folder)
    summaries = {summary.name: summary for summary in await database.documents.list(LOCAL)}
    for name, version in versions_in(ledger, "A").items():
        # A newer version may have been committed when a kill came before its acknowledgement.
        found = int(summaries[name].media_type) if name in summaries else 0
        if not version <= found <= begun[name]:
            count.lost += 1
            print(f"LOST {name}: version {version} was acknowledged, {begun[name]} begun, {found} is there")
    for name, summary in summaries.items():
        count.half_indexed += not await _is_whole(database, name, int(summary.media_type), summary.id)
    await database.aclose()
    with closing(sqlite3.connect(database.path)) as connection:
        orphans = connection.execute(
            "SELECT (SELECT count(*) FROM chunks WHERE document_id NOT IN (SELECT id FROM documents)) + "
            "(SELECT count(*) FROM vectors WHERE chunk_id NOT IN (SELECT id FROM chunks)) + "
            "(SELECT count(*) FROM words WHERE rowid NOT IN (SELECT id FROM chunks))"
        ).fetchone()[0]
        count.half_indexed += orphans
        # Raises when the word index disagrees with its content.
        connection.execute("INSERT INTO words(words) VALUES ('integrity-check')")
        count.damaged += connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]


async def _is_whole(database: SqliteDatabase, name: str, version: int, document_id: DocumentId) -> bool:
    store = database.documents
    text = text_of(name, version)
    lines = text.splitlines(keepends=True)
    document = await store.document(LOCAL, document_id)
    original = await store.original(LOCAL, document_id)
    # Of a vector of one kind, every chunk with a vector is found; of the word, every chunk with words.
    anything = np.full((1, IDENTITY.dimensions), IDENTITY.dimensions**-0.5, dtype=np.float32)
    only_it = Filters(document_ids=(document_id,))
    candidates = await store.search(LOCAL, f"only{version}in{name}", anything, only_it, 1000)
    passages = await store.passages(LOCAL, [c.chunk_id for c in candidates])
    return (
        document.extracted.text == text
        and original == text.encode()
        and [p.chunk.text for p in passages] == lines
        and all(c.words > 0 and c.vector != 0 for c in candidates)
    )


def run(kills: int, *, seed: int = 0, say: bool = False) -> Count:
    count = Count()
    while count.kills < kills:
        with tempfile.TemporaryDirectory(prefix="footnote-kill-") as name:
            folder, ledger = Path(name, "data"), Path(name, "ledger")
            for _ in range(min(KILLS_PER_FOLDER, kills - count.kills)):
                count.inside += kill_one(folder, ledger, seed + count.kills)
                count.kills += 1
                anyio.run(recount, folder, ledger, count)
            count.acknowledged += sum(line[0] == "A" for line in ledger.read_text().splitlines())
        if say:
            print(count, flush=True)
    return count


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", nargs=3, metavar=("FOLDER", "LEDGER", "SEED"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        folder, ledger, seed = arguments.child
        anyio.run(add_until_killed, Path(folder), Path(ledger), int(seed))
    return 0 if run(arguments.kills, seed=arguments.seed, say=True).clean else 1


if __name__ == "__main__":
    sys.exit(main())
