"""`eval`: how well it finds and answers, on your gold questions or on the handbook's."""

import tempfile
from contextlib import nullcontext
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import typer

from footnote import handbook, loop
from footnote.assemble import Application
from footnote.cli.output import as_json, note, out, problem, progress, written
from footnote.cli.session import (
    CollectionOption,
    DataOption,
    JsonOption,
    ModelOption,
    ThresholdOption,
    opened,
    within,
)
from footnote.errors import EvaluationError
from footnote.evaluation import report as reports
from footnote.evaluation.comparison import (
    broken_limits,
    compare,
    comparison_as_json,
    parse_limit,
    read_baseline,
)
from footnote.evaluation.drawing import drawn
from footnote.evaluation.gold import GoldSet, read_gold
from footnote.evaluation.run import Run
from footnote.evaluation.run import evaluate as run_evaluation


def evaluate(
    file: Annotated[
        Path | None,
        typer.Argument(help="Gold questions: JSON Lines, or a BEIR folder. Without it, the handbook's."),
    ] = None,
    *,
    baseline: Annotated[
        Path | None, typer.Option(help="A former --json or --out, to compare with.", show_default=False)
    ] = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(help="Exit with 1 when a figure is lower, as in recall@5=0.9.", show_default=False),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--out", help="Also write the JSON to this file.", show_default=False)
    ] = None,
    model: ModelOption = None,
    threshold: ThresholdOption = None,
    collection: CollectionOption = None,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Measure finding and answering: recall, MRR, footnotes, right and wrong refusals."""
    if file is None and (data or collection):
        raise typer.BadParameter(
            "--data and --collection go with a FILE: without one, the handbook is asked."
        )
    limits = [parse_limit(given) for given in fail_under or []]
    former = read_baseline(baseline) if baseline else None
    gold = read_gold(file or handbook.QUESTIONS)
    # Opened first: an hour of questions must not end in a file that cannot be written.
    with written(to) if to else nullcontext() as kept:
        answering = {"model": model, "threshold": threshold}
        run = _of_handbook(gold, answering) if file is None else _of_file(gold, data, answering, collection)
        report = reports.report_of(run)
        comparison = compare(report, former) if former else None
        told = reports.as_json(report) | ({"baseline": comparison_as_json(comparison)} if comparison else {})
        if kept:
            kept.write(dumps(told, ensure_ascii=False, indent=2) + "\n")
    if json:
        as_json(told)
    else:
        for piece in drawn(report, comparison):
            out.print(piece)
    missed = broken_limits(report, limits)
    for sentence in missed:
        problem(sentence)
    if missed:
        raise typer.Exit(1)


def _of_handbook(gold: GoldSet, answering: dict[str, Any]) -> Run:
    with (
        tempfile.TemporaryDirectory(prefix="footnote-eval-") as folder,
        opened(data=Path(folder), **answering) as application,
    ):
        _add_handbook(application)
        return _asked(application, gold, None)


def _of_file(
    gold: GoldSet, data: Path | None, answering: dict[str, Any], collection: list[str] | None
) -> Run:
    with opened(data=data, **answering) as application:
        return _asked(application, gold, collection)


def _asked(application: Application, gold: GoldSet, collection: list[str] | None) -> Run:
    filters = within(collection)
    with progress("Asking", len(gold.questions)) as advance:
        return loop.run(
            run_evaluation(
                gold,
                application.knowledge_base(),
                lambda: application.chatbot(filters=filters, saved=False),
                filters=filters,
                asked=lambda: advance(""),
            )
        )


def _add_handbook(application: Application) -> None:
    """The handbook into an empty data folder. Raises `EvaluationError` when a file is refused."""
    note("Asking the questions of the handbook; name a FILE to ask your own.")
    knowledge = application.knowledge_base()
    files = handbook.documents()
    with progress("Reading the handbook", len(files)) as advance:
        for file in files:
            added = loop.run(knowledge.add_file(file))
            if added.outcome == "refused":
                raise EvaluationError(f"The handbook could not be read. {added.reason}")
            advance(file.name)


COMMANDS = [("eval", evaluate)]
