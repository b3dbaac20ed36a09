"""The command line: thin translators of the library's calls and events. Start with `main`.

Exit codes: 0 done or answered, 1 something was refused, 2 wrong usage, 3 declined for lack of
evidence or nothing found, 4 an error with a sentence, 130 interrupted.
"""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from footnote.cli import asking, documents, evaluating, serving, upkeep
from footnote.cli.output import problem, say
from footnote.errors import FootnoteError

INTERRUPTED = 130

app = typer.Typer(
    name="footnote",
    help="Answers from your own documents, with every footnote checked against the source.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (serving, documents, asking, evaluating, upkeep):
    for command in group.COMMANDS:
        app.command()(command) if not isinstance(command, tuple) else app.command(command[0])(command[1])


def _show_version(wanted: bool) -> None:
    if wanted:
        say(f"footnote {version('footnote-chat')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and leave.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line. Our own errors are one sentence on standard error, never a traceback."""
    try:
        app(standalone_mode=True)
    except FootnoteError as error:
        problem(str(error))
        sys.exit(4)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            problem("Stopped. Whatever was finished before is kept.")
        raise
