"""Everything that can be set. The only file that reads the environment.

A value comes from the command line, else from `FOOTNOTE_<NAME>`, else from the default here.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_data_path
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from footnote.errors import SettingsError


class Settings(BaseSettings):
    """The settings of one process, frozen."""

    model_config = SettingsConfigDict(env_prefix="FOOTNOTE_", frozen=True, extra="ignore")

    data: Path = Field(
        default_factory=lambda: user_data_path("footnote", appauthor=False),
        description="The folder that holds everything: documents, index, conversations.",
    )
    model: str = Field(
        default="auto",
        description="Who answers: `extractive`, which is also what `auto` means in this version, or `mock`. "
        "`openai:…`, `anthropic:…` and `ollama:…` can be chosen and answer with the next version.",
    )
    embedder: str = Field(
        default="minilm", description="What turns text into vectors; `minilm:2` uses two threads."
    )
    mode: Literal["strict", "open"] = Field(
        default="strict",
        description="`strict` declines when the evidence is weak; `open` lets the model answer, labelled.",
    )
    threshold: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Evidence (0 to 1) under which `strict` declines; lower answers more, and more wrongly.",
    )
    system_prompt: str = Field(default="", description="Instructions put before every conversation.")
    top_k: int = Field(default=5, ge=1, le=50, description="Passages per question.")
    max_turns: int = Field(default=10, ge=0, le=1000, description="Turns that the model is reminded of.")
    host: str = Field(default="127.0.0.1", description="The address to serve at.")
    port: int = Field(default=8501, ge=1, le=65535, description="The port to serve at.")

    @property
    def environment(self) -> Mapping[str, str]:
        """Keys and addresses of model services, handed to the backends by `assemble`."""
        return os.environ


def load(**given: Any) -> Settings:
    """Settings from arguments (None means not given) and the environment. Raises `SettingsError`."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        wrong = error.errors()[0]
        name = ".".join(str(part) for part in wrong["loc"])
        raise SettingsError(
            f"The setting `{name}` (FOOTNOTE_{name.upper()}) is not valid: {wrong['msg']}."
        ) from error
