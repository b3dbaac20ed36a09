"""One answer on one connection, in the words of any protocol, streamed or whole.

`faults.py` plays every fault through this: `begin`, `say`, `finish`, or an end that is none. Whoever
did not ask for a stream gets the same answer in one piece, and a fault in the middle of a stream is
then a fault in the middle of that piece.
"""

import asyncio
import json
import socket
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

from footnote.testing.fault_server.dialect import Dialect, Event, Problem, Stop
from footnote.types import Usage

REASONS = {
    200: "OK", 307: "Temporary Redirect", 400: "Bad Request", 401: "Unauthorized",
    402: "Payment Required", 403: "Forbidden", 404: "Not Found", 413: "Content Too Large",
    421: "Misdirected Request", 429: "Too Many Requests", 500: "Internal Server Error",
    502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout", 529: "Overloaded",
}  # fmt: skip

BEFORE_A_RESET = 0.05
"""Seconds for the client to read: some systems throw unread data away when a reset comes."""


@dataclass(kw_only=True, slots=True)
class Recorded:
    """A request, and what became of it. Times are seconds of `time.monotonic()`."""

    case: str
    protocol: str
    """"openai", "anthropic", "ollama", or nothing when the path is of none of them."""
    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: Any
    """The JSON of the body, or None when it has none."""
    at: float
    hung_up_at: float | None = None
    """When the client left before the end of the answer; None when it did not."""
    sent: int = 0
    """Pieces of the answer that were sent."""
    pieces: list[str] = field(default_factory=list)
    usage: Usage | None = None
    """The tokens as the answer told them; None when it did not."""

    @property
    def said(self) -> str:
        """The text of the answer, as far as it was sent, as a reader should see it: halves of a
        character that came apart are joined, a half without its other is U+FFFD."""
        return "".join(self.pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """Seconds: how long a stall lasts, and how long a slow model takes to its first text."""

    stall: float
    first_token: float


@dataclass(kw_only=True, slots=True)
class Spelling:
    """Which of the ways to write the same stream is taken; all of them are allowed."""

    newline: bytes = b"\n"
    space: bool = True
    """After the colon of a field."""
    lines: bool = False
    """JSON over many lines, each in a `data:` of its own."""
    comments: bool = False
    blank_lines: bool = False
    other_fields: bool = False
    """`id:` and `retry:`, the latter also alone."""
    escaped: bool = False
    """Nothing but ASCII in JSON."""
    bytewise: bool = False
    """Every byte in a write and a chunk of its own."""

    def json(self, data: Any) -> bytes:
        if isinstance(data, bytes):
            return data
        if isinstance(data, str):
            return data.encode()
        indent, separators = (1, None) if self.lines else (None, (",", ":"))
        text = json.dumps(data, ensure_ascii=self.escaped, indent=indent, separators=separators)
        try:
            return text.encode()
        except UnicodeEncodeError:  # half of a character, which only an escape can tell
            return json.dumps(data, indent=indent, separators=separators).encode()

    def server_sent(self, event: Event) -> bytes:
        """For `text/event-stream`."""
        colon = b": " if self.space else b":"
        before = [b": keep-alive", b""] if self.comments else []
        before += [b"", b""] if self.blank_lines else []
        fields = [b"event" + colon + event.name.encode()] if event.name else []
        if self.other_fields:
            before += [b"retry" + colon + b"3000", b""]
            fields.append(b"id" + colon + b"7")
        data = [b"data" + colon + line for line in self.json(event.data).split(b"\n")]
        return self.newline.join([*before, *fields, *data, b"", b""])

    def json_line(self, event: Event) -> bytes:
        """For `application/x-ndjson`."""
        before = self.newline if self.blank_lines else b""
        return before + self.json(event.data) + self.newline


class Line:
    """The server's end of a connection."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def send(self, *parts: bytes) -> None:
        for part in parts:
            self._writer.write(part)
            await self._writer.drain()
            # Draining does not wait while there is room: let it be noticed when the client leaves.
            await asyncio.sleep(0)

    def close(self) -> None:
        """After what was sent, the connection ends in good order (FIN)."""
        self._writer.close()

    def reset(self) -> None:
        """The connection breaks (RST)."""
        connection = self._writer.get_extra_info("socket")
        if connection is not None and connection.fileno() >= 0:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


@dataclass(kw_only=True)
class Wire:
    """What a fault is played on. Attributes may be changed before `begin`."""

    line: Line
    dialect: Dialect
    recorded: Recorded
    pace: Pace
    words: tuple[str, ...]
    url: str
    """Of the server, without a case."""
    attempt: int
    """How many requests there were to this case, with this one."""
    gate: Callable[[int], asyncio.Semaphore]
    """A limit on the answers of this case that are given at once."""
    spelling: Spelling = field(default_factory=Spelling)
    media_type: str = ""
    gap: float = 0.0
    """Seconds between words."""
    framed: bool = True
    """In chunks; else the end of the connection is the end of the answer."""
    gzip: bool = False
    over: bool = False
    """The server has ended the answer: from here on nobody hangs up on it."""
    reusable: bool = False
    """The connection can take another request."""
    thoughts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.media_type = self.dialect.media_type
        self._unsaid = cycle(self.words)
        self._zip = zlib.compressobj(wbits=31)

    # --- an answer ---------------------------------------------------------------------------------

    async def begin(self, *, opened: bool = True) -> None:
        """The head of a stream and, unless not `opened`, the events before its first text."""
        if self.dialect.streamed:
            await self.head()
            if opened:
                await self.events(*self.dialect.opening())

    async def head(self) -> None:
        framing = {"transfer-encoding": "chunked"} if self.framed else {"connection": "close"}
        coding = {"content-encoding": "gzip"} if self.gzip else {}
        await self.line.send(self._head(200, {"content-type": self.media_type} | framing | coding))

    async def say(self, count: int | None = None) -> None:
        """The next `count` words, or all that are left to say the words once."""
        for word in islice(self._unsaid, len(self.words) - self.recorded.sent if count is None else count):
            if self.recorded.sent:
                await asyncio.sleep(self.gap)
            await self.text(word)

    async def text(self, piece: str) -> None:
        # Counted before it is sent, so that a client that has it finds it counted.
        self.dialect.tokens_out += 1
        self.recorded.pieces.append(piece)
        self.recorded.sent += 1
        await self.events(*self.dialect.text(piece))

    async def think(self, piece: str) -> None:
        self.dialect.tokens_out += 1
        self.thoughts.append(piece)
        await self.events(*self.dialect.thought(piece))

    async def events(self, *events: Event) -> None:
        """Into the stream; an answer in one piece has none."""
        if self.dialect.streamed:
            await self.raw(self.encoded(*events))

    async def finish(self, stop: Stop = "end") -> None:
        """Why it ends, the mark of the end, and the end."""
        self.over = True
        self.recorded.usage = self.dialect.reported()
        if self.dialect.streamed:
            await self.end_body(*self.dialect.closing(stop), *self.dialect.end())
        else:
            await self.reply(200, self.whole(stop))

    async def end_body(self, *events: Event) -> None:
        """These events, and the stream ends in good order, whatever was said in it."""
        self.over = True
        await self.raw(self.encoded(*events, last=True), last=True)

    def whole(self, stop: Stop = "end") -> Any:
        return self.dialect.whole("".join(self.recorded.pieces), "".join(self.thoughts), stop)

    # --- ends that are none ------------------------------------------------------------------------

    async def partly(self, count: int) -> None:
        """A stream as far as its first `count` words, or half of an answer in one piece."""
        await self.begin()
        await self.say(count)
        if not self.dialect.streamed:
            await self.half(self.spelling.json(self.whole()))

    async def half(self, body: bytes) -> None:
        """A body that is promised and only half sent: no text of it can have been read."""
        self.recorded.pieces.clear()
        self.recorded.sent = 0
        head = {"content-type": "application/json", "content-length": str(len(body))}
        await self.line.send(self._head(200, head), body[: len(body) // 2])

    def hang_up(self) -> None:
        self.over = True
        self.line.close()

    async def reset(self) -> None:
        await asyncio.sleep(BEFORE_A_RESET)
        self.over = True
        self.line.reset()

    async def stall(self) -> None:
        """Silence, and at its end the connection breaks."""
        await asyncio.sleep(self.pace.stall)
        await self.reset()

    # --- answers of one piece ----------------------------------------------------------------------

    async def reply(
        self,
        status: int,
        body: Any,
        headers: Mapping[str, str] | None = None,
        media_type: str = "application/json",
    ) -> None:
        """`body` is bytes, or else goes out as JSON."""
        self.over = True
        data = self.spelling.json(body)
        head = {"content-type": media_type, "content-length": str(len(data)), **(headers or {})}
        if self.gzip:
            data = self._zip.compress(data) + self._zip.flush()
            head |= {"content-encoding": "gzip", "content-length": str(len(data))}
        self.reusable = True
        # Who asks for the head alone gets no body, whatever length it tells.
        parts = [] if self.recorded.method == "HEAD" else self._split(data)
        await self.line.send(self._head(status, head), *parts)

    async def refuse(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        await self.reply(problem.status, problem.body, headers)

    # --- bytes -------------------------------------------------------------------------------------

    def encoded(self, *events: Event, last: bool = False) -> bytes:
        """As they go into the body."""
        sse = self.dialect.media_type == "text/event-stream"
        spell = self.spelling.server_sent if sse else self.spelling.json_line
        data = b"".join(map(spell, events))
        if not self.gzip:
            return data
        return self._zip.compress(data) + self._zip.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)

    async def raw(self, data: bytes, *, last: bool = False) -> None:
        """Bytes of the body of a stream, ready to be sent."""
        parts = [self._chunk(part) if self.framed else part for part in self._split(data)]
        if last and self.framed:
            parts = [*parts[:-1], b"".join(parts[-1:]) + b"0\r\n\r\n"]
            self.reusable = True
        await self.line.send(*parts)
        if last and not self.framed:
            self.hang_up()

    def _split(self, data: bytes) -> list[bytes]:
        if not data:
            return []
        return [bytes((byte,)) for byte in data] if self.spelling.bytewise else [data]

    def _chunk(self, data: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(data), data)

    def _head(self, status: int, headers: Mapping[str, str]) -> bytes:
        identified = {self.dialect.request_id_header: f"req_{self.attempt}"}
        fields = [f"{name}: {value}" for name, value in {**identified, **headers}.items() if name]
        first = f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}"
        return "\r\n".join([first, *fields, "", ""]).encode("latin-1")
