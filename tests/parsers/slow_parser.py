"""A parser that takes long to load, as on a slow disk, and then reads at once."""

import time

from footnote.types import Extracted

time.sleep(2)


def parse(data: bytes, name: str) -> Extracted:
    return Extracted(text=f"read {len(data)} bytes")
