"""The fixtures of the browser tests: data with documents, a server, and a Chromium that looks at it."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from footnote import loop
from scripts.install_browser import BROWSERS
from tests.browser.served import PATIENCE, Served, Sink, fill, serving

FLAGS = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with some documents of the handbook; copy it before use."""
    data = tmp_path_factory.mktemp("filled") / "data"
    loop.run(fill(data))
    return data


@pytest.fixture(scope="session")
def new_data(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes a data folder with documents in it."""

    def make() -> Path:
        data = tmp_path_factory.mktemp("data") / "data"
        shutil.copytree(filled, data)
        return data

    return make


@pytest.fixture(scope="module")
def served(new_data: Callable[[], Path]) -> Iterator[Served]:
    """A server that quotes the documents. Each test works in a conversation of its own."""
    with serving(new_data(), "--model", "extractive") as running:
        yield running


@pytest.fixture
def sink() -> Iterator[Sink]:
    waiting = Sink()
    yield waiting
    waiting.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser; without one the test is skipped, and fails where tests must not be skipped."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        except Error as error:
            reason = f"no Chromium can be started: {error}".splitlines()[0]
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A tab that fails its test when the page reports an error or asks another machine for anything."""
    context = chromium.new_context(viewport={"width": 1360, "height": 860})
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    tab = context.new_page()
    complaints: list[str] = []
    tab.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on(
        "request",
        lambda request: (
            None
            if re.match(r"(http|ws)://127\.0\.0\.1:|data:|blob:", request.url)
            else complaints.append(f"asked for {request.url}")
        ),
    )
    yield tab
    context.close()
    assert complaints == []
