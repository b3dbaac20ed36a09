import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("kill_while_adding.py")


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a thing of POSIX")
def test_killing_a_process_that_adds_documents_loses_none_and_halves_none() -> None:
    """Ten kills; the script alone makes two hundred."""
    spec = importlib.util.spec_from_file_location("kill_while_adding", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = script
    spec.loader.exec_module(script)
    count = script.run(10)
    assert count.kills == 10
    assert count.inside > 0, "no kill came inside a transaction, so this proved nothing"
    assert count.acknowledged > 0
    assert count.clean, str(count)
