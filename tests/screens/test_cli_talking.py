"""`ask` and `chat` as scripts and people rely on them."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.screens.command import PASSAGE_KEYS, RETURNS, Done, Run

ANSWER_KEYS = {
    "answer", "outcome", "basis", "model", "rewritten_question", "citations", "passages", "evidence",
    "notices", "usage", "timings_ms",
}  # fmt: skip
CITATION_KEYS = {"marker", "document", "page", "start", "end", "quote", "verdict"}


def test_a_question_needs_no_quotes(footnote: Run, documents: Path) -> None:
    footnote("add", str(documents))
    done = footnote("ask", "Are", "returns", "free", "within", "30", "days?", "--json")
    assert (done.code, done.json["outcome"]) == (0, "complete")


@pytest.mark.parametrize("more", [[], ["--collection", "garage"]])
def test_without_documents_it_is_said_how_to_add_some(
    footnote: Run, documents: Path, more: list[str]
) -> None:
    done = footnote("ask", "Are returns free?", *more)
    assert done.code == 3
    assert done.err == footnote("list", *more).err
    assert "Add some: footnote add PATH…" in done.err


def test_an_answer_as_json_has_stable_keys_and_code_0(footnote: Run, documents: Path) -> None:
    footnote("add", str(documents))
    done = footnote("ask", "Are returns free within 30 days?", "--json")
    assert (done.code, done.err) == (0, "")
    answer = done.json
    assert set(answer) == ANSWER_KEYS
    assert (answer["outcome"], answer["basis"], answer["model"]) == ("complete", "documents", "extractive")
    citation = answer["citations"][0]
    assert set(citation) == CITATION_KEYS
    assert (citation["verdict"], citation["quote"]) == ("verified", RETURNS)
    assert set(answer["passages"][0]) == PASSAGE_KEYS
    assert set(answer["usage"]) == {"tokens_in", "tokens_out"}


def test_an_answer_for_people_has_its_footnotes_below_it(footnote: Run, documents: Path) -> None:
    footnote("add", str(documents))
    done = footnote("ask", "Are returns free within 30 days?")
    assert done.code == 0
    assert f"{RETURNS} [1]" in done.out
    assert "verified [1] documents/a/notes.txt" in done.out
    assert f"“{RETURNS}”" in done.out


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_declined_question_has_code_3(footnote: Run, documents: Path, more: list[str]) -> None:
    footnote("add", str(documents))
    done = footnote("ask", "Which penguins swim fastest?", *more)
    assert done.code == 3
    assert "I don't have that information in your documents." in done.out


def test_a_lower_threshold_answers_what_was_declined(footnote: Run, documents: Path) -> None:
    footnote("add", str(documents))
    question = "When can I get my money back?"
    assert footnote("ask", question).code == 3
    assert footnote("ask", question, "--threshold", "0.01").code == 0
    assert footnote("ask", question, "--threshold", "2").code == 2


def test_a_collection_is_searched_alone(footnote: Run, documents: Path) -> None:
    footnote("add", str(documents / "a"), "--collection", "shop")
    footnote("add", str(documents / "b"), "--collection", "garage")
    question = "Are returns free within 30 days?"
    assert footnote("ask", question, "--collection", "shop").code == 0
    assert footnote("ask", question, "--collection", "garage").code == 3
    assert len(footnote("list", "--collection", "garage", "--json").json["documents"]) == 1


def test_a_model_that_cannot_answer_is_told_once_and_has_code_4(footnote: Run, documents: Path) -> None:
    footnote("add", str(documents))
    done = footnote("ask", "Are returns free within 30 days?", "--model", "openai:gpt")
    assert done.code == 4
    assert done.err.count("cannot be asked yet") == 1
    assert "uncited" not in done.err


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal's interrupt is another thing there")
def test_an_interrupted_conversation_ends_with_code_130_and_a_sentence() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "footnote", "chat"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    assert "Ask about your documents" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped." in told
    assert "Traceback" not in told


def test_a_conversation_goes_on_where_it_was_left(
    footnote: Run, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    footnote("add", str(documents))
    monkeypatch.setattr(sys, "stdin", io.StringIO("Are returns free within 30 days?\n/quit\n"))
    footnote("chat")
    monkeypatch.setattr(sys, "stdin", io.StringIO("What did I ask first?\n"))
    gone_on = footnote("chat", "--continue")
    assert "Going on with: Are returns free within 30 days?" in gone_on.err
    assert "Are returns free within 30 days?" in gone_on.out


def test_a_declined_question_names_the_closest_passages(footnote: Run, documents: Path) -> None:
    (documents / "long.txt").write_text("Penguins " * 50)
    footnote("add", str(documents))
    done = footnote("ask", "Which king ruled Spain?")
    assert (done.code, done.out) == (3, "I don't have that information in your documents.\n")
    first, *closest = done.err.splitlines()
    assert "`footnote search` shows them whole" in first
    assert f"  documents/a/notes.txt: {RETURNS}" in closest
    [long] = [line for line in closest if "long.txt" in line]
    assert long.endswith("Penguins …")
    assert len(long) < 120
    assert footnote("ask", "Which king ruled Spain?", "--json").err == ""


def chatted(footnote: Run, monkeypatch: pytest.MonkeyPatch, *lines: str) -> Done:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines)))
    return footnote("chat")


def test_the_commands_of_a_conversation_are_listed_and_others_are_not_asked(
    footnote: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = chatted(footnote, monkeypatch, "/help", "/nwe", "/help me")
    assert done.out == ""
    for told in ("/new ", "/help ", "/quit ", "There is no command /nwe. /help shows those there are."):
        assert told in done.err
    asked = chatted(footnote, monkeypatch, "/etc/hosts says what?")
    assert "I don't have that information" in asked.out


def test_a_new_conversation_leaves_the_old_one_saved(footnote: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    done = chatted(footnote, monkeypatch, "Hello!", "/new", "What did I ask first?")
    assert "Started a new conversation; the old one is kept." in done.err
    assert "Nothing yet" in done.out
    assert len(footnote("export").out.splitlines()) == 2


def test_an_answer_in_a_pipe_has_lines_of_its_own(
    footnote: Run, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    footnote("add", str(documents))
    done = chatted(footnote, monkeypatch, "Are returns free within 30 days?", "thanks")
    assert done.out.splitlines()[0] == f"{RETURNS} [1]"
    assert "\n\nYou're welcome!" in done.out


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals there")
def test_a_prompt_is_for_the_one_who_types_and_not_for_the_file_it_is_written_to() -> None:
    terminal, typed_into = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "footnote", "chat"],
        stdin=typed_into, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.write(terminal, b"thanks\n/quit\n")
    out, err = process.communicate(timeout=60)
    os.close(terminal)
    os.close(typed_into)
    assert out == "You're welcome! Ask on whenever you like.\n"
    assert err.count("you ›") == 2
