"""What a process that reads files may not do, whatever is in them. Used by `reading_child`.

    leave_network   the template, once: no network for it and its children, where the system lets it
    limit           each child: processor time, memory, files, no further processes
    guard           each child: Python itself refuses the network, other programs and changes of files

The first two are kept by the system. `guard` is kept by Python alone, everywhere: it stops what a
library would do on its own accord, not what has taken over the process.
"""

import ctypes
import os
import sys
from collections.abc import Mapping
from typing import Any

_NEW_USERS, _NEW_NETWORK = 0x10000000, 0x40000000

_REFUSED = frozenset({"os", "shutil", "socket", "subprocess", "winreg"})
"""Parts of Python of which nothing is needed to read a file that is in memory."""
_HARMLESS = frozenset({"os.listdir", "os.scandir"})
"""Python looks for modules with these."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def leave_network() -> bool:
    """Go where there is no network, not even this machine's own. Returns whether that worked.

    Linux lets every program do so; some containers and distributions do not.
    """
    if sys.platform != "linux":
        return False
    # Root may leave as it is. Among new users it would no longer be root, which files of others, such
    # as Python in somebody's home, may need; anybody else loses nothing there.
    wanted = _NEW_NETWORK if os.geteuid() == 0 else _NEW_USERS | _NEW_NETWORK
    # `os.unshare` came with Python 3.12.
    return bool(ctypes.CDLL(None).unshare(wanted) == 0)


def limit(request: Mapping[str, Any]) -> None:
    """Let the system end this process when it uses more than `request` allows."""
    import resource  # noqa: PLC0415 - exists only where a process can fork

    def at_most(what: int, soft: int, hard: int | None = None) -> None:
        _, ceiling = resource.getrlimit(what)
        highest = soft if hard is None else hard
        if ceiling != resource.RLIM_INFINITY:
            soft, highest = min(soft, ceiling), min(highest, ceiling)
        resource.setrlimit(what, (soft, highest))

    cpu = int(request["cpu"])
    at_most(resource.RLIMIT_CPU, cpu, cpu + 1)
    at_most(resource.RLIMIT_FSIZE, 0)
    at_most(resource.RLIMIT_CORE, 0)
    at_most(resource.RLIMIT_NOFILE, 64)
    if sys.platform == "linux":
        with open("/proc/self/statm", encoding="ascii") as sizes:
            own = int(sizes.read().split()[0]) * resource.getpagesize()
        at_most(resource.RLIMIT_AS, own + request["memory"])
        at_most(resource.RLIMIT_NPROC, 0)


def guard() -> None:
    """From now on, until it ends, this process's Python refuses what no parser needs."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        # The third says how the file is opened, whichever function does it.
        refused = isinstance(arguments[2], int) and bool(arguments[2] & _WRITING)
    else:
        refused = event.partition(".")[0] in _REFUSED and event not in _HARMLESS
    if refused:
        raise PermissionError(f"a parser may not do this: {event}")
