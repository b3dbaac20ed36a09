"""Follow-ups made to stand alone. The dialogues rebuild, in our own words, two that lost their context in
other programs: a service asked for after tyres, and a part asked for after its machine."""

import sys
from collections import Counter
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.language.words import content_words
from footnote.retrieval.follow_up import stand_alone
from footnote.types import Message


def asked(*questions: str) -> list[Message]:
    history: list[Message] = []
    for question in questions:
        history += [Message("user", question), Message("assistant", "As the manual says.")]
    return history


@pytest.mark.parametrize(
    ("before", "question", "carried"),
    [
        (
            ["How often should the tyres of the Kestrel 300 be rotated?"],
            "What about a service?",
            "Kestrel 300",
        ),
        (["What oil does the BX-12 compressor need?"], "And which filter?", "BX-12"),
        (["Tell me about throat cancer."], "Is it treatable?", "throat cancer"),
        (["What does the Gold plan include?", "How much is it?"], "Can I cancel it?", "Gold plan"),
        (["What is the parental leave policy?"], "Who approves it?", "parental leave policy"),
        (["Who wrote the Harbour Report?"], "Why?", "Harbour Report"),
        (["How long may I return a Perch?"], "And who pays the postage?", "return"),
    ],
)
def test_a_follow_up_takes_its_topic_along(before: list[str], question: str, carried: str) -> None:
    rewritten = stand_alone(question, asked(*before))
    assert rewritten.startswith(question)
    assert carried in rewritten


@pytest.mark.parametrize(
    "question",
    [
        "What is WACC?",
        "How do I reset the admin password of the Kestrel 300?",
        "Does the household insurance policy cover water damage in the cellar?",
        "Debt consolidation for small firms, is it a good idea?",
    ],
)
def test_a_question_that_stands_alone_is_left_as_it_is(question: str) -> None:
    assert stand_alone(question, asked("What does the Gold plan include?")) == question


@pytest.mark.parametrize(
    ("before", "question", "looked_up"),
    [
        (["What was Q3 2024 revenue?"], "And in Q2?", "What was Q2 2024 revenue?"),
        (["What was Q3 2024 revenue?", "And in Q2?"], "And Q1 2023?", "What was Q1 2023 revenue?"),
        (["What was revenue in 2022?"], "and in 2023?", "What was revenue in 2023?"),
        (["What did we sell in April?"], "How about May?", "What did we sell in May?"),
        (["Can I pay within 30 days?"], "And within 60 days?", "Can I pay within 60 days?"),
        (["How much is the gold plan?"], "And the silver plan?", "How much is the silver plan?"),
        (["How much is the gold plan?"], "What about the free one?", "How much is the free plan?"),
        (["Can I return a used book in 30 days?"], "And a new one?", "Can I return a new book in 30 days?"),
        (["Are cheap hotels allowed?"], "What about expensive ones?", "Are expensive hotels allowed?"),
        (["What's the warranty on the Kestrel?"], "And on the Heron?", "What's the warranty on the Heron?"),
        (["What is the tax in the north?"], "And in Spain?", "What is the tax in Spain?"),
        (["What was rent in France in 2020?"], "And in Spain?", "What was rent in Spain in 2020?"),
        (["Who is the CEO?"], "And the CFO?", "Who is the CFO?"),
        (["What is the limit on the free plan?"], "And on premium?", "What is the limit on premium?"),
        (
            ["How much is the gold plan?", "Does it include support?"],
            "And the silver plan?",
            "Does it include support? (silver plan)",
        ),
    ],
)
def test_a_contrast_takes_the_place_of_what_it_contrasts_with(
    before: list[str], question: str, looked_up: str
) -> None:
    assert stand_alone(question, asked(*before)) == looked_up


@pytest.mark.parametrize(
    ("before", "question"),
    [
        ("How much is the Gold plan?", "And in Canada?"),
        ("How do I install Footnote?", "And with Docker?"),
        ("Was kostet der Gold Plan?", "in Berlin?"),
        ("What is the limit of the silver plan?", "What about the price of the gold plan?"),
        ("Can I bring my dog to the office?", "And a guest to the office?"),
        ("When do employees get parental leave?", "What about a sick one?"),
        ("Is the office open at 9?", "And at 11:30?"),
        ("What was the growth from 2020 to 2022?", "And in 2023?"),
        ("May I pay by invoice?", "And in June?"),
        ("How long does it take to ship parcels?", "And to Germany?"),
        ("Who on the free plan gets support?", "And on premium?"),
        ("Is food allowed in the lab in the evening?", "And in the office?"),
        ("What is the tax in the north of France?", "And in Spain?"),
        ("Can I work from home on Mondays?", "from abroad on Fridays?"),
        ("Is a discount of 30 euros possible?", "What about 50%?"),
        ("Was kostet der Gold Plan? " + "und " * 100 + "2022", "And in 2023?"),
    ],
)
def test_nothing_is_exchanged_where_the_place_is_not_plain(before: str, question: str) -> None:
    rewritten = stand_alone(question, asked(before))
    assert rewritten.startswith(question.strip())


