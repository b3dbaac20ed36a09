"""Gold questions: what is asked, and which words of which document answer it. Read `read_gold`.

Two forms are read: a JSON Lines file of ours, and a BEIR folder (`queries.jsonl` with
`qrels/test.tsv` or `qrels.tsv`), which judges retrieval only.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footnote.errors import EvaluationError

UNANSWERABLE = "unanswerable"
WITH_EVIDENCE = ("single", "follow_up", "two_documents")
"""The kinds that name evidence. Other names for kinds are allowed; they only group the figures."""

MOST_PROBLEMS = 10
"""So many faults of a file are told at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GoldEvidence:
    """A document that answers, and its words that do. Without a `quote` the whole document counts."""

    document: str
    """Its name in the knowledge base, or the end of that name after a slash."""
    quote: str = ""
    grade: int = 1
    """How relevant it is, above 0; BEIR files may say more than 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GoldQuestion:
    id: str
    question: str
    kind: str
    evidence: tuple[GoldEvidence, ...] = ()
    """Empty when the documents do not tell."""
    history: tuple[str, ...] = ()
    """What the user asked before, oldest first."""
    answer: str = ""
    paraphrase: bool | None = None
    """Whether the question uses other words than its evidence; None when the file does not say."""

    @property
    def answerable(self) -> bool:
        return bool(self.evidence)


@dataclass(frozen=True, kw_only=True, slots=True)
class GoldSet:
    name: str
    questions: tuple[GoldQuestion, ...]
    sha256: str
    """Of the file or files, so that two reports can tell whether they asked the same."""
    retrieval_only: bool = False
    """Says which documents are relevant, but not what an answer must rest on."""


def read_gold(path: Path) -> GoldSet:
    """The questions of a JSON Lines file or a BEIR folder.

    Raises `EvaluationError` with a sentence for every line that cannot be used.
    """
    if path.is_dir():
        return _read_beir(path)
    content = _content(path)
    records, problems = _records(path, content)
    questions: list[GoldQuestion] = []
    seen: dict[str, int] = {}
    for number, record in records:
        try:
            question = _question(record, number)
            if question.id in seen:
                raise _Fault(f"the id {question.id} is already that of line {seen[question.id]}")
        except _Fault as fault:
            problems.append(f"{path.name}, line {number}: {fault}.")
            continue
        seen[question.id] = number
        questions.append(question)
    _raise(problems)
    return _gold_set(path, questions, [content], retrieval_only=False)


class _Fault(Exception):
    """Why one line cannot be used, as the rest of a sentence."""


def _question(record: Mapping[str, Any], number: int) -> GoldQuestion:
    question = _text(record, "question")
    if not question:
        raise _Fault('"question" is missing or empty')
    if not isinstance(record.get("evidence"), list):
        raise _Fault('"evidence" must be a list; write [] when the documents do not tell')
    evidence = tuple(_evidence(one) for one in record["evidence"])
    history = record.get("history", [])
    if not isinstance(history, list) or not all(isinstance(one, str) and one.strip() for one in history):
        raise _Fault('"history" must be a list of questions that were asked before')
    paraphrase = record.get("paraphrase")
    if paraphrase not in (True, False, None):
        raise _Fault('"paraphrase" must be true or false')
    kind = _text(record, "kind") or _kind(evidence, bool(history))
    if kind == UNANSWERABLE and evidence:
        raise _Fault('an unanswerable question has no evidence; leave "evidence" empty or change "kind"')
    if kind in WITH_EVIDENCE and not evidence:
        raise _Fault(f'a question of the kind {kind} needs evidence, or the kind "{UNANSWERABLE}"')
    if kind == "follow_up" and not history:
        raise _Fault('a question of the kind follow_up needs "history": the questions before it')
    return GoldQuestion(
        id=_identifier(record.get("id", f"line {number}")),
        question=question,
        kind=kind,
        evidence=evidence,
        history=tuple(history),
        answer=_text(record, "answer"),
        paraphrase=paraphrase,
    )


def _kind(evidence: tuple[GoldEvidence, ...], follows: bool) -> str:
    """The kind of a question whose file does not say it."""
    if not evidence:
        return UNANSWERABLE
    if follows:
        return "follow_up"
    return "two_documents" if len({one.document for one in evidence}) > 1 else "single"


def _evidence(given: Any) -> GoldEvidence:
    if not isinstance(given, dict):
        raise _Fault('each entry of "evidence" must be an object with "document" and "quote"')
    document = _text(given, "document")
    if not document:
        raise _Fault('an entry of "evidence" names no "document"')
    return GoldEvidence(document=document, quote=_text(given, "quote"))


def _text(record: Mapping[str, Any], key: str) -> str:
    value = record.get(key, "")
    if not isinstance(value, str):
        raise _Fault(f'"{key}" must be a text')
    return value.strip()


def _identifier(given: Any) -> str:
    if isinstance(given, bool) or not isinstance(given, str | int) or not str(given).strip():
        raise _Fault('"id" must be a text or a number')
    return str(given).strip()


# --- BEIR ----------------------------------------------------------------------------------------


def _read_beir(folder: Path) -> GoldSet:
    """Thakur et al. 2021, "BEIR": queries with `_id` and `text`, judgements as tab-separated lines.

    The ids of documents are their names in the knowledge base. Queries without a relevant document
    are left out, as is usual for this format: there, no judgement does not mean no answer.
    """
    queries = folder / "queries.jsonl"
    judgements = next((p for p in (folder / "qrels" / "test.tsv", folder / "qrels.tsv") if p.exists()), None)
    if not queries.exists() or judgements is None:
        raise EvaluationError(
            f"The folder {folder} is no BEIR folder: it needs queries.jsonl and qrels/test.tsv or qrels.tsv."
        )
    asked, judged = _content(queries), _content(judgements)
    records, problems = _records(queries, asked)
    relevant, more = _judgements(judgements, judged)
    problems.extend(more)
    questions: list[GoldQuestion] = []
    for number, record in records:
        if "_id" not in record or not isinstance(record.get("text"), str) or not record["text"].strip():
            problems.append(f'{queries.name}, line {number}: a query needs "_id" and "text".')
            continue
        evidence = relevant.pop(str(record["_id"]), ())
        if evidence:
            one = GoldQuestion(
                id=str(record["_id"]), question=record["text"].strip(), kind="query", evidence=tuple(evidence)
            )
            questions.append(one)
    problems.extend(f"{judgements.name}: no query has the id {name}." for name in relevant)
    _raise(problems)
    return _gold_set(folder, questions, [asked, judged], retrieval_only=True)


def _judgements(path: Path, content: str) -> tuple[dict[str, list[GoldEvidence]], list[str]]:
    relevant: dict[str, list[GoldEvidence]] = {}
    problems: list[str] = []
    for number, line in enumerate(content.split("\n"), 1):
        cells = line.split("\t")
        if not line.strip() or (number == 1 and cells[-1].strip() == "score"):
            continue
        if len(cells) != 3 or not re.fullmatch(r"-?\d+", cells[2].strip()):
            problems.append(
                f"{path.name}, line {number}: a judgement is query id, document and a whole number, "
                "separated by tabs."
            )
        elif (grade := int(cells[2])) > 0:
            relevant.setdefault(cells[0], []).append(GoldEvidence(document=cells[1], grade=grade))
    return relevant, problems


# --- files ---------------------------------------------------------------------------------------


def _content(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise EvaluationError(
            f"{path} could not be opened: {(error.strerror or str(error)).lower()}."
        ) from error
    except UnicodeDecodeError as error:
        raise EvaluationError(f"{path} is not a text in UTF-8: save it as UTF-8.") from error


def _records(path: Path, content: str) -> tuple[list[tuple[int, dict[str, Any]]], list[str]]:
    """The JSON objects of the lines with their numbers, and a sentence for each line that is none."""
    records: list[tuple[int, dict[str, Any]]] = []
    problems: list[str] = []
    # Not `splitlines`: JSON strings may hold the rarer line separators of Unicode.
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            problems.append(f"{path.name}, line {number}: not JSON ({error.msg}, column {error.colno}).")
            continue
        if isinstance(record, dict):
            records.append((number, record))
        else:
            problems.append(f"{path.name}, line {number}: not a JSON object in braces.")
    return records, problems


def _raise(problems: list[str]) -> None:
    if problems:
        rest = len(problems) - MOST_PROBLEMS
        more = [f"… and {rest} more."] if rest > 0 else []
        raise EvaluationError("\n".join(problems[:MOST_PROBLEMS] + more))


def _gold_set(
    path: Path, questions: list[GoldQuestion], contents: list[str], *, retrieval_only: bool
) -> GoldSet:
    if not questions:
        raise EvaluationError(f"{path} holds no questions.")
    digest = hashlib.sha256("\x00".join(contents).encode()).hexdigest()
    return GoldSet(name=path.name, questions=tuple(questions), sha256=digest, retrieval_only=retrieval_only)
