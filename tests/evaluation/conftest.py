"""A knowledge base of a few sentences: a real database, and an embedder that counts words."""

import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from footnote.backends.extractive import ExtractiveBackend
from footnote.chatbot import Chatbot
from footnote.databases.sqlite import SqliteDatabase
from footnote.interfaces import LLMBackend, Vectors
from footnote.knowledge import KnowledgeBase
from footnote.language.words import document_terms
from footnote.reading import Limits
from footnote.types import Extracted, Filters

DOCUMENTS = {
    "returns.md": "Hardware may be returned within 30 days of delivery.\n\nThe sender pays the postage.",
    "prices.md": "The premium plan costs $49 a month.\n\nThe free plan costs nothing.",
    "holidays.md": "Colleagues in Europe have 27 days of paid holiday.",
}


class WordsEmbedder:
    """Vectors of hashed words: texts that share words are near."""

    id = "words-in-tests"
    dimensions = 256
    max_tokens = 256

    async def embed(self, texts: Sequence[str], use: Literal["document", "query"]) -> Vectors:
        vectors = np.full((len(texts), self.dimensions), 1e-6, np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for term in document_terms(text, "en"):
                row[zlib.crc32(term.encode()) % self.dimensions] += 1
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def count_tokens(self, text: str) -> int:
        return len(text.split())


class BlindEmbedder(WordsEmbedder):
    """To which all texts are the same."""

    id = "blind-in-tests"

    async def embed(self, texts: Sequence[str], use: Literal["document", "query"]) -> Vectors:
        return np.full((len(texts), self.dimensions), self.dimensions**-0.5, np.float32)


class PlainReader:
    limits = Limits()

    async def read(self, data: bytes, name: str) -> Extracted:
        return Extracted(text=data.decode())


@pytest.fixture
async def knowledge(tmp_path: Path) -> AsyncGenerator[KnowledgeBase]:
    database = await SqliteDatabase.open(tmp_path / "data")
    base = KnowledgeBase(store=database.documents, embedder=WordsEmbedder(), reader=PlainReader())
    for name, text in DOCUMENTS.items():
        await base.add(name, text.encode())
    yield base
    await database.aclose()


@pytest.fixture
async def blind(knowledge: KnowledgeBase) -> KnowledgeBase:
    """The same knowledge base with an embedder that tells no text from another: vectors find the
    documents in the order in which they were indexed, by name."""
    knowledge.embedder = BlindEmbedder()
    await knowledge.reindex()
    return knowledge


ChatbotMaker = Callable[[], Awaitable[Chatbot]]


@pytest.fixture
def chatbots(knowledge: KnowledgeBase) -> Callable[..., tuple[ChatbotMaker, list[Chatbot]]]:
    """Makes a maker of chatbots, and the list of those that it has made.

    `threshold` 0 answers everything that finds any text, 1.1 declines everything.
    """

    def maker(
        threshold: float = 0.0, llm: LLMBackend | None = None, filters: Filters | None = None
    ) -> tuple[ChatbotMaker, list[Chatbot]]:
        made: list[Chatbot] = []

        async def new() -> Chatbot:
            made.append(Chatbot(llm or ExtractiveBackend(), knowledge, threshold=threshold, filters=filters))
            return made[-1]

        return new, made

    return maker
