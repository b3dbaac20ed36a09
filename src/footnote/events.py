"""What happens during one turn, in order.

One `TurnStarted`, at most one `QuestionRewritten`, one `PassagesFound`, then `TextAdded` and
`Notice` in any number, one `CitationChecked` per footnote, and exactly one `TurnEnded`.
Screens translate these and decide nothing. The union is closed: match it with `assert_never`.
"""

from dataclasses import dataclass
from typing import Literal

from footnote.types import (
    Answer,
    Basis,
    Citation,
    ConversationId,
    Evidence,
    MessageId,
    Passage,
    TurnId,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnStarted:
    turn_id: TurnId
    conversation_id: ConversationId
    question_id: MessageId
    answer_id: MessageId
    kind: Literal["turn_started"] = "turn_started"


@dataclass(frozen=True, kw_only=True, slots=True)
class QuestionRewritten:
    """The follow-up was made to stand alone; screens show what was really looked up."""

    question: str
    kind: Literal["question_rewritten"] = "question_rewritten"


@dataclass(frozen=True, kw_only=True, slots=True)
class PassagesFound:
    """What the answer will rest on. No passages when the turn needs no documents."""

    query: str
    basis: Basis
    passages: tuple[Passage, ...]
    evidence: Evidence | None
    kind: Literal["passages_found"] = "passages_found"


@dataclass(frozen=True, kw_only=True, slots=True)
class TextAdded:
    text: str
    kind: Literal["text_added"] = "text_added"


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Something the user should know: left-out passages, a fallback, a cut stream."""

    text: str
    kind: Literal["notice"] = "notice"


@dataclass(frozen=True, kw_only=True, slots=True)
class CitationChecked:
    citation: Citation
    kind: Literal["citation_checked"] = "citation_checked"


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnEnded:
    """The answer as saved. Its text may differ from the streamed pieces where footnotes were mended."""

    answer: Answer
    kind: Literal["turn_ended"] = "turn_ended"


TurnEvent = TurnStarted | QuestionRewritten | PassagesFound | TextAdded | Notice | CitationChecked | TurnEnded