@pytest.mark.parametrize(
    ("before", "question", "looked_up"),
    [
        ("What is Anna's phone number?", "And Ben?", "What is Ben's phone number?"),
        (
            "How many vacation days do I get?",
            "And parental leave days?",
            "How many parental leave days do I get?",
        ),
        (
            "How do customers cancel a gold plan?",
            "What about a silver one?",
            "How do customers cancel a silver plan?",
        ),
        ("On weekdays, when are you open?", "And on holidays?", "on holidays, when are you open?"),
        ("What was Q3 2022 revenue?", "And Q1 2023?", "What was Q1 2023 revenue?"),
        ("Wie hoch war der Umsatz 2022?", "2023?", "Wie hoch war der Umsatz 2023?"),
    ],
)
def test_what_is_exchanged_fits_into_its_place(before: str, question: str, looked_up: str) -> None:
    assert stand_alone(question, asked(before)) == looked_up


def test_what_an_exchange_named_is_what_later_questions_are_about() -> None:
    history = asked("What was Q3 2024 revenue?", "And in Q2?")
    assert stand_alone("What about subscriptions?", history) == "What about subscriptions? (Q2 2024 revenue)"


def test_what_was_looked_up_counts_and_not_what_might_have_been() -> None:
    told = asked("What was Q2 2024 revenue?", "How much is the gold plan?")
    told[1].metadata["rewritten_question"] = told[3].metadata["rewritten_question"] = ""
    assert stand_alone("What about the free one?", told) == "How much is the free plan?"
    told[3].metadata["rewritten_question"] = "How much is the gold plan? (Berlin)"
    assert stand_alone("What about the free one?", told) == "How much is the free plan? (Berlin)"


def test_a_question_of_its_own_takes_nothing_along() -> None:
    history = asked("How much was the gold plan in 2021?")
    assert stand_alone("Who is the head of marketing?", history) == "Who is the head of marketing?"


def test_a_new_question_is_not_put_into_the_one_before() -> None:
    rewritten = stand_alone("And who approves the silver plan?", asked("How much is the gold plan?"))
    assert "How much" not in rewritten


def test_without_history_nothing_changes() -> None:
    assert stand_alone("What about it?", []) == "What about it?"


def test_small_talk_is_no_topic() -> None:
    history = asked("What does the Gold plan include?", "Thanks a lot!")
    assert "Gold plan" in stand_alone("How much is it?", history)


def test_a_new_topic_takes_over() -> None:
    history = asked("Tell me about throat cancer.", "Tell me about lung cancer.")
    assert stand_alone("What are its symptoms?", history).startswith("What are its symptoms? (lung cancer")


VOCABULARY = (
    "and what about how much is the a in on for from gold silver plan plans Anna Ben Spain Q2 Q3 2022 May "
    "2023 9 11:30 one ones free of to with cost price does do you it , ? ( ) 's"
).split()
SENTENCES = st.lists(st.sampled_from(VOCABULARY), max_size=9).map(" ".join)


@given(
    st.lists(st.one_of(SENTENCES, st.text(max_size=40)), max_size=4),
    st.one_of(SENTENCES, st.text(max_size=40)),
)
def test_the_question_itself_is_never_lost(before: list[str], question: str) -> None:
    rewritten = stand_alone(question, asked(*before))
    if not rewritten.startswith(question.strip()):
        # It stands in the question before: all its words but those that open it or stand for a noun.
        opening = {"what", "how", "one", "ones"}
        assert set(content_words(question)) - opening <= set(content_words(rewritten.replace("'s", "")))


def test_a_pasted_letter_in_the_history_costs_no_time() -> None:
    letters = asked(*["é " * 4000, "Q3 " * 2600, "a-" * 4000])
    counted = Counter[str]()

    def count(frame: FrameType, event: str, _: object) -> None:
        counted[event] += 1

    sys.setprofile(count)
    try:
        stand_alone("And in Q2 2023?", letters)
    finally:
        sys.setprofile(None)
    assert counted["call"] < 300_000
