"""`ask` and `chat`: one answer, or a conversation, in the terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, assert_never

import typer
from rich.markup import escape

from footnote import loop
from footnote.chatbot import Chatbot
from footnote.cli.documents import passage_as_json
from footnote.cli.output import as_json, err, note, out, printable, problem, say
from footnote.cli.session import (
    CollectionOption,
    DataOption,
    JsonOption,
    ModelOption,
    ThresholdOption,
    no_documents,
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

CLOSEST = 3
"""Passages named after a question was declined."""
FIRST_WORDS = 80
"""Characters of each."""

LEAVING = ("/quit", "/exit", "/q")
COMMANDS_IN_CHAT = {
    "/new": "begin another conversation; this one is kept",
    "/help": "show these lines",
    "/quit": "leave; so do /exit, /q and the end of the input",
}


def ask(
    question: Annotated[list[str], typer.Argument(help="Your question, in quotes or without.")],
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
            answer = bot.ask(" ".join(question))
            as_json(answer_as_json(answer))
        else:
            answer = _told(bot, " ".join(question))
            _point_on(answer, collection)
    if answer.outcome == "declined":
        raise typer.Exit(3)


def chat(
    go_on: Annotated[bool, typer.Option("--continue", help="Go on with the latest conversation.")] = False,
    model: ModelOption = None,
    threshold: ThresholdOption = None,
    collection: CollectionOption = None,
    data: DataOption = None,
) -> None:
    """Talk about your documents; the conversation is remembered. /help shows what else can be typed."""
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
        note("Ask about your documents. /new begins another conversation, /quit leaves, /help tells more.")
        for line in _typed():
            if _is_command(line):
                _obey(line.split(maxsplit=1)[0], bot)
                continue
            try:
                _point_on(_told(bot, line), collection)
                if not sys.stdin.isatty():
                    out.print()
            except AlreadyTold:
                continue
            except FootnoteError as error:
                # One failed turn does not end a conversation.
                problem(str(error))


def _typed() -> Iterator[str]:
    while True:
        try:
            line = _line().strip()
        except EOFError:
            return
        if line in LEAVING:
            return
        if line:
            yield line


def _line() -> str:
    """What is typed next. A pipe is not prompted: the answers would stand behind the prompts."""
    if not sys.stdin.isatty():
        return input()
    return (out if out.is_terminal else err).input("\n[bold cyan]you ›[/] ")


def _is_command(line: str) -> bool:
    """A path such as /etc/hosts is none; a mistyped one is, lest it be asked."""
    return line.startswith("/") and "/" not in line.split(maxsplit=1)[0][1:]


def _obey(command: str, bot: Chatbot) -> None:
    if command == "/new":
        bot.reset()
        note("Started a new conversation; the old one is kept.")
    elif command == "/help":
        for name, does in COMMANDS_IN_CHAT.items():
            note(f"{name:<6} {does}")
    else:
        note(f"There is no command {command}. /help shows those there are.")


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


def _point_on(answer: Answer, collections: list[str] | None) -> None:
    """After a declined question: what came closest, or how to get something to ask about."""
    if answer.outcome != "declined":
        return
    if not answer.passages:
        note(no_documents(collections))
        return
    note("The closest passages (`footnote search` shows them whole):")
    for passage in answer.passages[:CLOSEST]:
        page = f", page {passage.chunk.page}" if passage.chunk.page else ""
        note(f"  {passage.document}{page}: {_first_words(passage.chunk.text)}")


def _first_words(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= FIRST_WORDS else flat[:FIRST_WORDS].rsplit(" ", 1)[0] + " …"


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
