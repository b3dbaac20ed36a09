"""The knowledge base: files go in, passages come out. Read `add`, then `search`.

It knows no database, parser or embedder by name: they are given to it (see `interfaces.py`).
"""

import hashlib
import mimetypes
import os
import stat
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

import anyio

from footnote import loop
from footnote.chunking import CHUNKER, cut
from footnote.errors import DocumentRefused, IndexMismatch, NotFound, too_large
from footnote.interfaces import DocumentStore, Embedder, IndexIdentity, Reader, Vectors
from footnote.language.words import detect_language
from footnote.retrieval.fusion import fuse
from footnote.retrieval.gate import needs_retrieval
from footnote.types import (
    DEFAULT_COLLECTION,
    LOCAL,
    Added,
    Chunk,
    Document,
    DocumentId,
    DocumentSummary,
    Filters,
    MessageId,
    OwnerId,
    Passage,
)

CANDIDATES = 200
"""How many chunks each of words and vectors brings to the fusion."""


class KnowledgeBase:
    """The documents of one owner. Every method has its owner from the constructor."""

    def __init__(
        self, *, store: DocumentStore, embedder: Embedder, reader: Reader, owner: OwnerId = LOCAL
    ) -> None:
        self.store = store
        self.embedder = embedder
        self.reader = reader
        self.owner = owner

    @property
    def identity(self) -> IndexIdentity:
        """What builds this index; the store refuses to mix it with another's."""
        return IndexIdentity(embedder=self.embedder.id, dimensions=self.embedder.dimensions, chunker=CHUNKER)

    # --- files in ---------------------------------------------------------------------------

    async def add(
        self,
        name: str,
        data: bytes,
        *,
        collection: str = DEFAULT_COLLECTION,
        metadata: Mapping[str, Any] | None = None,
        read_as: str = "",
    ) -> Added:
        """Read, cut, embed and keep one file under its source name.

        The same bytes again change nothing; other bytes replace the old version at once. A file
        that cannot be read is refused with its reason, not raised. `read_as` is a file name that
        tells the format when `name` does not. Raises `IndexMismatch` and `DatabaseError`.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        known = await self.store.find(self.owner, collection, name)
        # Without chunks it is kept and not indexed, as after a reindex that was cut off.
        if known is not None and known.sha256 == sha256 and known.chunks:
            return Added(name=name, outcome="unchanged", document_id=known.id, chunks=known.chunks)
        try:
            extracted = await self.reader.read(data, read_as or name)
        except DocumentRefused as error:
            return Added(name=name, outcome="refused", reason=str(error))
        document = Document(
            id=DocumentId(uuid.uuid4().hex),
            owner=self.owner,
            collection=collection,
            name=name,
            sha256=sha256,
            media_type=mimetypes.guess_type(read_as or name)[0] or "application/octet-stream",
            size=len(data),
            added_at=time.time(),
            extracted=extracted,
            language=await anyio.to_thread.run_sync(detect_language, extracted.text),
            metadata=dict(metadata or {}),
        )
        chunks, vectors = await self._cut_and_embedded(document)
        await self.store.put(document, data, chunks, vectors, self.identity)
        return Added(
            name=name,
            outcome="added" if known is None else "replaced",
            document_id=document.id,
            chunks=len(chunks),
            notes=extracted.notes,
        )

    async def add_file(
        self, path: Path, *, name: str | None = None, collection: str = DEFAULT_COLLECTION
    ) -> Added:
        """Add a file from disk. What cannot be opened or is too large is refused with the reason."""
        shown = name or path.name
        try:
            data = await anyio.to_thread.run_sync(_content, path, self.reader.limits.max_bytes)
        except OSError as error:
            reason = f"It could not be opened: {(error.strerror or str(error)).lower()}."
            return Added(name=shown, outcome="refused", reason=reason)
        except DocumentRefused as error:
            return Added(name=shown, outcome="refused", reason=str(error))
        return await self.add(shown, data, collection=collection)

    async def add_text(self, source: str, text: str, metadata: Mapping[str, Any] | None = None) -> Added:
        """Keep a text that is not a file. Two texts of one source are two documents."""
        return await self._add_text(_Names(self), source, text, metadata or {})

    async def _add_text(self, names: "_Names", source: str, text: str, metadata: Mapping[str, Any]) -> Added:
        data = text.encode("utf-8", "replace")
        name = await names.name(source, hashlib.sha256(data).hexdigest())
        given = {**metadata, "text": text, "source": source}
        return await self.add(name, data, metadata=given, read_as="text.txt")

    async def _cut_and_embedded(self, document: Document) -> tuple[Sequence[Chunk], Vectors]:
        chunks = await anyio.to_thread.run_sync(cut, document.extracted, self.embedder.count_tokens)
        return chunks, await self.embedder.embed([_embedded(document.name, c) for c in chunks], "document")

    async def reindex(self, progress: Callable[[str], None] = lambda name: None) -> tuple[Added, ...]:
        """Read every kept file again and index it with the present parsers, chunker and embedder.

        A document that is removed or replaced meanwhile is left as it then is.
        """
        await self.store.replace_index(self.identity)
        results: list[Added] = []
        for summary in await self.store.list(self.owner):
            progress(summary.name)
            with suppress(NotFound):
                if (result := await self._reindex(summary)) is not None:
                    results.append(result)
        return tuple(results)

    async def _reindex(self, summary: DocumentSummary) -> Added | None:
        """Index one kept document again; None when it has changed meanwhile. Raises `NotFound`."""
        document = await self.store.document(self.owner, summary.id)
        original = await self.store.original(self.owner, summary.id)
        note = ""
        try:
            read_as = "text.txt" if "text" in document.metadata else document.name
            document = replace(document, extracted=await self.reader.read(original, read_as))
        except DocumentRefused as error:
            # It was readable once: the text that is kept is better than none.
            note = f"The kept text was indexed again, because now {error}"
        chunks, vectors = await self._cut_and_embedded(document)
        now = await self.store.find(self.owner, summary.collection, summary.name)
        if now is None or now.id != summary.id:
            return None
        await self.store.put(document, original, chunks, vectors, self.identity)
        return Added(
            name=document.name,
            outcome="replaced",
            document_id=document.id,
            chunks=len(chunks),
            notes=(note,) if note else (),
        )

    async def documents(self, collection: str | None = None) -> tuple[DocumentSummary, ...]:
        """What is kept, by name."""
        return await self.store.list(self.owner, collection)

    async def remove(self, document_ids: Sequence[DocumentId]) -> tuple[MessageId, ...]:
        """Remove every trace of documents. Returns the saved answers that cite them."""
        return await self.store.remove(self.owner, document_ids)

    # --- passages out -----------------------------------------------------------------------

    async def search(
        self, query: str, top_k: int = 5, *, min_score: float = 0.0, filters: Filters | None = None
    ) -> tuple[Passage, ...]:
        """The passages that answer best, best first, by words and vectors fused.

        Raises `IndexMismatch` when another embedder built the index.
        """
        made_by = await self.store.identity()
        if made_by is None or not query.strip():
            return ()
        if (made_by.embedder, made_by.dimensions) != (self.embedder.id, self.embedder.dimensions):
            raise IndexMismatch(
                f"These documents were indexed with the embedder {made_by.embedder}, and this is "
                f"{self.embedder.id}: their vectors cannot be compared. Run `footnote reindex` once."
            )
        vector = await self.embedder.embed([query], "query")
        candidates = await self.store.search(self.owner, query, vector, filters or Filters(), CANDIDATES)
        scored = {
            candidate.chunk_id: (candidate, score)
            for candidate, score in fuse(candidates, query, self.embedder.count_tokens)[:top_k]
            if score >= min_score
        }
        found = await self.store.passages(self.owner, list(scored))
        return tuple(
            replace(
                passage,
                score=scored[passage.chunk.id][1],
                words_score=scored[passage.chunk.id][0].words,
                vector_score=scored[passage.chunk.id][0].vector,
            )
            for passage in found
        )

    # --- for scripts without `async` ----------------------------------------------------------

    def add_documents(self, documents: Sequence[Mapping[str, Any]]) -> list[Added]:
        """Add `{"text", "source", …}` records; all their keys come back from `retrieve`. Raises `TypeError`,
        before any is added, when one of them has no text."""
        for number, given in enumerate(documents, 1):
            if not isinstance(given, Mapping) or not isinstance(given.get("text"), str):
                raise TypeError(
                    'A document is a dict such as {"text": "Returns are free.", "source": "returns.txt"}; '
                    f"number {number} is {str(given)[:60]!r}. Files are added with add_files."
                )
        results: list[Added] = []
        names = _Names(self)
        for given in documents:
            rest = {key: value for key, value in given.items() if key not in ("text", "source")}
            source, text = str(given.get("source", "text")), given["text"]
            results.append(loop.run(self._add_text(names, source, text, rest)))
        return results

    def add_files(self, paths: Iterable[Path | str]) -> list[Added]:
        """Add files from disk. Each is named by where it lies, as `footnote add` does; what became of
        it is told in the order given, with the reason if it was refused."""
        return [loop.run(self.add_file(path, name=source_name(path))) for path in map(Path, paths)]

    def retrieve(self, query: str, top_k: int = 3, min_score: float = 0.3) -> list[dict[str, Any]]:
        """The passages as dicts with "text", "source", "score" (0 to 1) and the keys given."""
        return [as_dict(p) for p in loop.run(self.search(query, top_k, min_score=min_score))]

    def needs_retrieval(self, query: str) -> bool:
        """Whether a question wants the documents: small talk does not."""
        return needs_retrieval(query)


def source_name(file: Path) -> str:
    """Where a file lies, from the home folder on: wherever a program is run, the same file has the
    same name, and two files never share one."""
    resolved, home = file.resolve(), Path.home().resolve()
    return (resolved.relative_to(home) if resolved.is_relative_to(home) else resolved).as_posix()


def _content(path: Path, most: int) -> bytes:
    """The bytes of a file. Raises `OSError`, and `DocumentRefused` without loading more than `most`."""
    there = path.stat()
    if stat.S_ISREG(there.st_mode):
        if there.st_size > most:
            raise too_large(there.st_size, most)
    elif not stat.S_ISDIR(there.st_mode):
        # A pipe never ends, and a device may not either. That a folder is none, opening it tells.
        raise DocumentRefused("It is not a file that can be read.", reason="unreadable")
    with path.open("rb") as file:
        data = file.read(there.st_size + 1)
        if len(data) > there.st_size:
            # It grows, or is one of those of the system that tell no size.
            data += file.read(most + 1 - len(data))
        if len(data) > most:
            raise too_large(max(len(data), os.fstat(file.fileno()).st_size), most)
    return data


class _Names:
    """The names of texts that are not files: "faq", "faq (2)" and so on for those of one source, and for
    a text that is there the name it has. One object serves a whole batch, and looks at no name again for
    each text that comes after it."""

    def __init__(self, knowledge_base: KnowledgeBase) -> None:
        self._knowledge_base = knowledge_base
        self._number: dict[str, int] = {}
        self._passed: dict[tuple[str, str], str] = {}
        """The names of texts that are there, by source and hash."""

    async def name(self, source: str, sha256: str) -> str:
        if (source, sha256) in self._passed:
            return self._passed[source, sha256]
        number = self._number.get(source, 1)
        while (known := await self._known(name := _numbered(source, number))) is not None:
            if known.sha256 == sha256:
                break
            self._passed[source, known.sha256] = name
            number += 1
        self._number[source] = number
        return name

    async def _known(self, name: str) -> DocumentSummary | None:
        return await self._knowledge_base.store.find(self._knowledge_base.owner, DEFAULT_COLLECTION, name)


def _numbered(source: str, number: int) -> str:
    return source if number == 1 else f"{source} ({number})"


def as_dict(passage: Passage) -> dict[str, Any]:
    """A passage as scripts know it. A text that is one chunk comes back as it was given."""
    whole = passage.metadata.get("text", "")
    text = whole if whole.strip() == passage.chunk.text else passage.chunk.text
    given = {"source": passage.document, **passage.metadata}
    return {**given, "text": text, "score": passage.score}


def _embedded(name: str, chunk: Chunk) -> str:
    """What the embedder reads of a chunk: where it stands takes part in the meaning."""
    where = " > ".join([PurePath(name).stem.replace("-", " ").replace("_", " "), *chunk.heading])
    return "\n".join(filter(None, [where, chunk.lead_in, chunk.text]))
