"""The handbook of Vanewick Instruments, a made-up maker of weather stations, with gold questions.

`documents/` is what a newcomer chats with first. `questions.jsonl` asks about it, one JSON object a line:
some questions have an answer and the sentences that prove it, some have none in any document.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
QUESTIONS = FOLDER / "questions.jsonl"


def documents() -> list[Path]:
    """The files of the handbook, by name."""
    return [file for file in sorted((FOLDER / "documents").iterdir()) if not file.name.startswith((".", "_"))]
