"""The Python that the guides show runs as it stands, and its comments tell what it prints."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
GUIDES = (REPOSITORY / "README.md", *sorted(REPOSITORY.glob("[de]*/**/*.md")))
PROGRAMS = [
    pytest.param(program, id=f"{guide.name}-{number}")
    for guide in GUIDES
    for number, program in enumerate(
        re.findall(r"^```python\n(.*?)^```", guide.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE), 1
    )
]


def test_the_guides_show_the_library() -> None:
    assert PROGRAMS


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_of_the_guides_prints_what_it_says(program: str, tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    told = re.findall(r"^ *print\(.*\)  # (.+)$", program, re.MULTILINE)
    assert done.stdout.splitlines() == told


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_no_guide_promises_a_package_that_is_not_published(guide: Path) -> None:
    assert not re.search(r"pip install [^\n]*footnote", guide.read_text(encoding="utf-8"))
