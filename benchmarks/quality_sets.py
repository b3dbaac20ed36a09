"""The development data as collections with questions. Third-party data: read from a folder, never kept here.

The folder is `$FOOTNOTE_DEV_DATA`, else `../shared/data` beside the repository.
"""

import gzip
import json
import os
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("FOOTNOTE_DEV_DATA", Path(__file__).parents[2] / "shared" / "data"))


@dataclass(frozen=True, kw_only=True)
class Question:
    text: str
    relevant: frozenset[str]
    """Ids of the passages that answer; empty when none does."""
    answers: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    """The user's earlier turns, oldest first."""
    said: tuple[tuple[str, str], ...] = ()
    """All earlier turns as (role, text), oldest first."""
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class Collection:
    name: str
    language: str
    passages: dict[str, str]
    questions: tuple[Question, ...] = ()
    titles: dict[str, str] = field(default_factory=dict)


def read_json(path: str) -> Any:
    with gzip.open(FOLDER / path, "rt", encoding="utf-8") as file:
        return json.load(file)


def read_lines(path: str) -> Iterator[Any]:
    opened = gzip.open if path.endswith(".gz") else open
    with opened(FOLDER / path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def mtrag(domain: str, kind: str, distractors: int | None = None) -> Collection:
    """`domain` is fiqa or cloud; `kind` is lastturn, rewrite or questions (all user turns glued).

    `distractors` keeps the passages that any question needs and the first so many others.
    """
    passages = {row["_id"]: row["text"].strip() for row in read_lines(f"mtrag/corpus_pool/{domain}.jsonl.gz")}
    relevant: dict[str, set[str]] = defaultdict(set)
    for line in (FOLDER / f"mtrag/qrels/{domain}.tsv").read_text().splitlines()[1:]:
        query, passage, _ = line.split("\t")
        relevant[query].add(passage)
    if distractors is not None:
        needed = {p for ids in relevant.values() for p in ids}
        needed |= {p for question, _ in mtrag_un(domain) for p in question.relevant}
        kept = needed | set([p for p in passages if p not in needed][:distractors])
        passages = {p: text for p, text in passages.items() if p in kept}
    turns = {
        row["_id"]: _user_turns(row["text"]) for row in read_lines(f"mtrag/queries/{domain}_questions.jsonl")
    }
    questions = [
        Question(
            text=" ".join(_user_turns(row["text"])),
            relevant=frozenset(relevant[row["_id"]]),
            history=tuple(turns[row["_id"]][:-1]),
            key=row["_id"],
        )
        for row in read_lines(f"mtrag/queries/{domain}_{kind}.jsonl")
        if relevant[row["_id"]]
    ]
    return Collection(name=f"mtrag-{domain}", language="en", passages=passages, questions=tuple(questions))


def _user_turns(text: str) -> list[str]:
    return [turn.strip() for turn in text.split("|user|:") if turn.strip()]


def mtrag_un(domain: str) -> tuple[tuple[Question, bool], ...]:
    """Last questions of whole conversations with whether they are answerable, for one domain."""
    found = []
    for task in read_lines("mtrag_un/tasks_208.jsonl.gz"):
        kind = task["answerability"][0]
        if task["Collection"] != {"cloud": "ibmcloud"}.get(domain, domain) or "ANSWERABLE" not in kind:
            continue
        said = tuple((turn["speaker"], turn["text"]) for turn in task["input"])
        users = [text for speaker, text in said if speaker == "user"]
        found.append(
            (
                Question(
                    text=users[-1],
                    relevant=frozenset(context["document_id"] for context in task["contexts"]),
                    history=tuple(users[:-1]),
                    said=said[:-1],
                    key=task["task_id"],
                ),
                kind == "ANSWERABLE",
            )
        )
    return tuple(found)


def squad(impossible: bool = False) -> Collection:
    """Every paragraph of the eight articles; all questions that the flag asks for."""
    passages: dict[str, str] = {}
    titles: dict[str, str] = {}
    questions = []
    for article in read_json("squad2/dev_8_articles.json.gz")["data"]:
        for number, paragraph in enumerate(article["paragraphs"]):
            key = f"{article['title']}-{number}"
            passages[key] = paragraph["context"]
            titles[key] = article["title"].replace("_", " ")
            questions += [
                Question(
                    text=qa["question"].strip(),
                    relevant=frozenset([key]),
                    answers=tuple(dict.fromkeys(a["text"] for a in qa["answers"])),
                    key=qa["id"],
                )
                for qa in paragraph["qas"]
                if qa["is_impossible"] == impossible
            ]
    return Collection(
        name="squad2", language="en", passages=passages, titles=titles, questions=tuple(questions)
    )


def xquad(language: str) -> Collection:
    passages: dict[str, str] = {}
    questions = []
    for number, article in enumerate(read_json(f"xquad/xquad.{language}.json.gz")["data"]):
        for part, paragraph in enumerate(article["paragraphs"]):
            key = f"{number}-{part}"
            passages[key] = paragraph["context"]
            questions += [
                Question(
                    text=qa["question"],
                    relevant=frozenset([key]),
                    answers=tuple(a["text"] for a in qa["answers"]),
                    key=qa["id"],
                )
                for qa in paragraph["qas"]
            ]
    return Collection(
        name=f"xquad-{language}", language=language, passages=passages, questions=tuple(questions)
    )


def hotpot() -> Collection:
    corpus = read_json("multihop/hotpotqa_100_corpus.json.gz")
    passages = {title: "".join(lines) for title, lines in corpus.items()}
    questions = tuple(
        Question(
            text=row["question"],
            relevant=frozenset(title for title, _ in row["supporting_facts"]),
            answers=(row["answer"],),
        )
        for row in read_json("multihop/hotpotqa_100.json.gz")
    )
    return Collection(
        name="hotpot", language="en", passages=passages, titles={k: k for k in passages}, questions=questions
    )


def some(questions: tuple[Question, ...], count: int, seed: int = 13) -> tuple[Question, ...]:
    """The same `count` questions each time."""
    return tuple(random.Random(seed).sample(list(questions), count)) if len(questions) > count else questions


def cast() -> Iterator[tuple[tuple[str, ...], str, str]]:
    """TREC CAsT 2019 and 2020: the turns before, the turn, and the turn as a person rewrote it."""
    path = FOLDER / "treccast" / "2019_data_evaluation_evaluation_topics_annotated_resolved_v1.0.tsv.gz"
    lines = gzip.decompress(path.read_bytes()).decode("utf-8").splitlines()
    rewritten = dict(line.split("\t")[:2] for line in lines)
    for name in (
        "2019_data_evaluation_evaluation_topics_v1.0.json.gz",
        "2020_2020_manual_evaluation_topics_v1.0.json.gz",
    ):
        for topic in read_json(f"treccast/{name}"):
            said: list[str] = []
            for turn in topic["turn"]:
                asked = turn["raw_utterance"]
                gold = turn.get("manual_rewritten_utterance") or rewritten.get(
                    f"{topic['number']}_{turn['number']}", asked
                )
                yield tuple(said), asked, gold
                said.append(asked)
