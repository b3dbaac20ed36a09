"""What goes into a knowledge base, under which name, and at what cost."""

import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from footnote import KnowledgeBase, loop
from footnote.assemble import Application, open_application
from footnote.errors import DocumentRefused
from footnote.reading import Limits
from footnote.settings import load
from footnote.testing.fakes import WordEmbedder
from footnote.types import LOCAL


class Counting:
    """A part of the knowledge base that counts what it is asked for."""

    def __init__(self, part: Any) -> None:
        self.part = part
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        self.calls[name] += 1
        return getattr(self.part, name)


@pytest.fixture
def kb() -> Iterator[KnowledgeBase]:
    made = KnowledgeBase()
    made.embedder = WordEmbedder()
    yield made
    made.close()


def names(kb: KnowledgeBase) -> list[str]:
    return sorted(document.name for document in loop.run(kb.documents()))


# --- files --------------------------------------------------------------------------------------------


@pytest.fixture
async def application(tmp_path: Path) -> AsyncIterator[Application]:
    application = await open_application(load())
    application.reader.limits = Limits(max_bytes=3 << 20)
    yield application
    await application.aclose()


async def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    application: Application, tmp_path: Path
) -> None:
    large = tmp_path / "large.txt"
    with large.open("wb") as file:
        file.truncate(64 << 20)
    tracemalloc.start()
    added = await application.knowledge_base().add_file(large)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 << 20
    with pytest.raises(DocumentRefused) as refused:
        await application.reader.read(large.read_bytes(), "large.txt")
    assert (added.outcome, added.reason) == ("refused", str(refused.value))


needs_files_without_size = pytest.mark.skipif(
    not Path("/proc/self/maps").exists(), reason="this system has no files that tell no size"
)


@needs_files_without_size
async def test_a_file_that_is_larger_than_it_said_is_not_read_to_its_end(application: Application) -> None:
    application.reader.limits = Limits(max_bytes=1000)
    reader: Any = Counting(application.reader)
    application.reader = reader
    added = await application.knowledge_base().add_file(Path("/proc/self/maps"))
    assert (added.outcome, reader.calls["read"]) == ("refused", 0)
    assert "at most" in added.reason


@needs_files_without_size
async def test_a_file_is_read_whole_though_it_tells_no_size_or_is_as_large_as_may_be(
    application: Application, tmp_path: Path
) -> None:
    application.reader.limits = Limits(max_bytes=1000)
    largest = tmp_path / "largest.txt"
    largest.write_bytes(b"word " * 200)
    for path in (largest, Path("/proc/version")):
        added = await application.knowledge_base().add_file(path, name="file.txt")
        assert added.outcome in ("added", "replaced")
        assert await application.database.documents.original(LOCAL, added.document_id) == path.read_bytes()


def test_files_are_added_from_a_script_and_named_by_where_they_lie(kb: KnowledgeBase) -> None:
    for folder in ("north", "south"):
        (Path.home() / folder).mkdir()
        (Path.home() / folder / "notes.md").write_text(f"The {folder} gate is open.")
    added = kb.add_files([*sorted(Path.home().glob("*/notes.md")), str(Path.home() / "missing.md")])
    assert [(one.name, one.outcome) for one in added] == [
        ("north/notes.md", "added"),
        ("south/notes.md", "added"),
        ("missing.md", "refused"),
    ]
    assert kb.retrieve("Is the north gate open?", top_k=1, min_score=0.0)[0]["source"] == "north/notes.md"


# --- texts of one source -----------------------------------------------------------------------------


@pytest.mark.parametrize("count", [8, 32])
def test_many_texts_of_one_source_cost_a_few_looks_each(kb: KnowledgeBase, count: int) -> None:
    store: Any = Counting(kb.store)
    kb.store = store
    kb.add_documents([{"text": f"Text number {n}.", "source": "faq"} for n in range(count)])
    assert store.calls["put"] == count
    assert store.calls["find"] <= 3 * count
    assert len(names(kb)) == count


def test_a_text_that_is_there_keeps_its_name_among_others_of_its_source(kb: KnowledgeBase) -> None:
    texts = [{"text": text, "source": "faq"} for text in ("One.", "Two.", "One.", "Three.", "Two.")]
    told = [(added.name, added.outcome) for added in kb.add_documents(texts)]
    assert told == [
        ("faq", "added"),
        ("faq (2)", "added"),
        ("faq", "unchanged"),
        ("faq (3)", "added"),
        ("faq (2)", "unchanged"),
    ]
    again = [(added.name, added.outcome) for added in kb.add_documents(texts[::-1])]
    assert again == [(name, "unchanged") for name, _ in told[::-1]]
    assert names(kb) == ["faq", "faq (2)", "faq (3)"]


def test_a_text_that_is_refused_takes_no_name(kb: KnowledgeBase) -> None:
    texts = [{"text": text, "source": "faq"} for text in ("", "One.", "", "Two.")]
    told = [(added.name, added.outcome) for added in kb.add_documents(texts)]
    assert told == [("faq", "refused"), ("faq", "added"), ("faq (2)", "refused"), ("faq (2)", "added")]


@pytest.mark.parametrize(
    "wrong", ["Returns are free.", {"content": "Returns are free."}, {"text": None}, ["text"]]
)
def test_a_record_without_text_is_refused_before_any_is_added(kb: KnowledgeBase, wrong: Any) -> None:
    with pytest.raises(TypeError, match="number 2 is"):
        kb.add_documents([{"text": "Returns are free.", "source": "returns.txt"}, wrong])
    assert loop.run(kb.documents()) == ()
