"""What OpenAI and the servers compatible with it say: Chat Completions."""

from collections.abc import Mapping
from typing import Any, ClassVar

from footnote.testing.fault_server.dialect import WINDOW, Body, Dialect, Event, Problem, Stop
from footnote.types import Usage

CREATED = 1_767_225_600


class OpenAI(Dialect):
    """Chat Completions."""

    protocol = "openai"
    request_id_header = "x-request-id"
    kinds: ClassVar[Mapping[int, str]] = {
        401: "invalid_request_error",
        429: "requests",
        500: "server_error",
        503: "server_error",
    }
    codes: ClassVar[Mapping[int, str]] = {401: "invalid_api_key", 429: "rate_limit_exceeded"}
    stops: ClassVar[Mapping[Stop, str]] = {
        "end": "stop", "length": "length", "filter": "content_filter", "window": "length",
    }  # fmt: skip

    def __init__(self, body: Any) -> None:
        super().__init__(body)
        options = self.body.get("stream_options")
        self.asked_for_usage = isinstance(options, dict) and bool(options.get("include_usage"))

    def reported(self) -> Usage | None:
        silent = self.streamed and self.counting == "reported" and not self.asked_for_usage
        return None if silent else super().reported()

    def chunk(self, choices: list[Body]) -> Event:
        data: Body = {
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": CREATED,
            "model": self.model, "choices": choices,
        }  # fmt: skip
        if self.counting == "everywhere":
            data["usage"] = self._usage()
        elif self.asked_for_usage:
            data["usage"] = None
        return Event(data)

    def delta(self, delta: Body, finish_reason: str | None = None, index: int = 0) -> Event:
        return self.chunk([{"index": index, "delta": delta, "finish_reason": finish_reason}])

    def opening(self) -> list[Event]:
        return [self.delta({"role": "assistant", "content": ""})]

    def text(self, piece: str) -> list[Event]:
        return [self.delta({"content": piece})]

    def thought(self, piece: str) -> list[Event]:
        return [self.delta({"reasoning_content": piece})]

    def refusal(self, piece: str) -> list[Event]:
        return [self.delta({"refusal": piece})]

    def closing(self, stop: Stop) -> list[Event]:
        last = [self.delta({}, self.stops[stop])]
        if self.asked_for_usage and self.counting != "missing":
            usage = self.chunk([])
            usage.data["usage"] = self._usage()
            last.append(usage)
        return last

    def end(self) -> list[Event]:
        return [Event("[DONE]")]

    def whole(self, text: str, thought: str, stop: Stop) -> Body:
        message: Body = {"role": "assistant", "content": text, "refusal": None}
        if thought:
            message["reasoning_content"] = thought
        body: Body = {
            "id": "chatcmpl-1", "object": "chat.completion", "created": CREATED, "model": self.model,
            "choices": [{"index": 0, "message": message, "finish_reason": self.stops[stop]}],
        }  # fmt: skip
        return body if self.counting == "missing" else body | {"usage": self._usage()}

    def unknown(self) -> Event:
        event = self.chunk([])
        event.data["prompt_filter_results"] = [{"prompt_index": 0, "content_filter_results": {}}]
        return event

    def failure(self, message: str) -> Event:
        return Event(self.problem(500, message).body)

    def problem(self, status: int, message: str, code: str | None = None) -> Problem:
        kind = self.kinds.get(status, "invalid_request_error" if status < 500 else "server_error")
        code = code or self.codes.get(status)
        return Problem(status, {"error": {"message": message, "type": kind, "param": None, "code": code}})

    def model_missing(self) -> Problem:
        return self.problem(404, f"The model `{self.model}` does not exist.", "model_not_found")

    def out_of_quota(self) -> Problem:
        problem = self.problem(429, "You exceeded your current quota.", "insufficient_quota")
        problem.body["error"]["type"] = "insufficient_quota"
        return problem

    def too_long(self, wording: int) -> Problem:
        counted = f"This model's maximum context length is {WINDOW} tokens. However, "
        if wording == 1:
            said = f"{counted}your messages resulted in 5000 tokens."
            return self.problem(400, said, "context_length_exceeded")
        if wording == 2:  # vLLM and its kin: no code, and no object around it
            said = f"{counted}you requested 5000 tokens (4488 in the messages, 512 in the completion)."
            flat: Body = {"object": "error", "message": said, "type": "BadRequestError", "param": None}
            return Problem(400, flat | {"code": 400})
        said = f"request (5000 tokens) exceeds the available context size ({WINDOW} tokens)"
        error: Body = {"code": 400, "message": said, "type": "exceed_context_size_error"}  # llama.cpp
        return Problem(400, {"error": error | {"n_prompt_tokens": 5000, "n_ctx": WINDOW}})

    def _usage(self) -> Body | None:
        if self.counting == "null":
            return None
        usage: Body = {
            "prompt_tokens": self.tokens_in, "completion_tokens": self.tokens_out,
            "total_tokens": self.tokens_in + self.tokens_out,
        }  # fmt: skip
        if self.tokens_cached:
            usage["prompt_tokens_details"] = {"cached_tokens": self.tokens_cached}
        return usage
