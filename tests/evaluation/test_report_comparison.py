"""A report beside a former one, and the limits that it must keep."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from footnote.errors import EvaluationError
from footnote.evaluation import report as reports
from footnote.evaluation.comparison import (
    Limit,
    broken_limits,
    compare,
    comparison_as_json,
    parse_limit,
    read_baseline,
)
from footnote.evaluation.drawing import drawn
from footnote.evaluation.gold import GoldEvidence, GoldQuestion, GoldSet
from footnote.evaluation.report import BETTER_LOW, FIGURES, Report, report_of
from footnote.evaluation.run import evaluate
from footnote.knowledge import KnowledgeBase

EVIDENCE = GoldEvidence(document="holidays.md", quote="Colleagues in Europe have 27 days of paid holiday.")
QUESTIONS = (
    GoldQuestion(
        id="holiday",
        question="How many days of paid holiday do colleagues in Europe have?",
        kind="single",
        evidence=(EVIDENCE,),
    ),
    GoldQuestion(id="pay", question="What are colleagues in Europe paid?", kind="unanswerable"),
)

Chatbots = Callable[..., tuple[Any, list[Any]]]


@pytest.fixture
async def answering(knowledge: KnowledgeBase, chatbots: Chatbots) -> Report:
    return await reported(knowledge, chatbots, threshold=0.0)


@pytest.fixture
async def declining(knowledge: KnowledgeBase, chatbots: Chatbots) -> Report:
    return await reported(knowledge, chatbots, threshold=1.1)


async def reported(knowledge: KnowledgeBase, chatbots: Chatbots, threshold: float) -> Report:
    new, _ = chatbots(threshold=threshold)
    gold = GoldSet(name="gold.jsonl", questions=QUESTIONS, sha256="abc")
    return report_of(await evaluate(gold, knowledge, new))


def saved(report: Report, folder: Path) -> Path:
    path = folder / "baseline.json"
    path.write_text(json.dumps(reports.as_json(report)), encoding="utf-8")
    return path


async def test_a_report_does_not_differ_from_itself(answering: Report, tmp_path: Path) -> None:
    found = compare(answering, read_baseline(saved(answering, tmp_path)))
    assert {one.difference.value for one in found.changes} == {0}
    assert not any(one.difference.clear for one in found.changes)
    assert found.mended == found.broken == found.notices == ()


async def test_what_was_mended_and_broken_is_named(
    answering: Report, declining: Report, tmp_path: Path
) -> None:
    found = compare(answering, read_baseline(saved(declining, tmp_path)))
    assert (found.mended, found.broken) == (("holiday",), ("pay",))
    changes = {one.name: one for one in found.changes}
    assert changes["wrong_refusals"].difference.value == -1
    assert changes["wrong_refusals"].better
    assert not changes["right_refusals"].better
    assert changes["recall@5"].difference.value == 0
    assert found.notices == ("threshold: 1.1 then, 0.0 now.",)
    assert json.loads(json.dumps(comparison_as_json(found)))["mended"] == ["holiday"]
    assert any("baseline" in str(piece) for piece in drawn(answering, found))


async def test_only_questions_of_both_are_compared(answering: Report, tmp_path: Path) -> None:
    former = reports.as_json(answering)
    former["gold"]["sha256"] = "other"
    former["questions"] = former["questions"][:1]
    found = compare(answering, former)
    assert {one.difference.count for one in found.changes} == {1}
    assert found.notices == ("The questions changed: 1 are in both and compared.",)
    reworded = [one | {"question": "Something else?"} for one in former["questions"]]
    for others in ([], reworded):
        with pytest.raises(EvaluationError, match="none of these questions"):
            compare(answering, former | {"questions": others})


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"format": 1}', '{"format": 99}'])
def test_a_file_that_is_no_report_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(content)
    with pytest.raises(EvaluationError, match="--out"):
        read_baseline(path)


def test_a_baseline_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="could not be opened"):
        read_baseline(tmp_path / "absent.json")


def test_a_limit_is_a_figure_and_its_least_value() -> None:
    assert parse_limit("recall@5=0.9") == Limit(name="recall@5", least=0.9)
    assert parse_limit(" mrr = .5 ") == Limit(name="mrr", least=0.5)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("recall@7=0.9", "There is no figure"),
        ("recall@5", "needs a number"),
        ("recall@5=90", "needs a number"),
        ("recall@5=nan", "needs a number"),
        ("wrong_refusals=0.1", "good when it is low"),
    ],
)
def test_a_limit_that_makes_no_sense_is_told(given: str, said: str) -> None:
    with pytest.raises(EvaluationError, match=said):
        parse_limit(given)


async def test_a_broken_limit_is_a_sentence(answering: Report) -> None:
    kept, broken = Limit(name="recall@5", least=1.0), Limit(name="right_refusals", least=0.5)
    assert broken_limits(answering, [kept, broken]) == ["right_refusals is 0.000, under 0.5."]


async def test_a_limit_on_what_was_not_measured_is_broken(answering: Report) -> None:
    [sentence] = broken_limits(answering, [Limit(name="answer_match", least=0.1)])
    assert "was not measured" in sentence


def test_every_figure_that_is_good_when_low_is_a_figure() -> None:
    assert set(FIGURES) > BETTER_LOW
