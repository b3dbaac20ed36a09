"""The list of cases, and what an honest client makes of each."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Literal

# Not `from … import faults`: the package itself imports this file.
import footnote.testing.fault_server.faults as faults  # noqa: PLR0402
import footnote.testing.fault_server.refusals as refusals  # noqa: PLR0402
from footnote.testing.fault_server.dialect import ProtocolName

Expect = Literal[
    "complete",
    "cut_short",
    "filtered",
    "interrupted",
    "refused",
    "busy",
    "unreachable",
    "context_too_long",
]
"""What an honest client makes of an answer for which it asked as a stream.

- complete: the text is whole, and nothing else is in it
- cut_short: the model stopped at a limit of length; the text is kept and said to be unfinished
- filtered: the provider's filter or the model refused to go on
- interrupted: some text came and then the stream broke; it is kept, and never called complete
- refused: no answer, and asking again does not help
- busy: no answer; asking again later helps
- unreachable: no answer; asking again may help
- context_too_long: the prompt does not fit the model

Asked for an answer in one piece, a client has nothing to keep: then interrupted means unreachable.
"""

EVERYONE: tuple[ProtocolName, ...] = ("openai", "anthropic", "ollama")
OPENAI: tuple[ProtocolName, ...] = ("openai",)
ANTHROPIC: tuple[ProtocolName, ...] = ("anthropic",)
OLLAMA: tuple[ProtocolName, ...] = ("ollama",)
HOSTED = OPENAI + ANTHROPIC
"""Those that stream server-sent events."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A thing that happens to answers. Whole numbers in its name may be others."""

    name: str
    number: int
    """Of the fault, 1 to 39; some faults have several cases. 2, an answer in one piece, is every case
    asked for without a stream; 39, who hung up when, is recorded in every case."""
    expect: Expect
    happens: str
    """One sentence."""
    play: Callable[..., Awaitable[None]]
    """Takes the `Wire` and the numbers of the name."""
    protocols: tuple[ProtocolName, ...] = EVERYONE
    streams_only: bool = False
    everywhere: bool = False
    """Also where a server tells of itself and its models; other cases happen to answers alone."""


def _case(
    number: int,
    name: str,
    expect: Expect,
    play: Callable[..., Awaitable[None]],
    happens: str,
    *,
    on: tuple[ProtocolName, ...] = EVERYONE,
    streams_only: bool = False,
    everywhere: bool = False,
) -> Case:
    return Case(
        name=name, number=number, expect=expect, play=play, happens=happens, protocols=on,
        streams_only=streams_only, everywhere=everywhere,
    )  # fmt: skip


_stream = partial(_case, streams_only=True)
_server = partial(_case, everywhere=True)

