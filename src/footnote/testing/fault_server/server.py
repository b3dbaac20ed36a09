"""The server: a thread with an event loop, loopback only, a port that was free.

It reads requests, records them, and plays the case that the path names. Start reading at `_answer`.
"""

import asyncio
import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from footnote.testing.fault_server.anthropic import Anthropic
from footnote.testing.fault_server.cases import Case, find
from footnote.testing.fault_server.dialect import Dialect
from footnote.testing.fault_server.ollama import Ollama, OllamaPull, about
from footnote.testing.fault_server.openai import OpenAI
from footnote.testing.fault_server.wire import Line, Pace, Recorded, Wire

WORDS = (
    "Returns are free within 30 days at shops in Zürich and naïve 東京 customers who smile 🙂 may "
    "send things back without a reason"
).split()
"""Characters of one, two, three and four bytes."""

ROUTES: tuple[tuple[str, type[Dialect]], ...] = (
    ("/chat/completions", OpenAI),
    ("/v1/messages", Anthropic),
    ("/api/chat", Ollama),
    ("/api/pull", OllamaPull),
)
"""How a path ends, and what is spoken there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Request:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


class FaultServer:
    """A server of language models that goes wrong as its path says.

        with FaultServer() as server:
            client = OpenAI(base_url=server.base_url("stall-after-3"), api_key="any")

    `async with` does the same. It runs in a thread of its own, so that the program that is tested may
    block. Nothing is left of it afterwards: connections are dropped, whatever they were at.
    """

    def __init__(
        self, *, seed: int = 0, stall: float = 3600.0, first_token: float = 30.0, port: int = 0
    ) -> None:
        """`stall` and `first_token` are seconds. The seed orders the words of the answer."""
        words = random.Random(seed).sample(WORDS, len(WORDS))
        self.words: tuple[str, ...] = (words[0], *(f" {word}" for word in words[1:]))
        """The pieces of the whole answer."""
        self.requests: list[Recorded] = []
        """Every request so far, in the order of arrival."""
        self.port = port
        """Free to choose until the server runs; 0 takes one that is free."""
        self._pace = Pace(stall=stall, first_token=first_token)
        self._attempts: Counter[str] = Counter()
        self._gates: dict[str, asyncio.Semaphore] = {}
        self._underway: list[Recorded] = []
        self._changed = threading.Condition()
        self._failures: list[BaseException] = []
        # A port that is taken and does not listen: whoever connects to it is refused.
        self._closed: socket.socket | None = None

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(self.words)

    def base_url(self, case: str = "happy") -> str:
        """Where a client finds this case. Raises `ValueError` when there is no such case."""
        if self._closed is None:
            raise RuntimeError("The server runs inside `with FaultServer() as server:`.")
        try:
            find(case)
        except KeyError:
            raise ValueError(
                f"There is no case {case!r}; footnote.testing.fault_server.CASES has all of them."
            ) from None
        port = self._closed.getsockname()[1] if case == "no-server" else self.port
        return f"{'https' if case == 'no-tls' else 'http'}://127.0.0.1:{port}/{case}"

    def wait_idle(self, seconds: float = 10.0) -> None:
        """Wait until no request is being answered, so that all is recorded of those that were.

        Raises `TimeoutError`. In async code: `await asyncio.to_thread(server.wait_idle)`.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: not self._underway, seconds):
                cases = ", ".join(one.case for one in self._underway)
                raise TimeoutError(f"still being answered after {seconds} seconds: {cases}")

    # --- start and end -----------------------------------------------------------------------------

    def __enter__(self) -> Self:
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), name="fault-server", daemon=True)
        self._thread.start()
        try:
            started.result()
        except BaseException:
            self._thread.join()
            raise
        self._closed = socket.socket()
        self._closed.bind(("127.0.0.1", 0))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        if self._closed is not None:
            self._closed.close()
        if self._failures and error is None:
            raise self._failures[0]

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def _run(self, started: "Future[None]") -> None:
        try:
            asyncio.run(self._listen(started))
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    async def _listen(self, started: "Future[None]") -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        connections: set[_Connection] = set()
        listening = await self._loop.create_server(
            lambda: _Connection(self._serve, connections), "127.0.0.1", self.port, backlog=1024
        )
        self.port = listening.sockets[0].getsockname()[1]
        started.set_result(None)
        await self._stopping.wait()
        listening.close()
        # Again, as long as connections come that were being made when it stopped to listen.
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for connection in connections:
                connection.drop()
            await asyncio.wait(tasks)

    # --- one connection ----------------------------------------------------------------------------

    async def _serve(self, connection: "_Connection") -> None:
        try:
            while (request := await _read(connection.reader)) is not None:
                if not await self._answer(connection, request):
                    break
        except OSError:
            pass  # the client left
        finally:
            connection.writer.close()

    async def _answer(self, connection: "_Connection", request: _Request) -> bool:
        """Whether the connection can take another request."""
        name, _, rest = request.path.removeprefix("/").partition("/")
        rest = f"/{rest.partition('?')[0]}".rstrip("/") or "/"
        spoken = next((dialect for end, dialect in ROUTES if rest.endswith(end)), None)
        dialect = (spoken or Ollama)(request.body)
        recorded = Recorded(
            case=name, protocol=dialect.protocol if spoken or rest.startswith("/api/") else "",
            method=request.method, path=request.path, headers=request.headers, body=request.body,
            at=time.monotonic(),
        )  # fmt: skip
        self._attempts[name] += 1
        wire = Wire(
            line=Line(connection.writer), dialect=dialect, recorded=recorded, pace=self._pace,
            words=self.words, url=f"http://127.0.0.1:{self.port}", attempt=self._attempts[name],
            gate=lambda places: self._gates.setdefault(name, asyncio.Semaphore(places)),
        )  # fmt: skip
        with self._changed:
            self.requests.append(recorded)
            self._underway.append(recorded)
        try:
            await self._play(connection, wire, None if spoken else rest)
        finally:
            with self._changed:
                self._underway.remove(recorded)
                self._changed.notify_all()
        return wire.reusable and request.headers.get("connection", "").lower() != "close"

    async def _play(self, connection: "_Connection", wire: Wire, path: str | None) -> None:
        """Until the case is played out or the client leaves."""
        playing = asyncio.create_task(_chosen(wire, path))

        def left() -> None:
            if not wire.over:
                wire.recorded.hung_up_at = time.monotonic()
                wire.over = True
            playing.cancel()

        connection.when_left(left)
        try:
            await asyncio.wait([playing])
        finally:
            connection.when_left(None)
            playing.cancel()
        if not playing.cancelled() and (error := playing.exception()):
            if not isinstance(error, OSError):
                self._failures.append(error)
            wire.reusable = False


