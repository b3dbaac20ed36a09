"""`ask` and `chat`: one answer, or a conversation, in the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, assert_never

import typer
from rich.markup import escape

from footnote import loop
from footnote.chatbot import Chatbot
from footnote.cli.documents import passage_as_json
from footnote.cli.output import as_json, note, out, printable, problem, say
from footnote.cli.session import (
    CollectionOption,
    DataOption,
    JsonOption,
    ModelOption,
    ThresholdOption,
    opened,
    within,
)
from footnote.errors import BackendError, FootnoteError
from footnote.events import (
    CitationChecked,
    Notice,
    PassagesFound,
    QuestionRewritten,
    TextAdded,
    TurnEnded,
    TurnStarted,
)
from footnote.types import LOCAL, Answer, Citation, Verdict

VERDICTS: dict[Verdict, tuple[str, str]] = {
    "verified": ("✓", "green"),
    "partial": ("~", "yellow"),
    "unsupported": ("✗", "red"),
    "unknown_source": ("?", "red"),
}


def ask(
    question: Annotated[str, typer.Argument(help="Your question.")],
    *,
    model: ModelOption = None,
    threshold: ThresholdOption = None,
    collection: CollectionOption = None,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Answer one question. Exit code 0 answered, 3 declined, above 3 an error."""
    with opened(data=data, model=model, threshold=threshold) as application:
        bot = loop.run(application.chatbot(filters=within(collection), saved=False))
        if json:
            answer = bot.ask(question)
            as_json(answer_as_json(answer))
        else:
            answer = _told(bot, question)
    if answer.outcome == "declined":
        raise typer.Exit(3)


def chat(
    go_on: Annotated[bool, typer.Option("--continue", help="Go on with the latest conversation.")] = False,
    model: ModelOption = None,
    threshold: ThresholdOption = None,
    collection: CollectionOption = None,
    data: DataOption = None,
) -> None:
    """Talk about your documents; the conversation is remembered. /new begins another, /quit leaves."""
    with opened(data=data, model=model, threshold=threshold) as application:
        saved = loop.run(application.database.conversations.conversations(LOCAL)) if go_on else ()
        latest = saved[0] if saved else None
        bot = loop.run(application.chatbot(latest.id if latest else None, filters=within(collection)))
        if go_on:
            note(
                f"Going on with: {latest.title}"
                if latest
                else "There is no conversation yet; this is the first."
            )
        note("Ask about your documents. /new begins another conversation, /quit leaves.")
        for line in _typed():
            if line == "/new":
                note(bot.reset())
                continue
            try:
                _told(bot, line)
            except AlreadyTold:
                continue
            except FootnoteError as error:
                # One failed turn does not end a conversation.
                problem(str(error))


def _typed() -> Iterator[str]:
    while True:
        try:
            line = out.input("\n[bold cyan]you ›[/] ").strip()
        except EOFError:
            return
        if line in ("/quit", "/exit", "/q"):
            return
        if line:
            yield line


class AlreadyTold(typer.Exit):
    """A turn ended with an error that stands on the screen already."""


def _told(bot: Chatbot, question: str) -> Answer:
    """Print a turn as it happens, then its footnotes. Raises `AlreadyTold`."""
    ended: Answer | None = None
    with _line_ended(), _said_once() as notices:
        for event in loop.iterate(bot.stream(question)):
            match event:
                case QuestionRewritten(question=rewritten):
                    note(f"looked up as: {rewritten}")
                case TextAdded(text=text):
                    out.print(escape(printable(text)), end="")
                case Notice(text=text):
                    notices.add(text)
                    note(text)
                case TurnEnded(answer=answer):
                    ended = answer
                case TurnStarted() | PassagesFound() | CitationChecked():
                    pass
                case _:
                    assert_never(event)
    if ended is None:
        raise BackendError("The turn ended without an answer.")
    footnotes(ended.citations)
    return ended


@contextmanager
def _said_once() -> Iterator[set[str]]:
    notices: set[str] = set()
    try:
        yield notices
    except FootnoteError as error:
        if str(error) in notices:
            raise AlreadyTold(4) from error
        raise


@contextmanager
def _line_ended() -> Iterator[None]:
    try:
        yield
    finally:
        out.print()


def footnotes(citations: tuple[Citation, ...]) -> None:
    """A line for each footnote: its verdict, where it stands, and the quote."""
    if citations:
        out.print()
    for one in citations:
        symbol, colour = VERDICTS[one.verdict]
        page = f", page {one.page}" if one.page else ""
        where = f"{escape(printable(one.document))}{page}"
        out.print(f"[{colour}]{symbol} {one.verdict}[/] [bold]\\[{one.marker}][/] {where}")
        say(f"    “{' '.join(one.quote.split())}”", style="dim")


def answer_as_json(answer: Answer) -> dict[str, object]:
    """The object of `ask --json`. Its keys are stable."""
    return {
        "answer": answer.text,
        "outcome": answer.outcome,
        "basis": answer.basis,
        "model": answer.model,
        "rewritten_question": answer.rewritten_question,
        "citations": [
            {
                "marker": one.marker,
                "document": one.document,
                "page": one.page,
                "start": one.start,
                "end": one.end,
                "quote": one.quote,
                "verdict": one.verdict,
            }
            for one in answer.citations
        ],
        "passages": [passage_as_json(passage) for passage in answer.passages],
        "evidence": round(answer.evidence.score, 4) if answer.evidence else None,
        "notices": list(answer.notices),
        "usage": {"tokens_in": answer.usage.tokens_in, "tokens_out": answer.usage.tokens_out},
        "timings_ms": answer.timings_ms,
    }


COMMANDS = [ask, chat]
