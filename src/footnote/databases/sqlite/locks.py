"""Locks between processes: one writer at a time, one server for a folder, and who is still alive.

A lock is a file of which the operating system forgets the hold when its process dies, so none can be
left behind by a crash.
"""

import uuid
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio
from filelock import BaseFileLock, FileLock, Timeout

from footnote.errors import DatabaseError, DataInUse

PATIENCE = 30.0
"""Seconds that a write waits for the writes of other processes."""
_GLANCE = 0.005
"""Seconds between two looks at a lock that another process holds. A write takes about as long."""


def lock_file(path: Path) -> BaseFileLock:
    # `thread_local=False`: a database may be closed from another thread than opened it.
    return FileLock(path, timeout=0, mode=0o600, thread_local=False)


@asynccontextmanager
async def held(lock: BaseFileLock, patience: float) -> AsyncGenerator[None]:
    """Hold the lock inside. Raises `DatabaseError` when another process keeps it too long."""
    # Short looks between sleeps, not a blocking call in a thread: a thread could not be cancelled,
    # and would hold the lock for nobody.
    with anyio.move_on_after(patience) as waiting:
        while not _taken(lock):  # noqa: ASYNC110 - no event tells of another process's lock
            await anyio.sleep(_GLANCE)
    if waiting.cancelled_caught:
        raise DatabaseError(
            f"Another process has been writing to {Path(lock.lock_file).parent} for more than "
            f"{patience:.0f} seconds. Wait until it has finished, or stop it, and try again."
        )
    try:
        yield
    finally:
        lock.release()


def _taken(lock: BaseFileLock) -> bool:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


@contextmanager
def serving_lock(folder: Path) -> Generator[None]:
    """Held by the one server of a data folder. Raises `DataInUse` when another has it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = lock_file(folder / "serving.lock")
    if not _taken(lock):
        raise DataInUse(
            f"Another Footnote server is already using the data in {folder}. Stop it first, or choose "
            "another folder with --data."
        )
    try:
        yield
    finally:
        lock.release()


class Processes:
    """Tells which processes that wrote to this folder are still alive.

    Each holds a lock on a file of its own name. `enrol` and `leave` must be called under the write
    lock: between creating a file and locking it, another process could take it for a dead one's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.own = uuid.uuid4().hex
        self._lock = lock_file(folder / f"{self.own}.lock")

    def enrol(self) -> bool:
        """Join the living; returns whether a process died without closing the database."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        dead = [path for path in self._folder.glob("*.lock") if not self.alive(path.stem)]
        for path in dead:
            path.unlink(missing_ok=True)
        self._lock.acquire()
        return bool(dead)

    def leave(self) -> None:
        self._lock.release()
        (self._folder / f"{self.own}.lock").unlink(missing_ok=True)

    def alive(self, process: str) -> bool:
        path = self._folder / f"{process}.lock"
        if process == self.own:
            return True
        if not path.exists():
            return False
        probe = lock_file(path)
        if not _taken(probe):
            return True
        probe.release()
        return False
