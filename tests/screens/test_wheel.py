"""The built wheel holds all it needs: it works outside the repository, without its sources."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the unpacked wheel, as pip would put it among the site packages."""
    built = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(built)]
    subprocess.run([*command, str(REPOSITORY)], check=True, capture_output=True)
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(built / "installed")
    return built / "installed"


def test_the_wheel_answers_from_its_handbook(installed: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed), "FOOTNOTE_DATA": str(tmp_path / "data")}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = run("-c", "import footnote; print(footnote.__file__)")
    assert Path(where.strip()).is_relative_to(installed)
    handbook = installed / "footnote" / "handbook" / "documents" / "support-levels.md"
    assert "1 added" in run("-m", "footnote", "add", str(handbook))
    assert "within 2 hours" in run("-m", "footnote", "ask", "How fast does premium support answer?")


def test_the_wheel_carries_its_licence_and_its_data(installed: Path) -> None:
    package = installed / "footnote"
    for part in (
        "py.typed",
        "handbook/questions.jsonl",
        "handbook/documents/onboarding.docx",
        "embedders/minilm_model/model.onnx",
        "databases/sqlite/migrations/versions/0001_initial.py",
        "ui/icon.svg",
    ):
        assert (package / part).is_file(), part
    assert [path.name for path in sorted(installed.glob("*.dist-info/licenses/*"))] == ["LICENSE", "NOTICE"]
