"""What one turn is worth, judged by the gold. Pure. Read `Located`, then `retrieved` and `stage_of`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from footnote.evaluation import measures
from footnote.evaluation.gold import GoldEvidence
from footnote.prompting import DECLINED
from footnote.types import Answer, Citation, DocumentId, Passage

CUTS = (1, 3, 5)
"""The k of recall@k; the last is also that of MRR and nDCG."""

System = Literal["ours", "words_only", "vectors_only"]
"""Which ranking a value is of."""

State = Literal["answered", "refused", "without_documents", "failed", "searched"]
"""How a turn ended. `without_documents`: answered from courtesy, the conversation or the model
alone. `searched`: no answer was asked for."""

Stage = Literal[
    "right",
    "failed",
    "without_documents",
    "document_not_found",
    "passage_not_found",
    "refused",
    "other_sentence",
    "answered_anyway",
]
"""Where a question was lost: the first of these that is true of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Located:
    """Gold evidence in the knowledge base: the documents of that name, and where the quote stands."""

    evidence: GoldEvidence
    spans: Mapping[DocumentId, tuple[tuple[int, int], ...]]

    def in_document(self, passage: Passage) -> bool:
        return passage.document_id in self.spans

    def in_passage(self, passage: Passage) -> bool:
        if not self.evidence.quote:
            return self.in_document(passage)
        chunk = passage.chunk
        return any(
            chunk.start <= start and end <= chunk.end
            for start, end in self.spans.get(passage.document_id, ())
        )

    def quoted_by(self, citation: Citation) -> bool:
        if not self.evidence.quote:
            return citation.document_id in self.spans and citation.start < citation.end
        spans = self.spans.get(citation.document_id, ())
        return any(measures.overlap((citation.start, citation.end), span) for span in spans)


def retrieved(wanted: Sequence[Located], passages: Sequence[Passage]) -> dict[str, float]:
    """recall@k of passages and of documents, MRR, nDCG."""
    ranks = [_rank(one.in_passage, passages) for one in wanted]
    documents = [_rank(one.in_document, passages) for one in wanted]
    last = CUTS[-1]
    return {
        **{f"recall@{k}": measures.recall(ranks, k) for k in CUTS},
        "mrr": measures.reciprocal_rank(ranks, last),
        f"ndcg@{last}": measures.ndcg(ranks, last, [one.evidence.grade for one in wanted]),
        **{f"document_recall@{k}": measures.recall(documents, k) for k in CUTS},
    }


def _rank(holds: Callable[[Passage], bool], passages: Sequence[Passage]) -> int | None:
    return next((place for place, passage in enumerate(passages, 1) if holds(passage)), None)


def quoted(wanted: Sequence[Located], answer: Answer | None) -> dict[str, float]:
    """Whether footnotes lie on any gold quote, and on every one."""
    citations = answer.citations if answer else ()
    hit = [any(one.quoted_by(citation) for citation in citations) for one in wanted]
    return {"exact_quote": float(any(hit)), "complete_quote": float(all(hit))}


def answered(answerable: bool, state: State) -> dict[str, float]:
    """The figures of answering and refusing to which one question counts."""
    common = {"without_documents": float(state == "without_documents"), "failed": float(state == "failed")}
    if answerable:
        return {
            "answered": float(state == "answered"),
            "wrong_refusals": float(state == "refused"),
            **common,
        }
    return {
        "right_refusals": float(state == "refused"),
        "answered_unanswerable": float(state == "answered"),
        **common,
    }


def stage_of(answerable: bool, state: State, values: Mapping[str, float]) -> Stage:
    """Where a question was lost, from how its turn ended and what it is worth."""
    if state in ("failed", "without_documents"):
        return state
    if not answerable:
        return "right" if state == "refused" else "answered_anyway"
    return "right" if values["exact_quote"] else _lost(state, values)


def _lost(state: State, values: Mapping[str, float]) -> Stage:
    """Where an answerable question was lost whose turn ended as it should."""
    if not values[f"document_recall@{CUTS[-1]}"]:
        return "document_not_found"
    if not values[f"recall@{CUTS[-1]}"]:
        return "passage_not_found"
    return "refused" if state == "refused" else "other_sentence"


def declines(text: str) -> bool:
    """Whether a model says the sentence that it was told to say when the passages do not tell."""
    plain = " ".join(text.replace("’", "'").casefold().split())
    return DECLINED.casefold().rstrip(".") in plain
