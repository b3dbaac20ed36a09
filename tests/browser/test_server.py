"""The server as whoever starts it sees it: where it is, what it refuses, and how it ends."""

import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.browser.served import Served, free_port, serving

STREAMLIT_APP = Path(__file__).parents[2] / "streamlit_app.py"


def test_the_page_and_its_own_routes_are_there_behind_the_headers(served: Served) -> None:
    for path in ("/", "/health", "/ready", "/nowhere", "/_stcore/host-config"):
        response = served.get(path)
        assert response.status_code == 200
        policy = response.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "img-src 'self' data: blob:" in policy
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["x-content-type-options"] == "nosniff"
    assert served.get("/health").json() == {"status": "ok"}
    assert served.get("/ready").json() == {"status": "ready"}


def test_another_site_that_points_its_name_here_gets_no_page(served: Served) -> None:
    headers = {
        "Host": "evil.test",
        "Origin": "http://evil.test",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
        "Sec-WebSocket-Version": "13",
    }
    response = httpx.get(served.address + "/_stcore/stream", headers=headers, trust_env=False)
    assert response.status_code == 403


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_ends_without_a_traceback(
    number: signal.Signals, new_data: Callable[[], Path]
) -> None:
    with serving(new_data()) as served:
        code, out, err = served.stop(number)
    assert f"Footnote is at {served.address}\nYour data is in {served.data}\n" in out
    assert "Footnote has stopped." in out
    assert (code, err) == (0, "")


def test_a_second_server_on_the_same_data_gets_one_plain_sentence(served: Served) -> None:
    code, _, err = Served(served.data).stop_by_itself()
    assert code == 4
    assert err.count("\n") == 1
    assert "Another Footnote server is already using the data" in err


def test_a_taken_port_gets_one_plain_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        port = taken.getsockname()[1]
        code, _, err = Served(tmp_path, port=port).stop_by_itself()
    assert code == 4
    assert err.count("\n") == 1
    assert re.search(rf"Port {port} is taken .*--port {port + 1}", err)


def test_a_host_that_is_not_here_gets_one_plain_sentence(tmp_path: Path) -> None:
    code, _, err = Served(tmp_path, "--host", "not a host").stop_by_itself()
    assert code == 4
    assert err.count("\n") == 1
    assert "`not a host` is not an address of this machine." in err


def test_streamlit_itself_can_start_the_page_with_its_headers(new_data: Callable[[], Path]) -> None:
    port = free_port()
    command = ("-m", "streamlit", "run", str(STREAMLIT_APP), "--server.port", str(port))
    served = Served(new_data(), "--server.headless", "true", port=port, command=command)
    try:
        served.wait()
        assert "default-src 'self'" in served.get("/").headers["content-security-policy"]
    finally:
        served.stop()
