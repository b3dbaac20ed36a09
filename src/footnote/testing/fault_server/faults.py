"""What happens to answers: short functions over a `Wire`, written once for all protocols.

A whole number in the name of a case is the argument of its function. `cases.py` is the list,
`refusals.py` has what happens in place of an answer.
"""

import asyncio
from dataclasses import replace
from typing import Any, cast

from footnote.testing.fault_server.anthropic import Anthropic
from footnote.testing.fault_server.dialect import Counting, Event, Stop
from footnote.testing.fault_server.ollama import Ollama
from footnote.testing.fault_server.openai import OpenAI
from footnote.testing.fault_server.wire import Wire

OVERLOADED = "The server is overloaded."
FLAT = {"object": "error", "message": OVERLOADED, "type": "InternalServerError", "code": 500}
BROKEN_JSON = b'{"choices": [{"delta": {"content": "'
NOT_UTF_8 = b'{"content": "\xff\xfe\xc3"}'

HOSTILE = {
    "line-separators": ("one\u2028", "two\u2029", "three\x85", "four"),
    "lone-surrogates": ("half \ud83d", " a character", " \ude42"),
    "split-surrogates": ("a smile: ", "\ud83d", "\ude42", "."),
    "nul": ("before\x00", "after"),
    "terminal-escapes": ("\x1b[2J\x1b[31m", "red", "\x1b]0;title\x07"),
    "direction-overrides": ("file\u202e", "fdp.exe", "\u202c\u200b."),
    "markdown-picture": ("Look: ", "![a picture]({url}/picture.png?q=secret)", " [link]({url}/link)."),
    "html-text": ("<script>fetch('{url}/script')</script>", "<img src=x onerror=alert(1)>", " <b>bold</b>"),
}
"""Texts by their case; `{url}` in them is its address at this server."""


async def happy(wire: Wire) -> None:
    await wire.begin()
    await wire.say()
    await wire.finish()


# --- connections -----------------------------------------------------------------------------------


async def never_reached(wire: Wire) -> None:
    """For cases that happen before there is a request; here somebody came by another address."""
    await wire.reply(421, {"error": f"{wire.recorded.case} happens at the address that base_url gives"})


async def reset_before_headers(wire: Wire) -> None:
    await wire.reset()


async def no_headers(wire: Wire) -> None:
    await wire.stall()


async def late_headers(wire: Wire) -> None:
    await asyncio.sleep(wire.pace.first_token)
    await happy(wire)


async def late_text(wire: Wire) -> None:
    await wire.begin()
    await asyncio.sleep(wire.pace.first_token)
    await wire.say()
    await wire.finish()


async def headers_then_close(wire: Wire) -> None:
    if wire.dialect.streamed:
        await wire.head()
    else:
        await wire.half(b"{}")
    wire.hang_up()


async def cut(wire: Wire, after: int) -> None:
    await wire.partly(after)
    wire.hang_up()


async def unframed(wire: Wire) -> None:
    wire.framed = False
    await happy(wire)


async def unframed_cut(wire: Wire, after: int) -> None:
    wire.framed = False
    await cut(wire, after)


async def reset(wire: Wire, after: int) -> None:
    await wire.partly(after)
    await wire.reset()


async def stall(wire: Wire, after: int) -> None:
    await wire.partly(after)
    await wire.stall()


async def at_most_at_once(wire: Wire, places: int) -> None:
    async with wire.gate(places):
        wire.gap = 0.01
        await happy(wire)


async def redirect(wire: Wire) -> None:
    rest = wire.recorded.path.split("/", 2)[2]
    elsewhere = wire.url.replace("127.0.0.1", "localhost")
    await wire.reply(307, b"", {"location": f"{elsewhere}/happy/{rest}"}, "text/plain")


# --- ends of a stream ------------------------------------------------------------------------------


async def no_end(wire: Wire, after: int) -> None:
    await wire.begin()
    await wire.say(after)
    await wire.end_body()


async def no_end_mark(wire: Wire) -> None:
    await wire.begin()
    await wire.say()
    wire.recorded.usage = wire.dialect.reported()
    await wire.end_body(*wire.dialect.closing("end"))


async def no_stop_reason(wire: Wire) -> None:
    await wire.begin()
    await wire.say()
    await wire.end_body(*wire.dialect.end())


async def text_after_end(wire: Wire) -> None:
    await wire.begin()
    await wire.say()
    wire.over, wire.recorded.usage = True, wire.dialect.reported()
    late = wire.dialect.text(" and something else")
    await wire.events(*wire.dialect.closing("end"), *wire.dialect.end())
    await wire.end_body(*late, *late)


async def stopped(wire: Wire, after: int, *, stop: Stop) -> None:
    await wire.begin()
    await wire.say(after)
    await wire.finish(stop)


async def empty(wire: Wire) -> None:
    await wire.begin()
    await wire.finish()


async def refusal_text(wire: Wire) -> None:
    dialect = cast(OpenAI, wire.dialect)
    await wire.begin()
    for piece in ("I can", "not help", " with that."):
        await wire.events(*dialect.refusal(piece))
    await wire.finish()


async def reasoning(wire: Wire, *, answered: bool = True) -> None:
    await wire.begin()
    for word in ("Let", " me", " think", " of", " it."):
        await wire.think(word)
    if isinstance(wire.dialect, Anthropic):
        await wire.events(wire.dialect.signature())
    await wire.say(None if answered else 0)
    await wire.finish("end" if answered else "length")


# --- errors and nonsense in a stream ---------------------------------------------------------------


