"""The fault server does what its table says: seen by a client that knows only the bytes, and by hand."""

import asyncio
import gzip
import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from footnote.testing.fault_server import CASES, Case, FaultServer, ProtocolName
from footnote.testing.fault_server.cases import find
from tests.backends.honest_client import BODIES, PATHS, ask

REPOSITORY = Path(__file__).resolve().parents[2]
PROTOCOLS: tuple[ProtocolName, ...] = ("openai", "anthropic", "ollama")
EVERYTHING = [
    pytest.param(case, protocol, id=f"{case.name}-{protocol}")
    for case in CASES.values()
    for protocol in case.protocols
]
ONE_PIECE = [
    pytest.param(case, protocol, id=f"{case.name}-{protocol}")
    for case in CASES.values()
    for protocol in case.protocols
    if case.expect in ("complete", "cut_short", "filtered")
    and not case.streams_only
    and case.number not in (32, 33)  # these fail once, or answer elsewhere
]


def quick() -> FaultServer:
    return FaultServer(stall=0.1, first_token=0.05)


def request(server: FaultServer, case: str, protocol: ProtocolName, *, stream: bool = True) -> bytes:
    """As it goes over the wire, on a connection for this request alone."""
    body = json.dumps(BODIES[protocol] | {"stream": stream}).encode()
    head = f"POST /{case}{PATHS[protocol]} HTTP/1.1\r\nhost: 127.0.0.1:{server.port}\r\nconnection: close\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


