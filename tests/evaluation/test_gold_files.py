"""Gold files are read whole or refused with a plain sentence for each line."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.errors import EvaluationError
from footnote.evaluation.gold import GoldEvidence, read_gold

GOOD = {"question": "What does it cost?", "evidence": [{"document": "prices.md", "quote": "It costs $5."}]}


def written(folder: Path, *lines: object) -> Path:
    path = folder / "gold.jsonl"
    path.write_text(
        "\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines), encoding="utf-8"
    )
    return path


def test_only_a_question_and_its_evidence_are_required(tmp_path: Path) -> None:
    gold = read_gold(written(tmp_path, GOOD, "", {"question": "And in gold?", "evidence": []}))
    first, second = gold.questions
    assert first.evidence == (GoldEvidence(document="prices.md", quote="It costs $5."),)
    assert (first.id, first.kind, first.answerable, first.paraphrase) == ("line 1", "single", True, None)
    assert (second.id, second.kind, second.answerable) == ("line 3", "unanswerable", False)
    assert not gold.retrieval_only


def test_the_kind_follows_from_what_a_question_has(tmp_path: Path) -> None:
    two = GOOD | {"evidence": [{"document": "a.md", "quote": "x"}, {"document": "b.md"}]}
    gold = read_gold(written(tmp_path, two, GOOD | {"history": ["What is it?"]}, GOOD | {"kind": "prices"}))
    assert [one.kind for one in gold.questions] == ["two_documents", "follow_up", "prices"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2: not JSON"),
        ("[1]", "line 2: not a JSON object"),
        ({"evidence": []}, 'line 2: "question" is missing'),
        ({"question": 5, "evidence": []}, 'line 2: "question" must be a text'),
        ({"question": "Why?"}, 'line 2: "evidence" must be a list'),
        ({"question": "Why?", "evidence": ["a.md"]}, "must be an object"),
        ({"question": "Why?", "evidence": [{"quote": "x"}]}, 'names no "document"'),
        (GOOD | {"kind": "unanswerable"}, "an unanswerable question has no evidence"),
        ({"question": "Why?", "evidence": [], "kind": "single"}, "needs evidence"),
        (GOOD | {"kind": "follow_up"}, 'needs "history"'),
        (GOOD | {"history": "What?"}, '"history" must be a list'),
        (GOOD | {"paraphrase": "yes"}, '"paraphrase" must be true or false'),
        (GOOD | {"id": []}, '"id" must be'),
        (GOOD | {"id": "line 1"}, "already that of line 1"),
    ],
)
def test_a_malformed_line_gets_a_sentence_with_its_number(tmp_path: Path, line: object, said: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        read_gold(written(tmp_path, GOOD, line))
    assert said in str(raised.value)
    assert "line 2" in str(raised.value)


def test_all_malformed_lines_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError) as raised:
        read_gold(written(tmp_path, *["{"] * 12))
    told = str(raised.value).splitlines()
    assert len(told) == 11
    assert told[-1] == "… and 2 more."


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("gold") / "gold.jsonl"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(EvaluationError):
        read_gold(path)


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="could not be opened"):
        read_gold(tmp_path / "absent.jsonl")
    (tmp_path / "latin.jsonl").write_bytes('{"question": "é"}'.encode("latin-1"))
    with pytest.raises(EvaluationError, match="UTF-8"):
        read_gold(tmp_path / "latin.jsonl")


def test_a_file_of_another_system_is_read_alike(tmp_path: Path) -> None:
    plain = read_gold(written(tmp_path, GOOD, GOOD | {"id": 7}))
    path = tmp_path / "windows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([json.dumps(GOOD), json.dumps(GOOD | {"id": 7})]).encode())
    assert read_gold(path).questions == plain.questions


# --- BEIR ------------------------------------------------------------------------------------------


def beir(folder: Path, queries: list[dict[str, str]], judgements: str, where: str = "qrels/test.tsv") -> Path:
    (folder / "qrels").mkdir(parents=True)
    (folder / "queries.jsonl").write_text("\n".join(json.dumps(one) for one in queries), encoding="utf-8")
    (folder / where).write_text(judgements, encoding="utf-8")
    return folder


@pytest.mark.parametrize("where", ["qrels/test.tsv", "qrels.tsv"])
def test_a_beir_folder_is_read_with_its_grades(tmp_path: Path, where: str) -> None:
    queries = [{"_id": "q1", "text": "What?"}, {"_id": "q2", "text": "Unjudged?"}]
    judgements = "query-id\tcorpus-id\tscore\nq1\ta.md\t2\nq1\tb.md\t1\nq1\tc.md\t0\n"
    gold = read_gold(beir(tmp_path / "set", queries, judgements, where))
    [question] = gold.questions
    assert question.evidence == (GoldEvidence(document="a.md", grade=2), GoldEvidence(document="b.md"))
    assert (question.id, question.kind, gold.retrieval_only) == ("q1", "query", True)


def test_a_judgement_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    judgements = "q1\ta.md\t1\nq1 a.md 1\nq9\ta.md\t1\n"
    with pytest.raises(EvaluationError) as raised:
        read_gold(beir(tmp_path / "set", [{"_id": "q1", "text": "What?"}], judgements))
    assert "test.tsv, line 2: a judgement is" in str(raised.value)
    assert "no query has the id q9" in str(raised.value)


def test_a_folder_that_is_no_beir_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"needs queries\.jsonl"):
        read_gold(tmp_path)
