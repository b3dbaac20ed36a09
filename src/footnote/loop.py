"""Lets synchronous code (scripts, notebooks, Streamlit) use the async core.

One event loop in one thread for the life of the process: database connections and HTTP clients
belong to the loop that opened them, so a new loop for each call would break whatever is kept.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Coroutine, Iterator
from contextlib import aclosing
from functools import cache
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

THREAD_NAME = "footnote-loop"

_starting = threading.Lock()


def the_loop() -> asyncio.AbstractEventLoop:
    """The process's own loop, started at first use."""
    with _starting:
        return _start()


@cache
def _start() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name=THREAD_NAME, daemon=True).start()
    return loop


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the loop and wait for its result. An interrupt cancels the work."""
    if threading.current_thread().name == "footnote-loop":
        work.close()
        raise RuntimeError(
            "a synchronous call from inside the event loop would wait for itself: await instead"
        )
    future = asyncio.run_coroutine_threadsafe(work, the_loop())
    try:
        return future.result()
    except KeyboardInterrupt:
        future.cancel()
        raise


def iterate(stream: AsyncGenerator[T]) -> Iterator[T]:
    """Read an async generator from synchronous code. Leaving early closes the stream."""
    inbox: SimpleQueue[tuple[T] | None] = SimpleQueue()

    async def pump() -> None:
        try:
            async with aclosing(stream):
                async for item in stream:
                    inbox.put((item,))
        finally:
            inbox.put(None)

    # One task for the whole stream: time limits and task groups must be left by the task that
    # entered them.
    task = asyncio.run_coroutine_threadsafe(pump(), the_loop())
    try:
        while (received := inbox.get()) is not None:
            yield received[0]
        task.result()
    finally:
        task.cancel()
