"""The nouns of the program: frozen values, no input or output, no identifiers of a database driver.

    Document --extracted to--> Extracted --cut into--> Chunk --found as--> Passage --quoted as--> Citation
    Conversation --holds--> Message (a tree, by `parent_id`)      one turn --ends as--> Answer

Every `start` and `end` is a half-open range of characters (Python string indexes) in the text that
the document keeps, so a highlight is always `text[start:end]`.
"""

import time
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal, NewType

OwnerId = NewType("OwnerId", str)
DocumentId = NewType("DocumentId", str)
ChunkId = NewType("ChunkId", int)
ConversationId = NewType("ConversationId", str)
MessageId = NewType("MessageId", str)
TurnId = NewType("TurnId", str)

LOCAL = OwnerId("local")
"""The owner of everything until there are accounts."""

DEFAULT_COLLECTION = "documents"

Role = Literal["system", "user", "assistant"]
Outcome = Literal["streaming", "complete", "cut_short", "interrupted", "failed", "declined"]
Basis = Literal["documents", "conversation", "small_talk", "model"]
"""What an answer rests on: the documents, the conversation itself, courtesy, or the model alone."""
Verdict = Literal["verified", "partial", "unsupported", "unknown_source"]
BlockKind = Literal["heading", "paragraph", "list_item", "table_header", "table_row", "code"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A structural piece of an extracted text; blocks come in order and do not overlap.

    `level` is 1 to 6 for a heading and the nesting depth for a list item.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page, slide or sheet: where its text lies, and what a reader calls it ("3", "Prices")."""

    label: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PageRun:
    """A stretch of kept text that lies unbroken on a page of a PDF.

    Character `start + i` of the kept text is character `page_start + i` of page `page` (from 0).
    """

    start: int
    page: int
    page_start: int
    length: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Extracted:
    """What a parser makes of a file: its text and the structure of that text."""

    text: str
    blocks: tuple[Block, ...] = ()
    pages: tuple[Page, ...] = ()
    page_runs: tuple[PageRun, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader should know: characters removed, sheets hidden, pages without text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A file as it is kept. Its identity is (owner, collection, name); `sha256` only tells sameness."""

    id: DocumentId
    owner: OwnerId
    collection: str
    name: str
    sha256: str
    media_type: str
    size: int
    """Bytes of the original file."""
    added_at: float
    """Seconds since the epoch."""
    extracted: Extracted
    language: str = ""
    """ISO 639-1 code, or empty when unknown."""
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentSummary:
    """A document as a list shows it: no text."""

    id: DocumentId
    collection: str
    name: str
    sha256: str
    media_type: str
    size: int
    added_at: float
    characters: int
    chunks: int
    pages: int
    language: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """A piece of a document, small enough to embed: `document.text[start:end] == text`."""

    text: str
    start: int
    end: int
    page: str = ""
    """The label of the page on which it starts."""
    heading: tuple[str, ...] = ()
    """The headings above it, outermost first."""
    lead_in: str = ""
    """The table header or the sentence that introduces the list, when the chunk starts below it."""
    id: ChunkId = ChunkId(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """A chunk that a search found. `score` is the fused relevance, 0 to 1, comparable within a search."""

    chunk: Chunk
    document: str
    """The document's name, as the user knows it."""
    document_id: DocumentId = DocumentId("")
    sha256: str = ""
    collection: str = ""
    score: float = 0.0
    words_score: float = 0.0
    """BM25, unbounded; 0 when no word matched."""
    vector_score: float = 0.0
    """Cosine of question and chunk."""
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoredSentence:
    """A sentence, table row or list item of a passage, with how well it answers the question (0 to 1)."""

    passage: int
    """Index into the passages of the same search."""
    start: int
    """Offset within the passage's text, not the document's."""
    end: int
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Whether what was found is enough. `score` is the calibrated chance (0 to 1) that it answers."""

    score: float
    sentences: tuple[ScoredSentence, ...] = ()
    """Best first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Citation:
    """A footnote: the `marker` in the answer, the quoted span of the source, and what the check said.

    `start` and `end` index the document's kept text. Equal values mean that no span was found.
    """

    marker: int
    document: str
    document_id: DocumentId = DocumentId("")
    sha256: str = ""
    collection: str = ""
    page: str = ""
    quote: str = ""
    start: int = 0
    end: int = 0
    verdict: Verdict = "unsupported"
    claim: str = ""
    """The sentence of the answer that carries the marker."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Tokens as the provider counted them; 0 where it did not say or no model was called."""

    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0


@dataclass(slots=True)
class Message:
    """One thing said. `parent_id` makes an edit or a retry a branch, not an overwrite."""

    role: Role
    content: str
    timestamp: float = field(default_factory=time.time)
    """Seconds since the epoch."""
    metadata: dict[str, Any] = field(default_factory=dict)
    _: KW_ONLY
    id: MessageId = MessageId("")
    parent_id: MessageId | None = None
    citations: tuple[Citation, ...] = ()
    outcome: Outcome = "complete"


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """How a turn ended."""

    text: str
    outcome: Outcome
    basis: Basis
    citations: tuple[Citation, ...] = ()
    passages: tuple[Passage, ...] = ()
    evidence: Evidence | None = None
    model: str = ""
    rewritten_question: str = ""
    """The question as it was searched for, when that differs from what was typed."""
    notices: tuple[str, ...] = ()
    usage: Usage = Usage()
    timings_ms: dict[str, float] = field(default_factory=dict)
    conversation_id: ConversationId = ConversationId("")
    message_id: MessageId = MessageId("")
    turn_id: TurnId = TurnId("")


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversationSummary:
    id: ConversationId
    title: str
    created_at: float
    updated_at: float
    messages: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnRecord:
    """Enough to rebuild a turn's prompt from the stored documents: ids, offsets and hashes, never
    passage text."""

    id: TurnId
    conversation_id: ConversationId
    question_id: MessageId
    answer_id: MessageId
    started_at: float
    question: str
    rewritten_question: str
    basis: Basis
    outcome: Outcome
    model: str
    template: str
    """Version of the prompt's wording."""
    parameters: dict[str, Any] = field(default_factory=dict)
    passages: tuple[dict[str, Any], ...] = ()
    """document_id, sha256, start, end, score; in the order shown to the model."""
    evidence_score: float = 0.0
    usage: Usage = Usage()
    timings_ms: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """What became of one file that was offered to the knowledge base."""

    name: str
    outcome: Literal["added", "replaced", "unchanged", "refused"]
    document_id: DocumentId = DocumentId("")
    chunks: int = 0
    reason: str = ""
    """Why it was refused, in plain words."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What a search may look at; an empty field does not restrict."""

    collections: tuple[str, ...] = ()
    document_ids: tuple[DocumentId, ...] = ()
    file_types: tuple[str, ...] = ()
    """Suffixes without the dot, as in "pdf"."""
    added_after: float | None = None
    added_before: float | None = None
