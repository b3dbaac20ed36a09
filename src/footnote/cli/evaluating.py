"""`eval`: how well it finds and answers, on your gold questions or on the handbook's."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from footnote import handbook, loop
from footnote.assemble import Application
from footnote.cli.output import as_json, err, note, out, problem
from footnote.cli.session import CollectionOption, DataOption, JsonOption, ModelOption, opened, within
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

HANDBOOK = Path(handbook.__file__).parent


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
    gold = read_gold(file or HANDBOOK / "questions.jsonl")
    if file is None:
        with (
            tempfile.TemporaryDirectory(prefix="footnote-eval-") as folder,
            opened(data=Path(folder), model=model) as application,
        ):
            _add_handbook(application)
            run = _asked(application, gold, None)
    else:
        with opened(data=data, model=model) as application:
            run = _asked(application, gold, collection)
    report = reports.report_of(run)
    comparison = compare(report, former) if former else None
    told = reports.as_json(report) | ({"baseline": comparison_as_json(comparison)} if comparison else {})
    if to:
        to.write_text(dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
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


def _asked(application: Application, gold: GoldSet, collection: list[str] | None) -> Run:
    filters = within(collection)
    with _progress("Asking", len(gold.questions)) as advance:
        return loop.run(
            run_evaluation(
                gold,
                application.knowledge_base(),
                lambda: application.chatbot(filters=filters, saved=False),
                filters=filters,
                asked=advance,
            )
        )


def _add_handbook(application: Application) -> None:
    """The handbook into an empty data folder. Raises `EvaluationError` when a file is refused."""
    note("Asking the questions of the handbook; name a FILE to ask your own.")
    knowledge = application.knowledge_base()
    files = [one for one in sorted((HANDBOOK / "documents").iterdir()) if not one.name.startswith((".", "_"))]
    with _progress("Reading the handbook", len(files)) as advance:
        for file in files:
            added = loop.run(knowledge.add_file(file))
            if added.outcome == "refused":
                raise EvaluationError(f"The handbook could not be read. {added.reason}")
            advance()


@contextmanager
def _progress(label: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on standard error, on a terminal only."""
    columns = (
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as progress:
        task = progress.add_task(label, total=total)
        yield lambda: progress.advance(task)


COMMANDS = [("eval", evaluate)]
