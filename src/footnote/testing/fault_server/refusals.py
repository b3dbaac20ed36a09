"""What happens in place of an answer: errors by their status, and the same disguised as success."""

import time
from email.utils import formatdate
from typing import cast

from footnote.testing.fault_server.faults import OVERLOADED, happy
from footnote.testing.fault_server.openai import OpenAI
from footnote.testing.fault_server.wire import Wire

PAGE = b"<!doctype html><html><head><title>%b</title></head><body><h1>%b</h1></body></html>"
QUEUE_FULL = "server busy, please try again.  maximum pending requests exceeded"
PULL_FIRST = 'model "{model}" not found, try pulling it first'


async def status(wire: Wire, code: int, *, said: str = "", **headers: str) -> None:
    said = said or f"The request failed with status {code}."
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    await wire.refuse(wire.dialect.problem(code, said), named)


async def page(wire: Wire, code: int = 200) -> None:
    """From a machine in between, which knows nothing of any protocol."""
    title = b"Sign in" if code == 200 else b"%d" % code
    await wire.reply(code, PAGE % (title, title), media_type="text/html; charset=utf-8")


async def error_as_success(wire: Wire, *, called: str) -> None:
    problem = wire.dialect.problem(401, "The key is not valid.")
    await wire.reply(200, problem.body, media_type=called)


async def retry_after(wire: Wire, code: int, seconds: int, *, unit: str = "") -> None:
    """`unit` is nothing for seconds, or `ms`, `date`, `minus`."""
    headers = {
        "": {"retry-after": str(seconds)},
        "ms": {"retry-after-ms": str(seconds)},
        "date": {"retry-after": formatdate(time.time() + seconds, usegmt=True)},
        "minus": {"retry-after": f"-{seconds}"},
    }
    await wire.refuse(wire.dialect.problem(code, "Too many requests."), headers[unit])


async def model_missing(wire: Wire, *, said: str = "") -> None:
    problem = wire.dialect.model_missing()
    if said:
        problem = wire.dialect.problem(404, said.format(model=wire.dialect.model))
    await wire.refuse(problem)


async def prompt_filtered(wire: Wire) -> None:
    problem = cast(OpenAI, wire.dialect).problem(400, "The prompt was filtered.", "content_filter")
    await wire.refuse(problem)


async def out_of_quota(wire: Wire) -> None:
    await wire.refuse(wire.dialect.out_of_quota())


async def too_long(wire: Wire, wording: int) -> None:
    await wire.refuse(wire.dialect.too_long(wording))


async def fail_then_succeed(wire: Wire, failures: int) -> None:
    await (status(wire, 503, said=OVERLOADED) if wire.attempt <= failures else happy(wire))


async def drop_then_succeed(wire: Wire, failures: int) -> None:
    await (wire.reset() if wire.attempt <= failures else happy(wire))
