"""Follow-ups made to stand alone. The dialogues rebuild, in our own words, two that lost their context in
other programs: a service asked for after tyres, and a part asked for after its machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        (["What was revenue in 2022?"], "and in 2023?", "revenue"),
        (["Who wrote the Harbour Report?"], "Why?", "Harbour Report"),
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


def test_without_history_nothing_changes() -> None:
    assert stand_alone("What about it?", []) == "What about it?"


def test_small_talk_is_no_topic() -> None:
    history = asked("What does the Gold plan include?", "Thanks a lot!")
    assert "Gold plan" in stand_alone("How much is it?", history)


def test_a_new_topic_takes_over() -> None:
    history = asked("Tell me about throat cancer.", "Tell me about lung cancer.")
    assert stand_alone("What are its symptoms?", history).startswith("What are its symptoms? (lung cancer")


@given(st.lists(st.text(max_size=40), max_size=4), st.text(max_size=40))
def test_the_question_itself_is_never_lost(before: list[str], question: str) -> None:
    assert stand_alone(question, asked(*before)).startswith(question.strip())
