"""Parser, chunker, offline answerer and footnote check agree: whatever is quoted is verified."""

import tarfile
from collections.abc import Iterator
from importlib import import_module, resources
from pathlib import Path

import pytest

from footnote.backends.extractive import quoted
from footnote.chunking import TARGET_TOKENS, cut
from footnote.citing import check
from footnote.language.sentences import sentences
from footnote.testing.fakes import WordEmbedder
from footnote.types import Chunk, Evidence, Extracted, Passage, ScoredSentence

DOCUMENTS = Path(str(resources.files("footnote.handbook"))) / "documents"
PARSERS = {".md": "markdown", ".rst": "rst", ".txt": "text", ".csv": "csv", ".html": "html"}
READABLE = sorted(path for path in DOCUMENTS.iterdir() if path.suffix in PARSERS)


def parsed(data: bytes, name: str) -> Extracted:
    extracted = import_module(f"footnote.parsers.{PARSERS[Path(name).suffix]}").parse(data, name)
    assert isinstance(extracted, Extracted)
    return extracted


def unverified(extracted: Extracted, name: str) -> Iterator[tuple[str, object]]:
    """What the offline answerer would write for each sentence of a document and the check does not take."""
    for chunk in cut(extracted, WordEmbedder().count_tokens, TARGET_TOKENS):
        assert chunk.text == extracted.text[chunk.start : chunk.end]
        passage = Passage(chunk=chunk, document=name)
        for start, end in sentences(chunk.text):
            if any(letter.isalnum() for letter in chunk.text[start:end]):
                yield from _unverified(chunk, passage, start, end)


def _unverified(chunk: Chunk, passage: Passage, start: int, end: int) -> Iterator[tuple[str, object]]:
    sentence = ScoredSentence(passage=0, start=start, end=end, score=1.0)
    answer = quoted([passage], Evidence(score=1.0, sentences=(sentence,)))
    checked = check(answer, [passage])
    verdicts = [citation.verdict for citation in checked.citations]
    if verdicts != ["verified"] or checked.uncited_sentences:
        yield answer, (verdicts, checked.uncited_sentences, chunk.text[start:end])


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_every_sentence_of_the_handbook_can_be_quoted_and_is_verified(path: Path) -> None:
    assert list(unverified(parsed(path.read_bytes(), path.name), path.name)) == []


@pytest.mark.parametrize(
    ("archive", "suffix"), [("fastapi_en_md_155.tar.gz", ".md"), ("datasette_rst_31.tar.gz", ".rst")]
)
def test_nearly_every_sentence_of_real_documentation_can_be_quoted_and_is_verified(
    dev_data: Path, archive: str, suffix: str
) -> None:
    wrong, characters = [], 0
    with tarfile.open(dev_data / "docs_corpora" / archive) as files:
        for member in files:
            if member.name.endswith(suffix) and characters < 60_000 and member.size < 40_000:
                opened = files.extractfile(member)
                assert opened is not None
                extracted = parsed(opened.read(), member.name)
                characters += len(extracted.text)
                wrong += list(unverified(extracted, member.name))
    assert characters >= 60_000
    # Code in pieces, and sentences that are split otherwise where they stand alone.
    assert len(wrong) <= characters / 20_000, wrong[:10]
