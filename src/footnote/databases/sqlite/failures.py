"""Every error of SQLite and of the disk, said in plain words. The one place that translates them."""

import errno
import json
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy.exc

from footnote.errors import DatabaseError

_FULL = "The disk that holds {path} is full, so nothing was changed. Free some space and try again."
_BUSY = "Another program keeps {path} locked. Close it, or wait until it has finished, and try again."
_DAMAGED = (
    "{path} is damaged ({detail}). Put a copy of the file from before in its place, or move it away and "
    "add your documents again."
)
_CLOSED = "{path} cannot be opened or written ({detail}). Check that you may write to this folder."
_DISK = "The disk reported an error while {path} was read or written ({detail}). Check the disk."
_OTHER = "The database {path} could not do what was asked: {detail}."

_OF_SQLITE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
    sqlite3.SQLITE_READONLY: _CLOSED,
    sqlite3.SQLITE_PERM: _CLOSED,
    sqlite3.SQLITE_IOERR: _DISK,
}
_OF_SYSTEM = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EIO: _DISK,
}


@contextmanager
def in_plain_words(path: Path) -> Iterator[None]:
    """Raise what SQLite or the disk raise inside as a `DatabaseError` about `path`."""
    try:
        yield
    except (UnicodeDecodeError, json.JSONDecodeError, zlib.error) as error:
        raise damaged(path, "a stored value makes no sense") from error
    except (sqlalchemy.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise DatabaseError(_sentence(error, path)) from error


def damaged(path: Path, detail: str) -> DatabaseError:
    return DatabaseError(_DAMAGED.format(path=path, detail=detail))


def _sentence(error: Exception, path: Path) -> str:
    if isinstance(error, OSError):
        template = _OF_SYSTEM.get(error.errno or 0, _CLOSED)
        return template.format(path=path, detail=error.strerror or error)
    cause = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) and error.orig else error
    # The low byte is the kind of error; the rest says where in SQLite it arose.
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    # A DBAPIError's own text would carry the statement's parameters, which are the user's documents.
    return _OF_SQLITE.get(code, _OTHER).format(path=path, detail=cause)
