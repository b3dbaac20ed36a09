"""Building the index again beside people who go on working."""

from collections.abc import Awaitable, Callable

from footnote.databases.sqlite import SqliteDatabase
from footnote.knowledge import KnowledgeBase
from footnote.reading import Limits
from footnote.testing.fakes import WordEmbedder
from footnote.types import DEFAULT_COLLECTION, LOCAL, Extracted


class Plain:
    """Reads bytes as text; somebody else does something while a file is read."""

    limits = Limits()
    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def read(self, data: bytes, name: str) -> Extracted:
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        return Extracted(text=data.decode())


async def three_documents(database: SqliteDatabase) -> tuple[KnowledgeBase, Plain]:
    reader = Plain()
    knowledge = KnowledgeBase(store=database.documents, embedder=WordEmbedder(), reader=reader)
    for name in ("a.txt", "b.txt", "c.txt"):
        await knowledge.add(name, f"The first words of {name}".encode())
    return knowledge, reader


async def test_a_document_that_is_removed_meanwhile_stays_removed(database: SqliteDatabase) -> None:
    knowledge, reader = await three_documents(database)
    first, second, _ = [document.id for document in await knowledge.documents()]
    reader.meanwhile = lambda: knowledge.remove([first, second])
    assert [added.name for added in await knowledge.reindex()] == ["c.txt"]
    assert [(d.name, d.chunks) for d in await knowledge.documents()] == [("c.txt", 1)]


async def test_a_document_that_is_replaced_meanwhile_keeps_its_new_words(database: SqliteDatabase) -> None:
    knowledge, reader = await three_documents(database)
    reader.meanwhile = lambda: knowledge.add("a.txt", b"The second words")
    await knowledge.reindex()
    replaced = await database.documents.find(LOCAL, DEFAULT_COLLECTION, "a.txt")
    assert replaced is not None
    document = await database.documents.document(LOCAL, replaced.id)
    assert (document.extracted.text, replaced.chunks) == ("The second words", 1)


async def test_after_a_reindex_that_was_cut_off_the_same_file_is_indexed_again(
    database: SqliteDatabase,
) -> None:
    knowledge, _ = await three_documents(database)
    await database.documents.replace_index(knowledge.identity)
    added = await knowledge.add("a.txt", b"The first words of a.txt")
    assert (added.outcome, added.chunks) == ("replaced", 1)
