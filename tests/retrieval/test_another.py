"""A sentence with nearly all the words of a question that speaks of another thing is no answer to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.embedders.minilm import MiniLM
from footnote.retrieval.dates import dates_and_codes
from footnote.retrieval.evidence import STRICT_THRESHOLD, prepare, weigh
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
            "How much does the silver plan cost?",
            [passage("The gold plan costs 49 euros. The silver plan is for clubs and costs less.")],
            "The silver plan is for clubs and costs less.",
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
        ("How long is the free trial?", "The free trial lasts 14 days."),
        ("What happened in the 1990s?", "In the 19th century nothing happened; in the 1990s much did."),
        ("What was revenue in the third quarter?", "Revenue in Q3 was 4.2 million."),
        ("What was revenue in Dec 2023?", "In December 2023 revenue was 4 million."),
        ("What was revenue in FY2023?", "Revenue in 2023 was 4 million, against 3 million in FY2022."),
        ("How did revenue grow from 2020 to 2023?", "Revenue was 2 million in 2021 and 3 million in 2022."),
        ("Were we better in Q3 2024 than a year before?", "In 2023 we were slow."),
        ("When was the 2021 edition replaced?", "The edition was replaced in March 2023."),
        ("What was the profit in H1 2023?", "Profit was 1 million in Q1 2023 and 2 million in Q2 2023."),
        ("What is the weight of the BX-14?", "The BX14 weighs 3 kg, the BX-12 4 kg."),
        ("How do I mount S3 storage on EC2?", "S3 is mounted with s3fs, which needs an IAM2 role."),
        ("Is 2FA needed in 2026?", "2FA is needed from 15 January 2025 on."),
        # Other words for the same thing, not another thing.
        ("What is the best way to contact support?", "The fastest way to contact support is by e-mail."),
        ("How long does the delivery take?", "Shipping takes three to five days."),
        ("What is the wifi password?", "The network password is tulip."),
        ("What is the annual fee for members?", "The membership fee is 30 euros a year."),
    ],
)
def test_what_is_said_in_other_words_is_not_of_another_thing(question: str, text: str) -> None:
    [sentence] = prepare(question, [passage(text)]).sentences
    assert not sentence.about_another


@pytest.mark.parametrize(
    ("question", "text", "document"),
    [
        ("What was revenue in Q4 2024?", "Revenue was 4.2 million.", "results-q3-2024.md"),
        ("What did the march cost in April?", "In March the march cost nothing.", "notes.md"),
        ("What does E41 mean?", "E42 means that the door is open.", "notes.md"),
    ],
)
def test_another_date_or_code_is_another_thing(question: str, text: str, document: str) -> None:
    [sentence] = prepare(question, [passage(text, document)]).sentences
    assert sentence.about_another


async def test_a_long_passage_of_another_index_is_weighed_as_it_stands() -> None:
    rows = "\n".join(f"| part {n} | {n} euros |" for n in range(1000))
    table = passage(f"| Part | Price |\n|---|---|\n{rows}")
    assert await best_sentence("What is the price of part 512?", table) == "| part 512 | 512 euros |"


@given(st.text(max_size=60), st.text(max_size=200))
def test_dates_and_codes_are_found_in_any_text(question: str, text: str) -> None:
    for kind, values in dates_and_codes(f"{question} in Q3 2024 {text}").items():
        assert kind
        assert values


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
