"""The figures of a run, as one value and as JSON. Read `report_of`, then `as_json`."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from footnote.evaluation import measures
from footnote.evaluation.judging import CUTS, Stage, System
from footnote.evaluation.measures import Difference, Figure
from footnote.evaluation.run import Conditions, Result, Run

FORMAT = 1
"""Of the JSON; another number means other keys."""

LAST = CUTS[-1]
RETRIEVAL = (
    *(f"recall@{k}" for k in CUTS),
    "mrr",
    f"ndcg@{LAST}",
    *(f"document_recall@{k}" for k in CUTS),
)
ANSWERS = ("right", "exact_quote", "complete_quote", "answer_match", "citations_verified", "answered")
REFUSALS = ("right_refusals", "wrong_refusals", "answered_unanswerable", "without_documents", "failed")
FIGURES = (*RETRIEVAL, *ANSWERS, *REFUSALS)
BETTER_LOW = frozenset(REFUSALS) - {"right_refusals"}

PLAIN_SYSTEMS: tuple[System, ...] = ("words_only", "vectors_only")

Figures = Mapping[str, Figure]


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """The figures of the questions that have something in common."""

    name: str
    count: int
    figures: Figures


@dataclass(frozen=True, kw_only=True, slots=True)
class Threshold:
    """What would happen if questions were declined below this evidence score."""

    threshold: float
    answerable: float | None
    """Share of the answerable questions let through: the coverage. None when there are none."""
    unanswerable: float | None
    """Share of the unanswerable questions let through. None when there are none."""
    risk: float | None
    """Share of those let through whose passages do not hold all the gold; None when none is."""
    in_force: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Abstention:
    """What the evidence score is worth for telling answerable questions from unanswerable ones."""

    separation: float | None
    """Area under the ROC curve, 0.5 is blind; None without both sorts of questions."""
    thresholds: tuple[Threshold, ...]
    unscored: int
    """Questions for which no evidence was weighed: they are not in the table."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    gold: str
    sha256: str
    retrieval_only: bool
    conditions: Conditions
    figures: Figures
    plain: Mapping[System, Figures]
    """Retrieval by words alone and by vectors alone."""
    differences: Mapping[System, Mapping[str, Difference]]
    """Ours less theirs, question by question."""
    kinds: tuple[Group, ...]
    wordings: tuple[Group, ...]
    """Answerable questions in the words of their evidence, and in other words."""
    stages: Mapping[Stage, int]
    abstention: Abstention | None
    milliseconds: Mapping[str, float]
    """Per question: p50, p95."""
    results: tuple[Result, ...]
    problems: tuple[str, ...]


def report_of(run: Run) -> Report:
    """All the figures of a run."""
    results = run.results
    answerable = [one for one in results if one.question.answerable]
    kinds = sorted({one.question.kind for one in results}, key=[one.question.kind for one in results].index)
    times = [one.milliseconds for one in results]
    return Report(
        gold=run.gold.name,
        sha256=run.gold.sha256,
        retrieval_only=run.gold.retrieval_only,
        conditions=run.conditions,
        figures=figures(results),
        plain={system: figures(results, system) for system in PLAIN_SYSTEMS},
        differences={system: _differences(answerable, system) for system in PLAIN_SYSTEMS},
        kinds=_groups(results, kinds, lambda one: one.question.kind),
        wordings=_groups(
            [one for one in answerable if one.question.paraphrase is not None],
            ["same words", "other words"],
            lambda one: "other words" if one.question.paraphrase else "same words",
        ),
        stages=Counter(one.stage for one in results),
        abstention=None if run.gold.retrieval_only else abstention(results, run.conditions.threshold),
        milliseconds={f"p{p}": measures.percentile(times, p) for p in (50, 95)},
        results=results,
        problems=run.problems,
    )


def figures(results: Sequence[Result], system: System = "ours") -> dict[str, Figure]:
    """The mean of every measure over the questions to which it applies."""
    found: dict[str, Figure] = {}
    for name in FIGURES:
        rows = [one.values.get(system, {}) for one in results]
        if values := [row[name] for row in rows if name in row]:
            found[name] = measures.figure(values)
    return found


def _differences(results: Sequence[Result], system: System) -> dict[str, Difference]:
    if not results:
        return {}
    return {
        name: measures.difference(
            [one.values["ours"][name] for one in results], [one.values[system][name] for one in results]
        )
        for name in RETRIEVAL
    }


def _groups(
    results: Sequence[Result], names: Iterable[str], name_of: Callable[[Result], str]
) -> tuple[Group, ...]:
    groups = [(name, [one for one in results if name_of(one) == name]) for name in names]
    return tuple(Group(name=name, count=len(own), figures=figures(own)) for name, own in groups if own)


