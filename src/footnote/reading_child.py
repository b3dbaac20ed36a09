"""The process that runs parsers, so that no file can harm the one that asked. Started by `reading`.

    reading.py  --request, bytes-->  main(): the template  --fork for each file-->  _child(): one parser
                <--frames----------  relays what it says   <--pipe---------------   under limits

The template imports parsers and never looks at a file, so each child starts within milliseconds and
clean. It reads requests one after another: a JSON line, then, when it has said that it is ready, the
bytes of the file, which the child takes from the same pipe. It answers in frames (`FRAME`): pieces of
the child's answer, then how the child ended. After an unclean end it exits, since bytes of the file
may be left in the pipe.

Where a process cannot fork (Windows), the template itself is the child and ends after one file.
"""

import importlib
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from typing import Any

from footnote.errors import DocumentRefused
from footnote.parsers import SUFFIXES
from footnote.parsers.building.recognising import format_of, suffix_of
from footnote.reading_confinement import guard, leave_network, limit
from footnote.reading_process import CAN_FORK, FRAME, PATIENCE
from footnote.types import Extracted

_REQUESTS, _ANSWERS = 0, 1
_PIECE = 1 << 16
_LOOK_AGAIN_SECONDS = 0.2


def main() -> None:
    """Answer requests until the asking process closes the pipe."""
    # A system that does not allow it reads files all the same: `guard` is left.
    leave_network()
    _send(b"R", b"")
    while line := _read_line():
        request = json.loads(line)
        try:
            # Ahead of the fork, so that the next file of this format need not load it again.
            if (module := _module_for(request)) is not None:
                importlib.import_module(module)
        except Exception:  # noqa: BLE001 - a parser that cannot be imported is reported, whatever it raises
            _send(b"E", json.dumps({"ended": "setup", "detail": traceback.format_exc()}).encode())
            return
        _send(b"R", b"")
        ending = _run(request) if CAN_FORK else _run_here(request)
        _send(b"E", json.dumps(ending).encode())
        if ending["ended"] != "finished" or not CAN_FORK:
            return


def _module_for(request: dict[str, Any]) -> str | None:
    suffix = suffix_of(request["name"])
    if suffix in request["parsers"]:
        return str(request["parsers"][suffix])
    return f"footnote.parsers.{SUFFIXES[suffix]}" if suffix in SUFFIXES else None


# --- the template ------------------------------------------------------------------------------------


def _run(request: dict[str, Any]) -> dict[str, Any]:
    """Fork a child for one file, pass on what it says, and end it when its time or output is used up."""
    answer, child_answer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(answer)
            _child(request, child_answer)
        finally:
            # Never back into the template's loop.
            os._exit(1)
    os.close(child_answer)
    ended = "finished"
    try:
        ended = _relay(answer, request, pid)
    finally:
        os.close(answer)
        if ended != "finished":
            os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
    if ended == "orphaned":
        sys.exit(0)
    if ended == "finished" and os.WIFSIGNALED(status):
        ended = "signal"
    return {
        "ended": ended,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        # Linux counts in kilobytes, macOS in bytes.
        "max_rss": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    }


def _relay(answer: int, request: dict[str, Any], child: int) -> str:
    """Pass the child's answer on. Returns why it stopped: finished, wall, output or orphaned."""
    begun, wall = time.monotonic(), request["wall"]
    left = request["output"]
    poll = select.poll()
    poll.register(answer, select.POLLIN)
    # Asked for nothing but the hang-up: the bytes in this pipe are the child's.
    poll.register(_REQUESTS, 0)
    while True:
        waited = time.monotonic() - begun
        events = dict(poll.poll(max(wall - waited, _LOOK_AGAIN_SECONDS) * 1000))
        if waited > wall * PATIENCE or (not events and not _wants_a_core(child)):
            return "wall"
        if events.get(_REQUESTS, 0) & (select.POLLHUP | select.POLLERR):
            return "orphaned"
        if answer in events:
            piece = os.read(answer, _PIECE)
            if not piece:
                return "finished"
            left -= len(piece)
            if left < 0:
                return "output"
            _send(b"P", piece)


