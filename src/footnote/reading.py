"""Reads files safely: every parser runs in a child process that can be ended at any time.

`ConfinedReader.read` is the way in; `boxes` finds a quote on the pages of a PDF. Both hand the bytes
to one of a few template processes (`reading_child`), which forks a child under limits on memory,
processor time, wall time and output. Whatever becomes of the child, the caller gets what was asked for
or a `DocumentRefused` with a reason.
"""

import json
import logging
import threading
import weakref
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar, get_args

import anyio
import anyio.to_thread

from footnote.errors import DocumentError, DocumentRefused, Reason, too_large
from footnote.reading_process import ReadingProcess
from footnote.types import Block, BlockKind, Extracted, Page, PageRun

_log = logging.getLogger(__name__)

_MB = 1 << 20
_KINDS = frozenset(get_args(BlockKind))
_REASONS = frozenset(get_args(Reason))

T = TypeVar("T")
Box = tuple[int, float, float, float, float]
"""Page from 0, and left, bottom, right, top in points from the lower left corner of the page."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """What one file may use: bytes of memory and of answer, seconds of processor and wall time."""

    memory: int
    cpu: float
    wall: float
    output: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much a file may use, growing with its size. A file of up to a megabyte ends within ten
    seconds, unless the machine is too busy to work on it; more are given for each further megabyte."""

    max_bytes: int = 200 * _MB
    memory: int = 512 * _MB
    memory_per_byte: int = 20
    max_memory: int = 2048 * _MB
    cpu_seconds: float = 7.0
    cpu_seconds_per_mb: float = 8.0
    wall_seconds: float = 9.0
    wall_seconds_per_mb: float = 12.0
    max_seconds: float = 900.0
    output: int = 40 * _MB
    output_per_byte: int = 10
    max_output: int = 200 * _MB
    """Of the answer: the text in UTF-8 and the places of its blocks."""

    def allow(self, size: int) -> Allowance:
        more_mb = max(0.0, size / _MB - 1)
        return Allowance(
            memory=min(self.memory + self.memory_per_byte * size, self.max_memory),
            cpu=min(self.cpu_seconds + self.cpu_seconds_per_mb * more_mb, self.max_seconds),
            wall=min(self.wall_seconds + self.wall_seconds_per_mb * more_mb, self.max_seconds),
            output=min(self.output + self.output_per_byte * size, self.max_output),
        )


class ConfinedReader:
    """The seam `Reader`. Up to `at_once` files are read at the same time, each in its own process.

    `parsers` names modules for file endings of your own (`{"tale": "my_package.tale"}`), each with a
    `parse` function like those in `footnote.parsers`. Close it with `aclose`; the end of the program
    or of the object closes it too.
    """

    def __init__(
        self, *, limits: Limits | None = None, at_once: int = 2, parsers: Mapping[str, str] | None = None
    ) -> None:
        self.limits = limits or Limits()
        self._parsers = {suffix.lower().lstrip("."): module for suffix, module in (parsers or {}).items()}
        self._turn = anyio.CapacityLimiter(at_once)
        self._guard = threading.Lock()
        self._idle: list[ReadingProcess] = []
        self._running: set[ReadingProcess] = set()
        self._closed = False
        self._finalizer = weakref.finalize(self, _end_all, self._running)

    async def read(self, data: bytes, name: str) -> Extracted:
        """The text of a file and its structure. `name` tells the format where the bytes do not.

        Raises `DocumentRefused` with the reason, and `DocumentError` when no process can be started.
        Cancelling ends the child.
        """
        return await self._in_turn(data, {"name": name, "parsers": self._parsers}, _extracted)

    async def boxes(self, data: bytes, runs: Sequence[PageRun], start: int, end: int) -> tuple[Box, ...]:
        """Where the kept text `start:end` of a PDF stands on its pages, a box for each stretch of a line.

        `runs` are those that reading it gave. Raises as `read` does.
        """
        ranges = _page_ranges(runs, start, end)
        return await self._in_turn(data, {"name": "it.pdf", "parsers": {}, "boxes": ranges}, _boxes)

    async def _in_turn(
        self, data: bytes, request: Mapping[str, Any], understand: Callable[[bytearray], T]
    ) -> T:
        if not data:
            raise DocumentRefused("This file is empty.", reason="empty")
        if len(data) > self.limits.max_bytes:
            raise too_large(len(data), self.limits.max_bytes)
        errand = _Errand()
        try:
            return await anyio.to_thread.run_sync(
                self._ask, data, request, understand, errand, limiter=self._turn, abandon_on_cancel=True
            )
        except anyio.get_cancelled_exc_class():
            errand.cancel()
            raise

    async def aclose(self) -> None:
        """End the processes. Files being read are refused; nothing can be read afterwards."""
        self._closed = True
        await anyio.to_thread.run_sync(self._finalizer)

    # --- in a worker thread ----------------------------------------------------------------------

    def _ask(
        self,
        data: bytes,
        request: Mapping[str, Any],
        understand: Callable[[bytearray], T],
        errand: "_Errand",
    ) -> T:
        process = self._take()
        try:
            errand.begin(process)
            allowance = self.limits.allow(len(data))
            answer, ending = process.ask(data, {**request, "size": len(data), **asdict(allowance)})
        except BaseException:
            self._drop(process)
            raise
        if process.reusable(ending) and not errand.cancelled and not self._closed:
            with self._guard:
                self._idle.append(process)
        else:
            self._drop(process)
        _require_end(ending, allowance)
        try:
            return understand(answer)
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise DocumentRefused(
                "This file made the parser give a broken answer, so it was not read.", reason="unreadable"
            ) from error

    def _take(self) -> ReadingProcess:
        with self._guard:
            if self._closed:
                raise DocumentError("The reader was closed: make a new one to read more files.")
            if self._idle:
                return self._idle.pop()
        process = ReadingProcess()
        with self._guard:
            self._running.add(process)
        return process

    def _drop(self, process: ReadingProcess) -> None:
        with self._guard:
            self._running.discard(process)
        process.end()


