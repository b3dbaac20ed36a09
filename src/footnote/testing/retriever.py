"""What anything that finds passages must do. Inherit from `RetrieverContract`."""

import inspect
from typing import Any

import pytest

from footnote.interfaces import Retriever
from footnote.types import Passage

TEXTS = {
    "returns.txt": "Returns are free within 30 days of delivery.",
    "plans.txt": "The premium plan costs 20 euros a month.",
    "pets.txt": "Dogs are welcome in the Lisbon office.",
}
"""What the retriever under test holds, by source name."""


class RetrieverContract:
    """Give `retriever` as a fixture: it holds `TEXTS`."""

    @pytest.fixture
    def retriever(self) -> Retriever:
        raise NotImplementedError("a contract test gives its own retriever")

    async def found(self, retriever: Retriever, query: str, top_k: int = 3) -> list[Any]:
        """What it returns, waited for when it is async."""
        result = retriever.retrieve(query, top_k)
        return list(await result if inspect.isawaitable(result) else result)

    async def test_it_finds_the_text_that_answers_first(self, retriever: Retriever) -> None:
        best = (await self.found(retriever, "What does the premium plan cost?"))[0]
        assert text_and_source(best) == (TEXTS["plans.txt"], "plans.txt")

    async def test_it_finds_no_more_than_asked_for(self, retriever: Retriever) -> None:
        assert len(await self.found(retriever, "Are returns free in the Lisbon office?", top_k=1)) == 1

    async def test_scores_fall_from_first_to_last_and_lie_in_0_to_1(self, retriever: Retriever) -> None:
        found = await self.found(retriever, "Are returns of the premium plan free in the Lisbon office?")
        scores = [one.score if isinstance(one, Passage) else one["score"] for one in found]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)

    async def test_it_says_the_same_when_asked_again(self, retriever: Retriever) -> None:
        question = "What does the premium plan cost?"
        assert await self.found(retriever, question) == await self.found(retriever, question)


def text_and_source(found: Any) -> tuple[str, str]:
    if isinstance(found, Passage):
        return found.chunk.text, found.document
    return found["text"], found["source"]
