"""Every test is sealed: no network but this machine's own, no settings and no home of the user.

What a test writes goes into a temporary folder, which is also its working folder.
"""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# Examples are the same in every run, and none has a time limit: the machine may be slow.
settings.register_profile("sealed", database=None, deadline=None, derandomize=True, max_examples=60)
settings.load_profile("sealed")

REPOSITORY = Path(__file__).resolve().parents[1]
KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OLLAMA_HOST", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL")

# Browsers are installed in the real home, which the tests do not see.
os.environ.setdefault("PLAYWRIGHT_BROWSERS_PATH", str(Path.home() / ".cache" / "ms-playwright"))

# Where this run was started in the background Ctrl-C is ignored, and the programs that the tests start
# would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

_connect, _connect_ex = socket.socket.connect, socket.socket.connect_ex


class NetworkUsed(AssertionError):
    """A test wanted to leave this machine."""


def _refuse_others(connection: socket.socket, address: Any) -> None:
    if connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    host = str(address[0])
    if host not in ("localhost", "::1") and not host.startswith("127."):
        raise NetworkUsed(f"a test connected to {host}: tests use no network but loopback")


def _connect_here(connection: socket.socket, address: Any) -> None:
    _refuse_others(connection, address)
    _connect(connection, address)


def _connect_here_ex(connection: socket.socket, address: Any) -> int:
    _refuse_others(connection, address)
    return _connect_ex(connection, address)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: from the first of them on, Playwright keeps an event loop running in
    this thread, in which no other test could run one of its own."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", _connect_here)
    patch.setattr(socket.socket, "connect_ex", _connect_here_ex)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home, a data folder and a working folder for this test alone, and a bare environment."""
    for name in [*os.environ]:
        if name.startswith("FOOTNOTE_") and name != "FOOTNOTE_DEV_DATA":
            monkeypatch.delenv(name)
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("FOOTNOTE_DATA", str(tmp_path / "footnote-data"))
    monkeypatch.chdir(tmp_path)


def development_data() -> Path:
    """Where the development data would be; it is not part of the project."""
    given = os.environ.get("FOOTNOTE_DEV_DATA")
    return Path(given) if given else REPOSITORY.parent / "shared" / "data"


@pytest.fixture(scope="session")
def dev_data() -> Path:
    """The folder of development data; without it the test is skipped, visibly."""
    folder = development_data()
    if not folder.is_dir():
        pytest.skip(f"needs the development data, which is not in {folder} (set FOOTNOTE_DEV_DATA)")
    return folder
