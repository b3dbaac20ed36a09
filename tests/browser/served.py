"""A server of ours as a process of its own, and one of somebody else's that should hear nothing."""

import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from footnote import handbook
from footnote.assemble import open_application
from footnote.settings import load

HANDBOOK = Path(handbook.__file__).parent / "documents"
CHOSEN = ("finance-q3-2024.md", "refund-policy.md", "support-levels.md", "shipping.md", "leave-policy.md")

PATIENCE = 20_000
"""Milliseconds that a tab waits for what should appear; a wait ends as soon as it does."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Served:
    """`footnote serve` as a person starts it, or another command that serves."""

    def __init__(
        self, data: Path, *options: str, port: int | None = None, command: tuple[str, ...] = ()
    ) -> None:
        self.port = port or free_port()
        self.data = data
        serve = ("-m", "footnote", "serve", "--data", str(data), "--port", str(self.port))
        self.process = subprocess.Popen(
            [sys.executable, *(command or serve), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "FOOTNOTE_DATA": str(data)},
        )

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.address + path, trust_env=False, timeout=10)

    def wait(self) -> "Served":
        """Until the page can be opened; fails with what the server said when it never can."""
        for _ in range(600):
            if self.process.poll() is not None:
                pytest.fail(f"the server ended: {self.process.communicate()}")
            try:
                if self.get("/ready").status_code == 200:
                    return self
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        self.process.kill()
        pytest.fail(f"the server never came up: {self.process.communicate()}")

    def stop_by_itself(self) -> tuple[int, str, str]:
        """Its exit code and what it wrote, when it is expected not to start."""
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str, str]:
        """Its exit code and what it wrote, after Ctrl-C."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            out, err = self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
        return self.process.returncode, out, err


@contextmanager
def serving(data: Path, *options: str) -> Iterator[Served]:
    served = Served(data, *options)
    try:
        yield served.wait()
    finally:
        served.stop()


async def fill(data: Path) -> None:
    application = await open_application(load(data=data))
    try:
        for name in CHOSEN:
            added = await application.knowledge_base().add_file(HANDBOOK / name, collection="handbook")
            assert added.outcome == "added", added
    finally:
        await application.aclose()


class Sink:
    """A server that should never hear from anybody."""

    def __init__(self) -> None:
        asked: list[str] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.asked = asked
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
