"""The handbook and its gold questions hold together: quotes are true and paraphrases are paraphrases.

Documents are read here without Footnote's own parsers, so that no fault of a parser can hide one in a quote.
"""

import csv
import json
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any

import docx
import pypdfium2
import pytest
import snowballstemmer

HANDBOOK = Path(str(resources.files("footnote.handbook")))
DOCUMENTS = HANDBOOK / "documents"
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_handbook_files.py"

QUESTIONS: list[dict[str, Any]] = [
    json.loads(line) for line in (HANDBOOK / "questions.jsonl").read_text(encoding="utf-8").splitlines()
]
ANSWERABLE = [question for question in QUESTIONS if question["kind"] != "unanswerable"]

STOP_WORDS = frozenset(
    """
    a about above after again all also am an and any are as at be because been before but by can cannot
    could did do does down each every everybody everyone for from further get gets go goes had has have
    her here him his how i if in into is it its last less ll long longer many may me mine more most much
    must my need no nobody not now of off on once one only or other our out over own per s same she should
    so some somebody someone still such t than that the their them then there they this those to too under
    until up us ve was we were what when where which while who whom whose why will with within would yes
    yet you your
    """.split()
)
PROPER_NAMES = frozenset(
    """
    vanewick perch ridge root hub premium standard free cloud americas europe duluth ghent brno alaska
    oslo paris ingrid halloway piet maerten orsany january february march april may june july august
    september october november december
    """.split()
)


def content_stems(text: str) -> set[str]:
    """The stems of a text's words, without stop words, proper names and anything with a digit in it."""
    words = re.findall(r"\w+", text.lower())
    kept = [word for word in words if word.isalpha() and word not in STOP_WORDS | PROPER_NAMES]
    return set(snowballstemmer.stemmer("english").stemWords(kept))


def shared_stems(question: str, quote: str) -> set[str]:
    """What a search by words could go by: the content stems that a question and a quote have in common."""
    return content_stems(question) & content_stems(quote)


class VisibleText(HTMLParser):
    """Collects what a reader of an HTML page sees."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in {"style", "script"}

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in {"style", "script"}

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.pieces.append(data)


@cache
def text_of(name: str) -> str:
    """The text of a document; white space is normalised where the format does not keep it."""
    path = DOCUMENTS / name
    match path.suffix:
        case ".docx":
            document = docx.Document(str(path))
            cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
            text = " ".join([paragraph.text for paragraph in document.paragraphs] + cells)
        case ".pdf":
            pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(path)]
            text = " ".join(pages)
        case ".html":
            parser = VisibleText()
            parser.feed(path.read_text(encoding="utf-8"))
            text = " ".join(parser.pieces)
        case _:
            return path.read_text(encoding="utf-8")
    return " ".join(text.split())


def test_there_are_enough_documents_in_enough_formats() -> None:
    suffixes = Counter(path.suffix for path in DOCUMENTS.iterdir())
    assert 34 <= suffixes.total() <= 40
    assert {".md", ".txt", ".rst", ".csv", ".html", ".docx", ".pdf"} <= suffixes.keys()


def test_the_facts_that_guides_and_demonstrations_rely_on_are_in_the_documents() -> None:
    assert "Revenue in Q3 2024 was $4.2M, up 23 %" in text_of("finance-q3-2024.md")
    assert "Subscriptions brought in $3.1M of it, up 31 %" in text_of("finance-q3-2024.md")
    assert "$49 a month and includes unlimited API calls and priority support" in text_of("pricing.md")
    assert "Physical goods are refundable within 30 days" in text_of("refund-policy.md")
    assert "Digital goods are not refundable" in text_of("refund-policy.md")
    assert "Premium support answers within 2 hours" in text_of("support-levels.md")
    assert "On the free plan we answer within 24 hours" in text_of("support-levels.md")


def test_ids_and_questions_are_unique() -> None:
    assert max(Counter(question["id"] for question in QUESTIONS).values()) == 1
    asked = Counter((question["question"], *question.get("history", [])) for question in QUESTIONS)
    assert max(asked.values()) == 1


def test_every_kind_of_question_is_well_represented() -> None:
    kinds = Counter(question["kind"] for question in QUESTIONS)
    assert kinds.keys() == {"single", "follow_up", "two_documents", "unanswerable"}
    assert kinds["single"] >= 45
    assert kinds["follow_up"] >= 14
    assert kinds["two_documents"] >= 10
    assert kinds["unanswerable"] >= 24


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
def test_a_question_has_the_fields_of_its_kind(question: dict[str, Any]) -> None:
    kind = question["kind"]
    documents = {entry["document"] for entry in question["evidence"]}
    assert ("answer" in question) == (kind != "unanswerable")
    assert ("history" in question) == (kind == "follow_up")
    assert len(question["evidence"]) == len(documents) == {"unanswerable": 0, "two_documents": 2}.get(kind, 1)
    assert kind != "follow_up" or 1 <= len(question["history"]) <= 2


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question["id"])
def test_every_quote_stands_in_its_document_word_for_word(question: dict[str, Any]) -> None:
    for entry in question["evidence"]:
        assert entry["quote"] in text_of(entry["document"])


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
def test_a_paraphrase_shares_no_content_word_with_its_evidence(question: dict[str, Any]) -> None:
    quotes = [entry["quote"] for entry in question["evidence"]]
    shared = set().union(*(shared_stems(question["question"], quote) for quote in quotes))
    assert question["paraphrase"] == (bool(quotes) and not shared), shared


def test_at_least_half_of_the_answerable_questions_are_paraphrases() -> None:
    assert sum(question["paraphrase"] for question in ANSWERABLE) >= len(ANSWERABLE) / 2


def test_every_document_is_evidence_for_some_question() -> None:
    cited = {entry["document"] for question in ANSWERABLE for entry in question["evidence"]}
    assert cited == {path.name for path in DOCUMENTS.iterdir()}


def test_the_catalogue_is_a_regular_table() -> None:
    with (DOCUMENTS / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert len(rows) >= 30
    assert {len(row) for row in rows} == {len(header)}
    assert len({row[0] for row in rows}) == len(rows)


def test_no_document_reveals_an_address_outside_the_reserved_domains() -> None:
    for path in DOCUMENTS.iterdir():
        addresses = re.findall(r"[\w.]+@[\w.-]+\w", text_of(path.name))
        assert all(address.endswith(".example") for address in addresses), path.name


def test_the_binary_documents_hold_the_text_of_the_script() -> None:
    pytest.importorskip("reportlab", reason="the PDF is made by reportlab, a development tool")
    made = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
