"""One process that serves the page, and later the programming interface beside it. Start with `serve`.

    browser --HTTP, websocket--> uvicorn --> guard of headers --> own routes, else Streamlit
                                                                                     |
                    page.py, run anew for each click --running.the_application()--> the core

The same ASGI application also runs under `uvicorn` and `streamlit run` (see `streamlit_app.py`).
"""

import asyncio
import errno
import signal
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import streamlit
import uvicorn
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

from footnote import loop
from footnote.errors import DatabaseError, FootnoteError, SettingsError
from footnote.settings import Settings
from footnote.ui.escaping import plain
from footnote.ui.running import is_open, opened, the_application

PAGE = Path(__file__).parent / "page.py"

LARGEST_UPLOAD = 200
"""Megabytes of one file; uploads wait in memory until they are read."""

FLAGS: dict[str, Any] = {
    # These two decide whether a hundred people can watch answers being written at once.
    "runner.postScriptGC": False,
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "runner.magicEnabled": False,
    "server.maxUploadSize": LARGEST_UPLOAD,
    # In both, so that the page follows the reader's system; orange is what marks a quote.
    "theme.light.primaryColor": "#2f6690",
    "theme.light.orangeBackgroundColor": "#ffe9a8",
    "theme.dark.primaryColor": "#7fb2dd",
    "theme.dark.orangeBackgroundColor": "#6b5514",
    "theme.metricValueFontSize": "1.25rem",
    "theme.paddingTop": "3rem",
    "theme.sidebar.paddingTop": "0.5rem",
}

HEADERS = {
    # The wall behind the escaping: even a picture that slips through is not fetched.
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self'; media-src 'self' data: blob:; frame-src 'none'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'self'; worker-src 'self' blob:"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

PATIENCE_AT_SHUTDOWN = 2
"""Seconds that open connections get to end before they are cut."""


class Guard:
    """Puts `HEADERS` on every response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, guarded)


async def health(request: Request) -> JSONResponse:
    """The process is alive."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> JSONResponse:
    """Questions can be answered: the application is open and its database reads."""
    if not is_open():
        return JSONResponse({"status": "starting"}, status_code=503)
    reading = the_application().database.documents.identity()
    try:
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(reading, loop.the_loop()))
    except DatabaseError as error:
        return JSONResponse({"status": "failing", "reason": str(error)}, status_code=503)
    return JSONResponse({"status": "ready"})


def told(error: Exception) -> bool:
    """What a click or a run of the page ended in, as its sentence. Faults of ours are left to
    Streamlit, which shows no details and logs them."""
    if not isinstance(error, FootnoteError):
        return False
    streamlit.error(plain(str(error)))
    return True


ROUTES = (Route("/health", health), Route("/ready", ready))
MIDDLEWARE = (Middleware(Guard),)


def set_flags() -> None:
    """Streamlit's own settings, before anything of it runs."""
    for flag, value in FLAGS.items():
        config.set_option(flag, value)


def living(settings: Settings) -> Callable[[streamlit.App], AbstractAsyncContextManager[None]]:
    """The life of the ASGI application: the data folder is open from its start to its end, unless
    `serve` has it open already."""

    @asynccontextmanager
    async def lifespan(app: streamlit.App) -> AsyncIterator[None]:
        if is_open():
            yield
            return
        with opened(settings):
            yield

    return lifespan


def application_server(settings: Settings) -> streamlit.App:
    """The page and its routes as one ASGI application."""
    set_flags()
    return streamlit.App(
        PAGE, routes=ROUTES, middleware=MIDDLEWARE, lifespan=living(settings), on_script_error=told
    )


def serve(settings: Settings, *, open_browser: bool = False) -> None:
    """Serve until interrupted. Raises `DataInUse`, `SettingsError` for a port that cannot be had,
    and `DatabaseError`."""
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        with opened(settings), _listening(settings.host, settings.port) as listening:
            config.set_option("server.address", settings.host)
            if _is_loopback(settings.host):
                # Another site's name that is made to point at this machine must not reach the page.
                config.set_option("server.allowedHosts", ["localhost", "127.0.0.1", "::1"])
            server = _Server(_configuration(settings), settings, open_browser)
            server.run(sockets=[listening])
    except KeyboardInterrupt:
        _say("Footnote has stopped.")
    finally:
        signal.signal(signal.SIGTERM, before)


class _Server(uvicorn.Server):
    """Says where the page is once it can be opened, not before."""

    def __init__(self, configuration: uvicorn.Config, settings: Settings, open_browser: bool) -> None:
        super().__init__(configuration)
        self._settings = settings
        self._open_browser = open_browser

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.should_exit:
            return
        address = _address(self._settings)
        _say(f"Footnote is at {address}")
        _say(f"Your data is in {self._settings.data}")
        if not _is_loopback(self._settings.host):
            _say("Whoever can reach this address can read and change your documents: there is no sign-in.")
        if self._open_browser:
            await asyncio.to_thread(webbrowser.open, address)


def _configuration(settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        application_server(settings),
        lifespan="on",
        log_level="warning",
        ws="websockets-sansio",
        ws_ping_interval=30,
        ws_ping_timeout=30,
        ws_max_size=LARGEST_UPLOAD * 1024 * 1024,
        timeout_graceful_shutdown=PATIENCE_AT_SHUTDOWN,
    )


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that already has the port, so that nobody can take it while we start."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise SettingsError(
            f"`{host}` is not an address of this machine. Leave out --host (FOOTNOTE_HOST) to serve at "
            "127.0.0.1."
        ) from error
    with socket.socket(family, kind, protocol) as listening:
        if sys.platform != "win32":
            # Windows would let two servers share the port; elsewhere it frees one just left.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
        except OSError as error:
            raise SettingsError(_cannot_listen(host, port, error)) from error
        yield listening


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    instead = f"`footnote serve --port {port + 1 if port < 65535 else 8501}`, or PORT= with `make`"
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program. Choose another port: {instead}."
    if error.errno == errno.EACCES:
        return f"Port {port} needs the rights of an administrator. Choose one above 1023: {instead}."
    return f"Footnote cannot serve at {host}, port {port}: {(error.strerror or str(error)).lower()}."


def _is_loopback(host: str) -> bool:
    return host == "localhost" or host.startswith("127.") or host == "::1"


def _address(settings: Settings) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{host}:{settings.port}"


def _leave(number: int, frame: FrameType | None) -> None:
    # As Ctrl-C does, so that a container's stop closes the database too.
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - where the page is, is the output of `serve`
