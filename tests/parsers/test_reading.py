"""The confined reader: whatever a parser does, the caller gets a reason, and the next file is read."""

import asyncio
import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import pytest

from footnote import reading_process
from footnote.errors import DocumentError, DocumentRefused
from footnote.reading import ConfinedReader, Limits
from tests.parsers import made_files

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="limits need a system that can fork")

SMALL = Limits(memory=200 << 20, memory_per_byte=0, cpu_seconds=2, wall_seconds=4, output=10 << 20)


@pytest.fixture
async def faulty(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConfinedReader]:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    reader = ConfinedReader(limits=SMALL, parsers={"faulty": "tests.parsers.faulty_parser"})
    yield reader
    await reader.aclose()


async def refusal(reader: ConfinedReader, data: bytes, name: str) -> DocumentRefused:
    with pytest.raises(DocumentRefused) as refused:
        await reader.read(data, name)
    assert str(refused.value).endswith(".") or "add" in str(refused.value)
    return refused.value


async def test_a_file_is_read_with_its_structure(reader: ConfinedReader) -> None:
    extracted = await reader.read(b"# Title\n\nWords\n", "page.md")
    assert extracted.text == "# Title\n\nWords\n"
    assert [(block.kind, block.level) for block in extracted.blocks] == [("heading", 1), ("paragraph", 0)]


async def test_pages_and_page_runs_come_through(reader: ConfinedReader) -> None:
    extracted = await reader.read(made_files.pdf([["One"], ["Two"]]), "a.pdf")
    assert [page.label for page in extracted.pages] == ["1", "2"]
    assert [(run.page, run.length) for run in extracted.page_runs] == [(0, 3), (1, 3)]


async def test_a_user_format_is_one_module(faulty: ConfinedReader) -> None:
    assert (await faulty.read(b"hello", "a.FAULTY")).text == "read 5 bytes"


@needs_fork
@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("sleep", "too_slow"),
        ("spin", "too_slow"),
        ("eat", "too_large"),
        ("flood", "too_large"),
        ("crash", "damaged"),
        ("abort", "damaged"),
        ("stop itself", "too_large"),
        ("leave", "unreadable"),
        ("misplace", "unreadable"),
        ("recurse", "damaged"),
        ("fail", "damaged"),
    ],
)
async def test_a_parser_that_misbehaves_is_ended_and_the_next_file_is_read(
    faulty: ConfinedReader, what: str, reason: str
) -> None:
    assert (await refusal(faulty, what.encode(), "a.faulty")).reason == reason
    assert (await faulty.read(b"next", "b.faulty")).text == "read 4 bytes"


