"""OpenAI models. The backend can be constructed and named; it does not call the service yet."""

from collections.abc import AsyncGenerator, Mapping

from footnote.errors import BackendRefused
from footnote.interfaces import LLMBackend, Piece, Prompt

DEFAULT_MODEL = "gpt-5.4-mini"


class OpenAIBackend(LLMBackend):
    """`api_key` falls back to `OPENAI_API_KEY` when it is assembled from settings."""

    def __init__(self, model: str = DEFAULT_MODEL, api_key: str | None = None) -> None:
        self.model = model
        self.name = f"openai:{model}"
        self._api_key = api_key

    def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        raise BackendRefused(
            f"{self.name} cannot be asked yet: this version answers with `extractive` or a backend of "
            "your own. Choose `--model extractive`."
        )


def connect(detail: str, environment: Mapping[str, str]) -> OpenAIBackend:
    return OpenAIBackend(detail or DEFAULT_MODEL, environment.get("OPENAI_API_KEY"))
