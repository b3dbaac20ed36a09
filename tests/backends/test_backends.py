"""Every backend that works offline keeps the contract; the hosted ones can be made and named."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from footnote import loop
from footnote.backends.anthropic import AnthropicBackend
from footnote.backends.extractive import ExtractiveBackend, quoted
from footnote.backends.mock import MockBackend
from footnote.backends.ollama import OllamaBackend
from footnote.backends.openai import OpenAIBackend
from footnote.backends.scripted import ScriptedBackend
from footnote.chatbot import Chatbot
from footnote.citing import check
from footnote.errors import BackendRefused
from footnote.interfaces import LLMBackend, Prompt, PromptMessage, Text
from footnote.testing.fakes import MemoryRetriever, whole_passage
from footnote.testing.llm_backend import LLMBackendContract
from footnote.types import Evidence, ScoredSentence


class Shouting(LLMBackend):
    """A reader's own backend: it defines `complete` and nothing else."""

    def complete(self, messages: Sequence[Mapping[str, Any]], **kwargs: Any) -> str:
        return str(messages[-1]["content"]).upper()


class TestExtractive(LLMBackendContract):
    @pytest.fixture
    def backend(self) -> LLMBackend:
        return ExtractiveBackend()


class TestMock(LLMBackendContract):
    @pytest.fixture
    def backend(self) -> LLMBackend:
        return MockBackend()


class TestScripted(LLMBackendContract):
    @pytest.fixture
    def backend(self) -> LLMBackend:
        return ScriptedBackend(["As ", "written."])


class TestOneThatOnlyCompletes(LLMBackendContract):
    @pytest.fixture
    def backend(self) -> LLMBackend:
        return Shouting()


def test_a_backend_that_defines_neither_method_says_so() -> None:
    class Empty(LLMBackend):
        pass

    with pytest.raises(NotImplementedError, match="Empty must define `complete` or `stream`"):
        Empty().complete([{"role": "user", "content": "hi"}])
    with pytest.raises(NotImplementedError, match="Empty must define `complete` or `stream`"):
        loop.run(anext(Empty().stream(Prompt(messages=()))))


@pytest.mark.parametrize(
    ("backend", "name"),
    [
        (OpenAIBackend("gpt-4o-mini", api_key="k"), "openai:gpt-4o-mini"),
        (AnthropicBackend("claude-3-5-sonnet", api_key="k"), "anthropic:claude-3-5-sonnet"),
        (OllamaBackend("llama3", base_url="http://localhost:1"), "ollama:llama3"),
    ],
)
def test_a_hosted_backend_can_be_made_and_says_plainly_that_it_cannot_answer_yet(
    backend: LLMBackend, name: str
) -> None:
    assert backend.name == name
    with pytest.raises(BackendRefused, match=f"{name} cannot be asked yet"):
        backend.complete([{"role": "user", "content": "hi"}], temperature=0.7, max_tokens=800)


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ("Hello!", "Hello! Ask me"),
        ("Hi, how are you?", "Hello! Ask me"),
        ("How are you today?", "Hello! Ask me"),
        ("thanks", "You're welcome!"),
        ("ok, thanks, that was helpful!", "You're welcome!"),
        ("danke schön", "You're welcome!"),
        ("ok bye", "Goodbye!"),
        ("great", "Glad to hear it."),
        ("ok", "All right."),
        ("no", "All right."),
        ("no problem", "All right."),
        ("that's not nice", "I'm sorry"),
        ("not great", "I'm sorry"),
        ("what can you do?", "I answer questions by quoting your documents"),
        ("Hi! Who are you?", "I answer questions by quoting your documents"),
        ("Tell me a joke", "I answer questions by quoting your documents"),
    ],
)
def test_small_talk_gets_a_fitting_reply(said: str, reply: str) -> None:
    answer = Chatbot(ExtractiveBackend()).ask(said)
    assert answer.basis == "small_talk"
    assert answer.text.startswith(reply)


def test_the_mock_cites_numbered_context_wherever_the_prompt_shows_it() -> None:
    in_system = [
        {"role": "system", "content": "Context:\n[1] Returns are free."},
        {"role": "user", "content": "Are returns free?"},
    ]
    assert MockBackend().complete(in_system).startswith("Based on the provided context [1], ")


def test_the_mock_echoes_the_first_fifty_characters_of_the_question() -> None:
    question = "x" * 49 + "yz"
    answer = MockBackend().complete([{"role": "user", "content": question}])
    assert "x" * 49 + "y" in answer
    assert "z" not in answer


def test_the_mock_does_not_take_footnotes_of_an_earlier_answer_for_context() -> None:
    said = [
        {"role": "user", "content": "Are returns free?"},
        {"role": "assistant", "content": "Yes [1]."},
        {"role": "user", "content": "Thanks"},
    ]
    assert "provided context" not in MockBackend().complete(said)


# --- the extractive answerer -------------------------------------------------------------------


def ranked(*spans: tuple[int, int, int]) -> Evidence:
    found = [ScoredSentence(passage=p, start=s, end=e, score=0.9) for p, s, e in spans]
    return Evidence(score=0.9, sentences=tuple(found))


def test_a_quoted_sentence_keeps_an_initial_at_its_beginning() -> None:
    text = "J. Smith founded the company in 1999."
    assert quoted([whole_passage("a.txt", text)], ranked((0, 0, len(text)))) == f"{text} [1]"


