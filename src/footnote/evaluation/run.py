"""Every gold question is asked as a user would ask it, and what came back is judged. Read `evaluate`.

A question gets a chatbot of its own; a follow-up is preceded by its history. Beside the passages
that the turn found stand two plain rankings of the same index for the same words: by BM25 alone
and by vectors alone.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from footnote.chatbot import Chatbot
from footnote.errors import BackendError, BackendRefused, EvaluationError, QuestionRefused
from footnote.evaluation import measures
from footnote.evaluation.gold import GoldEvidence, GoldQuestion, GoldSet
from footnote.evaluation.judging import (
    CUTS,
    Located,
    Stage,
    State,
    System,
    answered,
    declines,
    quoted,
    retrieved,
    stage_of,
)
from footnote.events import PassagesFound, TurnEnded
from footnote.interfaces import Candidate
from footnote.knowledge import CANDIDATES, KnowledgeBase
from footnote.types import Answer, DocumentId, DocumentSummary, Evidence, Filters, Passage

DEPTH = 50
"""So many passages are looked through for the first few documents, where only documents are judged."""

PATIENCE = 5
"""So many failures of the model in a row end the run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """One question and what became of it."""

    question: GoldQuestion
    looked_up: str
    """The question as it was searched for."""
    state: State
    stage: Stage
    values: Mapping[System, Mapping[str, float]]
    """Each measure that applies to this question, 0 to 1."""
    found: tuple[str, ...] = ()
    """The documents of the passages, best first, each once."""
    evidence_score: float | None = None
    evidence_in_hand: bool = False
    """Whether every gold passage was among those found."""
    answer: str = ""
    reason: str = ""
    """Why it failed."""
    milliseconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Conditions:
    """Under which the figures hold."""

    model: str
    mode: str
    top_k: int
    threshold: float
    embedder: str
    chunker: str
    documents: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    gold: GoldSet
    conditions: Conditions
    results: tuple[Result, ...]
    problems: tuple[str, ...] = ()
    """Gold evidence that nothing can find: no such document, or no such words in it."""


@dataclass(kw_only=True)
class _Turn:
    """What was seen of one turn."""

    passages: tuple[Passage, ...] = ()
    looked_up: str = ""
    evidence: Evidence | None = None
    answer: Answer | None = None
    reason: str = ""
    milliseconds: float = 0.0

    @property
    def text(self) -> str:
        return self.answer.text if self.answer else ""

    @property
    def state(self) -> State:
        if self.answer is None or self.answer.outcome in ("failed", "interrupted"):
            return "failed"
        if self.answer.outcome == "declined" or (declines(self.answer.text) and not self.answer.citations):
            return "refused"
        return "answered" if self.answer.basis == "documents" else "without_documents"


async def evaluate(
    gold: GoldSet,
    knowledge: KnowledgeBase,
    new_chatbot: Callable[[], Awaitable[Chatbot]],
    *,
    filters: Filters | None = None,
    asked: Callable[[], None] = lambda: None,
) -> Run:
    """Ask every question; `asked` is called after each.

    `new_chatbot` makes a chatbot without history over the same knowledge base and filters. A model
    that fails on a question is counted; one that refuses its key, or fails five times in a row,
    ends the run with its `BackendError`. Raises `EvaluationError` when there are no documents.
    """
    return await _Examiner(knowledge, new_chatbot, filters or Filters()).run(gold, asked)