def _wants_a_core(pid: int) -> bool:
    """Whether a process works or waits for a core to work on. Only Linux tells; elsewhere it does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "R"
    except OSError:
        return False


def _run_here(request: dict[str, Any]) -> dict[str, Any]:
    data = _read_bytes(request["size"])
    guard()
    for part in _answer(request, data):
        for start in range(0, len(part), _PIECE):
            _send(b"P", part[start : start + _PIECE])
    return {"ended": "finished", "signal": 0, "max_rss": 0}


# --- the child ---------------------------------------------------------------------------------------


def _child(request: dict[str, Any], answer: int) -> None:
    limit(request)
    # Libraries in C write where they like; nothing but frames may reach the pipe to the asker.
    nowhere = os.open(os.devnull, os.O_RDWR)
    data = _read_bytes(request["size"])
    for descriptor in (_REQUESTS, _ANSWERS, 2):
        os.dup2(nowhere, descriptor)
    guard()
    for part in _answer(request, data):
        view = memoryview(part)
        while view:
            view = view[os.write(answer, view) :]
    os._exit(0)


def _answer(request: dict[str, Any], data: bytes) -> list[bytes]:
    """A JSON line, and the text after it when that was asked for and the file was read."""
    try:
        return _boxes(request["boxes"], data) if "boxes" in request else _text(request, data)
    except DocumentRefused as refusal:
        return _refused(refusal.reason, str(refusal))
    except MemoryError:
        return _refused("too_large", "")
    except RecursionError:
        return _refused("damaged", "This file is nested deeper than any document needs and was not read.")
    except Exception as error:  # noqa: BLE001 - the border: whatever a parser raises becomes a reason
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} in {os.path.basename(place.filename)}, line {place.lineno}"
        return _refused(
            "damaged",
            "This file looks damaged. Open it in the program it came from, save it again and add the new "
            "copy.",
            where,
        )


def _boxes(ranges: Sequence[Sequence[int]], data: bytes) -> list[bytes]:
    pdf = importlib.import_module("footnote.parsers.pdf")
    return [json.dumps({"boxes": pdf.boxes(data, ranges)}).encode() + b"\n"]


def _text(request: dict[str, Any], data: bytes) -> list[bytes]:
    name = request["name"]
    module = request["parsers"].get(suffix_of(name)) or f"footnote.parsers.{format_of(data, name)}"
    extracted: Extracted = importlib.import_module(module).parse(data, name)
    if not extracted.text.strip():
        raise DocumentRefused("There is no text in this file.", reason="empty")
    text = extracted.text.encode("utf-8")
    head = {
        "text": len(text),
        "blocks": [(block.kind, block.start, block.end, block.level) for block in extracted.blocks],
        "pages": [(page.label, page.start, page.end) for page in extracted.pages],
        "page_runs": [(run.start, run.page, run.page_start, run.length) for run in extracted.page_runs],
        "notes": extracted.notes,
    }
    return [json.dumps(head).encode() + b"\n", text]


def _refused(reason: str, message: str, detail: str = "") -> list[bytes]:
    return [json.dumps({"refused": reason, "message": message, "detail": detail}).encode() + b"\n"]


# --- pipes -------------------------------------------------------------------------------------------


def _send(kind: bytes, payload: bytes) -> None:
    view = memoryview(FRAME.pack(kind, len(payload)) + payload)
    while view:
        view = view[os.write(_ANSWERS, view) :]


def _read_line() -> bytes:
    """One byte at a time: what follows the line belongs to the child."""
    line = bytearray()
    while (byte := os.read(_REQUESTS, 1)) and byte != b"\n":
        line += byte
    return bytes(line) if byte else b""


def _read_bytes(size: int) -> bytes:
    with open(_REQUESTS, "rb", closefd=False) as pipe:
        return pipe.read(size)