# fmt: off
_ALL = (
    _case(1, "happy", "complete", faults.happy,
          "The whole answer."),
    _server(3, "no-server", "unreachable", faults.never_reached,
          "Nobody listens at this address."),
    _server(4, "reset-before-headers", "unreachable", faults.reset_before_headers,
          "The connection breaks (RST) when the request has been read."),
    _server(5, "no-headers", "unreachable", faults.no_headers,
          "No byte comes for the time of a stall; then the connection breaks."),
    _stream(5, "slow-first-token", "complete", faults.late_text,
          "The head comes at once, the first text after the time of a first token."),
    _case(6, "headers-then-close", "unreachable", faults.headers_then_close,
          "The head comes, then the connection ends (FIN)."),
    _case(7, "cut-after-3", "interrupted", faults.cut,
          "The connection ends (FIN) after 3 pieces."),
    _stream(7, "unframed", "complete", faults.unframed,
          "The body has neither length nor chunks: it ends with the connection."),
    _stream(7, "unframed-cut-after-3", "interrupted", faults.unframed_cut,
          "Such a body ends after 3 pieces, which looks like a good end."),
    _case(8, "reset-after-3", "interrupted", faults.reset,
          "The connection breaks (RST) after 3 pieces."),
    _stream(9, "no-end-after-3", "interrupted", faults.no_end,
          "The stream ends in good order after 3 pieces, but without its mark of the end."),
    _stream(9, "no-end-mark", "complete", faults.no_end_mark,
          "All text and the reason of the stop come, but no mark of the end.", on=HOSTED),
    _stream(9, "no-stop-reason", "interrupted", faults.no_stop_reason,
          "All text and the mark of the end come, but not why the model stopped.", on=HOSTED),
    _case(10, "stall-after-3", "interrupted", faults.stall,
          "After 3 pieces nothing comes for the time of a stall; then the connection breaks."),
    _stream(11, "endless-20-per-second", "interrupted", faults.endless,
          "20 pieces a second, and no end: the client has to stop it."),
    _stream(12, "error-after-3", "interrupted", faults.error,
          "After 3 pieces comes an error in the protocol's own shape."),
    _stream(12, "error-text-after-3", "interrupted", partial(faults.error, body={"error": faults.OVERLOADED}),
          "The error is a string.", on=OPENAI),
    _stream(12, "error-flat-after-3", "interrupted", partial(faults.error, body=faults.FLAT),
          "The error is the event itself, as vLLM has it.", on=OPENAI),
    _stream(12, "error-detail-after-3", "interrupted", partial(faults.error, body={"detail": "…"}),
          "The error is a detail, as FastAPI has it.", on=OPENAI),
    _stream(12, "overloaded-in-stream", "busy", faults.overloaded,
          "The status is 200, and the first event says that the server is overloaded.", on=ANTHROPIC),
    _case(13, "bad-json-after-3", "interrupted", partial(faults.nonsense, data=faults.BROKEN_JSON),
          "After 3 pieces comes an event that is no JSON, then the rest."),
    _case(13, "null-after-3", "interrupted", partial(faults.nonsense, data=b"null"),
          "After 3 pieces comes an event that is JSON, but no object, then the rest."),
    _case(13, "bad-bytes-after-3", "interrupted", partial(faults.nonsense, data=faults.NOT_UTF_8),
          "After 3 pieces comes an event that is not UTF-8, then the rest."),
    _server(14, "html-instead", "refused", refusals.page,
          "A page to sign in, with status 200: the address is not that of a model."),
    _case(15, "error-as-success", "refused", partial(refusals.error_as_success, called="application/json"),
          "An error about the key, as JSON with status 200.", on=HOSTED),
    _case(15, "error-as-text", "refused", partial(refusals.error_as_success, called="text/plain"),
          "The same, called plain text.", on=HOSTED),
    _stream(15, "wrong-content-type", "complete", partial(faults.as_type, media_type="text/plain"),
          "The whole answer, called plain text."),
    _case(16, "every-byte", "complete", partial(faults.spelled, bytewise=True),
          "Every byte comes alone, also within a character."),
    _stream(16, "crlf", "complete", partial(faults.spelled, newline=b"\r\n"),
          "Lines end in CR LF."),
    _stream(16, "cr", "complete", partial(faults.spelled, newline=b"\r"),
          "Lines end in CR alone.", on=HOSTED),
    _stream(16, "comments", "complete", partial(faults.spelled, comments=True),
          "A comment comes before each event.", on=HOSTED),
    _stream(16, "blank-lines", "complete", partial(faults.spelled, blank_lines=True),
          "Blank lines come before each event."),
    _stream(16, "no-space", "complete", partial(faults.spelled, space=False),
          "No space after the colon of a field.", on=HOSTED),
    _stream(16, "many-data-lines", "complete", partial(faults.spelled, lines=True),
          "The JSON of an event is spread over many lines.", on=HOSTED),
    _stream(16, "other-fields", "complete", partial(faults.spelled, other_fields=True),
          "Events have an `id`, and `retry` stands alone between them.", on=HOSTED),
    _stream(16, "byte-order-mark", "complete", faults.byte_order_mark,
          "The stream starts with a byte order mark.", on=HOSTED),
    _case(16, "escaped", "complete", partial(faults.spelled, escaped=True),
          "All that is not ASCII is escaped in the JSON."),
    _case(16, "line-separators", "complete", faults.hostile,
          "The text has U+2028, U+2029 and U+0085, which some take for ends of lines."),
    _case(17, "line-of-8-megabytes", "complete", faults.long_line,
          "One event of 8 megabytes."),
    _stream(18, "text-after-end", "complete", faults.text_after_end,
          "More text comes after the mark of the end; it is no part of the answer."),
    _stream(19, "missing-start", "complete", faults.missing_start,
          "The first event is missing.", on=HOSTED),
    _stream(19, "repeated-start", "complete", faults.repeated_start,
          "The first event comes again after 3 pieces.", on=HOSTED),
    _stream(19, "late-block", "complete", faults.late_block,
          "3 pieces come before the block they are in has started.", on=ANTHROPIC),
    _stream(19, "several-blocks", "complete", faults.several_blocks,
          "The text comes in four blocks.", on=ANTHROPIC),
    _stream(19, "second-choice", "complete", faults.second_choice,
          "A second choice comes between; it is no part of the answer.", on=OPENAI),
    _stream(19, "unknown-events", "complete", partial(faults.every_word, before="unknown"),
          "Before each piece comes an event of which nobody has heard."),
    _stream(19, "pings", "complete", partial(faults.every_word, before="ping"),
          "A ping comes before each piece.", on=ANTHROPIC),
    _stream(19, "citations", "complete", faults.citations,
          "Two blocks cite the first search result of the request.", on=ANTHROPIC),
    _case(19, "reasoning", "complete", faults.reasoning,
          "The model thinks first; its thoughts are no part of the answer."),
    _case(20, "empty-answer", "complete", faults.empty,
          "The answer ends well, and has no text."),
    _case(21, "length-after-5", "cut_short", partial(faults.stopped, stop="length"),
          "The model stops after 5 pieces at its limit of tokens."),
    _case(21, "window-full-after-5", "cut_short", partial(faults.stopped, stop="window"),
          "The model's window is full after 5 pieces."),
    _case(21, "reasoning-used-up", "cut_short", partial(faults.reasoning, answered=False),
          "All tokens are used up by thoughts: there is no text."),
    _case(22, "filter-after-3", "filtered", partial(faults.stopped, stop="filter"),
          "A filter, or the model, refuses to go on after 3 pieces.", on=HOSTED),
    _stream(22, "refusal-text", "filtered", faults.refusal_text,
          "The model refuses in words that stand beside the answer.", on=OPENAI),
    _case(22, "prompt-filtered", "refused", refusals.prompt_filtered,
          "Status 400: the prompt was filtered.", on=OPENAI),
    _case(23, "usage-missing", "complete", partial(faults.counted, counting="missing"),
          "No tokens are told."),
    _case(23, "usage-null", "complete", partial(faults.counted, counting="null"),
          "The tokens are told as null."),
    _stream(23, "usage-everywhere", "complete", partial(faults.counted, counting="everywhere"),
          "Every event tells the tokens so far.", on=OPENAI),
    _case(23, "usage-cached", "complete", faults.cached,
          "Half of the prompt was read from a cache.", on=HOSTED),
    _server(24, "status-401", "refused", refusals.status,
          "The key is not valid."),
    _server(25, "status-402", "refused", refusals.status,
          "It has to be paid first."),
    _server(25, "status-403", "refused", refusals.status,
          "The key may not do this."),
    _case(26, "model-missing", "refused", refusals.model_missing,
          "Status 404: there is no such model."),
    _case(26, "model-missing-pull-it", "refused", partial(refusals.model_missing, said=refusals.PULL_FIRST),
          "The same, in other words.", on=OLLAMA),
    _case(27, "context-too-long-1", "context_too_long", refusals.too_long,
          "Status 400: the prompt does not fit."),
    _case(27, "context-too-long-2", "context_too_long", refusals.too_long,
          "The same, in other words."),
    _case(27, "context-too-long-3", "context_too_long", refusals.too_long,
          "The same, in still other words."),
    _case(28, "status-413", "context_too_long", refusals.status,
          "The request is too large."),
    _case(29, "status-429", "busy", refusals.status,
          "Too many requests, and no word of when to come again."),
    _case(29, "status-429-retry-after-1", "busy", refusals.retry_after,
          "Come again after 1 second."),
    _case(29, "status-429-retry-after-ms-200", "busy", partial(refusals.retry_after, unit="ms"),
          "Come again after 200 milliseconds."),
    _case(29, "status-429-retry-after-date-1", "busy", partial(refusals.retry_after, unit="date"),
          "Come again at a date, 1 second from now."),
    _case(29, "status-429-retry-after-3600", "busy", refusals.retry_after,
          "Come again after an hour: too long to wait."),
    _case(29, "status-429-retry-after-minus-5", "busy", partial(refusals.retry_after, unit="minus"),
          "Come again after −5 seconds."),
    _case(29, "status-429-retry-after-soon", "busy", partial(refusals.status, retry_after="soon"),
          "Come again soon, which is no number."),
    _case(30, "out-of-quota", "refused", refusals.out_of_quota,
          "There is no credit left; for OpenAI this has the status of too many requests.", on=HOSTED),
    _server(31, "status-500", "unreachable", refusals.status,
          "The server failed."),
    _server(31, "page-502", "unreachable", refusals.page,
          "Status 502, with a page of a machine in between."),
    _server(31, "status-503", "busy", refusals.status,
          "The server is overloaded."),
    _server(31, "page-504", "unreachable", refusals.page,
          "Status 504, with a page of a machine in between."),
    _case(31, "status-529", "busy", refusals.status,
          "The server is overloaded.", on=ANTHROPIC),
    _case(32, "fail-1-then-succeed", "complete", refusals.fail_then_succeed,
          "The first request gets 503, all others the whole answer."),
    _case(32, "drop-1-then-succeed", "complete", refusals.drop_then_succeed,
          "The first request meets a broken connection, all others get the whole answer."),
    _case(33, "redirect", "complete", faults.redirect,
          "Status 307 to another host, where the whole answer is: the key must not go there."),
    _case(34, "gzip", "complete", faults.gzip,
          "The answer is compressed."),
    _stream(34, "gzip-cut-after-3", "interrupted", faults.gzip_cut,
          "The compressed stream stops after 3 pieces, in the middle of its data."),
    _server(35, "no-tls", "unreachable", faults.never_reached,
          "The address is `https`, and the server answers in plain text."),
    _case(36, "at-most-2-at-once", "complete", faults.at_most_at_once,
          "2 requests are answered at a time, slowly; the others wait for their head."),
    _case(37, "loading", "complete", faults.late_headers,
          "No byte for the time of a first token, as while a model is loaded, then the whole answer."),
    _case(37, "truncates-to-window", "context_too_long", partial(faults.truncating, parts=1),
          "The prompt is silently cut to the window, unless `truncate` and `shift` are false.", on=OLLAMA),
    _case(37, "truncates-to-half", "context_too_long", partial(faults.truncating, parts=2),
          "The prompt is silently cut to half of the window, unless both are false.", on=OLLAMA),
    _case(37, "queue-full", "busy", partial(refusals.status, code=503, said=refusals.QUEUE_FULL),
          "Status 503: too many requests wait.", on=OLLAMA),
    _case(37, "status-499", "unreachable", refusals.status,
          "The server thinks that the client has left.", on=OLLAMA),
    _case(38, "flood-of-1000000-tokens", "complete", faults.flood,
          "1,000,000 tokens as fast as they can be read."),
    _case(38, "lone-surrogates", "complete", faults.hostile,
          "The text has halves of characters, which UTF-8 cannot hold."),
    _case(38, "split-surrogates", "complete", faults.hostile,
          "A character is split between two events."),
    _case(38, "nul", "complete", faults.hostile,
          "The text has a NUL."),
    _case(38, "terminal-escapes", "complete", faults.hostile,
          "The text has commands to a terminal."),
    _case(38, "direction-overrides", "complete", faults.hostile,
          "The text has characters that turn or hide what is read."),
    _case(38, "markdown-picture", "complete", faults.hostile,
          "The text has a picture at this server: whoever fetches it is recorded."),
    _case(38, "html-text", "complete", faults.hostile,
          "The text has HTML that would run."),
    _stream(39, "tokens-50-per-second", "complete", faults.tokens_per_second,
          "The whole answer at 50 pieces a second."),
)
# fmt: on

CASES: Mapping[str, Case] = MappingProxyType({case.name: case for case in _ALL})
"""Every case by its name."""

_SHAPES = {re.sub(r"\d+", "#", case.name): case for case in reversed(_ALL)}


def find(name: str) -> tuple[Case, tuple[int, ...]]:
    """The case of this name and the numbers in it. Raises `KeyError` when there is none.

    `cut-after-7` is `cut-after-3` with another number. Where several cases have one shape, such as
    `status-401` and `status-503`, any other number is played like them, and what is expected of it is
    not known here.
    """
    case = CASES.get(name) or _SHAPES[re.sub(r"\d+", "#", name)]
    return case, tuple(int(number) for number in re.findall(r"\d+", name))
