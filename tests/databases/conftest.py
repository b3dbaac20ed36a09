import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import pytest

from footnote.databases.sqlite import SqliteDatabase


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a database in which nothing is yet: copying it is faster than making one each time."""
    folder = tmp_path_factory.mktemp("new")

    async def make() -> Path:
        database = await SqliteDatabase.open(folder)
        await database.aclose()
        return database.path

    return anyio.run(make)


@pytest.fixture
async def database(tmp_path: Path, new_database: Path) -> AsyncGenerator[SqliteDatabase]:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    shutil.copy(new_database, folder)
    database = await SqliteDatabase.open(folder)
    yield database
    await database.aclose()