@pytest.mark.parametrize("can_fork", [True, False])
async def test_the_time_that_a_parser_takes_to_load_is_not_the_files(
    monkeypatch: pytest.MonkeyPatch, can_fork: bool
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
    monkeypatch.setattr(reading_process, "_GRACE_SECONDS", 0.5)
    if not can_fork:
        cannot_fork(monkeypatch)
    reader = ConfinedReader(limits=Limits(wall_seconds=1), parsers={"slow": "tests.parsers.slow_parser"})
    assert (await reader.read(b"words", "a.slow")).text == "read 5 bytes"
    await reader.aclose()


@pytest.fixture
def busy_core() -> Iterator[None]:
    """A core on which four others want to work all the time."""
    work = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\nwhile True: pass"
    busy = [subprocess.Popen([sys.executable, "-c", work]) for _ in range(4)]
    yield
    for process in busy:
        process.kill()
        process.wait()


@pytest.fixture
async def hasty(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConfinedReader]:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
    limits = Limits(cpu_seconds=2, wall_seconds=1)
    reader = ConfinedReader(limits=limits, parsers={"faulty": "tests.parsers.faulty_parser"})
    yield reader
    await reader.aclose()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who waits for a core")
@pytest.mark.usefixtures("busy_core")
async def test_a_file_that_waits_for_a_core_is_not_to_blame(hasty: ConfinedReader) -> None:
    assert (await hasty.read(b"share a core", "a.faulty")).text == "read 12 bytes"


@needs_fork
async def test_an_answer_that_never_ends_is_ended(hasty: ConfinedReader) -> None:
    assert (await refusal(hasty, b"trickle", "a.faulty")).reason == "too_slow"


async def test_a_failure_names_the_place_but_no_words_of_the_document(
    faulty: ConfinedReader, caplog: pytest.LogCaptureFixture
) -> None:
    await refusal(faulty, b"fail", "a.faulty")
    assert "KeyError in faulty_parser.py" in caplog.text
    assert "secret" not in caplog.text


@needs_fork
async def test_what_a_parser_prints_does_not_reach_the_reader(faulty: ConfinedReader) -> None:
    assert (await faulty.read(b"chatter", "a.faulty")).text == "heard"


async def test_no_secret_of_the_environment_reaches_a_parser(
    faulty: ConfinedReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert "OPENAI_API_KEY" not in (await faulty.read(b"environment", "a.faulty")).text


def contents(folder: Path) -> dict[Path, str]:
    return {path: path.read_text() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("what", ["write", "touch", "remove", "rename", "run"])
@pytest.mark.parametrize("can_fork", [True, False])
async def test_a_parser_changes_no_file_and_starts_no_program(
    monkeypatch: pytest.MonkeyPatch, faulty: ConfinedReader, tmp_path: Path, what: str, can_fork: bool
) -> None:
    if not can_fork:
        cannot_fork(monkeypatch)
    kept = tmp_path / "kept"
    kept.write_text("words")
    before = contents(tmp_path)
    place = kept if what in {"remove", "rename"} else tmp_path / "new"
    assert (await refusal(faulty, f"{what} to {place}".encode(), "a.faulty")).reason == "damaged"
    assert contents(tmp_path) == before


@pytest.fixture
def bystander() -> Iterator[int]:
    """The id of a process that nobody must end."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        assert process.poll() is None


async def test_a_parser_ends_no_other_process(faulty: ConfinedReader, bystander: int) -> None:
    assert (await refusal(faulty, b"kill to %d" % bystander, "a.faulty")).reason == "damaged"


@pytest.fixture
def phone() -> Iterator[socket.socket]:
    """Somebody who waits for a call."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening
        with pytest.raises(BlockingIOError):
            listening.accept()


async def test_a_parser_calls_nobody(faulty: ConfinedReader, phone: socket.socket) -> None:
    port = phone.getsockname()[1]
    assert (await refusal(faulty, b"connect to %d" % port, "a.faulty")).reason == "damaged"


@pytest.fixture
def escapable() -> None:
    program = "import sys, footnote.reading_confinement as c; sys.exit(not c.leave_network())"
    if subprocess.run([sys.executable, "-c", program], check=False).returncode:
        pytest.skip("this system does not let a program leave the network")


@pytest.mark.usefixtures("escapable")
async def test_a_library_in_c_calls_nobody(faulty: ConfinedReader, phone: socket.socket) -> None:
    port = phone.getsockname()[1]
    answer = await faulty.read(b"connect below Python to %d" % port, "a.faulty")
    assert answer.text == "refused: True"


async def test_a_cancelled_read_ends_at_once_and_leaves_the_reader_usable(faulty: ConfinedReader) -> None:
    with anyio.move_on_after(1.0) as scope:
        await faulty.read(b"sleep", "a.faulty")
    assert scope.cancelled_caught
    assert (await faulty.read(b"next", "b.faulty")).text == "read 4 bytes"


async def test_many_files_are_read_at_once(reader: ConfinedReader) -> None:
    texts = await asyncio.gather(*(reader.read(b"file %d" % n, f"{n}.txt") for n in range(60)))
    assert [extracted.text for extracted in texts] == [f"file {n}" for n in range(60)]


async def test_a_slow_file_does_not_hold_up_the_others(faulty: ConfinedReader) -> None:
    async with asyncio.TaskGroup() as group:
        slow = group.create_task(refusal(faulty, b"sleep", "a.faulty"))
        quick = [group.create_task(faulty.read(b"quick", f"{n}.faulty")) for n in range(5)]
        await asyncio.gather(*quick)
        assert not slow.done()
    assert slow.result().reason == "too_slow"


async def test_a_large_file_goes_through_the_pipe(reader: ConfinedReader) -> None:
    words = b"All of these words are kept.\n" * 300_000
    assert len((await reader.read(words, "a.txt")).text) == len(words)


async def test_an_empty_file_and_blank_one_are_empty(reader: ConfinedReader) -> None:
    assert (await refusal(reader, b"", "a.txt")).reason == "empty"
    assert (await refusal(reader, b" \n\t\n\xe2\x80\x8b", "a.txt")).reason == "empty"


async def test_a_file_above_the_limit_is_too_large() -> None:
    reader = ConfinedReader(limits=Limits(max_bytes=10))
    assert (await refusal(reader, b"x" * 11, "a.txt")).reason == "too_large"
    await reader.aclose()


async def test_a_closed_reader_says_so(faulty: ConfinedReader) -> None:
    await faulty.aclose()
    with pytest.raises(DocumentError, match="closed"):
        await faulty.read(b"x", "a.faulty")


async def test_a_parser_that_cannot_be_loaded_is_no_fault_of_the_file() -> None:
    reader = ConfinedReader(parsers={"odd": "no_such_module"})
    with pytest.raises(DocumentError, match="no_such_module") as error:
        await reader.read(b"x", "a.odd")
    assert not isinstance(error.value, DocumentRefused)
    await reader.aclose()


async def test_a_system_that_cannot_fork_gets_a_process_for_each_file(
    faulty: ConfinedReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    cannot_fork(monkeypatch)
    assert (await faulty.read(b"one", "a.faulty")).text == "read 3 bytes"
    assert (await refusal(faulty, b"fail", "a.faulty")).reason == "damaged"
    assert (await refusal(faulty, b"sleep", "a.faulty")).reason == "too_slow"
    assert (await refusal(faulty, b"crash", "a.faulty")).reason == "unreadable"
    assert (await faulty.read(b"next", "b.faulty")).text == "read 4 bytes"


@needs_fork
def test_a_script_without_a_main_guard_reads_files_and_leaves_no_process(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        import asyncio
        from footnote.reading import ConfinedReader
        reader = ConfinedReader()
        print(asyncio.run(reader.read(b"words", "a.txt")).text)
        print(*(process._process.pid for process in reader._running))
        """)
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], capture_output=True, text=True, check=True
    )
    words, pids = done.stdout.splitlines()
    assert (words, done.stderr) == ("words", "")
    for pid in pids.split():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


@needs_fork
def test_the_process_ends_when_its_owner_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        import asyncio, os
        from footnote.reading import ConfinedReader
        reader = ConfinedReader(parsers={"faulty": "tests.parsers.faulty_parser"})
        asyncio.run(reader.read(b"words", "a.faulty"))
        print(*(process._process.pid for process in reader._running), flush=True)
        async def main():
            task = asyncio.create_task(reader.read(b"sleep", "b.faulty"))
            await asyncio.sleep(0.5)
            os.kill(os.getpid(), 9)
        asyncio.run(main())
        """)
    )
    folder = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": folder},
    )
    pids = [int(pid) for pid in done.stdout.split()]
    assert pids
    for _ in range(200):
        if not any(is_running(pid) for pid in pids):
            return
        subprocess.run(["sleep", "0.05"], check=True)
    pytest.fail("the reading process outlived its owner")


def cannot_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows."""
    monkeypatch.setattr(reading_process, "CAN_FORK", False)
    monkeypatch.setattr(reading_process, "_BOOT", f"import os; del os.fork; {reading_process._BOOT}")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # An orphan that ended may wait as a zombie for a parent that never asks.
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