async def error(wire: Wire, after: int, *, body: Any = None) -> None:
    """In the protocol's own shape, or as `body`."""
    await wire.partly(after)
    await wire.end_body(wire.dialect.failure(OVERLOADED) if body is None else Event(body))


async def overloaded(wire: Wire) -> None:
    await wire.begin()
    await wire.end_body(cast(Anthropic, wire.dialect).failure(OVERLOADED, "overloaded_error"))


async def nonsense(wire: Wire, after: int, *, data: bytes) -> None:
    """An event that cannot be understood, and then the rest as if nothing was."""
    if not wire.dialect.streamed:
        await wire.reply(200, data)
        return
    await wire.begin()
    await wire.say(after)
    [*_, event] = wire.dialect.text("")
    await wire.events(Event(data, event.name))
    for word in wire.words[after + 1 :]:
        await wire.events(*wire.dialect.text(word))
    await wire.finish()


# --- the same, spelled otherwise -------------------------------------------------------------------


async def spelled(wire: Wire, **spelling: Any) -> None:
    wire.spelling = replace(wire.spelling, **spelling)
    await happy(wire)


async def byte_order_mark(wire: Wire) -> None:
    await wire.head()
    await wire.raw(b"\xef\xbb\xbf" + wire.encoded(*wire.dialect.opening()))
    await wire.say()
    await wire.finish()


async def as_type(wire: Wire, *, media_type: str) -> None:
    wire.media_type = media_type
    await happy(wire)


async def gzip(wire: Wire) -> None:
    wire.gzip = True
    await happy(wire)


async def gzip_cut(wire: Wire, after: int) -> None:
    """The compressed data stops in the middle, in a body that ends in good order."""
    wire.gzip = True
    await wire.begin()
    await wire.say(after)
    wire.over = True
    data = wire.encoded(*wire.dialect.text(wire.words[after]))
    await wire.raw(data[: len(data) // 2], last=True)


async def every_word(wire: Wire, *, before: str) -> None:
    """Something to be skipped before each word: the method of the dialect that makes it."""
    await wire.begin()
    for _ in wire.words:
        await wire.events(getattr(wire.dialect, before)())
        await wire.say(1)
    await wire.finish()


async def missing_start(wire: Wire) -> None:
    await wire.begin(opened=False)
    await wire.say()
    await wire.finish()


async def repeated_start(wire: Wire) -> None:
    await wire.begin()
    await wire.say(3)
    await wire.events(*wire.dialect.opening())
    await wire.say()
    await wire.finish()


async def late_block(wire: Wire) -> None:
    """The first words come before the start of the block that they are in."""
    dialect = cast(Anthropic, wire.dialect)
    await wire.begin()
    started = dialect.open_block("text", text="")
    await wire.say(3)
    await wire.events(*started)
    await wire.say()
    await wire.finish()


async def several_blocks(wire: Wire) -> None:
    dialect = cast(Anthropic, wire.dialect)
    await wire.begin()
    for _ in range(3):
        await wire.say(4)
        await wire.events(*dialect.close_block())
    await wire.say()
    await wire.finish()


async def second_choice(wire: Wire) -> None:
    dialect = cast(OpenAI, wire.dialect)
    await wire.begin()
    for _ in wire.words:
        await wire.say(1)
        await wire.events(dialect.delta({"content": " otherwise"}, index=1))
    await wire.finish()


async def citations(wire: Wire) -> None:
    dialect = cast(Anthropic, wire.dialect)
    await wire.begin()
    await wire.say(4)
    for _ in range(2):
        await wire.events(*dialect.close_block(), *dialect.open_block("text", text="", citations=[]))
        await wire.say(4)
        await wire.events(dialect.citation())
        await wire.events(*dialect.close_block())
    await wire.say()
    await wire.finish()


# --- much, slow, hostile ---------------------------------------------------------------------------


async def tokens_per_second(wire: Wire, rate: int) -> None:
    wire.gap = 1 / rate
    await happy(wire)


async def endless(wire: Wire, rate: int) -> None:
    wire.gap = 1 / rate
    await wire.begin()
    while True:
        await wire.say(1)


async def flood(wire: Wire, tokens: int) -> None:
    await wire.begin()
    for start in range(0, tokens, 1000):
        await wire.text(" word" * min(1000, tokens - start))
    wire.dialect.tokens_out = tokens
    await wire.finish()


async def long_line(wire: Wire, megabytes: int) -> None:
    await saying(wire, pieces=("x" * (megabytes * 1_000_000),))


async def hostile(wire: Wire) -> None:
    """The text of this case in `HOSTILE` in place of the words."""
    await saying(wire, pieces=HOSTILE[wire.recorded.case])


async def saying(wire: Wire, *, pieces: tuple[str, ...]) -> None:
    await wire.begin()
    for piece in pieces:
        await wire.text(piece.replace("{url}", f"{wire.url}/{wire.recorded.case}"))
    await wire.finish()


# --- tokens ----------------------------------------------------------------------------------------


async def counted(wire: Wire, *, counting: Counting) -> None:
    wire.dialect.counting = counting
    await happy(wire)


async def cached(wire: Wire) -> None:
    wire.dialect.tokens_cached = wire.dialect.tokens_in // 2
    await happy(wire)


async def truncating(wire: Wire, *, parts: int) -> None:
    """Every prompt is too long. Unless told not to, the server cuts it to a part of the window."""
    dialect = cast(Ollama, wire.dialect)
    if dialect.body.get("truncate") is False and dialect.body.get("shift") is False:
        await wire.refuse(dialect.too_long(1))
        return
    dialect.tokens_in = dialect.window // parts - 1
    await happy(wire)