class _Errand:
    """One file in the hands of a process: lets its cancellation end that process."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._process: ReadingProcess | None = None
        self.cancelled = False

    def begin(self, process: ReadingProcess) -> None:
        with self._guard:
            self._process = process
            if self.cancelled:
                process.kill()

    def cancel(self) -> None:
        with self._guard:
            self.cancelled = True
            if self._process is not None:
                self._process.kill()


def _end_all(processes: set[ReadingProcess]) -> None:
    for process in list(processes):
        process.end()
    processes.clear()


# --- what came back ----------------------------------------------------------------------------------


def _require_end(ending: Mapping[str, Any], allowance: Allowance) -> None:
    """Raises what became of a file whose process did not come to its end."""
    match ending["ended"]:
        case "finished":
            return
        case "wall":
            raise _too_slow()
        case "output":
            raise _too_large("it holds more text than this program takes from one file")
        case "signal":
            raise _of_signal(ending, allowance)
        case "setup":
            raise DocumentError(f"A parser could not be loaded:\n{ending['detail']}")
        case _:
            raise DocumentRefused(
                "The process that read this file ended without an answer. Add the file again; if this "
                "repeats, the machine may be short of memory.",
                reason="unreadable",
            )


def _of_signal(ending: Mapping[str, Any], allowance: Allowance) -> DocumentRefused:
    """The signals are compared by number: not every system knows every name."""
    number = ending["signal"]
    if number == 24:  # SIGXCPU
        return _too_slow()
    if number == 9 or ending["max_rss"] > allowance.memory / 2:  # SIGKILL: the system ran short of memory
        return _too_large("reading it takes more memory than one file may use")
    _log.warning("a parser died of signal %s", number)
    return DocumentRefused(
        "This file looks damaged: the program part that reads its format broke down on it. Open it in the "
        "program it came from, save it again and add the new copy.",
        reason="damaged",
    )


def _too_slow() -> DocumentRefused:
    return DocumentRefused(
        "Reading this file took too long and was stopped. Split it into smaller files, or save it in a "
        "simpler format such as plain text or PDF.",
        reason="too_slow",
    )


def _too_large(why: str) -> DocumentRefused:
    return DocumentRefused(
        f"This file is too large: {why}. Split it into smaller files, or add the part that you need.",
        reason="too_large",
    )


def _extracted(answer: bytearray) -> Extracted:
    """The answer as a value. The child is not trusted: what does not fit is a `ValueError`."""
    head, rest = _parted(answer)
    text = rest.decode("utf-8")
    blocks = tuple(
        Block(kind=kind, start=start, end=end, level=level) for kind, start, end, level in head["blocks"]
    )
    pages = tuple(Page(label=label, start=start, end=end) for label, start, end in head["pages"])
    runs = tuple(
        PageRun(start=start, page=page, page_start=page_start, length=length)
        for start, page, page_start, length in head["page_runs"]
    )
    notes = tuple(str(note) for note in head["notes"])
    _check_places(len(text), blocks, pages, runs)
    return Extracted(text=text, blocks=blocks, pages=pages, page_runs=runs, notes=notes)


def _boxes(answer: bytearray) -> tuple[Box, ...]:
    head, _ = _parted(answer)
    return tuple(
        (int(page), float(left), float(bottom), float(right), float(top))
        for page, left, bottom, right, top in head["boxes"]
    )


def _parted(answer: bytearray) -> tuple[dict[str, Any], bytearray]:
    """The JSON line and what follows it. Raises the refusal that it holds."""
    line_end = answer.find(b"\n")
    head = json.loads(answer[:line_end])
    if "refused" in head:
        raise _refusal(head)
    return head, answer[line_end + 1 :]


def _refusal(head: Mapping[str, Any]) -> DocumentRefused:
    if head["refused"] not in _REASONS:
        raise ValueError("unknown reason")
    if head["detail"]:
        _log.warning("a parser failed: %s", head["detail"])
    if head["refused"] == "too_large" and not head["message"]:
        return _too_large("reading it takes more memory than one file may use")
    return DocumentRefused(str(head["message"]), reason=head["refused"])


def _check_places(
    length: int, blocks: tuple[Block, ...], pages: tuple[Page, ...], runs: tuple[PageRun, ...]
) -> None:
    for places in (blocks, pages):
        position = 0
        for place in places:
            if not position <= place.start < place.end <= length:
                raise ValueError(f"out of order at {place.start}")
            position = place.end
    position = 0
    for run in runs:
        if not (position <= run.start and run.length > 0 and run.start + run.length <= length):
            raise ValueError(f"a run out of order at {run.start}")
        position = run.start + run.length
    if not all(block.kind in _KINDS for block in blocks):
        raise ValueError("an unknown kind of block")


def _page_ranges(runs: Sequence[PageRun], start: int, end: int) -> list[tuple[int, int, int]]:
    """The kept text `start:end` as ranges of page characters: (page from 0, first, length)."""
    ranges = []
    first = max(bisect_right(runs, start, key=lambda run: run.start) - 1, 0)
    for run in runs[first:]:
        if run.start >= end:
            break
        low, high = max(start, run.start), min(end, run.start + run.length)
        if low < high:
            ranges.append((run.page, run.page_start + low - run.start, high - low))
    return ranges
