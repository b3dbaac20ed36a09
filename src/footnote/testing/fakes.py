"""Small real parts for tests: they keep everything in memory and need no files and no model.

`MemoryConversations` is a `ConversationStore`, `MemoryRetriever` a `Retriever`, `WordEmbedder` an
`Embedder`. For a language model take `footnote.backends.scripted`.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from copy import deepcopy
from hashlib import blake2b
from typing import Any, Literal

import numpy as np

from footnote.errors import NotFound
from footnote.interfaces import Vectors
from footnote.types import (
    Chunk,
    ConversationId,
    ConversationSummary,
    DocumentId,
    Message,
    MessageId,
    OwnerId,
    Passage,
    TurnId,
    TurnRecord,
)


class MemoryConversations:
    """A `ConversationStore` in memory. Like a database it keeps copies, never the caller's objects."""

    def __init__(self) -> None:
        self.titles: dict[tuple[OwnerId, ConversationId], str] = {}
        self.said: dict[tuple[OwnerId, ConversationId], dict[MessageId, Message]] = {}
        self.turns: dict[tuple[OwnerId, TurnId], TurnRecord] = {}
        self.updates: list[Message] = []
        """Every `update` in order, for tests to look at."""

    async def create(self, owner: OwnerId, title: str = "") -> ConversationId:
        conversation_id = ConversationId(uuid.uuid4().hex)
        self.titles[owner, conversation_id] = title
        self.said[owner, conversation_id] = {}
        return conversation_id

    async def conversations(self, owner: OwnerId) -> tuple[ConversationSummary, ...]:
        found = []
        for (whose, conversation_id), title in self.titles.items():
            if whose == owner:
                times = [m.timestamp for m in self.said[whose, conversation_id].values()] or [0.0]
                found.append(
                    ConversationSummary(
                        id=conversation_id,
                        title=title,
                        created_at=min(times),
                        updated_at=max(times),
                        messages=len(self.said[whose, conversation_id]),
                    )
                )
        return tuple(sorted(found, key=lambda one: one.updated_at, reverse=True))

    async def messages(self, owner: OwnerId, conversation_id: ConversationId) -> tuple[Message, ...]:
        return tuple(deepcopy(list(self._messages(owner, conversation_id).values())))

    async def append(self, owner: OwnerId, conversation_id: ConversationId, message: Message) -> None:
        self._messages(owner, conversation_id)[message.id] = deepcopy(message)

    async def update(self, owner: OwnerId, message: Message) -> None:
        kept = self._holding(owner, message.id)[message.id]
        kept.content, kept.citations, kept.outcome = message.content, message.citations, message.outcome
        kept.metadata = deepcopy(message.metadata)
        self.updates.append(deepcopy(message))

    async def rename(self, owner: OwnerId, conversation_id: ConversationId, title: str) -> None:
        self._messages(owner, conversation_id)
        self.titles[owner, conversation_id] = title

    async def delete(self, owner: OwnerId, conversation_id: ConversationId) -> None:
        self._messages(owner, conversation_id)
        del self.said[owner, conversation_id], self.titles[owner, conversation_id]

    async def delete_messages(self, owner: OwnerId, message_ids: Sequence[MessageId]) -> None:
        for message_id in message_ids:
            kept = self._holding(owner, message_id)[message_id]
            kept.content, kept.citations, kept.metadata = "", (), {}

    async def save_turn(self, owner: OwnerId, record: TurnRecord) -> None:
        self.turns[owner, record.id] = record

    async def turn(self, owner: OwnerId, turn_id: TurnId) -> TurnRecord:
        if (owner, turn_id) not in self.turns:
            raise NotFound("There is no such turn.")
        return self.turns[owner, turn_id]

    async def interrupt_streaming(self) -> int:
        unfinished = [m for said in self.said.values() for m in said.values() if m.outcome == "streaming"]
        for message in unfinished:
            message.outcome = "interrupted"
        return len(unfinished)

    def _messages(self, owner: OwnerId, conversation_id: ConversationId) -> dict[MessageId, Message]:
        if (owner, conversation_id) not in self.said:
            raise NotFound("There is no such conversation.")
        return self.said[owner, conversation_id]

    def _holding(self, owner: OwnerId, message_id: MessageId) -> dict[MessageId, Message]:
        for (whose, _), said in self.said.items():
            if whose == owner and message_id in said:
                return said
        raise NotFound("There is no such message.")


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


class WordEmbedder:
    """An `Embedder` that knows only which words a text has: texts that share words are near."""

    id = "words-64"
    dimensions = 64
    max_tokens = 256

    async def embed(self, texts: Sequence[str], use: Literal["document", "query"]) -> Vectors:
        rows = np.full((len(texts), self.dimensions), 1e-6, dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in words(text):
                # A hash that is the same in every process, unlike `hash`.
                row[int.from_bytes(blake2b(word.encode(), digest_size=4).digest()) % self.dimensions] += 1
        unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit

    def count_tokens(self, text: str) -> int:
        return len(words(text))


class MemoryRetriever:
    """A `Retriever` over a few texts: the score is the share of the question's words in the text."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """`texts` by source name."""
        self.texts = dict(texts)
        self.asked: list[str] = []

    async def retrieve(self, query: str, top_k: int = 3, min_score: float = 0.0) -> list[Passage]:
        self.asked.append(query)
        wanted = set(words(query))
        scored = [
            (len(wanted & set(words(text))) / max(len(wanted), 1), source, text)
            for source, text in self.texts.items()
        ]
        scored.sort(key=lambda found: found[0], reverse=True)
        return [
            whole_passage(source, text, score)
            for score, source, text in scored[:top_k]
            if score > 0 and score >= min_score
        ]


def whole_passage(source: str, text: str, score: float = 1.0, **of_chunk: Any) -> Passage:
    """A document that is one passage; its hash is that of its text."""
    return Passage(
        chunk=Chunk(text=text, start=0, end=len(text), **of_chunk),
        document=source,
        document_id=DocumentId(source),
        sha256=blake2b(text.encode(), digest_size=32).hexdigest(),
        score=score,
    )
