"""What is recalled: a window of turns, within a budget, and one branch of a saved conversation."""

import json

from hypothesis import given
from hypothesis import strategies as st

from footnote.memory import ConversationMemory, branch, roughly, within
from footnote.types import Message, MessageId, Role

MESSAGES = st.lists(
    st.builds(Message, st.sampled_from(["user", "assistant"]), st.text(max_size=60)), max_size=12
)


@given(st.integers(0, 6), st.lists(st.text(min_size=1, max_size=9), max_size=14))
def test_the_window_is_the_last_turns_and_nothing_is_forgotten(max_turns: int, said: list[str]) -> None:
    memory = ConversationMemory(max_turns=max_turns)
    roles: list[Role] = ["user", "assistant"]
    for number, text in enumerate(said):
        memory.add(roles[number % 2], text)
    history = memory.get_history()
    assert len(history) == min(len(said), max_turns * 2)
    assert [message["content"] for message in history] == said[len(said) - len(history) :]
    assert len(memory) == len(said)


@given(MESSAGES, st.integers(-5, 80))
def test_the_budget_is_never_exceeded_and_what_is_kept_begins_with_a_question(
    messages: list[Message], budget: int
) -> None:
    kept = within(messages, budget, roughly)
    assert sum(roughly(message.content) for message in kept) <= max(budget, 0)
    assert kept == messages[len(messages) - len(kept) :]
    assert not kept or kept[0].role == "user"


@given(MESSAGES)
def test_a_large_budget_forgets_nothing_but_an_answer_without_its_question(messages: list[Message]) -> None:
    first = next((n for n, message in enumerate(messages) if message.role == "user"), len(messages))
    assert within(messages, 10**6, roughly) == messages[first:]


def test_the_system_prompt_comes_first_when_there_is_one() -> None:
    memory = ConversationMemory(system_prompt="Be brief.")
    memory.add("user", "Hello")
    assert memory.build_messages() == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
    ]
    memory.system_prompt = ""
    assert memory.build_messages() == [{"role": "user", "content": "Hello"}]


def test_the_export_is_json_with_role_content_and_time() -> None:
    memory = ConversationMemory()
    memory.add("user", "Wie geht’s?", metadata={"seen": True})
    exported = memory.export()
    assert json.loads(exported) == [
        {"role": "user", "content": "Wie geht’s?", "timestamp": memory.messages[0].timestamp}
    ]
    assert "\n" in exported
    assert "geht’s" in exported


def test_clear_forgets_the_messages_and_keeps_the_system_prompt() -> None:
    memory = ConversationMemory(system_prompt="Be brief.")
    memory.add("user", "Hello")
    memory.clear()
    assert (len(memory), memory.system_prompt) == (0, "Be brief.")


@given(st.text(max_size=200))
def test_an_estimate_of_tokens_is_positive_and_grows_with_the_text(text: str) -> None:
    assert 1 <= roughly(text) <= roughly(text + "word") <= len(text) + 5


def test_a_chinese_letter_counts_as_a_whole_token() -> None:
    assert roughly("退货免费") >= 4


# --- branches --------------------------------------------------------------------------------------


def said(name: str, parent: str | None, at: float) -> Message:
    role: Role = "user" if name.startswith("q") else "assistant"
    return Message(role, name, at, id=MessageId(name), parent_id=MessageId(parent) if parent else None)


TREE = [
    said("q1", None, 1),
    said("a1", "q1", 2),
    said("q2", "a1", 3),
    said("a2", "q2", 4),
    said("q2-again", "a1", 5),
    said("a2-again", "q2-again", 6),
]


def test_the_newest_branch_is_followed_to_its_root() -> None:
    assert [message.content for message in branch(TREE)] == ["q1", "a1", "q2-again", "a2-again"]


def test_an_older_branch_can_be_asked_for() -> None:
    assert [m.content for m in branch(TREE, MessageId("a2"))] == ["q1", "a1", "q2", "a2"]


def test_of_a_question_and_its_answer_at_the_same_moment_the_answer_is_the_newest() -> None:
    assert [m.content for m in branch([said("q1", None, 1), said("a1", "q1", 1)])] == ["q1", "a1"]


def test_no_messages_are_no_branch() -> None:
    assert branch([]) == []
