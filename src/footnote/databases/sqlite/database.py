"""The file, its connections and its locks. Read `SqliteDatabase.open`, then `reading` and `writing`.

Two engines: readers begin plainly and never wait; the writer is one connection that begins
IMMEDIATE, since a transaction that reads first and writes later fails under concurrency however
long it waits.

SQLite before 3.51.3 can damage a database when one connection resets the write-ahead log while
another writes (sqlite.org/wal.html#walresetbug). So every write and every checkpoint of every
process runs under one file lock, and no connection checkpoints by itself.
"""

import asyncio
import logging
import os
import shutil
import sqlite3
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import sqlalchemy
from sqlalchemy import Update, event, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from footnote.databases.sqlite.conversations import SqliteConversations
from footnote.databases.sqlite.documents import SqliteDocuments
from footnote.databases.sqlite.failures import damaged, in_plain_words
from footnote.databases.sqlite.locks import PATIENCE, Processes, held, lock_file
from footnote.databases.sqlite.schema import HEAD, file_state
from footnote.databases.sqlite.settings import SqliteSettings
from footnote.errors import DatabaseError
from footnote.types import LOCAL

log = logging.getLogger(__name__)

FILE_NAME = "footnote.db"
READERS = 4
"""Connections kept open for reading; under load as many again are opened and closed."""
LONGEST_LOG = 16 * 1024 * 1024
"""Bytes that the write-ahead log may reach before a write moves it into the file."""
SPARE = 32 * 1024 * 1024
"""Bytes that must stay free on the disk: deleting needs room too."""

_EVERYWHERE = (
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",
    "PRAGMA synchronous=FULL",
    # Deleted content is overwritten with zeros, and sorting leaves no copies in temporary files.
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA mmap_size=0",
    "PRAGMA wal_autocheckpoint=0",
)


