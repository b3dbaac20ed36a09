"""The embedder that ships in the package."""

import hashlib
import json
import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import anyio
import anyio.lowlevel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footnote.embedders import minilm
from footnote.embedders.minilm import MODEL_FOLDER, MiniLM, connect
from footnote.errors import SettingsError
from footnote.interfaces import Embedder
from footnote.testing.embedder import EmbedderContract

RECORD = json.loads((MODEL_FOLDER / "model.json").read_text(encoding="utf-8"))

SENTENCES = (
    "The invoice is due within thirty days.",
    "Payment must reach us a month after the bill.",
    "The cat sleeps on the warm roof.",
    "When do I have to pay?",
)
# Their cosines under the published float model: `original_vectors` of scripts/export_minilm.py.
PUBLISHED = np.array(
    [
        [1.0000, 0.5347, -0.0629, 0.3936],
        [0.5347, 1.0000, -0.0087, 0.6628],
        [-0.0629, -0.0087, 1.0000, 0.0316],
        [0.3936, 0.6628, 0.0316, 1.0000],
    ]
)


class TestMiniLM(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return minilm.connect("", {})


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_the_shipped_files_are_those_of_the_record(name: str) -> None:
    content = (MODEL_FOLDER / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == RECORD["products"][name]["sha256"]
    assert len(content) == RECORD["products"][name]["bytes"]


def test_the_package_stays_small() -> None:
    assert sum(file.stat().st_size for file in MODEL_FOLDER.iterdir()) < 30_000_000


def test_the_id_names_the_exact_model_file() -> None:
    assert MiniLM().id == "minilm-l6-v2-int8:" + RECORD["products"]["model.onnx"]["sha256"][:12]


def test_the_record_says_how_near_the_original_it_is() -> None:
    parity = RECORD["parity"]
    assert parity["embedder"] == MiniLM().id
    assert parity["cosine_1000_passages"]["mean"] >= 0.99


def test_nothing_is_loaded_before_the_first_use() -> None:
    program = (
        "import sys\n"
        "from footnote.embedders.minilm import MiniLM\n"
        "MiniLM().dimensions, MiniLM(threads=2).id\n"
        "print([name for name in ('onnxruntime', 'tokenizers') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


async def test_cosines_are_those_of_the_published_model() -> None:
    vectors = await MiniLM().embed(SENTENCES, "document")
    assert np.allclose(vectors @ vectors.T, PUBLISHED, atol=0.03)


@settings(max_examples=15)
@given(texts=st.lists(st.text(max_size=200), min_size=1, max_size=5), threads=st.integers(1, 3))
def test_a_text_gets_the_very_same_vector_whatever_is_beside_it(texts: list[str], threads: int) -> None:
    async def compare() -> None:
        together = await MiniLM(threads=threads).embed([*texts, SENTENCES[0] * 20], "document")
        for row, text in enumerate(texts):
            [alone] = await MiniLM(threads=1).embed([text], "query")
            assert np.array_equal(alone, together[row])

    anyio.run(compare)


async def test_a_text_of_max_tokens_is_read_to_its_end_and_no_further() -> None:
    embedder = MiniLM()
    full = "word " * (embedder.max_tokens - 1) + "holiday"
    assert embedder.count_tokens(full) == embedder.max_tokens
    whole, longer, other_end = await embedder.embed(
        [full, f"{full} and much more", full.replace("holiday", "invoice")], "document"
    )
    assert np.array_equal(whole, longer)
    assert not np.array_equal(whole, other_end)


def test_the_counts_of_parts_add_up() -> None:
    embedder = MiniLM()
    parts = [embedder.count_tokens(word) for word in SENTENCES[0].split()]
    assert sum(parts) == embedder.count_tokens(SENTENCES[0])


async def test_the_event_loop_goes_on_while_a_text_is_embedded() -> None:
    turns = count()

    async def turn() -> None:
        while True:
            next(turns)
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(turn)
        await anyio.lowlevel.checkpoint()
        await MiniLM().embed(["word " * 300], "document")
        tasks.cancel_scope.cancel()
    assert next(turns) > 10


async def test_embedding_many_texts_can_be_cancelled() -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(MiniLM().embed, ["word " * 300] * 200, "document")
        await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    assert tasks.cancel_scope.cancelled_caught


async def test_many_can_embed_at_once() -> None:
    embedder = MiniLM()
    expected = await embedder.embed(SENTENCES, "document")
    found: dict[int, np.ndarray] = {}

    async def embed(row: int) -> None:
        [found[row]] = await embedder.embed([SENTENCES[row]], "query")

    async with anyio.create_task_group() as tasks:
        for row in range(len(SENTENCES)):
            tasks.start_soon(embed, row)
    assert all(np.array_equal(found[row], expected[row]) for row in range(len(SENTENCES)))


def test_its_address_can_say_how_many_threads() -> None:
    assert connect("2", {})._threads == 2
    with pytest.raises(SettingsError, match="number of threads"):
        connect("many", {})


def test_embedding_leaves_nothing_in_the_home_folder(tmp_path: Path) -> None:
    home = tmp_path / "a-home"
    home.mkdir()
    program = (
        "import asyncio; from footnote.embedders.minilm import MiniLM; "
        "asyncio.run(MiniLM().embed(['a'], 'query'))"
    )
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    assert list(home.rglob("*")) == []
