import importlib
import pkgutil

import pytest

from footnote import parsers
from footnote.parsers import FORMATS, SUFFIXES


def test_every_module_in_the_folder_is_in_the_table() -> None:
    modules = {module.name for module in pkgutil.iter_modules(parsers.__path__) if not module.ispkg}
    assert modules == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_every_row_names_a_module_that_parses(name: str) -> None:
    assert callable(importlib.import_module(f"footnote.parsers.{name}").parse)


def test_no_suffix_belongs_to_two_formats() -> None:
    assert len(SUFFIXES) == sum(len(row.split()) for row in FORMATS.values())
    assert all(suffix == suffix.lower().lstrip(".") for suffix in SUFFIXES)
