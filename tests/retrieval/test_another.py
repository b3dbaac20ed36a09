"""A sentence with nearly all the words of a question that speaks of another thing is no answer to it."""

import pytest

from footnote.embedders.minilm import MiniLM
from footnote.retrieval.evidence import STRICT_THRESHOLD, weigh
from footnote.types import Chunk, Passage

EMBEDDER = MiniLM(threads=1)


def passage(text: str, document: str = "notes.md", *heading: str) -> Passage:
    chunk = Chunk(text=text, start=0, end=len(text), heading=heading)
    return Passage(chunk=chunk, document=document, score=0.7, words_score=6.0, vector_score=0.6)


async def best_sentence(question: str, *passages: Passage) -> str:
    best = (await weigh(question, passages, EMBEDDER)).sentences[0]
    return passages[best.passage].chunk.text[best.start : best.end]


PRICES = (
    "The gold plan costs 49 euros a month and includes every service.\n\n"
    "| | Free | Silver | Gold |\n|---|---|---|---|\n| Price | 0 | 19 | 49 |\n| Stations | 1 | 5 | 50 |"
)


@pytest.mark.parametrize(
    ("question", "passages", "quote"),
    [
        (
            "What was revenue in Q2 2024?",
            [
                passage("Revenue in Q3 2024 was 4.2 million, up from last year.", "q3-2024.md"),
                passage("Revenue from April to June was 3.9 million.", "results-q2-2024.md"),
            ],
            "Revenue from April to June was 3.9 million.",
        ),
        (
            "How many stations did we sell in 2023?",
            [passage("We sold 900 stations in 2022. We sold 1,100 stations in 2023.")],
            "We sold 1,100 stations in 2023.",
        ),
        ("How much does the silver plan cost?", [passage(PRICES, "prices.md")], "| Price | 0 | 19 | 49 |"),
        (
            "Which oil does the BX-14 need?",
            [passage("The BX-12 needs mineral oil. The BX-14 needs synthetic oil.")],
            "The BX-14 needs synthetic oil.",
        ),
    ],
)
async def test_what_is_said_of_another_thing_is_not_the_answer(
    question: str, passages: list[Passage], quote: str
) -> None:
    assert await best_sentence(question, *passages) == quote


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What was revenue in Q4 2024?", "Revenue in Q3 2024 was 4.2 million, up 23 % on last year."),
        ("What was revenue in the first quarter?", "Revenue in Q3 was 4.2 million, up 23 % on last year."),
        ("How much does the silver plan cost?", "The gold plan costs 49 euros a month."),
        ("What was the price in 2021?", "The price in 2023 was 12 euros."),
    ],
)
async def test_a_question_is_declined_when_only_another_thing_is_spoken_of(question: str, text: str) -> None:
    declined = await weigh(question, [passage(text)], EMBEDDER)
    assert declined.score < STRICT_THRESHOLD


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("May I pay by invoice?", "Organisations may pay by invoice from March."),
        ("What was revenue in the third quarter?", "Revenue in Q3 was 4.2 million."),
        ("How long is the free trial?", "The free trial lasts 14 days."),
        ("What happened in the 1990s?", "In the 19th century nothing happened; in the 1990s much did."),
    ],
)
async def test_a_sentence_about_the_same_thing_stays_an_answer(question: str, text: str) -> None:
    answered = await weigh(question, [passage(text)], EMBEDDER)
    assert answered.score >= STRICT_THRESHOLD


async def test_the_answer_in_a_list_of_questions_has_the_words_of_its_question() -> None:
    faq = passage(
        "**How do I cancel?** In the account, at any time. What is paid stays yours.\n\n"
        "**May I pay by invoice?** Large customers may.",
        "faq.md",
    )
    cancelled = passage("A cancelled plan ends with the month.", "terms.md")
    found = await weigh("How do I cancel?", [cancelled, faq], EMBEDDER)
    quotes = [[cancelled, faq][s.passage].chunk.text[s.start : s.end] for s in found.sentences]
    assert quotes.index("In the account, at any time.") < quotes.index(
        "A cancelled plan ends with the month."
    )


async def test_a_row_is_found_by_the_names_of_its_columns() -> None:
    limits = passage("| Plan | Requests a minute |\n|---|---|\n| Free | 30 |\n| Gold | 600 |", "limits.md")
    asked = "How many requests a minute may the free plan send?"
    assert await best_sentence(asked, limits) == "| Free | 30 |"
