"""Documents, chunks and passages to rows and back. What the columns hold is decided here."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from sqlalchemy import Row

from footnote.interfaces import Vectors
from footnote.language.words import document_terms
from footnote.types import (
    Block,
    Chunk,
    ChunkId,
    Document,
    DocumentId,
    DocumentSummary,
    Extracted,
    Page,
    PageRun,
    Passage,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A document as rows, but for the ids of its chunks: those are known in the transaction only."""

    document: dict[str, Any]
    chunks: list[dict[str, Any]]
    vectors: list[bytes]
    words: list[dict[str, str]]


def prepare(document: Document, original: bytes, cut: Sequence[Chunk], embedded: Vectors) -> Prepared:
    extracted, language = document.extracted, document.language
    for chunk in cut:
        if extracted.text[chunk.start : chunk.end] != chunk.text:
            raise ValueError(f"The chunk at {chunk.start} is not a slice of {document.name}'s text.")
    name_terms = _terms(document.name, language)
    return Prepared(
        document={
            "id": document.id,
            "owner": document.owner,
            "collection": document.collection,
            "name": document.name,
            "file_type": PurePath(document.name).suffix.lower().removeprefix("."),
            "sha256": document.sha256,
            "media_type": document.media_type,
            "size": document.size,
            "added_at": document.added_at,
            "language": language,
            "characters": len(extracted.text),
            "page_count": len(extracted.pages),
            "notes": list(extracted.notes),
            "metadata": document.metadata,
            "blocks": [(b.kind, b.start, b.end, b.level) for b in extracted.blocks],
            "pages": [(p.label, p.start, p.end) for p in extracted.pages],
            "page_runs": [(r.start, r.page, r.page_start, r.length) for r in extracted.page_runs],
            "text": extracted.text,
            "original": zlib.compress(original),
        },
        chunks=[
            {
                "owner": document.owner,
                "document_id": document.id,
                "starts_at": chunk.start,
                "ends_at": chunk.end,
                "page": chunk.page,
                "heading": list(chunk.heading),
                "lead_in": chunk.lead_in,
            }
            for chunk in cut
        ],
        vectors=[row.tobytes() for row in embedded.astype("<f4", copy=False)],
        words=[
            {
                "body": _terms(chunk.text, language),
                "heading": _terms("\n".join((*chunk.heading, chunk.lead_in)), language),
                "name": name_terms,
            }
            for chunk in cut
        ],
    )


def _terms(value: str, language: str) -> str:
    return " ".join(document_terms(value, language))


def summary_of(row: Row[*tuple[Any, ...]]) -> DocumentSummary:
    fields = row._asdict()
    return DocumentSummary(**fields | {"notes": tuple(row.notes)})


def document_of(row: Row[*tuple[Any, ...]]) -> Document:
    return Document(
        id=row.id,
        owner=row.owner,
        collection=row.collection,
        name=row.name,
        sha256=row.sha256,
        media_type=row.media_type,
        size=row.size,
        added_at=row.added_at,
        language=row.language,
        metadata=row.metadata,
        extracted=Extracted(
            text=row.text,
            blocks=tuple(Block(kind=k, start=s, end=e, level=n) for k, s, e, n in row.blocks),
            pages=tuple(Page(label=label, start=s, end=e) for label, s, e in row.pages),
            page_runs=tuple(
                PageRun(start=s, page=p, page_start=at, length=n) for s, p, at, n in row.page_runs
            ),
            notes=tuple(row.notes),
        ),
    )


def passage_of(row: Row[*tuple[Any, ...]]) -> Passage:
    chunk = Chunk(
        id=ChunkId(row.id),
        text=row.text,
        start=row.starts_at,
        end=row.ends_at,
        page=row.page,
        heading=tuple(row.heading),
        lead_in=row.lead_in,
    )
    return Passage(
        chunk=chunk,
        document=row.name,
        document_id=DocumentId(row.document_id),
        sha256=row.sha256,
        collection=row.collection,
        metadata=row.metadata,
    )
