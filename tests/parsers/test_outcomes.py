"""Every file of the archives that other projects test their loaders with ends as the table says.

A refusal in the table was checked against other libraries: pypdf, pdfminer.six and pdfium find no text
in the image-only files, and all of them ask for the password of the encrypted ones.
"""

import csv
import resource
import sys
from pathlib import Path

import pytest

from footnote.errors import DocumentRefused
from footnote.reading import ConfinedReader
from footnote.testing.parser import check_extracted

TABLE = Path(__file__).with_name("outcomes.tsv")


def expected() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows, delimiter="\t"))


async def test_every_file_ends_as_the_table_says(
    development_files: Path, reader: ConfinedReader, subtests: pytest.Subtests
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for row in expected():
        with subtests.test(row["file"]):
            data = (development_files / row["archive"] / row["file"]).read_bytes()
            outcome, characters = "text", 0
            try:
                extracted = await reader.read(data, row["file"])
                characters = len(extracted.text)
                check_extracted(extracted)
            except DocumentRefused as refused:
                outcome = refused.reason
            assert outcome == row["outcome"]
            assert characters >= int(row["characters_at_least"])
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100 * (1 << 20 if sys.platform == "darwin" else 1 << 10), "the main process grew by 100 MB"


def test_the_table_leaves_out_no_file(development_files: Path) -> None:
    found = {
        (archive.name, path.relative_to(archive).as_posix())
        for archive in development_files.iterdir()
        for path in archive.rglob("*")
        if path.is_file()
    }
    assert {(row["archive"], row["file"]) for row in expected()} == found
