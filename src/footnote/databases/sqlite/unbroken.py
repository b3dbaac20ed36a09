"""Database work that is begun is finished, though the task that asked for it is cancelled meanwhile.

A statement runs in the connection's thread and cannot be called back; giving up on it half-way
leaves a transaction open that blocks every other writer.
"""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar


class Running(Protocol):
    """Something that keeps the set of its unfinished work."""

    running: set[asyncio.Task[Any]]


class Store(Protocol):
    @property
    def database(self) -> Running: ...


S = TypeVar("S", bound=Store)
P = ParamSpec("P")
T = TypeVar("T")


def unbroken(
    method: Callable[Concatenate[S, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Make a store's method run to its end; a caller that is cancelled stops waiting at once."""

    @functools.wraps(method)
    async def to_the_end(store: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        task = asyncio.create_task(method(store, *args, **kwargs))
        # Kept here too: the event loop itself forgets tasks that nobody holds.
        store.database.running.add(task)
        task.add_done_callback(store.database.running.discard)
        return await asyncio.shield(task)

    return to_the_end
