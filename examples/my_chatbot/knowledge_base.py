"""A folder of documents becomes a knowledge base, and ten questions measure whether it is found.

    python knowledge_base.py FOLDER
    python knowledge_base.py FOLDER --questions questions.tsv

A line of the questions file is a question, a tab, and the name of the document that answers it.
Without a file, headings of the documents are looked up, each of which should find its own document.
"""

import argparse
from pathlib import Path

from footnote import Document, KnowledgeBase
from footnote.loop import run

QUESTIONS = 10
TOP_K = 3


def add_folder(kb: KnowledgeBase, folder: Path) -> int:
    """Add every file of a folder and say what became of it. Returns how many are in."""
    kept = 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name[0] not in "._"):
        added = run(kb.add_file(path, name=path.relative_to(folder).as_posix()))
        if added.outcome == "refused":
            print(f"refused  {added.name}: {added.reason}")
        else:
            kept += 1
            print(f"{added.outcome:<8} {added.name}: {added.chunks} passages")
    return kept


def read_questions(file: Path) -> list[tuple[str, str]]:
    """Pairs of a question and the name of the document that answers it."""
    lines = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines() if "\t" in line]
    return [(question.strip(), document.strip()) for question, document, *_ in lines]


def questions_from_headings(kb: KnowledgeBase) -> list[tuple[str, str]]:
    """The longest heading of each of ten documents, which has the most to go by."""
    names = run(kb.documents())
    chosen = names[:: max(len(names) // QUESTIONS, 1)][:QUESTIONS]
    return [(longest_heading(run(kb.store.document(kb.owner, one.id))), one.name) for one in chosen]


def longest_heading(document: Document) -> str:
    text = document.extracted.text
    headings = [
        text[b.start : b.end].strip("#= \n") for b in document.extracted.blocks if b.kind == "heading"
    ]
    return max(headings, key=len) if headings else " ".join(text.split()[:12])


def recall(kb: KnowledgeBase, questions: list[tuple[str, str]]) -> float:
    """The share of questions whose document is among the first passages; prints each of them."""
    found = 0
    for question, document in questions:
        sources = [passage.document for passage in run(kb.search(question, TOP_K))]
        found += document in sources
        print(f"{'found ' if document in sources else 'MISSED'}  {question}  ->  {document}")
    return found / len(questions) if questions else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description="Index a folder and measure how well it is found.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--questions", type=Path, help="question, tab, document name; one a line")
    parser.add_argument("--data", type=Path, help="keep the index in this folder")
    given = parser.parse_args()

    kb = KnowledgeBase(data=given.data)
    print(f"{add_folder(kb, given.folder)} documents are in.\n")
    questions = read_questions(given.questions) if given.questions else questions_from_headings(kb)
    share = recall(kb, questions)
    print(f"\nrecall@{TOP_K}: {share:.2f} over {len(questions)} questions")


if __name__ == "__main__":
    main()