def abstention(results: Sequence[Result], in_force: float) -> Abstention:
    """The table of thresholds: what each would let through, and at which risk."""
    scored = [(one, one.evidence_score) for one in results if one.evidence_score is not None]
    answerable = [score for one, score in scored if one.question.answerable]
    unanswerable = [score for one, score in scored if not one.question.answerable]
    steps = sorted({round(step / 10, 1) for step in range(10)} | {in_force})
    rows = [_threshold(step, scored, step == in_force) for step in steps]
    return Abstention(
        separation=measures.separation(answerable, unanswerable),
        thresholds=tuple(rows) if scored else (),
        unscored=len(results) - len(scored),
    )


def _threshold(step: float, scored: Sequence[tuple[Result, float]], in_force: bool) -> Threshold:
    through = [one for one, score in scored if score >= step]
    answerable = [one for one, _ in scored if one.question.answerable]
    through_answerable = sum(one.question.answerable for one in through)
    others = len(scored) - len(answerable)
    return Threshold(
        threshold=step,
        answerable=through_answerable / len(answerable) if answerable else None,
        unanswerable=(len(through) - through_answerable) / others if others else None,
        risk=sum(not one.evidence_in_hand for one in through) / len(through) if through else None,
        in_force=in_force,
    )


def worst(results: Sequence[Result], count: int) -> tuple[Result, ...]:
    """The answerable questions that went most wrong: what was not even found before what was found
    and not used."""
    order: tuple[Stage, ...] = (
        "failed",
        "document_not_found",
        "passage_not_found",
        "without_documents",
        "refused",
        "other_sentence",
    )
    missed = [one for one in results if one.question.answerable and one.stage != "right"]
    return tuple(sorted(missed, key=lambda one: order.index(one.stage))[:count])


def boldest(results: Sequence[Result], count: int) -> tuple[Result, ...]:
    """The unanswerable questions that were answered, most confident first."""
    wrong = [one for one in results if one.stage == "answered_anyway"]
    return tuple(sorted(wrong, key=lambda one: -(one.evidence_score or 0.0))[:count])


# --- JSON ------------------------------------------------------------------------------------------


def as_json(report: Report) -> dict[str, Any]:
    """The object of `footnote eval --json`. Its keys are stable within one `format`."""
    return {
        "format": FORMAT,
        "gold": {
            "name": report.gold,
            "sha256": report.sha256,
            "questions": len(report.results),
            "answerable": sum(one.question.answerable for one in report.results),
            "retrieval_only": report.retrieval_only,
        },
        "conditions": asdict(report.conditions),
        "figures": _figures_as_json(report.figures),
        **{system: _figures_as_json(own) for system, own in report.plain.items()},
        "differences": {
            system: {name: difference_as_json(one) for name, one in own.items()}
            for system, own in report.differences.items()
        },
        "by_kind": _groups_as_json(report.kinds),
        "by_wording": _groups_as_json(report.wordings),
        "stages": dict(report.stages),
        "abstention": asdict(report.abstention) if report.abstention else None,
        "timings_ms": {name: round(value, 1) for name, value in report.milliseconds.items()},
        "problems": list(report.problems),
        "questions": [_result_as_json(one) for one in report.results],
    }


def _figures_as_json(own: Figures) -> dict[str, Any]:
    return {
        name: {"value": round(f.value, 4), "low": round(f.low, 4), "high": round(f.high, 4), "count": f.count}
        for name, f in own.items()
    }


def difference_as_json(one: Difference) -> dict[str, Any]:
    """`p` is how often chance alone makes a difference as large."""
    rounded = {name: round(value, 4) for name, value in asdict(one).items() if name != "count"}
    return {**rounded, "count": one.count}


def _groups_as_json(groups: Sequence[Group]) -> dict[str, Any]:
    return {one.name: {"count": one.count, "figures": _figures_as_json(one.figures)} for one in groups}


def _result_as_json(result: Result) -> dict[str, Any]:
    question = result.question
    return {
        "id": question.id,
        "kind": question.kind,
        "question": question.question,
        "history": list(question.history),
        "looked_up": result.looked_up,
        "state": result.state,
        "stage": result.stage,
        "values": {name: round(value, 4) for name, value in result.values["ours"].items()},
        "evidence_score": None if result.evidence_score is None else round(result.evidence_score, 4),
        "expected": [{"document": one.document, "quote": one.quote} for one in question.evidence],
        "found": list(result.found),
        "answer": result.answer,
        "reason": result.reason,
        "milliseconds": round(result.milliseconds, 1),
    }
