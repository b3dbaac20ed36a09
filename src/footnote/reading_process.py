"""The main process's side of a reading process: start it, ask it, end it from any thread.

`reading_child` is the other side. One file at a time; everything here blocks and runs in a worker
thread, with a watch that kills the process when its answer is overdue.
"""

import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import IO, Any, cast

from footnote.errors import DocumentError

FRAME = struct.Struct(">cI")
"""What the child process sends: a kind, a length, and so many bytes. R: it is ready, for requests and
then for the file of each; P: a piece of an answer; E: the end of one, in JSON."""

CAN_FORK = hasattr(os, "fork")
"""Where it is false (Windows), a process reads one file and ends, under a time limit alone."""

PATIENCE = 5
"""How many times its wall time a file may take while it works or waits for a core: then the machine is
slow, and the limit of its processor time is what ends it."""

_START_SECONDS = 60.0
_GRACE_SECONDS = 3.0
"""How much longer than the template, which ends its own child in time, the main process waits."""

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from footnote.reading_child import main; main()"
)
_SYSTEM_VARIABLES = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""What an operating system needs to start Python. No key or password reaches the child."""


class ReadingProcess:
    """A running `reading_child`, and the frames to and from it. One file at a time."""

    def __init__(self) -> None:
        environment = {name: os.environ[name] for name in _SYSTEM_VARIABLES if name in os.environ}
        # A numerical library in the child must not start a thread for each core.
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        # Isolated (-I): no PYTHON… variable and no current folder decides what is imported.
        search_path = json.dumps([folder for folder in sys.path if folder])
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own words
            [sys.executable, "-I", "-X", "utf8", "-c", _BOOT, search_path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        self._timed_out = False
        ready, _ = self._frame_within(_START_SECONDS)
        if ready != b"R":
            self.end()
            raise DocumentError(
                "The process that reads files could not be started; its error is in the terminal above. "
                "Usually a package of this installation is missing: install footnote-chat again."
            )

    def ask(self, data: bytes, request: Mapping[str, Any]) -> tuple[bytearray, dict[str, Any]]:
        """What the child answered, and how it ended."""
        self._write(json.dumps(request).encode() + b"\n")
        # Loading the parser is not the file's fault, so its time begins when it is asked for.
        kind, payload = self._frame_within(_START_SECONDS)
        if kind == b"E":
            return bytearray(), json.loads(payload)
        if kind != b"R":
            slow = {"ended": "setup", "detail": f"It took more than {_START_SECONDS:.0f} seconds to load."}
            return bytearray(), slow if self._timed_out else {"ended": "vanished"}
        watch = self._watch(request["wall"] * (PATIENCE if CAN_FORK else 1) + _GRACE_SECONDS)
        try:
            self._write(data)
            return self._answer()
        finally:
            watch.cancel()

    def _answer(self) -> tuple[bytearray, dict[str, Any]]:
        answer = bytearray()
        while True:
            kind, payload = self._frame()
            if kind == b"P":
                answer += payload
            elif kind == b"E":
                return answer, json.loads(payload)
            else:
                return answer, {"ended": "wall" if self._timed_out else "vanished"}

    def reusable(self, ending: Mapping[str, Any]) -> bool:
        """Whether it waits for another file after this ending."""
        return CAN_FORK and ending["ended"] == "finished"

    def kill(self) -> None:
        """End it and its child, from any thread."""
        if hasattr(os, "killpg"):
            # The child is in the group of the template, which leads it.
            try:
                os.killpg(self._process.pid, 9)
            except (ProcessLookupError, PermissionError):
                return
        else:
            self._process.kill()

    def end(self) -> None:
        """Kill it, wait for it and close the pipes."""
        if self._process.poll() is None:
            self.kill()
            self._process.wait()
        self._stdout.close()
        try:
            self._stdin.close()
        except BrokenPipeError:
            # Bytes that nobody took; the pipe is closed all the same.
            return

    @property
    def _stdin(self) -> IO[bytes]:
        return cast(IO[bytes], self._process.stdin)

    @property
    def _stdout(self) -> IO[bytes]:
        return cast(IO[bytes], self._process.stdout)

    def _write(self, data: bytes) -> None:
        try:
            self._stdin.write(data)
            self._stdin.flush()
        except OSError:
            # The child ended before it had taken everything: the frames tell why.
            return

    def _frame(self) -> tuple[bytes, bytes]:
        head = self._stdout.read(FRAME.size)
        if len(head) < FRAME.size:
            return b"", b""
        kind, length = FRAME.unpack(head)
        payload = self._stdout.read(length)
        return (kind, payload) if len(payload) == length else (b"", b"")

    def _frame_within(self, seconds: float) -> tuple[bytes, bytes]:
        watch = self._watch(seconds)
        try:
            return self._frame()
        finally:
            watch.cancel()

    def _watch(self, seconds: float) -> threading.Timer:
        def expire() -> None:
            self._timed_out = True
            self.kill()

        watch = threading.Timer(seconds, expire)
        watch.daemon = True
        watch.start()
        return watch