async def _chosen(wire: Wire, path: str | None) -> None:
    """Play the case for an answer, or, where there is a `path`, what is told beside answers."""
    name, dialect = wire.recorded.case, wire.dialect
    if wire.recorded.method == "" and name == "no-tls":
        await wire.line.send(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\nThis is plain HTTP.\n")
        wire.over = True
        return
    try:
        case, numbers = find(name)
    except KeyError:
        await wire.refuse(dialect.problem(404, f"There is no case {name!r} at this server."))
        return
    if path is not None and not case.everywhere:
        told = about(path, Ollama(wire.recorded.body), missing=name == "model-missing")
        await wire.refuse(told or dialect.problem(404, f"There is nothing at {path}."))
    elif unfit := _unfit(case, dialect):
        await wire.refuse(dialect.problem(400, unfit))
    else:
        await case.play(wire, *numbers)


def _unfit(case: Case, dialect: Dialect) -> str:
    """Why this case cannot be played in this answer, if so."""
    if dialect.protocol not in case.protocols:
        return f"The case {case.name} is for {' and '.join(case.protocols)}, not for {dialect.protocol}."
    if case.streams_only and not dialect.streamed:
        return f"The case {case.name} is for streams; this request did not ask for one."
    return ""


class _Connection(asyncio.StreamReaderProtocol):
    """Notices at once when the client leaves, also while nothing is read."""

    def __init__(
        self,
        serve: Callable[["_Connection"], Coroutine[Any, Any, None]],
        others: "set[_Connection]",
    ) -> None:
        """`others` are the connections that there are; it belongs to them while it lasts."""
        self.reader = asyncio.StreamReader()
        self._left: Callable[[], None] | None = None
        self._gone = False
        self._others = others

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.writer = writer
            others.add(self)
            self._task = asyncio.create_task(serve(self))

        super().__init__(self.reader, connected)

    def drop(self) -> None:
        self.writer.transport.abort()
        self._task.cancel()

    def when_left(self, call: Callable[[], None] | None) -> None:
        self._left = call
        if self._gone and call:
            call()

    def eof_received(self) -> bool:
        super().eof_received()
        self._leave()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._others.discard(self)
        self._leave()

    def _leave(self) -> None:
        self._gone = True
        if self._left:
            self._left()


async def _read(reader: asyncio.StreamReader) -> _Request | None:
    """The next request of a connection; None when there is none, or what comes is not HTTP."""
    try:
        return await _read_request(reader)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
        return None


async def _read_request(reader: asyncio.StreamReader) -> _Request:
    first = await reader.readexactly(1)
    if first == b"\x16":  # the beginning of a TLS handshake
        return _Request(method="", path="/no-tls", headers={}, body=None)
    start, *lines = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
    method, path, _ = start.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await _read_body(reader, headers)
    try:
        parsed = json.loads(body) if body else None
    except ValueError:
        parsed = None
    return _Request(method=method, path=path, headers=headers, body=parsed)


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", 0)))
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body
