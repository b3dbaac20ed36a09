"""Read every file below some folders and say what became of it.

    python scripts/parse_outcomes.py FOLDER…              a summary, as it stands in docs/formats.md
    python scripts/parse_outcomes.py --table FOLDER…      a line for each file (the expected outcomes)

A folder may hold `.tar.gz` archives: they are unpacked first.
"""

import argparse
import asyncio
import resource
import tarfile
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from footnote.errors import DocumentRefused
from footnote.reading import ConfinedReader


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    group: str
    """The archive or folder."""
    name: str
    what: str
    """"text", or the reason of the refusal."""
    characters: int
    seconds: float


async def outcomes(folders: dict[str, Path]) -> list[Outcome]:
    """What became of every file, one after another, in the order of their names."""
    reader = ConfinedReader()
    found = []
    for group, folder in folders.items():
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            data = path.read_bytes()
            begun = time.perf_counter()
            what, characters = "text", 0
            try:
                characters = len((await reader.read(data, path.name)).text)
            except DocumentRefused as refused:
                what = refused.reason
            found.append(
                Outcome(
                    group=group,
                    name=path.relative_to(folder).as_posix(),
                    what=what,
                    characters=characters,
                    seconds=time.perf_counter() - begun,
                )
            )
    await reader.aclose()
    return found


def unpacked(folder: Path, into: Path) -> dict[str, Path]:
    """The folder itself, or one folder for each archive in it."""
    archives = sorted(folder.glob("*.tar.gz"))
    if not archives:
        return {folder.name: folder}
    folders = {}
    for archive in archives:
        stem = archive.name.removesuffix(".tar.gz")
        with tarfile.open(archive) as members:
            members.extractall(into / stem, filter="data")
        folders[stem] = into / stem
    return folders


def summary(found: list[Outcome], grown_mb: float) -> str:
    reasons = sorted({outcome.what for outcome in found} - {"text"})
    lines = [
        "| archive | files | text | " + " | ".join(reasons) + " |",
        "|---|---|---|" + "---|" * len(reasons),
    ]
    for group in dict.fromkeys(outcome.group for outcome in found):
        counts = Counter(outcome.what for outcome in found if outcome.group == group)
        cells = [
            group,
            str(counts.total()),
            str(counts["text"]),
            *(str(counts[reason]) for reason in reasons),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    slowest = max(found, key=lambda outcome: outcome.seconds)
    return "\n".join(
        [
            *lines,
            "",
            f"Slowest file: {slowest.name}, {slowest.seconds:.1f} s. All {len(found)} files: "
            f"{sum(outcome.seconds for outcome in found):.1f} s. Main process: {grown_mb:.0f} MB more.",
        ]
    )


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("folders", nargs="+", type=Path)
    arguments.add_argument("--table", action="store_true", help="print a line for each file")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folders: dict[str, Path] = {}
        for folder in given.folders:
            folders |= unpacked(folder, Path(scratch))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = asyncio.run(outcomes(folders))
        # Linux counts in kilobytes.
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    if given.table:
        for outcome in found:
            print(outcome.group, outcome.name, outcome.what, outcome.characters, sep="\t")
    else:
        print(summary(found, grown))


if __name__ == "__main__":
    main()
