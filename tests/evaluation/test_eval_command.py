"""`footnote eval` from end to end, with the parts that ship."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from footnote.cli import app
from footnote.errors import EvaluationError

GOLD = [
    {
        "id": "returns",
        "question": "Within how many days may hardware be returned?",
        "answer": "30 days",
        "evidence": [
            {"document": "returns.md", "quote": "Hardware may be returned within 30 days of delivery."}
        ],
    },
    {"id": "moon", "question": "Who was the first person on the moon?", "evidence": []},
]


def footnote(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    """Two documents in the data folder, and two questions in a file."""
    (tmp_path / "returns.md").write_text(
        "# Returns\n\nHardware may be returned within 30 days of delivery.\n"
    )
    (tmp_path / "prices.md").write_text("# Prices\n\nThe premium plan costs $49 a month.\n")
    added = footnote("add", "returns.md", "prices.md")
    assert added.exit_code == 0, added.output
    path = tmp_path / "gold.jsonl"
    path.write_text("\n".join(json.dumps(one) for one in GOLD), encoding="utf-8")
    return path


def test_figures_come_as_one_json_object(gold: Path) -> None:
    result = footnote("eval", str(gold), "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["gold"]["questions"] == 2
    assert told["figures"]["document_recall@1"] == {"value": 1.0, "low": 0.2065, "high": 1.0, "count": 1}
    assert told["conditions"]["documents"] == 2
    assert told["conditions"]["model"] == "extractive"
    assert told["problems"] == []
    assert "baseline" not in told


def test_another_threshold_is_used_and_told(gold: Path) -> None:
    result = footnote("eval", str(gold), "--threshold", "0", "--json")
    told = json.loads(result.stdout)
    assert told["conditions"]["threshold"] == 0
    assert told["figures"]["answered_unanswerable"]["value"] == 1


def test_figures_are_drawn_for_a_person(gold: Path) -> None:
    result = footnote("eval", str(gold))
    assert result.exit_code == 0, result.output
    for words in (
        "gold.jsonl: 2 questions",
        "recall@1",
        "words only",
        "vectors only",
        "MRR",
        "When to decline",
    ):
        assert words in result.stdout


def test_a_run_is_compared_with_a_former_one(gold: Path, tmp_path: Path) -> None:
    former = tmp_path / "former.json"
    assert footnote("eval", str(gold), "--out", str(former)).exit_code == 0
    result = footnote("eval", str(gold), "--baseline", str(former), "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)["baseline"]
    assert told["changes"]["recall@5"]["difference"]["value"] == 0
    assert told["broken"] == []


def test_a_figure_under_its_limit_fails_and_is_named(gold: Path) -> None:
    kept = footnote("eval", str(gold), "--fail-under", "document_recall@5=1")
    assert kept.exit_code == 0, kept.output
    lines = gold.read_text(encoding="utf-8").replace("30 days of delivery", "40 days of delivery")
    gold.write_text(lines, encoding="utf-8")
    broken = footnote(
        "eval", str(gold), "--fail-under", "document_recall@5=1", "--fail-under", "recall@5=0.9"
    )
    assert broken.exit_code == 1
    assert "recall@5 is 0.000, under 0.9." in broken.stderr
    assert "document_recall@5 is" not in broken.stderr


def test_a_malformed_file_is_an_error_with_a_sentence(gold: Path) -> None:
    gold.write_text("{", encoding="utf-8")
    result = footnote("eval", str(gold))
    assert isinstance(result.exception, EvaluationError)
    assert "line 1: not JSON" in str(result.exception)


def test_a_wrong_limit_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    result = footnote("eval", str(tmp_path / "absent.jsonl"), "--fail-under", "speed=1")
    assert "There is no figure `speed`" in str(result.exception)


def test_a_data_folder_needs_a_file_of_questions(tmp_path: Path) -> None:
    result = footnote("eval", "--data", str(tmp_path))
    assert result.exit_code == 2
    assert "FILE" in result.stderr


def test_another_collection_is_not_asked(gold: Path) -> None:
    result = footnote("eval", str(gold), "--collection", "absent")
    assert "There are no documents to ask about" in str(result.exception)


@pytest.mark.slow
def test_without_a_file_the_handbook_is_asked_and_the_data_folder_is_left_alone(tmp_path: Path) -> None:
    result = footnote("eval", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["gold"]["questions"] >= 80
    assert told["gold"]["questions"] - told["gold"]["answerable"] >= 20
    assert told["problems"] == []
    assert told["figures"]["recall@5"]["value"] >= told["words_only"]["recall@5"]["value"]
    assert not (tmp_path / "footnote-data").exists()
