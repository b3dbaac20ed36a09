"""How a protocol says the parts of an answer: facts in, JSON out; nothing is sent here.

A dialect belongs to one answer and knows where it stands in it: which block is open, what was
counted. `wire.py` puts its events on a connection. One file, one protocol: `openai.py`,
`anthropic.py`, `ollama.py`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from footnote.types import Usage

ProtocolName = Literal["openai", "anthropic", "ollama"]
Stop = Literal["end", "length", "filter", "window"]
Counting = Literal["reported", "missing", "null", "everywhere"]
"""Whether the answer tells its tokens: as the protocol has it, not at all, as null, in every event."""

Body = dict[str, Any]
WINDOW = 4096
"""Tokens that the model takes, where the request does not say."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream. `data` that is a string or bytes goes out as it is, all else as JSON."""

    data: Any
    name: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer that is an error from its first byte."""

    status: int
    body: Any


class Dialect:
    """One answer in one protocol. Methods that return events are called in the order of the answer."""

    protocol: ClassVar[ProtocolName]
    media_type: ClassVar[str] = "text/event-stream"
    streams_unasked: ClassVar[bool] = False
    request_id_header: ClassVar[str] = ""
    kinds: ClassVar[Mapping[int, str]] = {}
    """What the protocol calls the errors of each status."""

    def __init__(self, body: Any) -> None:
        self.body: Body = body if isinstance(body, dict) else {}
        self.model = str(self.body.get("model") or "unnamed")
        self.streamed = bool(self.body.get("stream", self.streams_unasked))
        self.counting: Counting = "reported"
        # About four bytes a token, which is near enough for a count that nobody is billed for.
        self.tokens_in = max(1, len(json.dumps(self.body)) // 4)
        self.tokens_cached = 0
        self.tokens_out = 0

    def reported(self) -> Usage | None:
        """The tokens that this answer tells, or None when it does not."""
        if self.counting in ("missing", "null"):
            return None
        return Usage(tokens_in=self.tokens_in, tokens_out=self.tokens_out, tokens_cached=self.tokens_cached)

    def opening(self) -> list[Event]:
        """What comes before the first text."""
        return []

    def text(self, piece: str) -> list[Event]:
        raise NotImplementedError

    def thought(self, piece: str) -> list[Event]:
        """A piece of what the model thinks before it answers; no part of the answer."""
        raise NotImplementedError

    def closing(self, stop: Stop) -> list[Event]:
        """Why the answer ends, and its tokens."""
        raise NotImplementedError

    def end(self) -> list[Event]:
        """The mark after which nothing follows."""
        return []

    def whole(self, text: str, thought: str, stop: Stop) -> Body:
        """The answer in one piece, for who did not ask for a stream."""
        raise NotImplementedError

    def unknown(self) -> Event:
        """An event of a kind that no client has heard of, and may skip."""
        raise NotImplementedError

    def failure(self, message: str) -> Event:
        """An error in the middle of a stream."""
        raise NotImplementedError

    def problem(self, status: int, message: str) -> Problem:
        raise NotImplementedError

    def model_missing(self) -> Problem:
        return self.problem(404, f"model: {self.model}")

    def out_of_quota(self) -> Problem:
        return self.problem(402, "There is no credit left.")

    def too_long(self, wording: int) -> Problem:
        """The prompt does not fit, in the first, second or third of the wordings that are about."""
        raise NotImplementedError
