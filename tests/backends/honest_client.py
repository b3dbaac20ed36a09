"""The smallest client that makes of every case of the fault server what `CASES` says.

It shows that what is expected there can be had, and from the bytes alone.
"""

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from footnote.testing.fault_server import Expect, ProtocolName
from footnote.types import Usage

PATHS: dict[ProtocolName, str] = {
    "openai": "/v1/chat/completions",
    "anthropic": "/v1/messages",
    "ollama": "/api/chat",
}
SAID = [{"role": "user", "content": "How long may I return something?"}]
BODIES: dict[ProtocolName, dict[str, Any]] = {
    "openai": {"model": "m", "messages": SAID, "stream": True, "stream_options": {"include_usage": True}},
    "anthropic": {"model": "m", "messages": SAID, "stream": True, "max_tokens": 100},
    "ollama": {"model": "m", "messages": SAID, "truncate": False, "shift": False},
}
STOPS: dict[str, Expect] = {
    "stop": "complete", "end_turn": "complete",
    "length": "cut_short", "max_tokens": "cut_short", "model_context_window_exceeded": "cut_short",
    "content_filter": "filtered", "refusal": "filtered",
}  # fmt: skip
TOO_LONG = re.compile("context (length|size|limit)|too long", re.IGNORECASE)


class Broken(Exception):
    """The answer cannot go on, and what a client makes of that when no text has come."""

    def __init__(self, expect: Expect) -> None:
        super().__init__(expect)
        self.expect: Expect = expect


@dataclass
class Heard:
    outcome: Expect = "unreachable"
    texts: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    stop: str = ""
    ended: bool = False

    @property
    def text(self) -> str:
        return "".join(self.texts).encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    @property
    def usage(self) -> Usage | None:
        told = self.counts.get
        if "prompt_eval_count" in self.counts:
            return Usage(tokens_in=told("prompt_eval_count", 0), tokens_out=told("eval_count", 0))
        if "prompt_tokens" in self.counts:
            cached = told("cached_tokens", 0)
            return Usage(
                tokens_in=told("prompt_tokens", 0),
                tokens_out=told("completion_tokens", 0),
                tokens_cached=cached,
            )
        if "input_tokens" in self.counts:
            cached = told("cache_read_input_tokens", 0)
            return Usage(
                tokens_in=told("input_tokens", 0) + cached,
                tokens_out=told("output_tokens", 0),
                tokens_cached=cached,
            )
        return None


async def ask(base_url: str, protocol: ProtocolName, most: int = 10_000) -> Heard:
    """The answer to one question as a stream, of at `most` so many pieces; asked once again when there
    was none."""
    heard = await _once(base_url, protocol, most)
    if heard.outcome in ("busy", "unreachable"):
        heard = await _once(base_url, protocol, most)
    return heard


async def _once(base_url: str, protocol: ProtocolName, most: int) -> Heard:
    heard = Heard()
    try:
        async with (
            httpx.AsyncClient(trust_env=False, verify=False, timeout=60, follow_redirects=True) as client,
            client.stream("POST", base_url + PATHS[protocol], json=BODIES[protocol]) as response,
        ):
            if response.status_code != 200:
                raise Broken(_of_status(response.status_code, (await response.aread()).decode()))
            await _listen(response, protocol, heard, most)
        if not heard.stop:
            raise Broken("unreachable")
        heard.outcome = STOPS[heard.stop]
    except Broken as broken:
        heard.outcome = "interrupted" if heard.texts else broken.expect
    except (httpx.HTTPError, ValueError):
        heard.outcome = "interrupted" if heard.texts else "unreachable"
    return heard


def _of_status(status: int, body: str) -> Expect:
    if status == 413 or (status == 400 and TOO_LONG.search(body)):
        return "context_too_long"
    if status in (429, 503, 529) and "insufficient_quota" not in body:
        return "busy"
    return "unreachable" if status >= 499 else "refused"