async def exchange(
    server: FaultServer, case: str, protocol: ProtocolName, *, stream: bool = True
) -> tuple[bytes, bytes, bool]:
    """Head and body of what the server sends, and whether the connection was reset at its end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request(server, case, protocol, stream=stream))
    sent, was_reset = b"", False
    try:
        while part := await reader.read(1 << 16):
            sent += part
    except ConnectionResetError:
        was_reset = True
    finally:
        writer.close()
    head, _, body = sent.partition(b"\r\n\r\n")
    return head, body, was_reset


def told(url: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    """The status and the JSON of an answer in one piece."""
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data)) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


# --- the table -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("case", "protocol"), EVERYTHING)
async def test_an_honest_client_makes_of_it_what_the_table_says(case: Case, protocol: ProtocolName) -> None:
    async with quick() as server:
        heard = await ask(server.base_url(case.name), protocol, most=5 if "endless" in case.name else 10_000)
        await asyncio.to_thread(server.wait_idle)
        assert heard.outcome == case.expect
        if case.name not in ("no-server", "no-tls"):
            recorded = server.requests[-1]
            assert heard.text == recorded.said or (recorded.hung_up_at and heard.text in recorded.said)
            assert heard.usage == recorded.usage or not heard.stop
            assert (recorded.protocol, recorded.body) == (protocol, BODIES[protocol])


@pytest.mark.parametrize(("case", "protocol"), ONE_PIECE)
async def test_an_answer_in_one_piece_is_json_with_the_same_text(case: Case, protocol: ProtocolName) -> None:
    async with quick() as server:
        head, body, _ = await exchange(server, case.name, protocol, stream=False)
        answer = json.loads(gzip.decompress(body) if b"gzip" in head else body)
        assert server.requests[0].said == whole_text(answer)


def whole_text(answer: Any) -> str:
    if "choices" in answer:
        text = answer["choices"][0]["message"]["content"]
    elif "content" in answer:
        text = "".join(block["text"] for block in answer["content"] if block["type"] == "text")
    else:
        text = answer["message"]["content"]
    return str(text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("case", ["headers-then-close", "cut-after-3", "reset-after-3", "stall-after-3"])
async def test_an_answer_in_one_piece_that_breaks_is_half_there(case: str, protocol: ProtocolName) -> None:
    async with quick() as server:
        head, body, was_reset = await exchange(server, case, protocol, stream=False)
        length = re.search(rb"content-length: (\d+)", head)
        assert length
        assert 0 < len(body) < int(length[1])
        assert was_reset == case.startswith(("reset", "stall"))
        assert server.requests[0].said == ""


def test_every_fault_has_a_case() -> None:
    served = {case.number for case in CASES.values()}
    assert served == set(range(1, 40)) - {2}, "2 is any case that is asked for without a stream"


def test_the_name_of_a_case_leads_to_it() -> None:
    assert [find(name)[0] for name in CASES] == list(CASES.values())
    assert find("status-418")[1] == (418,)
    assert find("cut-after-12") == (CASES["cut-after-3"], (12,))


def test_the_guide_has_every_case() -> None:
    rows = ["| case | what happens | expected | for |", "|---|---|---|---|"]
    for case in CASES.values():
        whom = "all" if len(case.protocols) == len(PROTOCOLS) else ", ".join(case.protocols)
        whom += ", streams" if case.streams_only else ""
        rows.append(f"| `{case.name}` | {case.happens} | {case.expect} | {whom} |")
    table = "\n".join(rows)
    assert table in (REPOSITORY / "docs" / "testing.md").read_text(encoding="utf-8"), table


# --- what it says ----------------------------------------------------------------------------------


def test_the_same_seed_says_the_same_words_and_another_orders_them_anew() -> None:
    assert FaultServer(seed=1).words == FaultServer(seed=1).words
    assert FaultServer(seed=1).words != FaultServer(seed=2).words
    assert sorted(FaultServer(seed=1).text.split()) == sorted(FaultServer(seed=2).text.split())


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_number_in_a_name_may_be_another(protocol: ProtocolName) -> None:
    async with quick() as server:
        heard = await ask(server.base_url("cut-after-7"), protocol)
    assert heard.text == "".join(server.words[:7])
    assert server.requests[0].sent == 7


async def test_a_cut_connection_ends_and_a_broken_one_is_reset() -> None:
    async with quick() as server:
        _, body, was_reset = await exchange(server, "cut-after-3", "openai")
        assert (body.count(b'"content":"'), was_reset) == (4, False)
        assert not body.endswith(b"0\r\n\r\n")
        _, body, was_reset = await exchange(server, "no-end-after-3", "openai")
        assert (body[-9:], was_reset) == (b"\n\n\r\n0\r\n\r\n", False)
        _, body, was_reset = await exchange(server, "reset-after-3", "openai")
        assert (body.count(b'"content":"'), was_reset) == (4, True)
        assert await exchange(server, "reset-before-headers", "openai") == (b"", b"", True)
        assert await exchange(server, "no-headers", "openai") == (b"", b"", True)


async def test_an_answer_byte_by_byte_has_chunks_of_one_byte_also_within_a_character() -> None:
    async with quick() as server:
        _, body, _ = await exchange(server, "every-byte", "ollama")
    chunks = re.fullmatch(rb"(?:1\r\n[\x00-\xff]\r\n)+0\r\n\r\n", body)
    assert chunks, body[:200]
    assert "\U0001f642".encode() not in body


async def test_streams_end_with_the_mark_of_their_protocol() -> None:
    ends = {
        "openai": b"data: [DONE]\n\n\r\n0\r\n\r\n",
        "anthropic": b'event: message_stop\ndata: {"type":"message_stop"}\n\n\r\n0\r\n\r\n',
        "ollama": b"}\n\r\n0\r\n\r\n",
    }
    async with quick() as server:
        for protocol in PROTOCOLS:
            head, body, _ = await exchange(server, "happy", protocol)
            assert body.endswith(ends[protocol])
            assert (b"application/x-ndjson" if protocol == "ollama" else b"text/event-stream") in head


async def test_usage_is_told_by_openai_only_to_who_asks_for_it() -> None:
    async with quick() as server:
        status, _ = await asyncio.to_thread(
            told, server.base_url() + "/chat/completions", {"model": "m", "stream": False}
        )
        assert status == 200
        assert server.requests[-1].usage is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        body = b'{"model": "m", "stream": true}'
        head = b"POST /happy/chat/completions HTTP/1.1\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        writer.write(head % len(body) + body)
        assert b"usage" not in await reader.read()
        writer.close()
    assert server.requests[-1].usage is None


async def test_a_citation_names_the_search_result_that_was_sent() -> None:
    block = {"type": "search_result", "source": "s.txt", "title": "S", "content": [{"text": "Free."}]}
    asked = {"model": "m", "stream": True, "messages": [{"role": "user", "content": [block]}]}
    async with quick() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        body = json.dumps(asked).encode()
        head = b"POST /citations/v1/messages HTTP/1.1\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        writer.write(head % len(body) + body)
        events = [json.loads(one) for one in re.findall(rb"data: (.+)\n", await reader.read())]
        writer.close()
    cited = [one["delta"]["citation"] for one in events if "citations_delta" in json.dumps(one)]
    assert [one["cited_text"] for one in cited] == ["Free.", "Free."]
    assert cited[0] == {
        "type": "search_result_location", "cited_text": "Free.", "search_result_index": 0,
        "source": "s.txt", "title": "S", "start_block_index": 0, "end_block_index": 1,
    }  # fmt: skip


async def test_a_body_in_chunks_is_read_as_well() -> None:
    async with quick() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        head = b"POST /happy/api/chat HTTP/1.1\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        writer.write(head + b'8\r\n{"model"\r\n6\r\n: "m"}\r\n0\r\n\r\n')
        await reader.read()
        writer.close()
    assert server.requests[0].body == {"model": "m"}


async def test_two_requests_can_share_a_connection() -> None:
    async with quick() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for _ in range(2):
            writer.write(request(server, "happy", "openai").replace(b"connection: close\r\n", b""))
            assert b"[DONE]" in await reader.readuntil(b"0\r\n\r\n")
        writer.close()
    assert [one.hung_up_at for one in server.requests] == [None, None]


# --- what it records -------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_it_records_when_the_client_hangs_up_and_stops_at_once(protocol: ProtocolName) -> None:
    async with FaultServer() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request(server, "endless-1000-per-second", protocol))
        await reader.readuntil(server.words[2].strip().encode())
        writer.close()
        await asyncio.to_thread(server.wait_idle)
        [recorded] = server.requests
        assert recorded.hung_up_at is not None
        assert recorded.at < recorded.hung_up_at <= time.monotonic()
        assert recorded.sent >= 3
        assert recorded.said.startswith("".join(server.words[:3]))


@pytest.mark.parametrize("case", ["no-headers", "stall-after-3", "loading"])
async def test_it_notices_a_hang_up_while_it_is_silent(case: str) -> None:
    async with FaultServer() as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request(server, case, "openai"))
        while not server.requests:  # noqa: ASYNC110 - the server is in another thread
            await asyncio.sleep(0.001)
        writer.close()
        await asyncio.to_thread(server.wait_idle)
        assert server.requests[0].hung_up_at is not None


@pytest.mark.parametrize("case", ["happy", "cut-after-3", "text-after-end", "status-500", "error-after-3"])
async def test_nobody_hangs_up_on_an_answer_that_the_server_has_ended(case: str) -> None:
    async with quick() as server:
        await exchange(server, case, "anthropic")
        await asyncio.to_thread(server.wait_idle)
        assert server.requests[0].hung_up_at is None


def test_a_redirect_leads_to_another_host_and_shows_what_was_sent_there() -> None:
    with quick() as server:
        asked = urllib.request.Request(f"{server.base_url('redirect')}/api/chat")
        with urllib.request.urlopen(asked) as response:
            assert response.status == 200
    first, second = server.requests
    assert (first.case, second.case) == ("redirect", "happy")
    assert first.headers["host"] == f"127.0.0.1:{server.port}"
    assert second.headers["host"] == f"localhost:{server.port}"


def test_whoever_fetches_the_picture_of_an_answer_is_recorded() -> None:
    with quick() as server:
        _, whole = told(f"{server.base_url('markdown-picture')}/chat/completions", {"stream": False})
        picture = re.search(r"!\[.*?\]\((.*?)\)", whole["choices"][0]["message"]["content"])
        assert picture
        assert told(picture[1])[0] == 404
        assert server.requests[-1].path == "/markdown-picture/picture.png?q=secret"


async def test_no_more_than_two_are_answered_at_once() -> None:
    async with quick() as server:
        pairs = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(5)]
        for _, writer in pairs:
            writer.write(request(server, "at-most-2-at-once", "openai"))
        while len(server.requests) < 5 or any(one.sent < len(server.words) for one in server.requests):
            assert sum(0 < one.sent < len(server.words) for one in server.requests) <= 2
            await asyncio.sleep(0.002)
        for reader, writer in pairs:
            assert b"[DONE]" in await reader.read()
            writer.close()


async def test_a_hundred_clients_can_wait_at_once() -> None:
    async with FaultServer() as server:
        pairs = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", server.port) for _ in range(100)))
        for _, writer in pairs:
            writer.write(request(server, "no-headers", "openai"))
        while len(server.requests) < 100:  # noqa: ASYNC110 - the server is in another thread
            await asyncio.sleep(0.001)
        for _, writer in pairs:
            writer.close()
        await asyncio.to_thread(server.wait_idle)
        assert all(one.hung_up_at for one in server.requests)


# --- addresses -------------------------------------------------------------------------------------


def test_a_case_that_there_is_not_is_told() -> None:
    with quick() as server:
        with pytest.raises(ValueError, match="no case 'cut-after'"):
            server.base_url("cut-after")
        address = server.base_url().replace("happy", "unheard-of")
        assert told(f"{address}/api/chat", {}) == (
            404,
            {"error": "There is no case 'unheard-of' at this server."},
        )
        assert told(f"{server.base_url()}/api/embed", {})[0] == 404


def test_a_case_that_does_not_fit_the_request_is_told() -> None:
    with quick() as server:
        status, body = told(f"{server.base_url('pings')}/api/chat", {})
        assert (status, body["error"]) == (400, "The case pings is for anthropic, not for ollama.")
        status, body = told(f"{server.base_url('crlf')}/chat/completions", {})
        assert (status, body["error"]["type"]) == (400, "invalid_request_error")


def test_nobody_listens_where_there_is_no_server() -> None:
    with quick() as server:
        address = server.base_url("no-server").split("/")[2].split(":")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((address[0], int(address[1])))


def test_a_handshake_meets_plain_text() -> None:
    with quick() as server:
        assert server.base_url("no-tls").startswith("https://")
        with socket.create_connection(("127.0.0.1", server.port)) as plain:
            context = ssl.create_default_context()
            with pytest.raises(ssl.SSLError):
                context.wrap_socket(plain, server_hostname="localhost")
        server.wait_idle()
        assert server.requests[0].case == "no-tls"


# --- ollama beside its answers ---------------------------------------------------------------------


def test_ollama_tells_its_models() -> None:
    with quick() as server:
        base = server.base_url("cut-after-3")
        [installed] = told(f"{base}/api/tags")[1]["models"]
        [running] = told(f"{base}/api/ps")[1]["models"]
        assert installed["name"] == running["name"]
        assert running["context_length"] == 4096
        shown = told(f"{base}/api/show", {"model": installed["name"]})[1]
        assert shown["model_info"]["llama.context_length"] > 4096
        with urllib.request.urlopen(f"{base}/") as response:
            assert response.read() == b"Ollama is running"


def test_a_missing_model_is_missing_everywhere() -> None:
    with quick() as server:
        base = server.base_url("model-missing")
        assert told(f"{base}/api/tags")[1] == {"models": []}
        assert told(f"{base}/api/show", {"model": "m"}) == (404, {"error": "model 'm' not found"})
        assert told(f"{base}/api/chat", {"model": "m"})[0] == 404


def test_a_server_that_failed_tells_nothing_of_its_models() -> None:
    with quick() as server:
        assert told(f"{server.base_url('status-503')}/api/tags")[0] == 503


async def test_a_download_goes_on_to_its_end_or_meets_the_same_faults() -> None:
    async with quick() as server:
        for case in ("happy", "error-after-3"):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            head = f"POST /{case}/api/pull HTTP/1.1\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}"
            writer.write(head.encode())
            lines = [json.loads(one) for one in re.findall(rb"\{.*\}", await reader.read())]
            writer.close()
            assert lines[0] == {"status": "pulling manifest"}
            parts = [(one["completed"], one["total"]) for one in lines if "total" in one]
            if case == "happy":
                assert lines[-1] == {"status": "success"}
                assert parts[-1][0] == parts[-1][1]
            else:
                assert lines[-1] == {"error": "The server is overloaded."}
                assert len(parts) == 3


# --- the end ---------------------------------------------------------------------------------------


def test_it_ends_at_once_whatever_it_is_at_and_leaves_nothing() -> None:
    before = threading.active_count()
    clients = []
    with FaultServer() as server:
        for case in ("no-headers", "stall-after-3", "endless-20-per-second", "line-of-8-megabytes", "happy"):
            clients.append(socket.create_connection(("127.0.0.1", server.port)))
            clients[-1].sendall(request(server, case, "ollama"))
        clients.append(socket.create_connection(("127.0.0.1", server.port)))
        while len(server.requests) < 5:
            time.sleep(0.001)
    assert threading.active_count() == before
    for client in clients:
        client.settimeout(5)
        with client, pytest.raises(ConnectionError):  # noqa: PT012 - the end may be a reset or an end
            while client.recv(1 << 16):
                pass
            raise ConnectionError
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


async def test_it_can_be_used_from_async_code_and_from_code_that_blocks() -> None:
    async with quick() as server:
        assert told(f"{server.base_url()}/chat/completions", {})[0] == 200


def test_it_has_no_address_before_it_runs() -> None:
    with pytest.raises(RuntimeError, match="inside `with FaultServer"):
        FaultServer().base_url()


async def test_what_is_not_http_is_hung_up_on() -> None:
    async with quick() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"HELO there\r\n\r\n")
        assert await reader.read() == b""
        writer.close()
    assert server.requests == []


def test_a_port_that_is_taken_is_an_error_at_the_start() -> None:
    with quick() as server, pytest.raises(OSError, match="in use"), FaultServer(port=server.port):
        pass


def test_it_serves_from_the_command_line_until_it_is_interrupted() -> None:
    command = [sys.executable, "-W", "error", "-m", "footnote.testing.fault_server", "--seed", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        name, expected, address = process.stdout.readline().split()
        assert (name, expected) == ("happy", "complete")
        assert told(f"{address}/api/chat", {"stream": False})[0] == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert process.stderr.read() == ""


def test_a_request_that_takes_longer_than_one_waits_for_is_named() -> None:
    with FaultServer() as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(request(server, "no-headers", "openai"))
            while not server.requests:
                time.sleep(0.001)
            with pytest.raises(TimeoutError, match="no-headers"):
                server.wait_idle(0.01)
        server.wait_idle()
