"""What the page calls a document: its file's name, with as many of the folders above it as are needed
to tell it from the others."""

from collections import Counter
from collections.abc import Iterable


def short_names(names: Iterable[str]) -> dict[str, str]:
    """What each of several full names is called. Different names are called differently."""
    called: dict[str, str] = {}
    waiting, parts = dict.fromkeys(names, ""), 0
    while waiting:
        parts += 1
        endings = {name: _ending(name, parts) for name in waiting}
        if endings == waiting:
            # Only the slashes before or between their parts tell these apart.
            return called | {name: name for name in waiting}
        often = Counter(endings.values())
        called |= {name: ending for name, ending in endings.items() if often[ending] == 1}
        waiting = {name: ending for name, ending in endings.items() if often[ending] > 1}
    return called


def _ending(name: str, parts: int) -> str:
    """The last parts of a name; all of a name that has none."""
    return "/".join([part for part in name.split("/") if part][-parts:]) or name