async def _listen(response: httpx.Response, protocol: ProtocolName, heard: Heard, most: int) -> None:
    events = _json_lines(response) if protocol == "ollama" else _server_sent(response)
    understand = {"openai": _openai, "anthropic": _anthropic, "ollama": _ollama}[protocol]
    async for data in events:
        if heard.ended:
            continue
        if data == "[DONE]":
            heard.ended = True
            continue
        event = json.loads(data)
        if not isinstance(event, dict):
            raise Broken("unreachable")
        if event.get("error") or event.get("object") == "error" or event.get("detail"):
            raise Broken("busy" if "overloaded_error" in data else "unreachable")
        understand(event, heard)
        if len(heard.texts) > most:
            raise Broken("unreachable")


def _openai(event: dict[str, Any], heard: Heard) -> None:
    _count(event.get("usage"), heard)
    for choice in event["choices"]:
        if choice["index"] == 0:
            delta = choice["delta"]
            if delta.get("content"):
                heard.texts.append(delta["content"])
            if delta.get("refusal"):
                heard.stop = "refusal"
            heard.stop = heard.stop or choice["finish_reason"] or ""


def _anthropic(event: dict[str, Any], heard: Heard) -> None:
    heard.ended = event["type"] == "message_stop"
    if event["type"] == "message_start":
        _count(event["message"].get("usage"), heard)
    elif event["type"] == "content_block_delta" and event["delta"]["type"] == "text_delta":
        heard.texts.append(event["delta"]["text"])
    elif event["type"] == "message_delta":
        heard.stop = event["delta"]["stop_reason"]
        _count(event.get("usage"), heard)


def _ollama(event: dict[str, Any], heard: Heard) -> None:
    if event["message"]["content"]:
        heard.texts.append(event["message"]["content"])
    if event["done"]:
        heard.ended, heard.stop = True, event["done_reason"]
        _count(event, heard)


def _count(usage: dict[str, Any] | None, heard: Heard) -> None:
    counts = (usage or {}) | ((usage or {}).get("prompt_tokens_details") or {})
    heard.counts |= {name: count for name, count in counts.items() if type(count) is int}


# --- bytes to events -------------------------------------------------------------------------------


async def _json_lines(response: httpx.Response) -> AsyncIterator[str]:
    first = True
    async for line in _lines(response, re.compile(rb"\n")):
        if first and line.startswith("<"):
            raise Broken("refused")
        first = False
        if line.strip():
            yield line


async def _server_sent(response: httpx.Response) -> AsyncIterator[str]:
    data: list[str] = []
    seen = False
    async for line in _lines(response, re.compile(rb"\r\n|\n|\r")):
        if not seen and line[:1] in ("<", "{"):  # no stream at all: a page, or an error
            raise Broken("refused")
        seen = True
        if line.startswith("data:"):
            data.append(line.removeprefix("data:").removeprefix(" "))
        elif not line and data:
            yield "\n".join(data)
            data.clear()


async def _lines(response: httpx.Response, end: re.Pattern[bytes]) -> AsyncIterator[str]:
    """Each line as text. Raises `UnicodeDecodeError`, a `ValueError`."""
    tail: list[bytes] = []

    def taken(*, last: bool) -> Iterator[str]:
        # The CR of a CR LF that came apart is kept until it is known what follows.
        joined = b"".join(tail)
        held = b"\r" if joined.endswith(b"\r") and not last else b""
        *lines, rest = end.split(joined.removesuffix(held) if held else joined)
        tail[:] = [rest, held]
        for line in [*lines, rest] if last else lines:
            yield line.decode().removeprefix("\ufeff")

    async for chunk in response.aiter_bytes():
        tail.append(chunk)
        if b"\n" in chunk or b"\r" in chunk or tail[-2:-1] == [b"\r"]:
            for line in taken(last=False):
                yield line
    for line in taken(last=True):
        yield line
