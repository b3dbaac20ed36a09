"""`examples/my_chatbot` does the tutorial's exercise on any folder of documents."""

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module, resources
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "my_chatbot"
HANDBOOK = Path(str(resources.files("footnote.handbook"))) / "documents"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Imports a file of the example as its own folder's scripts import one another."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    yield import_module
    for name in ("knowledge_base", "chatbot"):
        sys.modules.pop(name, None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    (folder / "more").mkdir(parents=True)
    (folder / "pricing.md").write_text(
        "# Pricing\n\nThe premium plan costs $49 a month.\n\nThe premium plan includes support by phone.\n\n"
        "The basic plan costs $9 a month.\n\nThe basic plan includes support by mail.\n"
    )
    (folder / "more" / "returns.txt").write_text("Returns are accepted within 30 days of delivery.\n")
    (folder / "broken.pdf").write_bytes(b"this is no PDF")
    (folder / ".hidden").write_text("nobody sees this")
    return folder


def run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        capture_output=True, text=True, timeout=200, cwd=EXAMPLE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ten_questions_about_thirty_documents_are_found_nearly_all() -> None:
    printed = run("knowledge_base.py", str(HANDBOOK))
    assert "documents are in." in printed
    assert int(printed.split(" documents are in.")[0].splitlines()[-1]) >= 30
    [line] = [line for line in printed.splitlines() if line.startswith("recall@3: ")]
    assert line.endswith("over 10 questions")
    assert float(line.split()[1]) >= 0.8


def test_questions_can_be_given_and_a_refused_file_is_told(folder: Path, tmp_path: Path) -> None:
    questions = tmp_path / "questions.tsv"
    questions.write_text("How much is premium?\tpricing.md\nHow long may I return it?\tmore/returns.txt\n")
    printed = run("knowledge_base.py", str(folder), "--questions", str(questions))
    assert "refused  broken.pdf: " in printed
    assert "2 documents are in." in printed
    assert ".hidden" not in printed
    assert "recall@3: 1.00 over 2 questions" in printed


def test_a_follow_up_is_answered_with_what_came_before_and_a_missing_model_is_told(folder: Path) -> None:
    printed = run(
        "chatbot.py",
        str(folder),
        "--model",
        "local",
        "What does the premium plan cost?",
        "What support does it include?",
    )
    assert "The local model is not available, so answers are quotes from the documents." in printed
    first, second = printed.split("\nyou: ")[1:]
    assert "$49 a month" in first
    assert "looked up as: " in second
    assert "support by phone" in second
    assert "verified: pricing.md" in second
    assert "'turns': 2" in printed


@pytest.mark.parametrize("name", ["hosted", "local"])
def test_the_models_can_be_exchanged_by_name(
    example: Any, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from footnote import ExtractiveBackend, OllamaBackend, OpenAIBackend  # noqa: PLC0415

    chatbot = example("chatbot")
    assert isinstance(chatbot.language_model("extractive"), ExtractiveBackend)
    assert isinstance(chatbot.language_model(name), ExtractiveBackend)
    assert f"The {name} model is not available" in capsys.readouterr().out
    # A model that answers is taken as it is.
    wanted = {"hosted": OpenAIBackend, "local": OllamaBackend}[name]
    monkeypatch.setattr(wanted, "complete", lambda *_, **__: "yes")
    assert isinstance(chatbot.language_model(name), wanted)


def test_the_page_answers_counts_and_clears(
    example: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    testing = pytest.importorskip("streamlit.testing.v1", reason="the chat page needs streamlit")
    monkeypatch.setattr(sys, "argv", ["app.py", str(folder)])
    page = testing.AppTest.from_file(str(EXAMPLE / "app.py"), default_timeout=120).run()
    assert not page.exception
    assert page.title[0].value == "My chatbot"
    assert [(metric.label, metric.value) for metric in page.metric] == [
        ("Conversation turns", "0"),
        ("RAG retrievals", "0"),
    ]
    page.chat_input[0].set_value("What does the premium plan cost?").run()
    assert not page.exception
    shown = " ".join(markdown.value for markdown in page.markdown)
    assert "premium plan costs" in shown
    assert [metric.value for metric in page.metric] == ["1", "1"]
    assert any("verified" in caption.value for caption in page.caption)
    page.chat_input[0].set_value("   x" * 3000).run()
    assert page.error
    page.button[0].click().run()
    assert not page.exception
    assert not page.chat_message
