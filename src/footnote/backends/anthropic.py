"""Anthropic models. The backend can be constructed and named; it does not call the service yet."""

from collections.abc import AsyncGenerator, Mapping

from footnote.errors import BackendRefused
from footnote.interfaces import LLMBackend, Piece, Prompt

DEFAULT_MODEL = "claude-haiku-5-5"


class AnthropicBackend(LLMBackend):
    """`api_key` falls back to `ANTHROPIC_API_KEY` when it is assembled from settings."""

    def __init__(self, model: str = DEFAULT_MODEL, api_key: str | None = None) -> None:
        self.model = model
        self.name = f"anthropic:{model}"
        self._api_key = api_key

    def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        raise BackendRefused(
            f"{self.name} cannot be asked yet: this version answers with `extractive` or a backend of "
            "your own. Choose `--model extractive`."
        )


def connect(detail: str, environment: Mapping[str, str]) -> AnthropicBackend:
    return AnthropicBackend(detail or DEFAULT_MODEL, environment.get("ANTHROPIC_API_KEY"))
