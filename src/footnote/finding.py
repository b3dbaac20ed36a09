"""Finds the passages for a question, in our knowledge base or in anybody's own index. Read `look_up`."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import anyio.to_thread

from footnote.interfaces import Embedder, Retriever
from footnote.knowledge import KnowledgeBase
from footnote.retrieval.evidence import weigh
from footnote.retrieval.follow_up import points_back, stand_alone
from footnote.types import Chunk, Evidence, Filters, Message, Passage

CLEARLY_ANSWERED = 0.5
"""The evidence below which a question that need not be a follow-up is looked up by itself as well."""

BESIDE_THE_POINT = 0.2
"""What carried words may cost of the evidence for what was typed; more, and they have to do with something
else."""


@dataclass(frozen=True, slots=True)
class Found:
    question: str
    """As it was looked up."""
    passages: tuple[Passage, ...]
    evidence: Evidence


async def look_up(
    retriever: Retriever, asked: str, history: Sequence[Message], top_k: int, filters: Filters
) -> Found:
    """What is found for a question, made to stand alone when it leans on `history` (oldest first)."""
    question = stand_alone(asked, history)
    found = await _weighed(retriever, question, top_k, filters)
    if question == asked or points_back(asked):
        return found
    # A short question may as well have changed the subject, and what was carried along be all that is
    # found: what was typed must be answered, too.
    typed = await weigh(asked, found.passages, embedder_of(retriever))
    both = min(found.evidence.score, typed.score) >= CLEARLY_ANSWERED
    if both and found.evidence.score >= typed.score - BESIDE_THE_POINT:
        return found
    alone = await _weighed(retriever, asked, top_k, filters)
    return alone if alone.evidence.score >= typed.score else found


async def _weighed(retriever: Retriever, question: str, top_k: int, filters: Filters) -> Found:
    passages = await find(retriever, question, top_k, filters)
    return Found(question, passages, await weigh(question, passages, embedder_of(retriever)))


async def find(retriever: Retriever, question: str, top_k: int, filters: Filters) -> tuple[Passage, ...]:
    """The best passages first. `filters` are for our own knowledge base; another index has its own."""
    if isinstance(retriever, KnowledgeBase) and type(retriever).retrieve is KnowledgeBase.retrieve:
        return await retriever.search(question, top_k, filters=filters)
    found = await _asked(retriever.retrieve, question, top_k)
    return tuple(as_passage(item, number) for number, item in enumerate(found))


async def wanted(retriever: Retriever, message: str) -> bool:
    """Whether a message is to be looked up, where a retriever has a `needs_retrieval` of its own. Ours is
    the gate, which has judged already."""
    own = getattr(retriever, "needs_retrieval", None)
    if own is None or getattr(own, "__func__", None) is KnowledgeBase.needs_retrieval:
        return True
    return bool(await _asked(own, message))


async def _asked(function: Callable[..., Any], *arguments: Any) -> Any:
    if inspect.iscoroutinefunction(function):
        return await function(*arguments)
    # A plain function may block: never on the loop that serves everyone.
    result = await anyio.to_thread.run_sync(lambda: function(*arguments), abandon_on_cancel=True)
    return await result if inspect.isawaitable(result) else result


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
