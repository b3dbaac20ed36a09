"""Finds an implementation by name. The folder is the registry: `backends/ollama.py` is `ollama`."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Literal

from footnote.errors import MissingExtra, SettingsError

Kind = Literal["backends", "databases", "embedders"]


def names(kind: Kind) -> list[str]:
    """What there is of a kind, without importing any of it."""
    found = iter_modules([str(Path(__file__).parent / kind)])
    return sorted(module.name for module in found if not module.name.startswith("_"))


def implementation(kind: Kind, name: str) -> ModuleType:
    """The module of that name. Only names of our own folder are ever imported."""
    if name not in names(kind):
        known = ", ".join(names(kind))
        raise SettingsError(f"There is no `{name}` in {kind}. Choose one of: {known}.")
    try:
        return import_module(f"footnote.{kind}.{name}")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "footnote":
            raise  # a fault of ours, which no package mends
        raise MissingExtra(
            f"`{name}` needs the package `{error.name}`: pip install '.[{name}]' in Footnote's folder"
        ) from error
