"""The file itself: opening, upgrading, damage, full disks, privacy, backups."""

import os
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from footnote.databases.sqlite import SqliteDatabase, upgrade
from footnote.databases.sqlite.locks import serving_lock
from footnote.databases.sqlite.schema import HEAD, metadata
from footnote.errors import DatabaseError, DataInUse
from footnote.testing.document_store import IDENTITY, OTHER_IDENTITY, found, sample
from footnote.types import LOCAL


def columns(path: Path) -> dict[str, list[str]]:
    with closing(sqlite3.connect(path)) as connection:
        names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {n: [row[1] for row in connection.execute(f"PRAGMA table_info({n})")] for n in names}


def content_of(path: Path) -> bytes:
    return path.read_bytes()


# --- tables ------------------------------------------------------------------------------------


def test_every_table_has_an_owner(new_database: Path) -> None:
    ours = {
        n: c for n, c in columns(new_database).items() if not n.startswith(("words", "sqlite_", "alembic_"))
    }
    assert len(ours) == 10
    assert [n for n, c in ours.items() if "owner" not in c] == []


def test_the_migrations_make_the_tables_of_the_schema(new_database: Path) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{new_database}")
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: kind != "table" or not str(name).startswith("words")},
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_newest_migration_is_the_one_that_the_schema_names() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(upgrade.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_an_up_to_date_database_opens_without_loading_the_migration_tool(new_database: Path) -> None:
    program = (
        "import anyio, sys; from pathlib import Path; from footnote.databases.sqlite import SqliteDatabase\n"
        "async def main():\n"
        f"    await (await SqliteDatabase.open(Path({str(new_database.parent)!r}))).aclose()\n"
        "anyio.run(main); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# --- opening and closing -----------------------------------------------------------------------


async def test_folder_and_files_are_private(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        database = await SqliteDatabase.open(tmp_path / "a" / "b")
        await database.conversations.create(LOCAL)
        modes = {p: stat.S_IMODE(p.stat().st_mode) for p in database.folder.rglob("*")}
        await database.aclose()
    finally:
        os.umask(old)
    assert stat.S_IMODE(database.folder.stat().st_mode) == 0o700
    assert {p.name for p in modes} >= {"footnote.db", "footnote.db-wal", "write.lock", "processes"}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}


async def test_a_closed_database_leaves_one_file_and_says_that_it_is_closed(tmp_path: Path) -> None:
    database = await SqliteDatabase.open(tmp_path / "data")
    await sample("apple\n").put_into(database.documents)
    await database.aclose()
    await database.aclose()
    left = {p.name for p in database.folder.rglob("*") if p.is_file()}
    assert left == {"footnote.db", "write.lock"}
    with pytest.raises(DatabaseError, match="closed"):
        await database.documents.list(LOCAL)


def test_a_program_that_forgets_to_close_still_ends(tmp_path: Path) -> None:
    program = (
        "import asyncio; from pathlib import Path; from footnote.databases.sqlite import SqliteDatabase\n"
        "async def main():\n"
        f"    database = await SqliteDatabase.open(Path({str(tmp_path)!r}))\n"
        "    await database.settings.set('local', 'a', 'b'); await database.settings.get('local', 'a')\n"
        "asyncio.run(main())"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


def test_only_one_server_uses_a_folder(tmp_path: Path) -> None:
    with serving_lock(tmp_path), pytest.raises(DataInUse, match="already"), serving_lock(tmp_path):
        pass
    with serving_lock(tmp_path):
        pass


# --- what can go wrong -------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["file/data", "file"])
async def test_a_folder_that_cannot_be_made_is_a_plain_error(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatabaseError, match="cannot be opened"):
        await SqliteDatabase.open(tmp_path / place)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_without_permission_is_a_plain_error(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o500)
    with pytest.raises(DatabaseError, match="Check that you may write"):
        await SqliteDatabase.open(tmp_path / "data")


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(
    tmp_path: Path, new_database: Path
) -> None:
    path = Path(shutil.copy(new_database, tmp_path))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = content_of(path)
    with pytest.raises(DatabaseError, match=r"newer version of Footnote.*9999.*--data"):
        await SqliteDatabase.open(tmp_path)
    assert content_of(path) == before


@pytest.mark.parametrize("content", [b"not a database at all" * 500, b"SQLite format 3\x00" + b"\xff" * 5000])
async def test_a_file_that_is_no_database_is_a_plain_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "footnote.db").write_bytes(content)
    with pytest.raises(DatabaseError, match=r"damaged.*in its place"):
        await SqliteDatabase.open(tmp_path)
    assert (tmp_path / "footnote.db").read_bytes() == content


@pytest.mark.parametrize("seed", range(12))
async def test_a_damaged_file_gives_right_answers_or_a_plain_error(
    database: SqliteDatabase, tmp_path: Path, seed: int
) -> None:
    for number in range(5):
        await sample(f"apple {number}\n" * 40, name=f"{number}.txt").put_into(database.documents)
    await database.aclose()
    rng = random.Random(seed)
    content = bytearray(database.path.read_bytes())
    if seed % 3 == 0:
        del content[rng.randrange(100, len(content)) :]
    else:
        for _ in range(20):
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    folder = tmp_path / "damaged"
    folder.mkdir()
    (folder / "footnote.db").write_bytes(content)
    # A process that died here makes the next one look for damage.
    (folder / "processes").mkdir()
    (folder / "processes" / "dead.lock").touch()
    try:
        damaged = await SqliteDatabase.open(folder)
    except DatabaseError as error:
        assert "damaged" in str(error)  # noqa: PT017 - either end is right
        return
    try:
        for summary in await damaged.documents.list(LOCAL):
            await damaged.documents.document(LOCAL, summary.id)
        await found(damaged.documents, "apple")
        await sample("pear\n", name="pear.txt").put_into(damaged.documents)
    except DatabaseError:
        pass
    finally:
        await damaged.aclose()


async def test_a_full_disk_changes_nothing_and_says_so(database: SqliteDatabase) -> None:
    await sample("apple\n").put_into(database.documents)
    async with database.writing() as connection:
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
        await connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 4}")
    with pytest.raises(DatabaseError, match=r"is full.*nothing was changed"):
        await sample("pear\n" * 5000).put_into(database.documents)
    assert await found(database.documents, "pear apple") == ["apple\n"]
    (summary,) = await database.documents.list(LOCAL)
    await database.documents.remove(LOCAL, [summary.id])
    assert await database.documents.list(LOCAL) == ()


async def test_a_document_that_would_fill_the_disk_is_refused(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(database.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=40_000_000))
    await sample("apple\n").put_into(database.documents)
    with pytest.raises(DatabaseError, match="40 MB free"):
        await sample("apple pear\n" * 100_000, name="large.txt").put_into(database.documents)
    assert [d.name for d in await database.documents.list(LOCAL)] == ["notes.txt"]


async def test_errors_do_not_tell_what_the_documents_say(database: SqliteDatabase) -> None:
    first = await sample("a secret apple\n").put_into(database.documents)
    clash = sample("a secret pear\n", name="other.txt", id=first.document.id)
    with pytest.raises(DatabaseError) as caught:
        await clash.put_into(database.documents)
    assert "secret" not in str(caught.value)
    assert "secret" not in str(caught.value.__cause__)


async def test_a_long_log_is_moved_into_the_file(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("footnote.databases.sqlite.database.LONGEST_LOG", 400_000)
    written = database.path.with_name("footnote.db-wal")
    sizes = []
    for number in range(10):
        await sample("apple\n" * 50, name=f"{number}.txt").put_into(database.documents)
        sizes.append(written.stat().st_size)
    assert 0 in sizes
    assert max(sizes) > 0, "a short log stays"
    assert max(sizes) <= 400_000
    assert len(await found(database.documents, "apple", limit=1000)) == 500


# --- a failure at every point ------------------------------------------------------------------


class _Stop(sqlite3.OperationalError):
    pass


@pytest.fixture
def stop_at() -> Iterator[list[int]]:
    """Hold a number to make that changing statement from now on fail."""
    countdown: list[int] = []

    def stop(_: Any, __: Any, statement: str, *___: Any) -> None:
        if countdown and statement.lstrip().startswith(("CREATE", "INSERT", "UPDATE", "DELETE")):
            countdown[0] -= 1
            if countdown[0] == 0:
                raise _Stop("stopped by the test")

    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", stop)
    yield countdown
    sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", stop)


async def test_an_upgrade_that_fails_anywhere_leaves_the_old_state(
    tmp_path: Path, stop_at: list[int]
) -> None:
    number = 0
    while True:
        number += 1
        stop_at[:] = [number]
        try:
            database = await SqliteDatabase.open(tmp_path)
        except DatabaseError:
            assert columns(tmp_path / "footnote.db") == {}
        else:
            break
    stop_at.clear()
    assert number > 20, "the upgrade has that many statements, and each was made to fail once"
    await sample("apple\n").put_into(database.documents)
    assert await found(database.documents, "apple") == ["apple\n"]
    await database.aclose()


@pytest.mark.parametrize("change", ["add", "replace", "remove", "reindex"])
async def test_a_change_that_fails_anywhere_leaves_the_old_state(
    database: SqliteDatabase, stop_at: list[int], change: str
) -> None:
    store = database.documents
    old = await sample("old apple\nold pear\n").put_into(store)
    new = sample("new plum\n", name="other.txt" if change == "add" else "notes.txt")
    number = 0
    while True:
        number += 1
        stop_at[:] = [number]
        try:
            match change:
                case "remove":
                    await store.remove(LOCAL, [old.document.id])
                case "reindex":
                    await store.replace_index(OTHER_IDENTITY)
                case _:
                    await new.put_into(store)
        except DatabaseError:
            stop_at.clear()
            assert [d.id for d in await store.list(LOCAL)] == [old.document.id]
            assert sorted(await found(store, "old new")) == ["old apple\n", "old pear\n"]
            assert await store.identity() == IDENTITY
        else:
            break
    stop_at.clear()
    assert number > 3
    expected = {"add": 2, "replace": 1, "remove": 0, "reindex": 1}
    assert len(await store.list(LOCAL)) == expected[change]


# --- backup ------------------------------------------------------------------------------------


async def test_a_backup_is_a_whole_database_of_its_own(database: SqliteDatabase, tmp_path: Path) -> None:
    put = await sample("apple\n").put_into(database.documents)
    target = tmp_path / "copy" / "footnote.db"
    target.parent.mkdir()
    target.write_bytes(b"an older backup")
    await database.backup(target)
    assert [p.name for p in target.parent.iterdir()] == ["footnote.db"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    await sample("pear\n").put_into(database.documents)
    copy = await SqliteDatabase.open(target.parent)
    assert await copy.documents.document(LOCAL, put.document.id) == put.document
    assert await found(copy.documents, "apple") == ["apple\n"]
    await copy.aclose()


async def test_a_backup_that_cannot_be_written_is_a_plain_error(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    with pytest.raises(DatabaseError, match="cannot be opened or written"):
        await database.backup(tmp_path / "no such folder" / "copy.db")
