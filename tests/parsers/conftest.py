import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from footnote.reading import ConfinedReader


@pytest.fixture
async def reader() -> AsyncIterator[ConfinedReader]:
    reader = ConfinedReader()
    yield reader
    await reader.aclose()


@pytest.fixture(scope="session")
def development_files(dev_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archives of test files that other projects publish, unpacked."""
    folder = tmp_path_factory.mktemp("files")
    for archive in sorted((dev_data / "parsing").glob("*.tar.gz")):
        with tarfile.open(archive) as members:
            members.extractall(folder / archive.name.removesuffix(".tar.gz"), filter="data")
    return folder
