"""A collection searched as the product searches it: the same terms in SQLite's FTS5, the same vectors.

Vectors are made once and kept in `.cache/quality/`; delete the folder to make them anew.
"""

import asyncio
import hashlib
import sqlite3
from pathlib import Path

import numpy as np
import numpy.typing as npt

from footnote.interfaces import Candidate, Embedder
from footnote.language.words import document_terms, query_terms
from footnote.types import ChunkId

CACHE = Path(__file__).parents[1] / ".cache" / "quality"
TOKEN_CHARACTERS = "".join(chr(c) for c in range(33, 127) if not chr(c).isalnum() and chr(c) not in "\"'")


class Words:
    """BM25 over terms, as FTS5 scores it (k1 1.2, b .75)."""

    def __init__(self, texts: list[str], language: str) -> None:
        self.language = language
        self.database = sqlite3.connect(":memory:")
        self.database.execute(
            "create virtual table terms using fts5(body, content='', "
            f"tokenize=\"ascii tokenchars '{TOKEN_CHARACTERS}'\")"
        )
        rows = ((i + 1, " ".join(document_terms(text, language))) for i, text in enumerate(texts))
        self.database.executemany("insert into terms(rowid, body) values (?, ?)", rows)

    def search(self, question: str, limit: int = 200) -> dict[int, float]:
        wanted = query_terms(question, [self.language] if self.language else [])
        query = " OR ".join(f'"{term}"' for term in dict.fromkeys(t for one in wanted for t in one))
        if not query:
            return {}
        rows = self.database.execute(
            "select rowid, bm25(terms) from terms where terms match ? order by rank limit ?", (query, limit)
        )
        return {row - 1: -score for row, score in rows}

    def scores(self, question: str, rows: set[int], limit: int = 200) -> dict[int, float]:
        """The best by words, and the score of any other row of `rows`."""
        best = self.search(question, limit)
        if len(best) == limit and not rows <= best.keys():
            everything = self.search(question, 1_000_000)
            best |= {row: everything.get(row, 0.0) for row in rows}
        return best


class Index:
    def __init__(self, passages: dict[str, str], language: str, embedder: Embedder | None) -> None:
        self.ids = list(passages)
        self.texts = list(passages.values())
        self.embedder = embedder
        self.words = Words(self.texts, language)
        self.vectors = vectors_of(self.texts, embedder) if embedder else None
        self._found: dict[str, tuple[Candidate, ...]] = {}

    def candidates(self, question: str, limit: int = 200) -> tuple[Candidate, ...]:
        """Every chunk that words or vectors bring, scored by both. Kept: several rankings ask for it."""
        if question not in self._found:
            self._found[question] = self._search(question, limit)
        return self._found[question]

    def _search(self, question: str, limit: int) -> tuple[Candidate, ...]:
        assert self.embedder is not None
        assert self.vectors is not None
        cosines = self.vectors @ vectors_of([question], self.embedder, "query")[0]
        nearest = {int(i) for i in np.argsort(-cosines)[:limit]}
        scored = self.words.scores(question, nearest, limit)
        return tuple(
            Candidate(chunk_id=ChunkId(i), words=scored.get(i, 0.0), vector=float(cosines[i]))
            for i in nearest | scored.keys()
        )


_memory: dict[str, dict[str, npt.NDArray[np.float32]]] = {}


def vectors_of(texts: list[str], embedder: Embedder, use: str = "document") -> npt.NDArray[np.float32]:
    """Unit rows, from the cache where it has them. One cache file per embedder, appended to in parts."""
    key = hashlib.sha256(embedder.id.encode()).hexdigest()[:16]
    if key not in _memory:
        _memory[key] = {}
        for part in sorted(CACHE.glob(f"{key}-*.npz")):
            with np.load(part) as saved:
                _memory[key].update(zip(saved["names"].tolist(), saved["vectors"], strict=True))
    known = _memory[key]
    names = [hashlib.sha256(text.encode()).hexdigest()[:24] for text in texts]
    missing = {name: text for name, text in zip(names, texts, strict=True) if name not in known}
    waiting = list(missing.items())
    for start in range(0, len(waiting), 500):
        batch = waiting[start : start + 500]
        made = asyncio.run(_embed(embedder, [text for _, text in batch]))
        known.update(zip([name for name, _ in batch], made, strict=True))
        if len(waiting) > 50:
            print(f"  embedded {start + len(batch)} of {len(waiting)}", flush=True)
        CACHE.mkdir(parents=True, exist_ok=True)
        part = CACHE / f"{key}-{batch[0][0]}.npz"
        np.savez(part, names=np.array([name for name, _ in batch]), vectors=made)
    return (
        np.stack([known[name] for name in names]) if names else np.zeros((0, embedder.dimensions), np.float32)
    )


async def _embed(embedder: Embedder, texts: list[str]) -> npt.NDArray[np.float32]:
    return await embedder.embed(texts, "document")
