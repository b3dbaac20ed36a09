"""Speed and memory in one run: `make bench`. Ratios mean more than times on a shared machine.

Embeds the handbook's sentences, adds the handbook, fills an index with 10,000 synthetic chunks, and
searches it by words, by vectors and by both.
"""

import argparse
import asyncio
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import numpy as np

from footnote import handbook
from footnote.assemble import Application, open_application
from footnote.chunking import CHUNKER
from footnote.databases.sqlite.bm25 import Bm25
from footnote.databases.sqlite.search import terms_of, visible
from footnote.interfaces import IndexIdentity, Vectors
from footnote.settings import load
from footnote.types import LOCAL, Chunk, Document, DocumentId, Extracted, Filters

CHUNKS_PER_DOCUMENT = 50
DIMENSIONS = 384
WORDS_PER_CHUNK = 90
RARE = 300
"""Words of the vocabulary below this rank are in fewer than one chunk in thirty."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=10_000, help="size of the synthetic index")
    parser.add_argument("--searches", type=int, default=200)
    given = parser.parse_args()
    print(f"start-up: `import footnote` {_start('import footnote'):.2f} s, `footnote --help` {_help():.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_embedding_and_adding(Path(folder)))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_searching(Path(folder), given.chunks, given.searches))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 2**20)
    print(f"memory: {peak:.0f} MB at most in this process")


def _start(statement: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - began


def _help() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "footnote", "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


async def _embedding_and_adding(folder: Path) -> None:
    application = await open_application(load(data=folder))
    knowledge = application.knowledge_base()
    files = handbook.documents()
    await knowledge.embedder.embed(["warm up"], "document")
    began, cpu = time.perf_counter(), time.process_time()
    added = [await knowledge.add_file(file) for file in files]
    seconds, spent = time.perf_counter() - began, time.process_time() - cpu
    chunks = sum(one.chunks for one in added)
    print(f"adding: {len(files)} files, {chunks} chunks in {seconds:.1f} s ({chunks / seconds:.0f} chunks/s)")
    texts = [p.chunk.text for p in await knowledge.search("premium plan", 50)] * 4
    cpu = time.process_time()
    await knowledge.embedder.embed(texts, "document")
    spent = time.process_time() - cpu
    print(f"embedding: {len(texts) / spent:.0f} chunks per CPU-second")
    again = time.perf_counter()
    for file in files:
        await knowledge.add_file(file)
    print(f"adding the same again: {time.perf_counter() - again:.2f} s")
    await application.aclose()


async def _searching(folder: Path, chunks: int, searches: int) -> None:
    chance = random.Random(7)
    vocabulary = [
        "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 9))) for _ in range(20_000)
    ]
    weights = [1 / (rank + 1) for rank in range(len(vocabulary))]
    application = await open_application(load(data=folder))
    began = time.perf_counter()
    await _fill(application, chunks, vocabulary, weights, chance)
    print(f"index: {chunks:,} synthetic chunks put in {time.perf_counter() - began:.1f} s")
    store = application.database.documents
    generator = np.random.default_rng(7)
    # As natural text has them: about every chunk has one of a question's words.
    common = [" ".join(chance.choices(vocabulary, weights, k=8)) for _ in range(searches)]
    rare = [" ".join(chance.choices(vocabulary[RARE:], k=4)) for _ in range(searches)]
    vectors = _unit(generator, searches)
    first = time.perf_counter()
    await store.search(LOCAL, common[0], vectors[:1], Filters())
    print(f"first search after opening: {(time.perf_counter() - first) * 1000:.0f} ms")
    bm25, everything = Bm25(chunks), visible(LOCAL, Filters())

    async def by_words(question: str, number: int) -> object:
        async with application.database.reading() as connection:
            return await bm25.scores(connection, terms_of(question, {"en"}), everything, [], 200)

    async def by_both(question: str, number: int) -> object:
        return await store.search(LOCAL, question, vectors[number : number + 1], Filters())

    for name, search, questions in (
        ("vectors", by_both, [""] * searches),
        ("words, common ones", by_words, common),
        ("words, rare ones", by_words, rare),
        ("both, common words", by_both, common),
        ("both, rare words", by_both, rare),
    ):
        print(f"search by {name}: {await _percentiles(search, questions)}")
    await application.aclose()


async def _fill(
    application: Application, chunks: int, vocabulary: list[str], weights: list[float], chance: random.Random
) -> None:
    generator = np.random.default_rng(11)
    identity = IndexIdentity(embedder="synthetic", dimensions=DIMENSIONS, chunker=CHUNKER)
    for number in range(chunks // CHUNKS_PER_DOCUMENT):
        texts = [
            " ".join(chance.choices(vocabulary, weights, k=WORDS_PER_CHUNK))
            for _ in range(CHUNKS_PER_DOCUMENT)
        ]
        starts = np.cumsum([0, *(len(text) + 1 for text in texts)]).tolist()
        pieces = [
            Chunk(text=text, start=start, end=start + len(text))
            for text, start in zip(texts, starts[:-1], strict=True)
        ]
        document = Document(
            id=DocumentId(f"{number:032x}"),
            owner=LOCAL,
            collection="documents",
            name=f"document-{number}.txt",
            sha256=f"{number:064x}",
            media_type="text/plain",
            size=starts[-1],
            added_at=time.time(),
            extracted=Extracted(text="\n".join(texts)),
            language="en",
        )
        await application.database.documents.put(
            document, b"", pieces, _unit(generator, CHUNKS_PER_DOCUMENT), identity
        )


def _unit(generator: np.random.Generator, count: int) -> Vectors:
    rows = generator.standard_normal((count, DIMENSIONS)).astype(np.float32)
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


async def _percentiles(search: Callable[[str, int], Awaitable[object]], questions: Sequence[str]) -> str:
    times: list[float] = []
    cpu = time.process_time()
    for number, question in enumerate(questions):
        began = time.perf_counter()
        await search(question, number)
        times.append((time.perf_counter() - began) * 1000)
    cuts = statistics.quantiles(times, n=20)
    spent = (time.process_time() - cpu) * 1000 / len(questions)
    return f"p50 {statistics.median(times):.1f} ms, p95 {cuts[18]:.1f} ms, processor {spent:.1f} ms each"


if __name__ == "__main__":
    main()
