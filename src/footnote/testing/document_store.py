"""What every `DocumentStore` must do. Inherit from `DocumentStoreContract` and give it a `store`.

class TestMyStore(DocumentStoreContract):
    @pytest.fixture
    async def store(self, tmp_path): ...
"""

import hashlib
import time
import uuid
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from footnote.errors import IndexMismatch, NotFound
from footnote.interfaces import DocumentStore, IndexIdentity, Vectors
from footnote.types import (
    LOCAL,
    Block,
    Chunk,
    Document,
    DocumentId,
    Extracted,
    Filters,
    OwnerId,
    Page,
    PageRun,
)

DIMENSIONS = 64
IDENTITY = IndexIdentity(embedder="toy", dimensions=DIMENSIONS, chunker="sentences-1")
OTHER_IDENTITY = IndexIdentity(embedder="other", dimensions=32, chunker="sentences-2")
SOMEONE_ELSE = OwnerId("someone else")


def embed(text: str, dimensions: int = DIMENSIONS) -> Vectors:
    """A vector of shape (1, dimensions) that is alike for texts with the same words."""
    vector = np.full((1, dimensions), 1e-3, dtype=np.float32)
    for word in text.lower().split():
        vector[0, int(hashlib.sha256(word.encode("utf-8", "replace")).hexdigest(), 16) % dimensions] += 1
    return vector / np.linalg.norm(vector)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Everything that `put` takes, made of a text with one chunk for each line."""

    document: Document
    original: bytes
    chunks: tuple[Chunk, ...]
    vectors: Vectors
    identity: IndexIdentity = IDENTITY

    async def put_into(self, store: DocumentStore) -> "Sample":
        await store.put(self.document, self.original, self.chunks, self.vectors, self.identity)
        return self


def sample(
    text: str,
    *,
    name: str = "notes.txt",
    collection: str = "documents",
    owner: OwnerId = LOCAL,
    identity: IndexIdentity = IDENTITY,
    **changed: Any,
) -> Sample:
    """A document whose chunks are its lines; `changed` are fields of `Document`."""
    chunks, start = [], 0
    for line in text.splitlines(keepends=True):
        end = start + len(line)
        chunks.append(Chunk(text=line, start=start, end=end, page="1", heading=("A", "B"), lead_in="so:"))
        start = end
    vectors = [embed(chunk.text, identity.dimensions) for chunk in chunks]
    document = Document(
        id=DocumentId(uuid.uuid4().hex),
        owner=owner,
        collection=collection,
        name=name,
        sha256=hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(),
        media_type="text/plain",
        size=len(text),
        added_at=time.time(),
        extracted=Extracted(text=text),
        language="en",
    )
    return Sample(
        document=replace(document, **changed),
        original=text.encode("utf-8", "replace"),
        chunks=tuple(chunks),
        vectors=np.concatenate(vectors) if vectors else np.empty((0, identity.dimensions), dtype=np.float32),
        identity=identity,
    )


async def found(
    store: DocumentStore,
    question: str,
    filters: Filters | None = None,
    owner: OwnerId = LOCAL,
    limit: int = 200,
) -> list[str]:
    """The texts of all chunks that a word of the question matches, the best first."""
    candidates = await store.search(owner, question, embed(question), filters or Filters(), limit)
    best = sorted((c for c in candidates if c.words > 0), key=lambda c: -c.words)
    return [passage.chunk.text for passage in await store.passages(owner, [c.chunk_id for c in best])]


class DocumentStoreContract:
    """Async tests: run with pytest-asyncio in `auto` mode."""

    # --- in and out -------------------------------------------------------------------------

    async def test_a_document_comes_back_as_it_was_put(self, store: DocumentStore) -> None:
        text = "Ärger mit 日本語 und 😀.\nDie zweite Zeile.\n"
        extracted = Extracted(
            text=text,
            blocks=(Block(kind="heading", start=0, end=5, level=2), Block(kind="paragraph", start=6, end=9)),
            pages=(Page(label="iii", start=0, end=10), Page(label="iv", start=10, end=len(text))),
            page_runs=(PageRun(start=0, page=0, page_start=3, length=7),),
            notes=("One page had no text.",),
        )
        put = await sample(
            text, extracted=extracted, metadata={"author": "Ä", "year": 2024}, language="de"
        ).put_into(store)
        document = await store.document(LOCAL, put.document.id)
        assert document == put.document
        assert await store.original(LOCAL, put.document.id) == put.original

    async def test_the_summary_tells_of_the_document_without_its_text(self, store: DocumentStore) -> None:
        put = await sample("one\ntwo\nthree\n").put_into(store)
        summary = await store.find(LOCAL, "documents", "notes.txt")
        assert summary is not None
        assert (summary.id, summary.sha256) == (put.document.id, put.document.sha256)
        assert (summary.characters, summary.chunks, summary.pages) == (14, 3, 0)
        assert await store.list(LOCAL) == (summary,)

    async def test_a_list_can_be_of_one_collection(self, store: DocumentStore) -> None:
        await sample("one\n", name="b.txt").put_into(store)
        await sample("two\n", name="a.txt").put_into(store)
        await sample("three\n", name="a.txt", collection="other").put_into(store)
        assert [d.name for d in await store.list(LOCAL, "documents")] == ["a.txt", "b.txt"]
        assert len(await store.list(LOCAL)) == 3

    async def test_every_passage_is_a_slice_of_its_document(self, store: DocumentStore) -> None:
        text = "😀 emoji first\nthen Ünïcode\n日本語 last\n"
        put = await sample(text).put_into(store)
        candidates = await store.search(LOCAL, "emoji", embed("emoji"), Filters())
        passages = await store.passages(LOCAL, [c.chunk_id for c in candidates])
        assert len(passages) == 3
        for passage, chunk in zip(passages, put.chunks, strict=True):
            assert replace(passage.chunk, id=chunk.id) == chunk
            assert text[passage.chunk.start : passage.chunk.end] == passage.chunk.text
            assert (passage.document, passage.document_id) == ("notes.txt", put.document.id)
            assert (passage.sha256, passage.collection) == (put.document.sha256, "documents")

    async def test_passages_come_in_the_order_asked_for_without_those_that_are_gone(
        self, store: DocumentStore
    ) -> None:
        await sample("one\ntwo\nthree\n").put_into(store)
        ids = [c.chunk_id for c in await store.search(LOCAL, "one", embed("one"), Filters())]
        asked = [ids[2], type(ids[0])(10**9), ids[0]]
        assert [p.chunk.text for p in await store.passages(LOCAL, asked)] == ["three\n", "one\n"]
        assert await store.passages(LOCAL, []) == ()

    async def test_a_document_without_chunks_is_kept(self, store: DocumentStore) -> None:
        put = await sample("").put_into(store)
        assert (await store.document(LOCAL, put.document.id)).extracted.text == ""
        assert await found(store, "anything") == []

    async def test_chunks_that_are_no_slices_of_the_text_are_not_taken(self, store: DocumentStore) -> None:
        wrong = sample("one\ntwo\n")
        shifted = replace(wrong, chunks=(replace(wrong.chunks[0], start=1, end=5), wrong.chunks[1]))
        with pytest.raises(ValueError, match="slice"):
            await shifted.put_into(store)
        assert await store.list(LOCAL) == ()

    async def test_a_name_and_a_text_may_contain_whatever_python_holds(self, store: DocumentStore) -> None:
        """File names that are not UTF-8 reach Python with lone surrogates."""
        text = "NUL \x00 here\nhalf a pair \ud800 apple\n"
        await sample(text, name="b\udce4r.txt", collection="c\ud800").put_into(store)
        summary = await store.find(LOCAL, "c\ud800", "b\udce4r.txt")
        assert summary is not None
        kept = (await store.document(LOCAL, summary.id)).extracted.text
        assert len(kept) == len(text)
        candidates = await store.search(LOCAL, "apple", embed("apple"), Filters(collections=("c\ud800",)))
        passages = await store.passages(LOCAL, [c.chunk_id for c in candidates])
        assert [p.chunk.text for p in passages] == kept.splitlines(keepends=True)
        await sample("pear\n", name="b\udce4r.txt", collection="c\ud800").put_into(store)
        assert len(await store.list(LOCAL)) == 1

    async def test_unknown_documents_are_not_found(self, store: DocumentStore) -> None:
        unknown = DocumentId("0" * 32)
        assert await store.find(LOCAL, "documents", "notes.txt") is None
        for look in (store.document, store.original):
            with pytest.raises(NotFound):
                await look(LOCAL, unknown)
        with pytest.raises(NotFound):
            await store.remove(LOCAL, [unknown])

    # --- replacing and removing -------------------------------------------------------------

    async def test_a_document_of_the_same_name_replaces_the_old_one(self, store: DocumentStore) -> None:
        old = await sample("the old apple\n").put_into(store)
        new = await sample("the new pear\n").put_into(store)
        assert [d.id for d in await store.list(LOCAL)] == [new.document.id]
        assert await found(store, "apple") == []
        assert await found(store, "pear") == ["the new pear\n"]
        with pytest.raises(NotFound):
            await store.document(LOCAL, old.document.id)

    async def test_the_same_document_can_be_put_again_with_other_chunks(self, store: DocumentStore) -> None:
        put = await sample("one apple\none pear\n").put_into(store)
        whole = Chunk(text=put.document.extracted.text, start=0, end=19)
        again = replace(put, chunks=(whole,), vectors=put.vectors[:1])
        await again.put_into(store)
        assert await found(store, "pear") == ["one apple\none pear\n"]

    async def test_a_name_in_another_collection_is_another_document(self, store: DocumentStore) -> None:
        await sample("apple\n", collection="a").put_into(store)
        await sample("apple\n", collection="b").put_into(store)
        assert len(await store.list(LOCAL)) == 2

    async def test_a_removed_document_is_not_found(self, store: DocumentStore) -> None:
        gone = await sample("apple and pear\n", name="gone.txt").put_into(store)
        await sample("apple and plum\n", name="stays.txt").put_into(store)
        candidates = await store.search(LOCAL, "apple", embed("apple"), Filters())
        assert await store.remove(LOCAL, [gone.document.id]) == ()
        assert await found(store, "apple") == ["apple and plum\n"]
        assert len(await store.passages(LOCAL, [c.chunk_id for c in candidates])) == 1
        assert [d.name for d in await store.list(LOCAL)] == ["stays.txt"]
        with pytest.raises(NotFound):
            await store.original(LOCAL, gone.document.id)

    async def test_removing_is_all_or_nothing(self, store: DocumentStore) -> None:
        put = await sample("apple\n").put_into(store)
        with pytest.raises(NotFound):
            await store.remove(LOCAL, [put.document.id, DocumentId("unknown")])
        assert await found(store, "apple") == ["apple\n"]

    # --- owners -----------------------------------------------------------------------------

    async def test_no_owner_sees_or_touches_another_ones_documents(self, store: DocumentStore) -> None:
        theirs = await sample("the secret apple\n", owner=SOMEONE_ELSE).put_into(store)
        mine = await sample("my own apple\n").put_into(store)
        candidates = await store.search(SOMEONE_ELSE, "apple", embed("apple"), Filters())
        assert await store.passages(LOCAL, [c.chunk_id for c in candidates]) == ()
        assert await found(store, "apple") == ["my own apple\n"]
        filters = Filters(document_ids=(theirs.document.id,))
        assert await store.search(LOCAL, "apple", embed("apple"), filters) == ()
        for look in (store.document, store.original):
            with pytest.raises(NotFound):
                await look(LOCAL, theirs.document.id)
        with pytest.raises(NotFound):
            await store.remove(LOCAL, [theirs.document.id])
        summary = await store.find(LOCAL, "documents", "notes.txt")
        assert summary is not None
        assert summary.id == mine.document.id
        assert await found(store, "apple", owner=SOMEONE_ELSE) == ["the secret apple\n"]

    async def test_a_search_finds_none_of_anothers_chunks_however_many_are_nearer(
        self, store: DocumentStore
    ) -> None:
        await sample("apple pie\n" * 20, owner=SOMEONE_ELSE).put_into(store)
        await sample("a car\n").put_into(store)
        candidates = await store.search(LOCAL, "apple pie", embed("apple pie"), Filters(), 5)
        assert [p.chunk.text for p in await store.passages(LOCAL, [c.chunk_id for c in candidates])] == [
            "a car\n"
        ]

    # --- search -----------------------------------------------------------------------------

    async def test_an_empty_store_finds_nothing(self, store: DocumentStore) -> None:
        assert await store.search(LOCAL, "anything", embed("anything"), Filters()) == ()

    async def test_the_chunk_with_the_rare_word_scores_best_by_words(self, store: DocumentStore) -> None:
        await sample("".join(f"the common line {n}\n" for n in range(20)) + "the zebra line\n").put_into(
            store
        )
        assert (await found(store, "common zebra line"))[0] == "the zebra line\n"

    async def test_words_are_found_in_names_and_headings(self, store: DocumentStore) -> None:
        heading = replace(sample("apple\n").chunks[0], heading=("Refunds",), lead_in="Prices in euro:")
        await replace(sample("apple\n", name="holiday plan.txt"), chunks=(heading,)).put_into(store)
        for question in ("refunds", "euro", "holiday", "apple"):
            assert await found(store, question) == ["apple\n"]

    async def test_every_candidate_has_both_scores(self, store: DocumentStore) -> None:
        await sample("".join(f"apple number {n}\n" for n in range(30))).put_into(store)
        await sample("pear pear\n", name="other.txt").put_into(store)
        question = "apple number 7"
        candidates = await store.search(LOCAL, question, embed(question), Filters(), 3)
        everything = await store.search(LOCAL, question, embed(question), Filters(), 100)
        assert 3 <= len(candidates) <= 6
        by_id = {c.chunk_id: c for c in everything}
        for candidate in candidates:
            assert candidate == by_id[candidate.chunk_id]
        for candidate, passage in zip(
            everything, await store.passages(LOCAL, [c.chunk_id for c in everything]), strict=True
        ):
            assert (candidate.words > 0) == ("apple" in passage.chunk.text)
            cosine = float((embed(question) @ embed(passage.chunk.text).T)[0, 0])
            assert candidate.vector == pytest.approx(cosine, abs=1e-5)

    async def test_a_question_without_known_words_still_finds_by_vector(self, store: DocumentStore) -> None:
        await sample("apple pie\ncar\n").put_into(store)
        candidates = await store.search(LOCAL, "", embed("apple pie"), Filters(), 1)
        assert [p.chunk.text for p in await store.passages(LOCAL, [c.chunk_id for c in candidates])] == [
            "apple pie\n"
        ]
        assert candidates[0].words == 0

    @pytest.mark.parametrize(
        "question", ['"', "a AND (b", "NOT", "body:apple", "*", "apple*", "😀", "NEAR(a b)"]
    )
    async def test_a_question_is_never_taken_for_a_query_language(
        self, store: DocumentStore, question: str
    ) -> None:
        await sample("apple\n").put_into(store)
        assert len(await store.search(LOCAL, question, embed("apple"), Filters())) == 1

    @pytest.mark.parametrize(
        ("filters", "names"),
        [
            (Filters(), ["a.txt", "b.PDF", "c.txt"]),
            (Filters(collections=("first",)), ["a.txt", "b.PDF"]),
            (Filters(collections=("first", "second")), ["a.txt", "b.PDF", "c.txt"]),
            (Filters(collections=("unknown",)), []),
            (Filters(file_types=("pdf",)), ["b.PDF"]),
            (Filters(file_types=(".TXT",)), ["a.txt", "c.txt"]),
            (Filters(added_after=200.0), ["b.PDF", "c.txt"]),
            (Filters(added_before=200.0), ["a.txt"]),
            (Filters(added_after=150.0, added_before=250.0, file_types=("pdf",)), ["b.PDF"]),
            (Filters(document_ids=(DocumentId("id a"), DocumentId("id c"))), ["a.txt", "c.txt"]),
        ],
    )
    async def test_filters_hold_for_words_and_vectors(
        self, store: DocumentStore, filters: Filters, names: list[str]
    ) -> None:
        for name, collection, added_at in (
            ("a.txt", "first", 100),
            ("b.PDF", "first", 200),
            ("c.txt", "second", 300),
        ):
            document_id = DocumentId("id " + name[0])
            await sample(
                "apple\npear\n", name=name, collection=collection, id=document_id, added_at=float(added_at)
            ).put_into(store)
        candidates = await store.search(LOCAL, "apple", embed("apple"), filters, 1)
        passages = await store.passages(LOCAL, [c.chunk_id for c in candidates])
        assert all(p.document in names for p in passages)
        assert bool(passages) == bool(names)
        candidates = await store.search(LOCAL, "apple", embed("apple"), filters)
        passages = await store.passages(LOCAL, [c.chunk_id for c in candidates])
        assert sorted(p.document for p in passages) == sorted(names * 2)

    # --- who built the index ----------------------------------------------------------------

    async def test_the_index_remembers_its_maker_while_it_holds_anything(self, store: DocumentStore) -> None:
        assert await store.identity() is None
        put = await sample("apple\n").put_into(store)
        assert await store.identity() == IDENTITY
        await store.remove(LOCAL, [put.document.id])
        assert await store.identity() is None
        await sample("apple\n", identity=OTHER_IDENTITY).put_into(store)
        assert await store.identity() == OTHER_IDENTITY

    async def test_another_maker_is_refused_with_what_to_do(self, store: DocumentStore) -> None:
        await sample("apple\n").put_into(store)
        with pytest.raises(IndexMismatch, match=r"toy.*other.*footnote reindex"):
            await sample("pear\n", name="new.txt", identity=OTHER_IDENTITY).put_into(store)
        with pytest.raises(IndexMismatch, match="footnote reindex"):
            await store.search(LOCAL, "apple", embed("apple", 32), Filters())
        assert [d.name for d in await store.list(LOCAL)] == ["notes.txt"]

    async def test_reindexing_keeps_documents_and_changes_the_maker(self, store: DocumentStore) -> None:
        put = await sample("apple\npear\n").put_into(store)
        await found(store, "apple")
        await store.replace_index(OTHER_IDENTITY)
        assert await store.identity() == OTHER_IDENTITY
        assert (await store.list(LOCAL))[0].chunks == 0
        document = await store.document(LOCAL, put.document.id)
        again = sample(document.extracted.text, identity=OTHER_IDENTITY)
        await replace(again, document=document).put_into(store)
        candidates = await store.search(LOCAL, "apple", embed("apple", 32), Filters())
        assert len(candidates) == 2
        assert [d.id for d in await store.list(LOCAL)] == [put.document.id]
