"""What goes into a knowledge base, under which name, and at what cost."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from footnote import KnowledgeBase, loop
from footnote.testing.fakes import WordEmbedder


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
