"""A parser that does what no parser should. The file's content says what."""

import contextlib
import ctypes
import os
import time
from pathlib import Path

from footnote.types import Block, Extracted


def parse(data: bytes, name: str) -> Extracted:  # noqa: C901, PLR0911, PLR0912 - one case after another
    match data.decode().strip():
        case "sleep":
            time.sleep(600)
        case "spin":
            while True:
                pass
        case "trickle":
            while True:
                for descriptor in range(3, 10):
                    with contextlib.suppress(OSError):
                        os.write(descriptor, b" ")
                time.sleep(0.05)
        case "share a core":
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
            while time.process_time() < 0.5:
                pass
        case "eat":
            hoard = []
            while True:
                hoard.append(bytearray(16 << 20))
        case "crash":
            ctypes.string_at(8)
        case "abort":
            os.abort()
        case "leave":
            os._exit(0)
        case "stop itself":
            os.kill(os.getpid(), 9)
        case "flood":
            return Extracted(text="flood " * (20 << 20))
        case "recurse":
            return parse(data, name)
        case "fail":
            return Extracted(text={"other": "words"}["a secret of the document"])
        case "misplace":
            return Extracted(text="short", blocks=(Block(kind="paragraph", start=2, end=99),))
        case "chatter":
            os.write(1, b"P" * 1000)
            print("noise")
            return Extracted(text="heard")
        case "write":
            Path("written.txt").write_text("x" * 100)
        case "environment":
            return Extracted(text="\n".join(["variables:", *os.environ]))
    return Extracted(text=f"read {len(data)} bytes")