class SqliteDatabase:
    """One data folder, open in this process. Made by `open`, ended by `aclose`.

    `documents`, `conversations` and `settings` are the stores of `footnote.interfaces`. Everything
    raises `DatabaseError` when the disk or the file fails, with a sentence that says what to do.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / FILE_NAME
        self.processes = Processes(folder / "processes")
        self._write_lock = lock_file(folder / "write.lock")
        self._one_writer = anyio.Lock()
        self._writer = _engine(self.path, "BEGIN IMMEDIATE", pool_size=1, max_overflow=0)
        self._readers = _engine(
            self.path, "BEGIN", "PRAGMA query_only=ON", pool_size=READERS, max_overflow=READERS
        )
        self.patience = PATIENCE
        self.running: set[asyncio.Task[Any]] = set()
        self._traces_in_log = False
        self._closed = False
        self.documents = SqliteDocuments(self)
        self.conversations = SqliteConversations(self)
        self.settings = SqliteSettings(self)

    @classmethod
    async def open(cls, folder: Path) -> "SqliteDatabase":
        """Open the data folder; make it, or bring it up to date, where needed."""
        database = cls(folder)
        starting = asyncio.create_task(database._start())
        try:
            await asyncio.shield(starting)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await asyncio.wait([starting])
                await database._dispose()
            raise
        return database

    async def _start(self) -> None:
        with in_plain_words(self.path):
            _make_private(self.path)
            async with held(self._write_lock, self.patience):
                await self._prepare()

    async def _prepare(self) -> None:
        unclean = self.processes.enrol()
        try:
            await self._use_log()
            async with self._writer.begin() as connection:
                if unclean:
                    await _check(connection, self.path)
                await _upgrade(connection, self.path)
                left = select(file_state.c.traces).where(file_state.c.owner == LOCAL)
                traces = (await connection.execute(left)).scalar_one()
            if traces:
                await self._wipe()
        except BaseException:
            self.processes.leave()
            raise

    async def _use_log(self) -> None:
        """Readers and the writer need the write-ahead log; a file once told so remembers it."""
        if await self._outside_transaction("PRAGMA journal_mode=WAL") != ("wal",):
            raise DatabaseError(
                f"{self.folder} lies on a disk that SQLite cannot use safely (it has no write-ahead log). "
                "Choose a folder on a local disk with --data."
            )

    async def aclose(self) -> None:
        """Close all connections. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        with anyio.CancelScope(shield=True), in_plain_words(self.path):
            while self.running:
                await asyncio.wait(self.running)
            try:
                async with self._one_writer, held(self._write_lock, self.patience):
                    await self._checkpoint()
                    # The last connection to go moves the log into the file: under the lock, too.
                    await self._dispose()
                    self.processes.leave()
            finally:
                await self._dispose()

    async def _dispose(self) -> None:
        await self._readers.dispose()
        await self._writer.dispose()

    # --- transactions -----------------------------------------------------------------------

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncConnection]:
        """One consistent view of the database; sees no write that commits later.

        Use both this and `writing` in `unbroken` methods only.
        """
        self._require_open()
        with in_plain_words(self.path):
            async with self._readers.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self, *, erases: bool = False) -> AsyncGenerator[AsyncConnection]:
        """One transaction: committed, and on the disk, when the block ends; undone when it raises.

        With `erases`, no trace of what the transaction deleted is left in any file. That rewrites the
        file, about 5 seconds for 100,000 chunks. Never enter this while `reading`: the log could not
        be emptied.
        """
        self._require_open()
        with in_plain_words(self.path):
            async with self._one_writer, held(self._write_lock, self.patience):
                async with self._writer.begin() as connection:
                    yield connection
                    if erases:
                        await connection.execute(_traces(1))
                if erases:
                    await self._wipe()
                elif self._traces_in_log or self._log_size() > LONGEST_LOG:
                    await self._checkpoint()

    async def _wipe(self) -> None:
        """Rewrite the file, so that no page holds a copy of what was deleted.

        `secure_delete` alone is not enough: when SQLite moves rows between pages, copies of them
        stay in the unused part of the old page, where a later deletion does not find them.
        """
        await self._checkpoint()
        try:
            # Once in a temporary file, once in the log. A rewrite that fails half-way would leave the
            # log as large as the disk.
            self.require_space(2 * self.path.stat().st_size)
            await self._outside_transaction("PRAGMA temp_store=FILE")
            await self._outside_transaction("VACUUM")
        except (DatabaseError, sqlalchemy.exc.SQLAlchemyError, sqlite3.Error) as error:
            # What was deleted is deleted, and deleting is the way out of a full disk. `traces` stays
            # set, so this is tried again at the next removal and at the next start.
            log.warning("Traces of removed documents may remain in %s for now: %s", self.path, error)
        else:
            self._traces_in_log = True
            await self._checkpoint()
        finally:
            await self._outside_transaction("PRAGMA temp_store=MEMORY")

    def _log_size(self) -> int:
        try:
            return self.path.with_name(FILE_NAME + "-wal").stat().st_size
        except FileNotFoundError:
            return 0

    async def _checkpoint(self) -> None:
        """Move the log into the file and empty it. A reader in the way leaves it for the next time."""
        try:
            busy, *_ = await self._outside_transaction("PRAGMA wal_checkpoint(TRUNCATE)") or (1,)
            if self._traces_in_log and not busy:
                async with self._writer.begin() as connection:
                    await connection.execute(_traces(0))
                self._traces_in_log = False
        except (sqlalchemy.exc.SQLAlchemyError, sqlite3.Error) as error:
            # What was committed stays committed: an error here must not say otherwise.
            log.warning("The log of %s could not be emptied for now: %s", self.path, error)

    async def _outside_transaction(self, statement: str) -> tuple[Any, ...] | None:
        async with self._writer.connect() as connection:
            # The driver's own connection: SQLAlchemy would begin a transaction.
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            async with driver.execute(statement) as cursor:
                row: tuple[Any, ...] | None = await cursor.fetchone()
                return row

    def _require_open(self) -> None:
        if self._closed:
            raise DatabaseError(f"The database {self.path} has been closed.")

    def require_space(self, size: int) -> None:
        """Refuse what would fill the disk: deleting needs room, too. Raises `DatabaseError`."""
        free = shutil.disk_usage(self.folder).free
        if free < size + SPARE:
            raise DatabaseError(
                f"The disk that holds {self.folder} has {free / 1e6:.0f} MB free, and "
                f"{(size + SPARE) / 1e6:.0f} MB are needed. Free some space and try again."
            )

    # --- backup -----------------------------------------------------------------------------

    async def damage(self) -> str:
        """What SQLite's own check finds wrong with the file; empty when it is sound."""
        async with self.reading() as connection:
            found = str((await connection.execute(text("PRAGMA quick_check(1)"))).scalar_one())
        return "" if found == "ok" else found

    async def backup(self, path: Path) -> None:
        """Write a copy of the whole database to `path`, checked, whole or not at all.

        Others may read and write meanwhile; the copy is of one moment.
        """
        with in_plain_words(path):
            await anyio.to_thread.run_sync(_copy, self.path, path)


