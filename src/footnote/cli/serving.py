"""`serve` and `demo`: the chat page, and the chat page with the handbook already in it."""

import json
from http.client import HTTPConnection, HTTPException
from typing import Annotated

import typer

from footnote import handbook, loop
from footnote.cli.documents import Offered, add_all
from footnote.cli.output import note, say
from footnote.cli.session import DataOption, ModelOption, opened
from footnote.errors import DataInUse, MissingExtra
from footnote.settings import load

HANDBOOK_COLLECTION = "handbook"

HostOption = Annotated[str | None, typer.Option(help="The address to serve at (FOOTNOTE_HOST).")]
PortOption = Annotated[int | None, typer.Option(help="The port to serve at (FOOTNOTE_PORT).")]
OpenOption = Annotated[bool, typer.Option("--open", help="Open the page in your browser.")]


def serve(
    host: HostOption = None,
    port: PortOption = None,
    open_browser: OpenOption = False,
    model: ModelOption = None,
    data: DataOption = None,
) -> None:
    """Serve the chat page, on this machine only unless told otherwise."""
    try:
        from footnote.ui.server import serve as serve_page  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"The chat page needs the package `{error.name}`: pip install '.[ui]' in Footnote's folder. "
            "Without it, `footnote ask` and `footnote chat` work in the terminal."
        ) from error
    settings = load(host=host, port=port, model=model, data=data)
    try:
        serve_page(settings, open_browser=open_browser)
    except DataInUse as error:
        running = page_at(settings.host, settings.port)
        raise DataInUse(f"{error} A page is open at {running}." if running else str(error)) from error


def page_at(host: str, port: int) -> str:
    """The address of a page of Footnote's that answers there; empty when none does."""
    connection = HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/ready")
        ours = json.load(connection.getresponse()) == {"status": "ready"}
    except (OSError, HTTPException, ValueError):
        return ""
    finally:
        connection.close()
    return f"http://{f'[{host}]' if ':' in host else host}:{port}" if ours else ""


def demo(
    host: HostOption = None,
    port: PortOption = None,
    open_browser: OpenOption = False,
    model: ModelOption = None,
    data: DataOption = None,
) -> None:
    """Serve the chat page with the handbook of a made-up company in it, in a data folder of its own."""
    # A made-up company's answers must not stand among the user's own.
    data = data or load().data / "demo"
    with opened(data=data) as application:
        if not loop.run(application.knowledge_base().documents(HANDBOOK_COLLECTION)):
            note("Reading the handbook of a made-up company; the first time takes a moment.")
        offered = [Offered(path, path.name) for path in handbook.documents()]
        outcomes = add_all(application, offered, HANDBOOK_COLLECTION, quiet=True)
        say(f"The handbook is in: {sum(outcomes.values())} documents.")
    serve(host=host, port=port, open_browser=open_browser, model=model, data=data)


COMMANDS = [serve, demo]
