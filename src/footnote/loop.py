"""Lets synchronous code (scripts, notebooks, Streamlit) use the async core.

One event loop in one thread for the life of the process: database connections and HTTP clients
belong to the loop that opened them, so a new loop for each call would break whatever is kept.
"""

import asyncio
import sys
import threading
from collections.abc import AsyncGenerator, Coroutine, Iterator
from concurrent.futures import Future, wait
from contextlib import aclosing
from functools import cache
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

import anyio

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


def is_inside() -> bool:
    """Whether this code runs on the loop's own thread."""
    return threading.current_thread().name == THREAD_NAME


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the loop and wait for its result. An interrupt cancels the work, and
    returns when the work has put away what it holds."""
    if is_inside():
        work.close()
        raise RuntimeError(_FROM_INSIDE)
    begun = _Begun(work)
    try:
        return begun.future.result()
    finally:
        begun.leave()


def iterate(stream: AsyncGenerator[T]) -> Iterator[T]:
    """Read an async generator from synchronous code. Leaving early closes the stream, and returns
    when it is closed."""
    if is_inside():
        raise RuntimeError(_FROM_INSIDE)
    return _iterate(stream)


def _iterate(stream: AsyncGenerator[T]) -> Iterator[T]:
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
    begun = _Begun(pump())
    try:
        while (received := inbox.get()) is not None:
            yield received[0]
        begun.future.result()
    finally:
        begun.leave()


class _Begun(Generic[T]):
    """Work on the loop that can be left early. By a cancel scope and not by `Task.cancel`: what the
    work shields, such as saving half an answer, is done before it ends."""

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self._work = work
        self._scope: anyio.CancelScope | None = None
        self._left = False
        self.future: Future[T] = asyncio.run_coroutine_threadsafe(self._scoped(), the_loop())

    async def _scoped(self) -> T:
        with anyio.CancelScope() as self._scope:
            if self._left:
                self._scope.cancel()
            return await self._work
        raise asyncio.CancelledError

    def leave(self) -> None:
        """Cancel the work, unless it is done, and wait until it has ended."""
        if self.future.done():
            return
        the_loop().call_soon_threadsafe(self._cancel)
        # A forgotten iterator may be collected on the loop's own thread or when the loop is gone.
        if not is_inside() and not sys.is_finalizing():
            wait([self.future])

    def _cancel(self) -> None:
        self._left = True
        if self._scope is not None:
            self._scope.cancel()


_FROM_INSIDE = "a synchronous call from inside the event loop would wait for itself: await instead"
