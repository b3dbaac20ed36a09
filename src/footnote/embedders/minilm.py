"""The bundled embedder: all-MiniLM-L6-v2 as int8 ONNX, on the processor, with nothing to download.

The same text always gets the same vector, whatever else is embedded beside it. To keep that promise
texts are run one at a time: the int8 model scales its activations to the largest value of the whole
input, so a neighbour or padding in a batch would change a text's vector. Several texts run at once, each
in a thread of its own, which uses the cores better than a batch. Start reading at `MiniLM.embed`;
`scripts/export_minilm.py` makes the model and docs/embedder.md has what was measured.
"""

import json
import os
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import anyio
import anyio.to_thread
import numpy as np

from footnote.errors import SettingsError
from footnote.interfaces import Vectors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

MODEL_FOLDER = Path(__file__).parent / "minilm_model"
DIMENSIONS = 384
WINDOW = 256
MARKERS = 2  # [CLS] and [SEP], which every text gets

_loading = threading.Lock()


def connect(detail: str, environment: Mapping[str, str]) -> "MiniLM":
    """At the address `minilm`, or `minilm:2` for two threads."""
    if detail and not detail.isdecimal():
        raise SettingsError(f"`minilm:{detail}` is no embedder: after the colon stands a number of threads.")
    return MiniLM(threads=int(detail) if detail else None)


class MiniLM:
    """All-MiniLM-L6-v2 (Wang et al. 2020, "MiniLM"; Reimers and Gurevych 2019, "Sentence-BERT").

    English. Loads the model, about 25 MB, when it is first used. `threads` is how many texts are
    embedded at once; by default as many as there are cores, four at most.
    """

    dimensions = DIMENSIONS
    max_tokens = WINDOW - MARKERS

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or min(4, os.cpu_count() or 1)

    @property
    def id(self) -> str:
        return f"minilm-l6-v2-int8:{_record()['products']['model.onnx']['sha256'][:12]}"

    async def embed(self, texts: Sequence[str], use: Literal["document", "query"]) -> Vectors:
        """Vectors of shape (texts, 384), unit rows, in the order of `texts`.

        What is past `max_tokens` of a text is left out. `use` makes no difference to this model.
        """
        vectors = np.empty((len(texts), DIMENSIONS), np.float32)
        # Longest first: the threads finish together, and memory is claimed once.
        waiting = iter(sorted(range(len(texts)), key=lambda row: -len(texts[row])))

        async def work() -> None:
            for row in waiting:
                vectors[row] = await anyio.to_thread.run_sync(_vector, texts[row])

        async with anyio.create_task_group() as workers:
            for _ in range(min(self._threads, len(texts))):
                workers.start_soon(work)
        return vectors

    def count_tokens(self, text: str) -> int:
        """Word pieces in the text, without the two markers, so that counts of parts add up."""
        return len(_encode(text, markers=False))


def _vector(text: str) -> Vectors:
    ids = _encode(text, markers=True)
    if len(ids) > WINDOW:
        ids = [*ids[: WINDOW - 1], ids[-1]]
    [vectors] = _session().run(None, {"input_ids": np.array([ids], np.int64)})
    vector: Vectors = vectors[0]
    return vector


def _encode(text: str, *, markers: bool) -> list[int]:
    # Half of a surrogate pair, as broken files and models produce, cannot be tokenised.
    whole = text.encode("utf-8", "replace").decode("utf-8")
    ids: list[int] = _tokenizer().encode(whole, add_special_tokens=markers).ids
    return ids


def _session() -> "InferenceSession":
    with _loading:
        return _load_session()


def _tokenizer() -> "Tokenizer":
    with _loading:
        return _load_tokenizer()


@cache
def _load_session() -> "InferenceSession":
    # onnxruntime since 1.32 otherwise writes a device identifier into the home folder when it is
    # imported and reports events to its maker. Nothing leaves this machine unasked.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    from onnxruntime import InferenceSession, SessionOptions  # noqa: PLC0415  (heavy)

    options = SessionOptions()
    options.intra_op_num_threads = 1  # the calling thread; `embed` runs several
    options.inter_op_num_threads = 1
    return InferenceSession(MODEL_FOLDER / "model.onnx", options, providers=["CPUExecutionProvider"])


@cache
def _load_tokenizer() -> "Tokenizer":
    from tokenizers import Tokenizer  # noqa: PLC0415  (heavy)

    return Tokenizer.from_file(str(MODEL_FOLDER / "tokenizer.json"))


@cache
def _record() -> dict[str, Any]:
    record: dict[str, Any] = json.loads((MODEL_FOLDER / "model.json").read_text(encoding="utf-8"))
    return record
