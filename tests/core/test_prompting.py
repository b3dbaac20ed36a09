"""What the model is shown, in which order, and how much of it."""

from hypothesis import given
from hypothesis import strategies as st

from footnote.memory import answered, roughly
from footnote.prompting import GROUNDED, Built, build
from footnote.testing.fakes import whole_passage
from footnote.types import Message, Passage

MARK = "0123456789ab"
HISTORY = [
    Message("user", "Are returns free?"),
    Message("assistant", "Yes. [1]"),
    Message("user", "And repairs?"),
    Message("assistant", "No. [1]"),
]
PASSAGES = [
    whole_passage("returns.txt", "Returns are free."),
    whole_passage(
        "prices.md", "| Pro | 20 |", heading=("Prices", "2024"), page="3", lead_in="| Plan | Monthly |"
    ),
]


def made(
    *,
    passages: list[Passage] = PASSAGES,
    history: list[Message] = HISTORY,
    system_prompt: str = "Be brief.",
    asked: str = "How much is it?",
    question: str = "How much is Pro?",
    context_tokens: int = 8192,
    mark: str | None = MARK,
) -> Built:
    return build(
        system_prompt=system_prompt,
        history=history,
        asked=asked,
        question=question,
        basis="documents",
        passages=passages,
        evidence=None,
        recalled="",
        context_tokens=context_tokens,
        count=roughly,
        mark=mark,
    )


def test_instructions_come_first_then_history_then_passages_with_the_question() -> None:
    messages = made().prompt.messages
    assert [m.role for m in messages] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert messages[0].content.startswith("Be brief.")
    assert GROUNDED in messages[0].content
    assert [m.content for m in messages[1:-1]] == [m.content for m in HISTORY]
    last = messages[-1].content
    assert (
        last.index("[1] returns.txt") < last.index("[2] prices.md") < last.index("Question: How much is it?")
    )


def test_a_passage_is_shown_with_its_place_and_what_introduces_it() -> None:
    assert (
        "[2] prices.md · page 3 · Prices · 2024\n| Plan | Monthly |\n| Pro | 20 |"
        in made().prompt.messages[-1].content
    )


def test_how_the_question_was_looked_up_is_shown_when_it_was_rewritten() -> None:
    assert "looked up as: How much is Pro?" in made().prompt.messages[-1].content
    assert "looked up as" not in made(question="How much is it?").prompt.messages[-1].content


def test_without_passages_the_question_stands_as_it_was_typed() -> None:
    built = made(passages=[], history=[], system_prompt="")
    assert [(m.role, m.content) for m in built.prompt.messages] == [("user", "How much is it?")]


def test_the_start_of_the_prompt_is_the_same_from_turn_to_turn() -> None:
    """A provider's cache is kept by what does not change at the beginning."""
    first = made(history=HISTORY[:2]).prompt.messages
    second = made(history=HISTORY, passages=PASSAGES[:1], asked="Another?").prompt.messages
    assert second[: len(first) - 1] == first[:-1]


SECRETS = st.text(alphabet="ØÞ", min_size=1, max_size=8).map(lambda text: f"¤{text}¤")


@given(st.lists(st.tuples(SECRETS, SECRETS, SECRETS, SECRETS), min_size=1, max_size=4))
def test_nothing_that_a_document_says_is_in_the_system_role_or_before_the_question(
    told: list[tuple[str, str, str, str]],
) -> None:
    passages = [
        whole_passage(name, text, heading=(heading,), lead_in=lead_in)
        for name, text, heading, lead_in in told
    ]
    messages = made(passages=passages).prompt.messages
    assert all("¤" not in message.content for message in messages[:-1])
    assert all(text in messages[-1].content for _, text, _, _ in told)
    assert messages[-1].role == "user"


@given(
    st.lists(st.sampled_from([MARK, MARK[:6], MARK[6:], f"{MARK}>>", f"<<{MARK}", "x", "\n"]), max_size=9),
    st.sampled_from(["text", "name", "heading", "lead_in", "page"]),
)
def test_no_document_can_close_the_block_that_quotes_it(parts: list[str], where: str) -> None:
    hostile = "".join(parts)
    passage = whole_passage(
        hostile if where == "name" else "a.txt",
        hostile if where == "text" else "Returns are free.",
        heading=(hostile,) if where == "heading" else (),
        lead_in=hostile if where == "lead_in" else "",
        page=hostile if where == "page" else "",
    )
    content = made(passages=[passage]).prompt.messages[-1].content
    # Once where the marks are announced, once at the beginning, once at the end.
    assert content.count(MARK) == 3
    assert content.count(f"<<{MARK}") == content.count(f"{MARK}>>") == 1


def test_the_mark_is_another_in_every_turn_and_known_afterwards() -> None:
    first, second = made(mark=None), made(mark=None)
    assert first.mark != second.mark
    assert first.mark in first.prompt.messages[-1].content


@given(
    st.lists(st.integers(1, 2000), max_size=6),
    st.lists(st.integers(0, 2000), max_size=8),
    st.integers(200, 3000),
    st.integers(1, 1500),
)
def test_the_prompt_leaves_a_quarter_of_the_window_and_says_what_did_not_fit(
    passages: list[int], history: list[int], context_tokens: int, asked: int
) -> None:
    offered = [whole_passage(f"{n}.txt", "p" * size) for n, size in enumerate(passages)]
    said = [Message("assistant" if n % 2 else "user", "h" * size) for n, size in enumerate(history)]
    built = made(passages=offered, history=said, asked="q" * asked, context_tokens=context_tokens)
    shown = built.prompt.passages
    assert list(shown) == offered[: len(shown)]
    assert built.passages_left_out == len(offered) - len(shown)
    remembered = [m for m in built.prompt.messages if m.role != "system"][:-1]
    # A question that got not a word for an answer is not shown, and not missed either.
    assert built.messages_left_out == len(answered(said)) - len(remembered)
    assert len(built.notices()) == bool(built.passages_left_out) + bool(built.messages_left_out)
    used = sum(roughly(message.content) for message in built.prompt.messages)
    # The best passage and the question are shown whatever their size.
    if remembered or len(shown) > 1:
        assert used <= context_tokens * 3 // 4


def test_a_question_that_got_no_answer_is_not_shown_again() -> None:
    history = [*HISTORY[:2], Message("user", "Lost?"), Message("assistant", "", outcome="failed")]
    messages = made(history=history).prompt.messages
    assert [m.content for m in messages[1:-1]] == [m.content for m in HISTORY[:2]]
