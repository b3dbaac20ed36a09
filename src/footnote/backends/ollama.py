"""Models of a local Ollama server. The backend can be constructed and named; it does not call the
server yet."""

from collections.abc import AsyncGenerator, Mapping

from footnote.errors import BackendRefused
from footnote.interfaces import LLMBackend, Piece, Prompt

DEFAULT_MODEL = "llama3"
DEFAULT_URL = "http://localhost:11434"


class OllamaBackend(LLMBackend):
    """`base_url` falls back to `OLLAMA_HOST` when it is assembled from settings."""

    def __init__(self, model: str = DEFAULT_MODEL, base_url: str = DEFAULT_URL) -> None:
        self.model = model
        self.base_url = base_url
        self.name = f"ollama:{model}"

    def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        raise BackendRefused(
            f"{self.name} cannot be asked yet: this version answers with `extractive` or a backend of "
            "your own. Choose `--model extractive`."
        )


def connect(detail: str, environment: Mapping[str, str]) -> OllamaBackend:
    return OllamaBackend(detail or DEFAULT_MODEL, environment.get("OLLAMA_HOST", DEFAULT_URL))
