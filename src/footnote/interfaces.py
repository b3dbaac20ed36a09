"""The seams: everything that can be swapped, on one page. Each is small on purpose.

`tests/architecture` keeps implementations from knowing one another; `footnote.testing` holds a
contract suite for each seam, run by every implementation.
"""

from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import anyio.to_thread
import numpy as np
import numpy.typing as npt

from footnote import loop
from footnote.types import (
    Basis,
    Chunk,
    ChunkId,
    ConversationId,
    ConversationSummary,
    Document,
    DocumentId,
    DocumentSummary,
    Evidence,
    Extracted,
    Filters,
    Message,
    MessageId,
    OwnerId,
    Passage,
    Role,
    TurnId,
    TurnRecord,
    Usage,
)

Vectors = npt.NDArray[np.float32]
"""Shape (texts, dimensions), rows of unit length."""


# --- language models ---------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptMessage:
    role: Role
    content: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """All that a backend may know of a turn.

    `messages` is the finished conversation with the passages in it; `passages` and `evidence` are
    the same facts unrendered, for backends that take sources in a format of their own.
    """

    messages: tuple[PromptMessage, ...]
    question: str = ""
    """The question as it was searched for."""
    basis: Basis = "model"
    passages: tuple[Passage, ...] = ()
    evidence: Evidence | None = None
    recalled: str = ""
    """What the conversation itself says to the question, found without a model."""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """The last piece of a whole answer. A stream that ends without one was cut off."""

    stopped_by: Literal["end", "length", "filter"] = "end"
    model: str = ""
    usage: Usage = Usage()


Piece = Text | Finished


class LLMBackend:
    """A language model. Add one: a file in `backends/`.

    Define `stream`, or, in a class of your own, only `complete`: each has a default made of the
    other. The backends that ship raise nothing but `BackendError`s.
    """

    name: str = "custom"
    context_tokens: int = 8192

    # `def`, not `async def`: calling it returns the generator, it does not await one.
    def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        """The answer in pieces; closing the generator stops the model."""
        return _stream_of_complete(self, prompt)

    def complete(self, messages: Sequence[Mapping[str, Any]], **kwargs: Any) -> str:
        """The whole answer to `[{"role", "content"}, …]`, waited for. Not inside an event loop."""
        if type(self).stream is LLMBackend.stream:
            raise NotImplementedError(f"{type(self).__name__} must define `complete` or `stream`")
        said = tuple(PromptMessage(role=m["role"], content=m["content"]) for m in messages)
        question = said[-1].content if said else ""
        return loop.run(_collect(self.stream(Prompt(messages=said, question=question, parameters=kwargs))))


async def _stream_of_complete(backend: LLMBackend, prompt: Prompt) -> AsyncGenerator[Piece]:
    if type(backend).complete is LLMBackend.complete:
        raise NotImplementedError(f"{type(backend).__name__} must define `complete` or `stream`")
    messages = [{"role": m.role, "content": m.content} for m in prompt.messages]
    # A user's `complete` may block on the network: never on the loop that serves everyone.
    answer = await anyio.to_thread.run_sync(
        lambda: backend.complete(messages, **prompt.parameters), abandon_on_cancel=True
    )
    yield Text(text=answer)
    yield Finished(model=backend.name)


async def _collect(stream: AsyncGenerator[Piece]) -> str:
    async with aclosing(stream):
        return "".join([piece.text async for piece in stream if isinstance(piece, Text)])


# --- documents and search ----------------------------------------------------------------------


class Retriever(Protocol):
    """Anything that finds text for a question: the knowledge base, or an index of your own.

    `retrieve` may be a plain or an async function. It returns, best first, dicts with "text" and
    "source" (more keys are kept as metadata, "score" is understood), or `Passage`s.
    """

    def retrieve(
        self, query: str, top_k: int = 3, min_score: float = 0.0
    ) -> Sequence[Any] | Awaitable[Sequence[Any]]: ...


class Embedder(Protocol):
    """Turns text into vectors. Add one: a file in `embedders/`.

    `id` names the exact model; the index remembers it and refuses another.
    """

    @property
    def id(self) -> str: ...
    @property
    def dimensions(self) -> int: ...
    @property
    def max_tokens(self) -> int: ...

    async def embed(self, texts: Sequence[str], use: Literal["document", "query"]) -> Vectors: ...
    def count_tokens(self, text: str) -> int: ...


