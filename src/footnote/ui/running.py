"""The application that this server process has open. The page's scripts, which run in threads of
the same process, find it here."""

from collections.abc import Iterator
from contextlib import contextmanager

from footnote.assemble import Application, serving
from footnote.settings import Settings

_open: list[Application] = []


@contextmanager
def opened(settings: Settings) -> Iterator[Application]:
    """The application, open for every page until the end. Raises `DataInUse` and `DatabaseError`."""
    with serving(settings) as application:
        _open.append(application)
        try:
            yield application
        finally:
            _open.remove(application)


def is_open() -> bool:
    return bool(_open)


def the_application() -> Application:
    return _open[-1]