@dataclass
class _Examiner:
    knowledge: KnowledgeBase
    new_chatbot: Callable[[], Awaitable[Chatbot]]
    filters: Filters
    located: dict[GoldEvidence, Located] = field(default_factory=dict)
    never_found: set[GoldEvidence] = field(default_factory=set)
    failures: int = 0

    async def run(self, gold: GoldSet, asked: Callable[[], None]) -> Run:
        documents = [
            one
            for one in await self.knowledge.documents()
            if not self.filters.collections or one.collection in self.filters.collections
        ]
        if not documents:
            raise EvaluationError("There are no documents to ask about. Add some: footnote add PATH…")
        problems = await self._locate(gold, documents)
        bot = await self.new_chatbot()
        results: list[Result] = []
        for question in gold.questions:
            results.append(await self._search(question) if gold.retrieval_only else await self._ask(question))
            asked()
        problems.extend(await self._cut_in_two())
        conditions = Conditions(
            model="" if gold.retrieval_only else bot.llm.name,
            mode=bot.mode,
            top_k=bot.top_k,
            threshold=bot.threshold,
            embedder=self.knowledge.identity.embedder,
            chunker=self.knowledge.identity.chunker,
            documents=len(documents),
        )
        return Run(gold=gold, conditions=conditions, results=tuple(results), problems=tuple(problems))

    # --- the gold in the knowledge base -------------------------------------------------------

    async def _locate(self, gold: GoldSet, documents: Sequence[DocumentSummary]) -> list[str]:
        """Find every piece of evidence in the kept texts. Returns what cannot be found."""
        texts: dict[DocumentId, str] = {}
        problems: dict[str, None] = {}
        for question in gold.questions:
            for evidence in question.evidence:
                if evidence in self.located:
                    continue
                named = [one.id for one in documents if _means(evidence.document, one.name)]
                for one in named:
                    if evidence.quote and one not in texts:
                        document = await self.knowledge.store.document(self.knowledge.owner, one)
                        texts[one] = document.extracted.text
                spans = {one: measures.quote_spans(texts.get(one, ""), evidence.quote) for one in named}
                self.located[evidence] = Located(evidence=evidence, spans=spans)
                if not named:
                    problems[f"{question.id}: there is no document {evidence.document}."] = None
                elif evidence.quote and not any(spans.values()):
                    problems[
                        f"{question.id}: {evidence.document} does not say “{_short(evidence.quote)}”."
                    ] = None
        return list(problems)

    async def _cut_in_two(self) -> list[str]:
        """Evidence that no ranking found because no passage holds the whole quote."""
        problems: list[str] = []
        for evidence in sorted(self.never_found, key=lambda one: (one.document, one.quote)):
            located = self.located[evidence]
            ids = tuple(one for one, spans in located.spans.items() if spans)
            if not ids or not evidence.quote:
                continue
            near = await self.knowledge.search(evidence.quote, CANDIDATES, filters=Filters(document_ids=ids))
            if not any(located.in_passage(passage) for passage in near):
                problems.append(
                    f"No passage of {evidence.document} holds the whole of “{_short(evidence.quote)}”: "
                    "a shorter quote can be found."
                )
        return problems

    # --- one question ---------------------------------------------------------------------------

    async def _ask(self, question: GoldQuestion) -> Result:
        bot = await self.new_chatbot()
        turn = await self._turn(bot, question)
        wanted = [self.located[one] for one in question.evidence]
        values: dict[System, dict[str, float]] = {"ours": answered(question.answerable, turn.state)}
        if wanted:
            values["ours"] |= retrieved(wanted, turn.passages)
            values["ours"] |= quoted(wanted, turn.answer)
            for system, passages in await self._plainly(turn.looked_up, max(bot.top_k, CUTS[-1])):
                values[system] = retrieved(wanted, passages)
            self._note_unfound(wanted, values)
            if question.answer and (said := measures.says(turn.text, question.answer)) is not None:
                values["ours"]["answer_match"] = float(said)
        if turn.state == "answered" and turn.answer is not None and turn.answer.citations:
            verified = [one.verdict == "verified" for one in turn.answer.citations]
            values["ours"]["citations_verified"] = sum(verified) / len(verified)
        stage = stage_of(question.answerable, turn.state, values["ours"])
        values["ours"]["right"] = float(stage == "right")
        return Result(
            question=question,
            looked_up=turn.looked_up,
            state=turn.state,
            stage=stage,
            values=values,
            found=tuple(dict.fromkeys(passage.document for passage in turn.passages)),
            evidence_score=turn.evidence.score if turn.evidence else None,
            evidence_in_hand=bool(wanted)
            and all(any(one.in_passage(passage) for passage in turn.passages) for one in wanted),
            answer=turn.text,
            reason=turn.reason,
            milliseconds=turn.milliseconds,
        )

    async def _turn(self, bot: Chatbot, question: GoldQuestion) -> _Turn:
        turn = _Turn(looked_up=question.question)
        begun = time.perf_counter()
        try:
            for earlier in question.history:
                await bot.answer(earlier)
            begun = time.perf_counter()
            async for event in bot.stream(question.question):
                if isinstance(event, PassagesFound):
                    turn.passages, turn.evidence = event.passages, event.evidence
                    turn.looked_up = event.query
                elif isinstance(event, TurnEnded):
                    turn.answer = event.answer
            self.failures = 0
        except BackendRefused:
            raise
        except (BackendError, QuestionRefused) as error:
            self.failures += 1
            if self.failures == PATIENCE:
                raise
            turn.reason = str(error)
        turn.milliseconds = (time.perf_counter() - begun) * 1000
        return turn

    async def _search(self, question: GoldQuestion) -> Result:
        """Judge only which documents are found."""
        wanted = [self.located[one] for one in question.evidence]
        begun = time.perf_counter()
        ours = each_document_once(await self.knowledge.search(question.question, DEPTH, filters=self.filters))
        milliseconds = (time.perf_counter() - begun) * 1000
        values: dict[System, dict[str, float]] = {"ours": retrieved(wanted, ours)}
        for system, passages in await self._plainly(question.question, DEPTH):
            values[system] = retrieved(wanted, each_document_once(passages))
        found = values["ours"][f"recall@{CUTS[-1]}"] > 0
        values["ours"]["right"] = float(found)
        return Result(
            question=question,
            looked_up=question.question,
            state="searched",
            stage="right" if found else "document_not_found",
            values=values,
            found=tuple(passage.document for passage in ours[: CUTS[-1]]),
            milliseconds=milliseconds,
        )

    async def _plainly(self, looked_up: str, limit: int) -> list[tuple[System, tuple[Passage, ...]]]:
        """What words alone and vectors alone find."""
        knowledge = self.knowledge
        vector = await knowledge.embedder.embed([looked_up], "query")
        candidates = await knowledge.store.search(
            knowledge.owner, looked_up, vector, self.filters, CANDIDATES
        )
        by_words = sorted((one for one in candidates if one.words), key=lambda one: -one.words)
        by_vector = sorted(candidates, key=lambda one: -one.vector)
        return [
            ("words_only", await self._passages(by_words[:limit])),
            ("vectors_only", await self._passages(by_vector[:limit])),
        ]

    async def _passages(self, candidates: Sequence[Candidate]) -> tuple[Passage, ...]:
        ids = [one.chunk_id for one in candidates]
        return await self.knowledge.store.passages(self.knowledge.owner, ids)

    def _note_unfound(self, wanted: Sequence[Located], values: Mapping[System, Mapping[str, float]]) -> None:
        deepest = f"recall@{CUTS[-1]}"
        if not any(one[deepest] == 1 for one in values.values()):
            self.never_found.update(one.evidence for one in wanted)


def each_document_once(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The best passage of each document, in order."""
    best: dict[DocumentId, Passage] = {}
    for passage in passages:
        best.setdefault(passage.document_id, passage)
    return tuple(best.values())


def _means(gold_name: str, name: str) -> bool:
    return name == gold_name or name.endswith("/" + gold_name)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 70 else flat[:69] + "…"
