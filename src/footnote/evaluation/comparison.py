"""Two reports side by side, and the limits that a report must keep. Read `compare`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footnote.errors import EvaluationError
from footnote.evaluation import measures
from footnote.evaluation.measures import Difference
from footnote.evaluation.report import BETTER_LOW, FIGURES, FORMAT, Report, difference_as_json

NEEDED = frozenset({"gold", "conditions", "questions"})
"""Parts of a former report without which nothing can be compared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A figure then and now over the questions that both reports judged by it."""

    name: str
    before: float
    now: float
    difference: Difference

    @property
    def better(self) -> bool:
        return (self.now < self.before) if self.name in BETTER_LOW else (self.now > self.before)


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    changes: tuple[Change, ...]
    mended: tuple[str, ...]
    """Questions that are right now and were not."""
    broken: tuple[str, ...]
    notices: tuple[str, ...]
    """What differs besides the figures."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """A figure must not fall under this value."""

    name: str
    least: float


def read_baseline(path: Path) -> dict[str, Any]:
    """A former `--json` or `--out`. Raises `EvaluationError`."""
    try:
        former: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EvaluationError(
            f"{path} could not be opened: {(error.strerror or str(error)).lower()}."
        ) from error
    except ValueError as error:
        raise EvaluationError(f"{path} is not JSON: give a file that --json or --out wrote.") from error
    if isinstance(former, dict) and former.get("format") == FORMAT and former.keys() >= NEEDED:
        return former
    raise EvaluationError(
        f"{path} is no report of `footnote eval` in this format ({FORMAT}): make a new one with --out."
    )


def compare(report: Report, former: Mapping[str, Any]) -> Comparison:
    """How the figures changed, over the questions that are in both with the same text."""
    before = {one["id"]: one for one in former["questions"]}
    pairs = [
        (one, before[one.question.id])
        for one in report.results
        if one.question.id in before and before[one.question.id]["question"] == one.question.question
    ]
    if not pairs:
        raise EvaluationError("The baseline has none of these questions: there is nothing to compare.")
    changes: list[Change] = []
    for name in FIGURES:
        values = [
            (one.values["ours"][name], old["values"][name])
            for one, old in pairs
            if name in one.values["ours"] and name in old["values"]
        ]
        if values:
            changes.append(_change(name, [now for now, _ in values], [was for _, was in values]))
    right = [
        (one.question.id, one.values["ours"]["right"] == 1, old["values"]["right"] == 1) for one, old in pairs
    ]
    return Comparison(
        changes=tuple(changes),
        mended=tuple(name for name, now, was in right if now and not was),
        broken=tuple(name for name, now, was in right if was and not now),
        notices=tuple(_notices(report, former, len(pairs))),
    )


def _change(name: str, now: Sequence[float], before: Sequence[float]) -> Change:
    return Change(
        name=name,
        before=sum(before) / len(before),
        now=sum(now) / len(now),
        difference=measures.difference(now, before),
    )


def _notices(report: Report, former: Mapping[str, Any], shared: int) -> list[str]:
    notices: list[str] = []
    if former["gold"]["sha256"] != report.sha256:
        notices.append(f"The questions changed: {shared} are in both and compared.")
    for name, was in former["conditions"].items():
        now = getattr(report.conditions, name, None)
        if now != was:
            notices.append(
                f"{name}: {'none' if was == '' else was} then, {'none' if now == '' else now} now."
            )
    return notices


def comparison_as_json(comparison: Comparison) -> dict[str, Any]:
    """What `--json` adds with `--baseline`."""
    return {
        "changes": {
            one.name: {
                "before": round(one.before, 4),
                "now": round(one.now, 4),
                "difference": difference_as_json(one.difference),
            }
            for one in comparison.changes
        },
        "mended": list(comparison.mended),
        "broken": list(comparison.broken),
        "notices": list(comparison.notices),
    }


def parse_limit(given: str) -> Limit:
    """`recall@5=0.9`. Raises `EvaluationError` with the names there are."""
    name, _, value = (part.strip() for part in given.partition("="))
    usable = [one for one in FIGURES if one not in BETTER_LOW]
    if name in BETTER_LOW:
        raise EvaluationError(
            f"{name} is good when it is low. Use one that is good when it is high: {', '.join(usable)}."
        )
    if name not in usable:
        raise EvaluationError(f"There is no figure `{name}`. There are: {', '.join(usable)}.")
    try:
        least = float(value)
    except ValueError:
        least = -1.0
    if not 0 <= least <= 1:
        raise EvaluationError(f"`{given}` needs a number from 0 to 1, as in recall@5=0.9.")
    return Limit(name=name, least=least)


def broken_limits(report: Report, limits: Sequence[Limit]) -> list[str]:
    """A sentence for every limit that the report does not keep."""
    said: list[str] = []
    for limit in limits:
        measured = report.figures.get(limit.name)
        if measured is None:
            said.append(f"{limit.name} was not measured: no question of this file asks for it.")
        elif measured.value < limit.least:
            said.append(f"{limit.name} is {measured.value:.3f}, under {limit.least:g}.")
    return said
