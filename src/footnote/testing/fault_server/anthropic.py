"""What Anthropic says: Messages."""

from collections.abc import Mapping
from typing import Any, ClassVar

from footnote.testing.fault_server.dialect import Body, Dialect, Event, Problem, Stop


class Anthropic(Dialect):
    """Messages. Blocks are opened when the first piece of their kind is said."""

    protocol = "anthropic"
    request_id_header = "request-id"
    kinds: ClassVar[Mapping[int, str]] = {
        401: "authentication_error", 402: "billing_error", 403: "permission_error",
        404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error",
        503: "overloaded_error", 504: "timeout_error", 529: "overloaded_error",
    }  # fmt: skip
    stops: ClassVar[Mapping[Stop, str]] = {
        "end": "end_turn", "length": "max_tokens", "filter": "refusal",
        "window": "model_context_window_exceeded",
    }  # fmt: skip

    def __init__(self, body: Any) -> None:
        super().__init__(body)
        self.index = -1
        self.block = ""
        """The kind of the block that is open, or nothing."""

    def opening(self) -> list[Event]:
        message = self._message([], None) | self._counted(self._usage(1))
        return [self._event("message_start", message=message)]

    def open_block(self, kind: str, **content: Any) -> list[Event]:
        """Start a block unless one of its kind is open; the one before it is closed."""
        if self.block == kind:
            return []
        closed = self.close_block()
        self.index, self.block = self.index + 1, kind
        block = {"type": kind, **content}
        return [*closed, self._event("content_block_start", index=self.index, content_block=block)]

    def close_block(self) -> list[Event]:
        was_open, self.block = self.block, ""
        return [self._event("content_block_stop", index=self.index)] if was_open else []

    def delta(self, kind: str, **content: Any) -> Event:
        delta = {"type": kind, **content}
        return self._event("content_block_delta", index=max(self.index, 0), delta=delta)

    def text(self, piece: str) -> list[Event]:
        return [*self.open_block("text", text=""), self.delta("text_delta", text=piece)]

    def thought(self, piece: str) -> list[Event]:
        opened = self.open_block("thinking", thinking="", signature="")
        return [*opened, self.delta("thinking_delta", thinking=piece)]

    def signature(self) -> Event:
        """Comes last in a block of thinking."""
        return self.delta("signature_delta", signature="c2lnbmVk")

    def citation(self) -> Event:
        """The open block of text cites the first search result of the request."""
        found = [
            block
            for message in self.body.get("messages", [])
            if isinstance(message.get("content"), list)
            for block in message["content"]
            if block.get("type") == "search_result"
        ]
        result: Body = found[0] if found else {"source": "returns.txt", "title": "Returns", "content": []}
        cited = "".join(block.get("text", "") for block in result["content"][:1]) or "Returns are free."
        location: Body = {
            "type": "search_result_location", "cited_text": cited, "search_result_index": 0,
            "source": result["source"], "title": result["title"],
            "start_block_index": 0, "end_block_index": 1,
        }  # fmt: skip
        return self.delta("citations_delta", citation=location)

    def closing(self, stop: Stop) -> list[Event]:
        delta = {"stop_reason": self.stops[stop], "stop_sequence": None}
        counted = self._counted(self._usage(self.tokens_out))
        return [*self.close_block(), self._event("message_delta", delta=delta, **counted)]

    def end(self) -> list[Event]:
        return [self._event("message_stop")]

    def whole(self, text: str, thought: str, stop: Stop) -> Body:
        content: list[Body] = [{"type": "text", "text": text}] if text else []
        if thought:
            content.insert(0, {"type": "thinking", "thinking": thought, "signature": "c2lnbmVk"})
        message = self._message(content, self.stops[stop])
        return message | self._counted(self._usage(self.tokens_out))

    def ping(self) -> Event:
        return self._event("ping")

    def unknown(self) -> Event:
        return self._event("unheard_of", content={"text": "no part of the answer"})

    def failure(self, message: str, kind: str = "api_error") -> Event:
        return self._event("error", error={"type": kind, "message": message})

    def problem(self, status: int, message: str) -> Problem:
        kind = self.kinds.get(status, "invalid_request_error" if status < 500 else "api_error")
        error = {"type": "error", "error": {"type": kind, "message": message}}
        return Problem(status, error | {"request_id": "req_1"})

    def out_of_quota(self) -> Problem:
        return self.problem(400, "Your credit balance is too low to access the API.")

    def too_long(self, wording: int) -> Problem:
        said = {
            1: "prompt is too long: 208310 tokens > 200000 maximum",
            2: "input length and `max_tokens` exceed context limit: 178959 + 64000 > 200000, decrease "
            "input length or `max_tokens` and try again",
        }
        return self.problem(400, said.get(wording, "Input is too long for requested model."))

    def _event(self, kind: str, **data: Any) -> Event:
        return Event({"type": kind, **data}, kind)

    def _message(self, content: list[Body], stop_reason: str | None) -> Body:
        return {
            "id": "msg_1", "type": "message", "role": "assistant", "model": self.model,
            "content": content, "stop_reason": stop_reason, "stop_sequence": None,
        }  # fmt: skip

    def _counted(self, usage: Body | None) -> Body:
        return {} if self.counting == "missing" else {"usage": usage}

    def _usage(self, tokens_out: int) -> Body | None:
        if self.counting == "null":
            return None
        usage: Body = {"input_tokens": self.tokens_in - self.tokens_cached, "output_tokens": tokens_out}
        if self.tokens_cached:
            usage |= {"cache_creation_input_tokens": 0, "cache_read_input_tokens": self.tokens_cached}
        return usage
