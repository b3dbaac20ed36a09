"""A server of language models that goes wrong on purpose, for testing clients: `FaultServer`.

It speaks OpenAI Chat Completions, Anthropic Messages and Ollama, streamed and whole, and its address
chooses what happens: `http://127.0.0.1:PORT/<case>`. `CASES` has every case and what an honest client
makes of it; `docs/testing.md` shows it in use. Nothing but the standard library is needed.

    cases.py    the list of cases
    faults.py   what happens in each, over a `Wire`
    wire.py     an answer on a connection; dialect.py and a file for each protocol: its words
    server.py   requests in, records kept

`python -m footnote.testing.fault_server` serves until Ctrl-C.
"""

from footnote.testing.fault_server.cases import CASES, Case, Expect
from footnote.testing.fault_server.dialect import ProtocolName
from footnote.testing.fault_server.server import FaultServer
from footnote.testing.fault_server.wire import Recorded

__all__ = ["CASES", "Case", "Expect", "FaultServer", "ProtocolName", "Recorded"]
