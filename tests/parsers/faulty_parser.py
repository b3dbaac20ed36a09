"""A parser that does what no parser should. The file's content says what."""

import contextlib
import ctypes
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

from footnote.types import Block, Extracted


def parse(data: bytes, name: str) -> Extracted:  # noqa: C901, PLR0911, PLR0912 - one case after another
    what, _, where = data.decode().strip().partition(" to ")
    match what:
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
            while time.process_time() < 0.4:
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
            signal.raise_signal(signal.SIGKILL)
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
            Path(where).write_text("x" * 100)
        case "touch":
            Path(where).touch()
        case "remove":
            Path(where).unlink()
        case "rename":
            Path(where).rename(where + ".old")
        case "run":
            subprocess.run([sys.executable, "-c", f"open({where!r}, 'w')"], check=True)
        case "kill":
            os.kill(int(where), signal.SIGTERM)
        case "connect":
            socket.create_connection(("127.0.0.1", int(where)))
        case "connect below Python":
            return Extracted(text=f"refused: {_connect_below_python(int(where))}")
        case "environment":
            return Extracted(text="\n".join(["variables:", *os.environ]))
    return Extracted(text=f"read {len(data)} bytes")


def _connect_below_python(port: int) -> bool:
    """As a library in C would."""
    system = ctypes.CDLL(None)
    address = struct.pack("=H", socket.AF_INET) + struct.pack(">H", port) + bytes([127, 0, 0, 1]) + bytes(8)
    connection = system.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    return bool(system.connect(connection, address, len(address)) != 0)