def test_a_number_in_brackets_in_the_document_is_not_taken_for_a_footnote() -> None:
    text = "The effect was small, as shown in [12] and [1]."
    passages = [whole_passage("paper.txt", text)]
    checked = check(quoted(passages, ranked((0, 0, len(text)))), passages)
    assert [citation.verdict for citation in checked.citations] == ["verified"]
    assert checked.unknown_markers == 0
    assert checked.citations[0].quote == text


def test_a_sentence_of_a_passage_that_was_left_out_is_passed_over() -> None:
    kept = "Returns are free."
    evidence = ranked((1, 0, 5), (0, 0, len(kept)))
    assert quoted([whole_passage("a.txt", kept)], evidence) == "Returns are free. [1]"


def test_a_sentence_that_stands_in_two_documents_is_quoted_once() -> None:
    text = "Returns are free."
    passages = [whole_passage("a.txt", text), whole_passage("b.txt", text)]
    assert quoted(passages, ranked((0, 0, len(text)), (1, 0, len(text)))) == "Returns are free. [1]"


async def test_what_the_conversation_tells_comes_before_anything_else() -> None:
    asked = (PromptMessage(role="user", content="What did I ask?"),)
    prompt = Prompt(messages=asked, basis="conversation", recalled="You asked: hi")
    pieces = [piece async for piece in ExtractiveBackend().stream(prompt)]
    assert [piece.text for piece in pieces if isinstance(piece, Text)] == ["You ", "asked: ", "hi"]


def test_quotes_that_are_no_sentences_stand_on_lines_of_their_own_and_stay_verified() -> None:
    commands = [
        "serve data.db --setting page_size 50",
        "serve --config page_size:50 data.db",
        "It is a new option.",
    ]
    passages = [whole_passage("settings.md", text) for text in commands]
    ranked = tuple(
        ScoredSentence(passage=n, start=0, end=len(text), score=0.9) for n, text in enumerate(commands)
    )
    answer = quoted(passages, Evidence(score=0.9, sentences=ranked))
    assert answer.split("\n\n") == [f"{text} [{n}]" for n, text in enumerate(commands, 1)]
    assert {one.verdict for one in check(answer, passages).citations} == {"verified"}


PRINTER = (
    "The printer is on the second floor.\n\nTo change the toner:\n\n1. Open the front door.\n"
    "2. Pull the old cartridge out.\n3. Push the new one in.\n\nOld ones go to the post room."
)
STEPS = "1. Open the front door. [1]\n\n2. Pull the old cartridge out. [1]\n\n3. Push the new one in. [1]"
VPN = "Connect with this command:\n\n```\nvpn connect\n```\n\nAsk the help desk for a profile."


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [
        ("How do I change the toner?", PRINTER, f"To change the toner: [1]\n\n{STEPS}"),
        ("How do I pull the old cartridge out?", PRINTER, f"To change the toner: [1]\n\n{STEPS}"),
        ("How do I connect?", VPN, "Connect with this command: [1]\n\n```\nvpn connect\n```\n[1]"),
        ("Where is the printer?", PRINTER, "The printer is on the second floor. [1]"),
    ],
)
def test_a_question_that_asks_how_gets_the_steps_that_belong_together(
    question: str, text: str, answer: str
) -> None:
    chatbot = Chatbot(ExtractiveBackend(), MemoryRetriever({"office.md": text}), threshold=0.1)
    answered = chatbot.ask(question)
    assert answered.text == answer
    assert {citation.verdict for citation in answered.citations} == {"verified"}


LONG_LIST = "To close the year:\n\n" + "\n".join(
    f"{n}. Do task number {n} of the list." for n in range(1, 16)
)
WITH_BULLETS = (
    "**To mount the pump:**\n\n1. Put in the plug.\n    - The red one first.\n2. Turn the handle.\n"
    "3. Screw on the lid.\n\n1. Stop the motor.\n2. Drain the tank."
)
IN_A_LIST = "To start:\n\n1. Run this:\n    ```\n    pump start\n    ```\n2. Wait for the green light."


@pytest.mark.parametrize(
    ("question", "text", "begins", "holds", "lacks"),
    [
        (
            "How do I do task number 14?",
            LONG_LIST,
            "6. Do",
            "14. Do task number 14 of the list. [1]",
            "task number 5 of",
        ),
        (
            "How do I screw on the lid?",
            WITH_BULLETS,
            "To mount the pump: [1]",
            "- The red one first. [1]",
            "motor",
        ),
        ("How do I drain the tank?", WITH_BULLETS, "1. Stop the motor. [1]", "2. Drain the tank. [1]", "lid"),
        ("How do I start?", IN_A_LIST, "To start: [1]", "\n```\npump start\n```\n[1]", "    ```"),
        (
            "How do I stop the server?",
            "The server must be stopped first.\n\n- Apples are red.\n- Pears are green.",
            "The server must be stopped first. [1]",
            "",
            "Apples",
        ),
        (
            "How do I cancel the plan?",
            "## How to cancel the plan\n\n- Choose Plan.\n- Press Cancel.",
            "How to cancel the plan [1]",
            "- Press Cancel. [1]",
            "##",
        ),
    ],
)
def test_steps_are_quoted_from_their_beginning_to_their_end(
    question: str, text: str, begins: str, holds: str, lacks: str
) -> None:
    chatbot = Chatbot(ExtractiveBackend(), MemoryRetriever({"office.md": text}), threshold=0.1)
    answered = chatbot.ask(question)
    assert answered.text.startswith(begins)
    assert holds in answered.text
    assert lacks not in answered.text
    assert {citation.verdict for citation in answered.citations} == {"verified"}
