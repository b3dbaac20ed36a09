"""Finds the passages for a question, in our knowledge base or in anybody's own index."""

import inspect
from collections.abc import Mapping
from typing import Any

import anyio.to_thread

from footnote.interfaces import Embedder, Retriever
from footnote.knowledge import KnowledgeBase
from footnote.types import Chunk, Filters, Passage


async def find(retriever: Retriever, question: str, top_k: int, filters: Filters) -> tuple[Passage, ...]:
    """The best passages first. `filters` are for our own knowledge base; another index has its own."""
    if isinstance(retriever, KnowledgeBase) and type(retriever).retrieve is KnowledgeBase.retrieve:
        return await retriever.search(question, top_k, filters=filters)
    retrieve = retriever.retrieve
    if inspect.iscoroutinefunction(retrieve):
        found = await retrieve(question, top_k)
    else:
        # A plain function may block: never on the loop that serves everyone.
        found = await anyio.to_thread.run_sync(lambda: retrieve(question, top_k), abandon_on_cancel=True)
        if inspect.isawaitable(found):
            found = await found
    return tuple(as_passage(item, number) for number, item in enumerate(found))


def embedder_of(retriever: Retriever) -> Embedder | None:
    """Ours, to weigh the evidence with. Another index may have an `embedder` that is none of ours."""
    return retriever.embedder if isinstance(retriever, KnowledgeBase) else None


def as_passage(item: Any, number: int) -> Passage:
    """What a retriever returned, as a passage: `Passage`, a dict with "text" and "source", or text."""
    if isinstance(item, Passage):
        return item
    if isinstance(item, str):
        item = {"text": item}
    if not isinstance(item, Mapping) or not isinstance(item.get("text"), str):
        raise TypeError('a retriever returns passages as dicts with "text" and "source"')
    text = item["text"]
    rest = {key: value for key, value in item.items() if key not in ("text", "source", "score")}
    return Passage(
        chunk=Chunk(text=text, start=0, end=len(text)),
        document=str(item.get("source", f"passage {number + 1}")),
        score=float(item.get("score", 0.0)),
        metadata=rest,
    )
