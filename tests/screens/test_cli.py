"""The command line as scripts rely on it: documents, exit codes, and a sentence for what went wrong."""

import json
import os
import re
import socket
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from footnote.cli.documents import collect
from footnote.cli.output import as_json, printable, size
from tests.browser.served import serving
from tests.screens.command import PASSAGE_KEYS, RETURNS, Run


def test_two_folders_with_one_file_name_are_both_kept(footnote: Run, documents: Path) -> None:
    added = footnote("add", str(documents / "a"), str(documents / "b"))
    assert (added.code, added.err) == (0, "")
    listed = footnote("list", "--json").json["documents"]
    assert [one["name"] for one in listed] == ["documents/a/notes.txt", "documents/b/notes.txt"]
    assert set(listed[0]) == {
        "id", "collection", "name", "media_type", "size", "characters", "chunks", "pages", "added_at"
    }  # fmt: skip


def test_two_folders_elsewhere_with_one_file_name_are_both_kept(
    footnote: Run, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = documents.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert footnote("add", str(documents / "a"), str(documents / "b")).code == 0
    listed = footnote("list", "--json").json["documents"]
    assert len(listed) == 2
    assert all(one["name"].endswith(("documents/a/notes.txt", "documents/b/notes.txt")) for one in listed)


def test_files_of_the_same_folder_name_are_kept_apart_by_what_lies_above(
    footnote: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for above in ("one", "two"):
        (tmp_path / above / "docs").mkdir(parents=True)
        (tmp_path / above / "docs" / "notes.txt").write_text(f"Words of {above}.")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    offered, _ = collect([str(tmp_path / "one" / "docs"), str(tmp_path / "two" / "docs")])
    assert len({file.name for file in offered}) == 2


def test_files_of_the_same_path_in_two_working_folders_are_both_kept(
    footnote: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for above in ("one", "two"):
        folder = Path.home() / above
        (folder / "docs").mkdir(parents=True)
        (folder / "docs" / "notes.txt").write_text(f"The words of folder {above}.")
        monkeypatch.chdir(folder)
        assert footnote("add", "docs").code == 0
    names = [one["name"] for one in footnote("list", "--json").json["documents"]]
    assert names == ["one/docs/notes.txt", "two/docs/notes.txt"]


def test_the_same_files_again_change_nothing_and_a_changed_one_is_replaced(
    footnote: Run, documents: Path
) -> None:
    footnote("add", str(documents))
    again = footnote("add", str(documents))
    assert "2 unchanged" in again.out
    (documents / "a" / "notes.txt").write_text("Returns cost 5 euros.\n")
    assert "1 replaced, 1 unchanged" in footnote("add", str(documents)).out
    assert len(footnote("list", "--json").json["documents"]) == 2


def test_a_refused_file_has_a_line_with_its_reason_and_the_others_go_in(
    footnote: Run, documents: Path
) -> None:
    (documents / "broken.pdf").write_bytes(b"this is no PDF")
    (documents / "empty.txt").write_bytes(b"")
    done = footnote("add", str(documents))
    assert done.code == 1
    refused = [line for line in done.out.splitlines() if line.startswith("refused")]
    assert [line.split(":")[0].split()[-1] for line in refused] == [
        "documents/broken.pdf",
        "documents/empty.txt",
    ]
    assert all(len(line.split(": ", 1)[1]) > 10 for line in refused)
    assert "2 added, 2 refused" in done.out
    assert "1 hidden" in done.err


def test_the_exit_code_tells_whether_all_is_in_not_whether_anything_changed(
    footnote: Run, documents: Path
) -> None:
    (documents / "broken.pdf").write_bytes(b"this is no PDF")
    footnote("add", str(documents))
    again = footnote("add", str(documents))
    assert (again.code, "2 unchanged, 1 refused" in again.out) == (1, True)
    (documents / "broken.pdf").unlink()
    assert footnote("add", str(documents)).code == 0


def test_a_pattern_that_fits_nothing_is_told_and_the_rest_goes_in(footnote: Run, documents: Path) -> None:
    done = footnote("add", "no/*.pdf", str(documents / "a" / "*.txt"))
    assert (done.code, done.err) == (1, "No file fits `no/*.pdf`.\n")
    assert "notes.txt (1 passage)\n1 added." in done.out
    assert footnote("add", "no/*.pdf").err == "No file fits `no/*.pdf`.\n"


def test_looking_into_a_folder_does_not_make_it(footnote: Run, tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    for folder in ("new", "papers"):
        listed = footnote("list", "--data", folder)
        assert (listed.code, listed.err) == (0, "There are no documents yet. Add some: footnote add PATH…\n")
        assert footnote("list", "--data", folder, "--json").json == {"documents": []}
        assert footnote("search", "anything", "--data", folder).code == 3
    assert not (tmp_path / "new").exists()
    assert not any((tmp_path / "papers").iterdir())


NARROW = {
    60: "frame-agreem…annexes.txt",
    80: "frame-agreem…annexes.txt",
    92: "…/frame-agreement-with-annexes.txt",
    102: "contracts/…/frame-agreement-with-annexes.txt",
    120: "contracts/2024/suppliers/frame-agreement-with-annexes.txt",
}


def test_on_a_terminal_names_that_do_not_fit_lose_their_middle(footnote: Run) -> None:
    folder = Path.home() / "archive" / "of-the-northern-office"
    for name in (NARROW[120], "notes.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("Some words.")
    footnote("add", str(folder))
    for columns, shown in NARROW.items():
        done = subprocess.run(
            [sys.executable, "-m", "footnote", "list"],
            env={**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(columns)},
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        assert "in archive/of-the-northern-office/" in done.stderr
        _, first, second = done.stdout.splitlines()
        assert [line.split()[1] for line in (first, second)] == [shown, "notes.txt"]
        assert re.search(r" \d{4}-\d\d-\d\d \d\d:\d\d$", first)
        assert len(first) <= max(columns, 80)


def test_what_is_not_there_is_refused_by_name(footnote: Run) -> None:
    done = footnote("add", "nowhere.txt")
    assert done.code == 1
    assert "nowhere.txt" in done.out


def test_our_own_data_folder_is_not_read_as_documents(footnote: Run, tmp_path: Path, documents: Path) -> None:
    assert "refused" not in footnote("add", str(tmp_path)).out
    assert "refused" not in footnote("add", str(tmp_path)).out


def test_a_name_cannot_steer_the_terminal(footnote: Run, documents: Path) -> None:
    (documents / "evil\x1b[31m\x9b2J.txt").write_text("Some words.\x1b]0;title\x07 More words.")
    for done in (
        footnote("add", str(documents)),
        footnote("list"),
        footnote("list", "--json"),
        footnote("search", "Some more words"),
        footnote("search", "Some more words", "--json"),
        footnote("ask", "Some more words?"),
    ):
        assert done.out
        assert all(letter.isprintable() or letter in "\n\t" for letter in done.out + done.err)
    assert any("evil" in one["name"] for one in footnote("list", "--json").json["documents"])


def test_a_name_that_is_no_text_is_kept_all_the_same(footnote: Run, documents: Path) -> None:
    try:
        (documents / os.fsdecode(b"caf\xe9.txt")).write_text("Coffee is served at nine.")
    except OSError:
        pytest.skip("this file system takes only names that are text")
    assert footnote("add", str(documents)).code == 0
    assert footnote("ask", "When is coffee served?").code == 0


def test_a_search_shows_passages_with_stable_keys(footnote: Run, documents: Path) -> None:
    footnote("add", str(documents))
    found = footnote("search", "Are returns free?", "--json", "--top-k", "1").json
    assert set(found) == {"query", "passages"}
    [passage] = found["passages"]
    assert set(passage) == PASSAGE_KEYS | {"text"}
    assert (passage["document"], passage["text"]) == ("documents/a/notes.txt", RETURNS)
    assert RETURNS in footnote("search", "Are returns free?").out


def test_a_search_in_an_empty_knowledge_base_says_so(footnote: Run) -> None:
    done = footnote("search", "Are returns free?")
    assert (done.code, done.out) == (3, "")
    assert "Nothing was found" in done.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ask", "Are returns free?", "--model", "nonsense"], "There is no `nonsense`"),
        (["ask", "Are returns free?", "--model", ""], "There is no ``"),
        (["ask", "   "], "The question is empty"),
        (["remove", "nothing-of-that-name"], "There is no document `nothing-of-that-name`"),
    ],
)
def test_what_went_wrong_is_a_sentence_and_code_4(footnote: Run, arguments: list[str], sentence: str) -> None:
    done = footnote(*arguments)
    assert done.code == 4
    assert sentence in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("arguments", [["ask"], ["search", "x", "--top-k", "0"], ["nonsense"]])
def test_wrong_usage_has_code_2(footnote: Run, arguments: list[str]) -> None:
    assert footnote(*arguments).code == 2


def test_a_wrong_setting_is_named_in_plain_words(footnote: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_PORT", "high")
    done = footnote("list")
    assert done.code == 4
    assert "`port` (FOOTNOTE_PORT)" in done.err


def test_a_removed_document_is_not_found_any_more(footnote: Run, documents: Path) -> None:
    footnote("add", str(documents))
    assert "removed documents/a/notes.txt" in footnote("remove", "a/notes.txt").out
    assert [one["name"] for one in footnote("list", "--json").json["documents"]] == ["documents/b/notes.txt"]
    assert footnote("ask", "Are returns free within 30 days?").code == 3


def test_a_document_can_be_named_by_the_beginning_of_its_id(footnote: Run, documents: Path) -> None:
    footnote("add", str(documents))
    first = footnote("list").out.split("\t")[0]
    assert footnote("remove", first).code == 0
    assert len(footnote("list", "--json").json["documents"]) == 1


def test_three_letters_of_an_id_are_enough_and_fewer_are_told(footnote: Run, documents: Path) -> None:
    footnote("add", str(documents / "a"))
    name = footnote("list").out.split("\t")[0]
    refused = footnote("remove", name[:2])
    assert (refused.code, "too short for an id" in refused.err) == (4, True)
    assert footnote("remove", name[:3]).code == 0


def test_the_export_has_what_was_said_and_the_documents_on_request(
    footnote: Run, documents: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    footnote("add", str(documents))
    lines = iter(["Are returns free within 30 days?", "What was my first question?", "/quit"])
    monkeypatch.setattr("footnote.cli.asking._typed", lambda: (line for line in lines if line != "/quit"))
    chatted = footnote("chat")
    assert chatted.code == 0
    assert RETURNS in chatted.out
    exported = footnote("export", "--documents")
    records = [json.loads(line) for line in exported.out.splitlines()]
    [conversation] = [record for record in records if record["type"] == "conversation"]
    assert [message["role"] for message in conversation["messages"]] == ["user", "assistant"] * 2
    assert conversation["messages"][1]["citations"][0]["verdict"] == "verified"
    texts = [record["text"] for record in records if record["type"] == "document"]
    assert any(RETURNS in text for text in texts)
    file = tmp_path / "export.jsonl"
    assert "1 line written" in footnote("export", "--to", str(file)).err
    assert json.loads(file.read_text(encoding="utf-8"))["type"] == "conversation"


def test_a_saved_answer_that_cites_a_removed_document_is_asked_about(
    footnote: Run, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    footnote("add", str(documents))
    monkeypatch.setattr("footnote.cli.asking._typed", lambda: iter(["Are returns free within 30 days?"]))
    footnote("chat")
    kept = footnote("remove", "documents/a/notes.txt")
    assert "1 saved answer cites what was removed" in kept.err
    [conversation] = [json.loads(line) for line in footnote("export").out.splitlines()]
    assert [citation["quote"] for citation in conversation["messages"][1]["citations"]] == [""]


def test_the_doctor_finds_a_new_folder_sound(footnote: Run, documents: Path) -> None:
    footnote("add", str(documents))
    done = footnote("doctor")
    assert done.code == 0, done.out
    assert all(line.startswith("ok") for line in done.out.splitlines())
    assert "2 documents, all indexed" in done.out


def test_the_doctor_shows_a_folder_with_brackets_in_its_name_as_it_is(footnote: Run, tmp_path: Path) -> None:
    folder = tmp_path / "[red]data[" / "x]"
    done = footnote("doctor", "--data", str(folder))
    assert str(folder) in done.out.replace("\n", "")


def test_the_version_is_that_of_the_package(footnote: Run) -> None:
    done = footnote("--version")
    assert (done.code, done.out) == (0, f"footnote {metadata.version('footnote-chat')}\n")


def test_the_help_lists_every_command(footnote: Run) -> None:
    done = footnote("--help")
    assert done.code == 0
    for command in (
        "serve",
        "demo",
        "add",
        "list",
        "remove",
        "search",
        "reindex",
        "ask",
        "chat",
        "doctor",
        "export",
    ):
        assert command in done.out


def test_the_command_runs_as_a_module_and_its_pipe_may_be_closed_early(documents: Path) -> None:
    program = f"{sys.executable} -W error -m footnote"
    done = subprocess.run(
        f"{program} add {documents} && {program} list | head -n 1",
        shell=True, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1].split("\t")[1] == "documents/a/notes.txt"
    assert "Traceback" not in done.stderr


# --- how things are written ------------------------------------------------------------------------


def test_control_characters_are_shown_as_unknown_ones() -> None:
    assert printable("a\x1b[0m\x9b\u202eb\n\tc") == "a\ufffd[0m\ufffd\ufffdb\n\tc"


def test_json_escapes_what_a_terminal_would_obey(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"name": "a\x9b\u202e\U000e0041\udce9é"}
    as_json(value)
    printed = capsys.readouterr().out
    assert json.loads(printed) == value
    assert "é" in printed
    assert all(letter.isprintable() or letter == "\n" for letter in printed)


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2_000_000, "2.0 MB"), (10**12, "1000.0 GB")],
)
def test_sizes_are_shown_as_people_read_them(count: int, shown: str) -> None:
    assert size(count) == shown


def test_folders_that_link_to_one_another_are_read_once(tmp_path: Path) -> None:
    for name, other in (("one", "two"), ("two", "one")):
        (tmp_path / "linked" / name).mkdir(parents=True)
        (tmp_path / "linked" / name / "notes.txt").write_text(f"The words of {name}.")
        for number in range(3):
            (tmp_path / "linked" / name / f"link{number}").symlink_to(tmp_path / "linked" / other)
    offered, _ = collect([str(tmp_path / "linked")])
    assert sorted(file.path.parent.name for file in offered) == ["one", "two"]


def test_a_pipe_is_refused(footnote: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    done = footnote("add", str(tmp_path / "pipe.txt"))
    assert (done.code, "It is not a file that can be read." in done.out) == (1, True)


@pytest.mark.parametrize("command", [["export", "--to"], ["eval", "--out"]])
def test_a_file_that_cannot_be_written_is_said_before_the_work(footnote: Run, command: list[str]) -> None:
    done = footnote(*command, "no-such-folder/report.json")
    assert (done.code, "cannot be written: no such file or directory" in done.err) == (4, True)


def test_an_export_is_private_and_whole(footnote: Run, tmp_path: Path) -> None:
    (tmp_path / "all.jsonl").write_text("from before")
    assert footnote("export", "--to", "all.jsonl", "--documents").code == 0
    assert (tmp_path / "all.jsonl").read_text() == ""
    assert (tmp_path / "all.jsonl").stat().st_mode & 0o077 == 0
    assert not (tmp_path / "all.jsonl.part").exists()


@pytest.mark.slow
def test_the_demo_says_only_at_its_first_start_that_it_takes_a_moment(footnote: Run) -> None:
    pytest.importorskip("streamlit", reason="the chat page needs streamlit")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        first, again = (footnote("demo", "--port", port) for _ in range(2))
    assert "the first time takes a moment" in first.err
    assert "moment" not in again.err
    assert "The handbook is in: 40 documents." in again.out


def test_a_page_that_is_open_already_is_named(footnote: Run, tmp_path: Path) -> None:
    pytest.importorskip("streamlit", reason="the chat page needs streamlit")
    with serving(tmp_path / "data") as served:
        again = footnote("serve", "--data", str(tmp_path / "data"), "--port", str(served.port))
        elsewhere = footnote("serve", "--data", str(tmp_path / "data"), "--port", "1")
    assert (again.code, elsewhere.code) == (4, 4)
    assert f"A page is open at {served.address}." in again.err
    assert "A page is open" not in elsewhere.err