class Parse(Protocol):
    """The bytes of a file to text with structure. Add one: a file in `parsers/`, and its row in
    `parsers.FORMATS`.

    Runs in a child process with limits. Raises `DocumentRefused` with a reason.
    """

    def __call__(self, data: bytes, name: str) -> Extracted: ...


class SizeLimit(Protocol):
    @property
    def max_bytes(self) -> int: ...


class Reader(Protocol):
    """Reads files safely: picks the parser, confines it, and names the reason of a refusal.

    A file of more than `limits.max_bytes` is refused; whoever has it on disk need not load it first.
    """

    @property
    def limits(self) -> SizeLimit: ...

    async def read(self, data: bytes, name: str) -> Extracted: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A chunk that words or vectors found, scored by both."""

    chunk_id: ChunkId
    words: float
    """BM25, higher is better; 0 when no word matched."""
    vector: float
    """Cosine of the question and the chunk."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexIdentity:
    """What built an index. Vectors of different makers must never be compared."""

    embedder: str
    dimensions: int
    chunker: str


class DocumentStore(Protocol):
    """Keeps documents, chunks, vectors and the word index in one transaction each. Every call names
    the owner, and sees nothing of any other. Add one: a folder in `databases/`."""

    async def identity(self) -> IndexIdentity | None:
        """What built the index; None while it is empty."""

    async def put(
        self,
        document: Document,
        original: bytes,
        chunks: Sequence[Chunk],
        vectors: Vectors,
        identity: IndexIdentity,
    ) -> None:
        """Add a document or replace the one of the same owner, collection and name, whole or not
        at all. Raises `IndexMismatch` when another maker built the index."""

    async def find(self, owner: OwnerId, collection: str, name: str) -> DocumentSummary | None: ...
    async def list(self, owner: OwnerId, collection: str | None = None) -> tuple[DocumentSummary, ...]: ...
    async def document(self, owner: OwnerId, document_id: DocumentId) -> Document:
        """With its text. Raises `NotFound`."""

    async def original(self, owner: OwnerId, document_id: DocumentId) -> bytes:
        """The file's bytes as they were added. Raises `NotFound`."""

    async def remove(self, owner: OwnerId, document_ids: Sequence[DocumentId]) -> tuple[MessageId, ...]:
        """Remove every trace: text, bytes, vectors, words, and quotes in saved footnotes. Returns
        the answers that cite them, which the caller may offer to delete."""

    async def search(
        self, owner: OwnerId, question: str, vector: Vectors, filters: Filters, limit: int = 200
    ) -> tuple[Candidate, ...]:
        """The best `limit` chunks by words and the best `limit` by vector, joined, each scored by
        both. `vector` has shape (1, dimensions)."""

    async def passages(self, owner: OwnerId, chunk_ids: Sequence[ChunkId]) -> tuple[Passage, ...]:
        """In the order asked for; ids that are gone are left out."""

    async def replace_index(self, identity: IndexIdentity) -> None:
        """Drop all chunks, vectors and words and name a new maker; documents stay. For reindexing,
        which then calls `put` for each document."""


class ConversationStore(Protocol):
    """Remembers what was said. Every call names the owner."""

    async def create(self, owner: OwnerId, title: str = "") -> ConversationId: ...
    async def conversations(self, owner: OwnerId) -> tuple[ConversationSummary, ...]:
        """Newest first."""

    async def messages(self, owner: OwnerId, conversation_id: ConversationId) -> tuple[Message, ...]:
        """All branches, oldest first. Raises `NotFound`."""

    async def append(self, owner: OwnerId, conversation_id: ConversationId, message: Message) -> None: ...
    async def update(self, owner: OwnerId, message: Message) -> None:
        """Save a message's content, citations, metadata and outcome again, as while it streams."""

    async def rename(self, owner: OwnerId, conversation_id: ConversationId, title: str) -> None: ...
    async def delete(self, owner: OwnerId, conversation_id: ConversationId) -> None: ...
    async def delete_messages(self, owner: OwnerId, message_ids: Sequence[MessageId]) -> None:
        """Blank these answers' words and footnotes; what was said after them stays."""

    async def save_turn(self, owner: OwnerId, record: TurnRecord) -> None: ...
    async def turn(self, owner: OwnerId, turn_id: TurnId) -> TurnRecord: ...
    async def interrupt_streaming(self) -> int:
        """At start-up: answers that a dead process left unfinished become `interrupted`. Returns
        how many."""


class SettingsStore(Protocol):
    """Small values that outlive a process, by name."""

    async def get(self, owner: OwnerId, name: str) -> str | None: ...
    async def set(self, owner: OwnerId, name: str, value: str) -> None: ...
