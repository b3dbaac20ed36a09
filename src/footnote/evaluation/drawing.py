"""A report for the eye: bars and tables for a terminal. Read `drawn`."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from footnote.evaluation.comparison import Comparison
from footnote.evaluation.judging import CUTS, Stage, System
from footnote.evaluation.measures import Figure
from footnote.evaluation.report import (
    ANSWERS,
    BETTER_LOW,
    LAST,
    REFUSALS,
    Abstention,
    Figures,
    Group,
    Report,
    boldest,
    worst,
)
from footnote.evaluation.run import Result

BAR_CELLS = 24
MOST_MISSES = 10
MOST_BOLD = 5

SYSTEMS: dict[System, tuple[str, str]] = {
    "ours": ("ours", "cyan"),
    "words_only": ("words only", "yellow"),
    "vectors_only": ("vectors only", "magenta"),
}
CHARTED = (*(f"recall@{k}" for k in CUTS), "mrr", f"ndcg@{LAST}")
TITLES = {
    **{f"document_recall@{k}": f"document @{k}" for k in CUTS},
    "mrr": "MRR",
    f"ndcg@{LAST}": f"nDCG@{LAST}",
    "right": "right in the end",
    "exact_quote": "gold quote cited",
    "complete_quote": "every gold quote cited",
    "answer_match": "gold answer said",
    "citations_verified": "footnotes verified",
    "answered": "answerable answered",
    "right_refusals": "unanswerable declined",
    "wrong_refusals": "answerable declined",
    "answered_unanswerable": "unanswerable answered",
    "without_documents": "answered without documents",
    "failed": "model failed",
}
GROUPED = {
    "recall@1": "recall\n@1",
    f"recall@{LAST}": f"recall\n@{LAST}",
    "mrr": "MRR",
    "exact_quote": "quote\ncited",
    "wrong_refusals": "declined\nwrongly",
    "right_refusals": "declined\nrightly",
    "right": "right",
}
"""The columns of the table by kind: a terminal may be narrow."""
STAGES: dict[Stage, str] = {
    "right": "right",
    "failed": "the model failed",
    "document_not_found": "document not found",
    "passage_not_found": "document found, passage not",
    "without_documents": "answered without documents",
    "refused": "found, but declined",
    "other_sentence": "found, but another sentence quoted",
    "answered_anyway": "answered, though the documents do not tell",
}


def drawn(report: Report, comparison: Comparison | None = None) -> Iterator[RenderableType]:
    """The report from the headline to the single misses, piece by piece."""
    yield from _headline(report)
    yield _heading("Finding the passage", "a found passage holds the gold quote; 95 % intervals")
    yield _retrieval(report)
    yield from _against_words(report)
    if not report.retrieval_only:
        yield _heading("Answering", "of the questions to which each line applies")
        yield _bars(report.figures, (*ANSWERS, *REFUSALS))
    if len(report.kinds) > 1 or report.wordings:
        yield _heading("By kind of question")
        yield _by_group([*report.kinds, *report.wordings])
    if len(report.stages) > 1:
        yield _heading("Where questions are lost")
        yield _stages(report)
    if report.abstention is not None and report.abstention.thresholds:
        yield from _abstention(report.abstention)
    if comparison is not None:
        yield from _comparison(comparison)
    yield from _misses(report.results)
    if report.problems:
        yield _heading("The gold questions themselves", "these count as not found")
        yield from (Text(f"  {_plain(one)}", style="yellow") for one in report.problems)


def _headline(report: Report) -> Iterator[RenderableType]:
    answerable = sum(one.question.answerable for one in report.results)
    conditions = report.conditions
    yield Text(
        f"{_plain(report.gold)}: {len(report.results)} questions, {len(report.results) - answerable} of them "
        f"unanswerable, over {conditions.documents} documents",
        style="bold",
    )
    answers = f"answers {conditions.model} ({conditions.mode}) · " if conditions.model else ""
    yield Text(
        f"{answers}embedder {conditions.embedder} · {report.milliseconds['p50']:.0f} ms a question "
        f"(p95 {report.milliseconds['p95']:.0f} ms)",
        style="dim",
    )


def _heading(title: str, remark: str = "") -> Text:
    return Text.assemble("\n", (title, "bold underline"), (f"  {remark}" if remark else "", "dim"))


def bar(share: float, cells: int = BAR_CELLS) -> str:
    """A bar of blocks, to an eighth of a cell."""
    eighths = round(max(0.0, min(1.0, share)) * cells * 8)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (" ▏▎▍▌▋▊▉"[rest] if rest else "")


def _grid(*columns: str) -> Table:
    table = Table(
        box=None, pad_edge=False, show_header=any(columns), header_style="dim", padding=(0, 2, 0, 0)
    )
    for column in columns:
        table.add_column(column, justify="left" if column in ("", "question") else "right", no_wrap=True)
    return table


def _interval(one: Figure) -> str:
    return f"{one.low:.2f}–{one.high:.2f}"


def _retrieval(report: Report) -> Table:
    table = _grid("", "", "", "", "")
    rows: list[tuple[System, Figures]] = [("ours", report.figures), *report.plain.items()]
    for name in CHARTED:
        for place, (system, own) in enumerate(rows):
            if name not in own:
                continue
            label, colour = SYSTEMS[system]
            table.add_row(
                Text(_title(name) if place == 0 else "", style="bold"),
                Text(label, style=colour),
                Text(bar(own[name].value).ljust(BAR_CELLS), style=colour),
                Text(f"{own[name].value:.2f}", style="bold" if system == "ours" else ""),
                Text(_interval(own[name]), style="dim"),
            )
    if not report.retrieval_only:
        for name in (f"document_recall@{k}" for k in CUTS):
            if name not in report.figures:
                continue
            one = report.figures[name]
            cells = Text(bar(one.value).ljust(BAR_CELLS), style="dim cyan")
            ours = Text(SYSTEMS["ours"][0], style="dim cyan")
            table.add_row(_title(name), ours, cells, f"{one.value:.2f}", Text(_interval(one), style="dim"))
    return table


def _against_words(report: Report) -> Iterator[RenderableType]:
    own = report.differences.get("words_only", {})
    if one := own.get(f"recall@{LAST}"):
        verdict = "a clear difference" if one.clear else "may be chance"
        spread = f"{one.value:+.2f} ({one.low:+.2f} to {one.high:+.2f})"
        yield Text(f"ours less words only, recall@{LAST}: {spread}: {verdict}", style="dim")


def _bars(own: Figures, names: Iterable[str]) -> Table:
    table = _grid("", "", "", "", "")
    for name in names:
        if name not in own or (name in ("without_documents", "failed") and not own[name].value):
            continue
        one = own[name]
        colour = "red" if name in BETTER_LOW else "green"
        table.add_row(
            _title(name),
            Text(bar(one.value).ljust(BAR_CELLS), style=colour),
            f"{one.value:.2f}",
            Text(_interval(one), style="dim"),
            Text(f"of {one.count}", style="dim"),
        )
    return table


def _by_group(groups: Sequence[Group]) -> Table:
    names = [name for name in GROUPED if any(name in group.figures for group in groups)]
    table = _grid("", "questions", *(GROUPED[name] for name in names))
    for group in groups:
        cells = [f"{group.figures[name].value:.2f}" if name in group.figures else "" for name in names]
        table.add_row(escape(_plain(group.name.replace("_", " "))), str(group.count), *cells)
    return table


def _stages(report: Report) -> Table:
    table = _grid("", "", "")
    for stage, label in STAGES.items():
        if count := report.stages.get(stage, 0):
            colour = "green" if stage == "right" else "red"
            blocks = Text(bar(count / len(report.results)).ljust(BAR_CELLS), style=colour)
            table.add_row(label, blocks, str(count))
    return table


def _abstention(abstention: Abstention) -> Iterator[RenderableType]:
    separation = (
        "" if abstention.separation is None else f"separation {abstention.separation:.2f} (blind: 0.50)"
    )
    yield _heading("When to decline", separation)
    table = _grid("", "decline below", "answerable kept", "unanswerable kept", "kept without the gold")
    for row in abstention.thresholds:
        table.add_row(
            "→" if row.in_force else " ",
            f"{row.threshold:.2f}",
            *(
                "" if share is None else f"{share:.2f}"
                for share in (row.answerable, row.unanswerable, row.risk)
            ),
            style="bold" if row.in_force else "",
        )
    yield table
    if abstention.unscored:
        yield Text(
            f"{abstention.unscored} questions were not weighed and are not in this table.", style="dim"
        )


def _comparison(comparison: Comparison) -> Iterator[RenderableType]:
    yield _heading("Against the baseline", "the same questions; ● marks what chance seldom makes")
    table = _grid("", "before", "now", "change", "95 %", "")
    changed = [one for one in comparison.changes if one.now != one.before]
    for one in changed:
        colour = "green" if one.better else "red"
        table.add_row(
            _title(one.name),
            f"{one.before:.2f}",
            f"{one.now:.2f}",
            Text(f"{one.difference.value:+.2f}", style=colour),
            Text(f"{one.difference.low:+.2f} to {one.difference.high:+.2f}", style="dim"),
            Text("●" if one.difference.clear else "", style=colour),
        )
    yield table if changed else Text("No figure changed.")
    if changed and len(changed) < len(comparison.changes):
        yield Text(f"The other {len(comparison.changes) - len(changed)} figures did not change.", style="dim")
    for label, ids, colour in (("mended", comparison.mended, "green"), ("broken", comparison.broken, "red")):
        if ids:
            yield Text(_plain(f"{label}: {', '.join(ids)}"), style=colour)
    yield from (Text(_plain(one), style="yellow") for one in comparison.notices)


def _misses(results: Sequence[Result]) -> Iterator[RenderableType]:
    lists = (
        ("The worst misses", worst(results, MOST_MISSES)),
        ("Answered, though the documents do not tell", boldest(results, MOST_BOLD)),
    )
    for title, chosen in lists:
        if chosen:
            yield _heading(title)
        for one in chosen:
            yield from _miss(one)


def _miss(result: Result) -> Iterator[Text]:
    question = result.question
    asked = " → ".join([*question.history, question.question])
    yield Text.assemble((f"  {_plain(question.id)}  ", "bold"), _plain(asked))
    for evidence in question.evidence:
        quote = f"  “{_plain(_short(evidence.quote))}”" if evidence.quote else ""
        yield Text.assemble(("        expected  ", "green"), _plain(evidence.document), (quote, "dim"))
    found = ", ".join(result.found[:3]) or "nothing"
    known = [STAGES[result.stage]] if question.answerable else []
    known += [] if result.evidence_score is None else [f"evidence {result.evidence_score:.2f}"]
    yield Text.assemble(
        ("        found     ", "red"), _plain(found), (f"  ({', '.join(known)})" if known else "", "dim")
    )
    if result.state == "answered":
        yield Text.assemble(("        answered  ", "red"), (_plain(_short(result.answer)), "dim"))
    if result.reason:
        yield Text.assemble(("        reason    ", "red"), _plain(_short(result.reason)))


def _title(name: str) -> str:
    return TITLES.get(name, name.replace("_", " "))


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 110 else flat[:109] + "…"


def _plain(text: str) -> str:
    """Without control characters: a gold file or a document must not steer the terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
