"""The command `footnote` in this process, and a folder to add with it."""

import sys
from pathlib import Path

import pytest

from footnote import cli
from tests.screens.command import RETURNS, Done, Run


@pytest.fixture
def footnote(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command `footnote` in this process, as `main` runs it."""

    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["footnote", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        code = ended.value.code
        return Done(code if isinstance(code, int) else int(code is not None), printed.out, printed.err)

    return call


@pytest.fixture
def documents() -> Path:
    folder = Path.home() / "documents"
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
    (folder / "a" / "notes.txt").write_text(f"{RETURNS}\n")
    (folder / "b" / "notes.txt").write_text("Repairs are free for two years.\n")
    (folder / ".hidden").write_text("nobody sees this")
    return folder