def _make_private(path: Path) -> None:
    """Make the folder and the file readable by their owner alone; SQLite's log takes the file's mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Never opened when it exists: closing it would drop the locks that SQLite holds on it elsewhere in
    # this process.
    if not path.exists():
        path.touch(mode=0o600)


def _engine(path: Path, begin: str, *pragmas: str, pool_size: int, max_overflow: int) -> AsyncEngine:
    engine = create_async_engine(
        sqlalchemy.URL.create("sqlite+aiosqlite", database=str(path)),
        # The driver must not begin transactions by itself: it would do so too late, and deferred.
        connect_args={"isolation_level": None},
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=60,
        # Errors must not print parameters: they are the user's documents.
        hide_parameters=True,
    )

    def on_connect(connection: Any, _: ConnectionPoolEntry) -> None:
        try:
            cursor = connection.cursor()
            for pragma in (*_EVERYWHERE, *pragmas):
                cursor.execute(pragma)
            cursor.close()
        except BaseException:
            # The pool does not know this connection yet, so nobody else would close it.
            connection.close()
            raise

    def on_begin(connection: sqlalchemy.Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)
    return engine


def _traces(value: int) -> Update:
    return update(file_state).where(file_state.c.owner == LOCAL).values(traces=value)


async def _check(connection: AsyncConnection, path: Path) -> None:
    """Look for damage after a process died. Raises `DatabaseError`."""
    found = str((await connection.execute(text("PRAGMA quick_check(1)"))).scalar_one())
    if found != "ok":
        raise damaged(path, found)


async def _upgrade(connection: AsyncConnection, path: Path) -> None:
    """Bring the tables up to `HEAD`, all in the caller's transaction."""
    tables = text("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'")
    revision = None
    if (await connection.execute(tables)).scalar_one():
        revision = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
    if revision is not None and str(revision) > HEAD:
        raise DatabaseError(
            f"{path} was written by a newer version of Footnote (its tables have version {revision}, "
            f"this one knows {HEAD}). Install the newer version, or choose another folder with --data."
        )
    if revision != HEAD:
        # Loading Alembic takes longer than all the rest: only when there is something to do.
        from footnote.databases.sqlite.upgrade import upgrade  # noqa: PLC0415

        await connection.run_sync(upgrade)


def _copy(source: Path, target: Path) -> None:
    unfinished = target.with_name(f"{target.name}.{uuid.uuid4().hex}.unfinished")
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(unfinished)) as copy:
            original.backup(copy)
            # A backup is one file: without this it would ask for a log of its own when opened.
            copy.execute("PRAGMA journal_mode=DELETE")
            (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                raise DatabaseError(f"The backup of {source} is not usable: {found}.")
        with unfinished.open("r+b") as written:
            os.fsync(written.fileno())
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)
