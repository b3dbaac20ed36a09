"""Synchronous code drives the async core through one loop."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator

import anyio
import pytest

from footnote import loop


async def _double(number: int) -> int:
    await asyncio.sleep(0)
    return number * 2


def test_a_coroutine_runs_and_its_result_comes_back() -> None:
    assert loop.run(_double(21)) == 42


def test_every_call_uses_the_same_loop_whatever_thread_it_comes_from() -> None:
    async def which() -> int:
        return id(asyncio.get_running_loop())

    seen = [loop.run(which())]
    threads = [threading.Thread(target=lambda: seen.append(loop.run(which()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 5
    assert len(set(seen)) == 1


def test_an_error_comes_back_as_it_was_raised() -> None:
    async def fail() -> None:
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        loop.run(fail())


def test_a_call_from_inside_the_loop_is_refused_instead_of_waiting_for_itself() -> None:
    async def inside() -> None:
        loop.run(_double(1))

    with pytest.raises(RuntimeError, match="await instead"):
        loop.run(inside())


def test_iterating_from_inside_the_loop_is_refused_instead_of_waiting_for_itself() -> None:
    async def numbers() -> AsyncGenerator[int]:
        yield 1

    async def inside() -> None:
        list(loop.iterate(numbers()))

    with pytest.raises(RuntimeError, match="await instead"):
        loop.run(inside())


def test_a_stream_is_read_in_order_and_its_error_comes_after_its_items() -> None:
    async def numbers() -> AsyncGenerator[int]:
        yield 1
        yield 2
        raise ValueError("no third")

    stream = loop.iterate(numbers())
    assert [next(stream), next(stream)] == [1, 2]
    with pytest.raises(ValueError, match="no third"):
        next(stream)


def test_leaving_a_stream_early_returns_only_when_it_has_been_put_away() -> None:
    put_away = []

    async def endless() -> AsyncGenerator[int]:
        try:
            while True:
                yield 1
                await asyncio.sleep(60)
        finally:
            with anyio.CancelScope(shield=True):
                # Saving takes a while; nobody may go on before it is done.
                await asyncio.sleep(0.05)
                put_away.append(True)

    stream = loop.iterate(endless())
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert put_away == [True]


def test_a_stream_that_was_never_read_leaves_nothing_behind() -> None:
    begun = []

    async def stream() -> AsyncGenerator[int]:
        begun.append(True)
        yield 1

    loop.iterate(stream())
    assert begun == []


def test_an_interrupt_waits_until_the_work_has_put_away_what_it_holds() -> None:
    """In a process of its own: only its main thread is interrupted."""
    program = """
import asyncio, signal, threading, anyio
from footnote import loop

async def work():
    try:
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        await asyncio.sleep(60)
    finally:
        with anyio.CancelScope(shield=True):
            await asyncio.sleep(0.05)
            print("saved", flush=True)
try:
    loop.run(work())
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.split() == ["saved", "interrupted"], done.stderr


def test_a_script_that_forgets_a_stream_still_ends() -> None:
    program = """
import asyncio
from footnote import loop

async def endless():
    while True:
        yield 1
        await asyncio.sleep(60)

stream = loop.iterate(endless())
print(next(stream))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.split() == ["1"]
