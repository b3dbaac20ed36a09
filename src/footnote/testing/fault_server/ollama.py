"""What Ollama says: chats and downloads of models. A JSON object a line; the last says `done`."""

from collections.abc import Mapping
from typing import Any, ClassVar

from footnote.testing.fault_server.dialect import WINDOW, Body, Dialect, Event, Problem, Stop

CREATED_AT = "2026-01-01T00:00:00Z"
MODEL = "llama3.2:latest"
"""The one that is installed; chats are answered for any other as well."""

DETAILS = {
    "parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"],
    "parameter_size": "3.2B", "quantization_level": "Q4_K_M",
}  # fmt: skip
INSTALLED = {
    "name": MODEL, "model": MODEL, "size": 2_019_393_189, "digest": "a80c4f17acd5", "details": DETAILS,
}  # fmt: skip


class Ollama(Dialect):
    """`/api/chat`: a JSON object a line, and the last one says `done`."""

    protocol = "ollama"
    media_type = "application/x-ndjson"
    streams_unasked = True
    stops: ClassVar[Mapping[Stop, str]] = {
        "end": "stop", "length": "length", "filter": "stop", "window": "length",
    }  # fmt: skip

    @property
    def window(self) -> int:
        """The context that the request asks for."""
        options = self.body.get("options")
        return int((options.get("num_ctx") if isinstance(options, dict) else None) or WINDOW)

    def text(self, piece: str) -> list[Event]:
        return [Event(self._line(content=piece) | {"done": False})]

    def thought(self, piece: str) -> list[Event]:
        return [Event(self._line(content="", thinking=piece) | {"done": False})]

    def closing(self, stop: Stop) -> list[Event]:
        return [Event(self.whole("", "", stop))]

    def whole(self, text: str, thought: str, stop: Stop) -> Body:
        message = {"content": text, "thinking": thought} if thought else {"content": text}
        counts: Body = {"prompt_eval_count": self.tokens_in, "eval_count": self.tokens_out}
        if self.counting == "missing":
            counts = {}
        elif self.counting == "null":
            counts = dict.fromkeys(counts)
        durations = dict.fromkeys(
            ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration"), 1_000_000
        )
        ended = {"done_reason": self.stops[stop], "done": True}
        return self._line(**message) | ended | durations | counts

    def unknown(self) -> Event:
        return Event(self._line(content="") | {"done": False, "unheard_of": {"text": "no part of it"}})

    def failure(self, message: str) -> Event:
        return Event({"error": message})

    def problem(self, status: int, message: str) -> Problem:
        return Problem(status, {"error": message})

    def model_missing(self) -> Problem:
        return self.problem(404, f"model '{self.model}' not found")

    def too_long(self, wording: int) -> Problem:
        said = {
            1: "the prompt is longer than the context length currently available to the model",
            2: "the input length exceeds the context length",
        }
        other = f"request (5000 tokens) exceeds the available context size ({WINDOW} tokens)"
        return self.problem(400, said.get(wording, other))

    def _line(self, **message: Any) -> Body:
        said = {"role": "assistant", **message}
        return {"model": self.model, "created_at": CREATED_AT, "message": said}


class OllamaPull(Ollama):
    """`/api/pull`: what is text in an answer is here a part of the download."""

    PARTS = 24

    def opening(self) -> list[Event]:
        return [Event({"status": "pulling manifest"})]

    def text(self, piece: str) -> list[Event]:
        digest, total = "sha256:8934d96d3f08", self.PARTS * 1_000_000
        done = min(self.tokens_out * 1_000_000, total)
        return [
            Event({"status": "pulling 8934d96d3f08", "digest": digest, "total": total, "completed": done})
        ]

    def closing(self, stop: Stop) -> list[Event]:
        last = ("verifying sha256 digest", "writing manifest", "removing any unused layers", "success")
        return [Event({"status": status}) for status in last]

    def whole(self, text: str, thought: str, stop: Stop) -> Body:
        return {"status": "success"}

    def model_missing(self) -> Problem:
        return Problem(200, {"error": "pull model manifest: file does not exist"})


def about(path: str, chat: Ollama, *, missing: bool) -> Problem | None:
    """What the server tells of itself and its models, `missing` those; None for a path without meaning."""
    if path == "/api/show" and missing:
        return chat.model_missing()
    models: list[Body] = [] if missing else [INSTALLED]
    running = {"expires_at": CREATED_AT, "size_vram": 0, "context_length": WINDOW}
    told: Mapping[str, Any] = {
        "/api/tags": {"models": [one | {"modified_at": CREATED_AT} for one in models]},
        "/api/ps": {"models": [one | running for one in models]},
        "/api/version": {"version": "0.0.0"},
        "/api/show": {
            "modelfile": f"FROM {MODEL}", "parameters": "", "template": "{{ .Prompt }}",
            "details": DETAILS, "capabilities": ["completion"], "modified_at": CREATED_AT,
            "model_info": {"general.architecture": "llama", "llama.context_length": 131_072},
        },
        "/": b"Ollama is running",
    }  # fmt: skip
    return Problem(200, told[path]) if path in told else None
