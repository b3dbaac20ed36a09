"""A tutorial reader's scripts run by changing the import. Plain scripts: no `async`, no guard."""

import inspect
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from footnote import (
    AnthropicBackend,
    Chatbot,
    ConversationMemory,
    KnowledgeBase,
    LLMBackend,
    Message,
    MockBackend,
    OllamaBackend,
    OpenAIBackend,
    loop,
)
from footnote.errors import SettingsError
from footnote.prompting import DECLINED

DOCUMENTS: list[dict[str, Any]] = [
    {"text": "Q3 revenue was $4.2 million, up 12% on Q2.", "source": "q3-report.txt", "year": 2024},
    {"text": "The premium plan costs $49 a month and includes priority support.", "source": "pricing.txt"},
    {"text": "Returns are accepted within 30 days of delivery.", "source": "returns.txt"},
]


@pytest.fixture(scope="module")
def kb() -> Iterator[KnowledgeBase]:
    """One knowledge base for the module: no test of these changes it."""
    kb = KnowledgeBase()
    kb.add_documents(DOCUMENTS)
    yield kb
    kb.close()


def run_script(folder: Path, program: str) -> list[str]:
    """What a plain script prints, run as a file of its own."""
    script = folder / "script.py"
    script.write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        capture_output=True, text=True, timeout=120, cwd=folder, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


# --- Message ---------------------------------------------------------------------------------------


def test_a_message_knows_its_time_and_has_metadata() -> None:
    before = time.time()
    message = Message("user", "Hello")
    assert (message.role, message.content, message.metadata) == ("user", "Hello", {})
    assert before <= message.timestamp <= time.time()
    given = Message(role="assistant", content="Hi", timestamp=5.0, metadata={"a": 1})
    assert (given.timestamp, given.metadata) == (5.0, {"a": 1})
    assert Message("user", "a").metadata is not Message("user", "b").metadata


# --- ConversationMemory ------------------------------------------------------------------------------


def test_the_memory_is_a_window_of_turns() -> None:
    memory = ConversationMemory(max_turns=2, system_prompt="You are helpful.")
    for number in range(5):
        memory.add("user", f"question {number}")
        memory.add("assistant", f"answer {number}", metadata={"tokens": number})
    history = memory.get_history()
    assert [message["content"] for message in history] == ["question 3", "answer 3", "question 4", "answer 4"]
    assert set(history[0]) == {"role", "content"}
    assert memory.build_messages() == [{"role": "system", "content": "You are helpful."}, *history]
    assert len(memory) == len(memory.messages) == 10
    assert memory.messages[-1].metadata == {"tokens": 4}
    exported = json.loads(memory.export())
    assert [set(message) for message in exported] == [{"role", "content", "timestamp"}] * 10
    assert memory.export().startswith("[\n ")
    memory.clear()
    assert (len(memory), memory.get_history()) == (0, [])


def test_the_memory_has_the_tutorial_s_defaults() -> None:
    memory = ConversationMemory()
    assert (memory.max_turns, memory.system_prompt, memory.messages) == (10, "", [])
    assert memory.build_messages() == []


# --- KnowledgeBase -----------------------------------------------------------------------------------


def test_what_is_retrieved_has_every_key_that_was_given_and_a_score(kb: KnowledgeBase) -> None:
    results = kb.retrieve("What was Q3 revenue?")
    assert results[0]["source"] == "q3-report.txt"
    assert {key: results[0][key] for key in DOCUMENTS[0]} == DOCUMENTS[0]
    scores = [result["score"] for result in results]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_no_more_and_no_worse_passages_come_than_asked_for(kb: KnowledgeBase) -> None:
    question = "What does the premium plan cost?"
    assert len(kb.retrieve(question, top_k=1)) == 1
    assert kb.retrieve(question, top_k=3, min_score=1.01) == []
    everything = kb.retrieve(question, top_k=3, min_score=0.0)
    assert everything[0]["source"] == "pricing.txt"
    bar = everything[0]["score"]
    assert all(one["score"] >= bar for one in kb.retrieve(question, top_k=3, min_score=bar))


def test_retrieval_has_the_tutorial_s_defaults() -> None:
    parameters = inspect.signature(KnowledgeBase.retrieve).parameters
    assert [(name, parameters[name].default) for name in ("top_k", "min_score")] == [
        ("top_k", 3),
        ("min_score", 0.3),
    ]
    assert inspect.signature(KnowledgeBase).parameters["model_name"].default == "all-MiniLM-L6-v2"


@pytest.mark.parametrize(
    ("question", "needed"),
    [
        ("What was Q3 revenue?", True),
        ("What does the premium plan cost?", True),
        ("Tell me a joke", False),
        ("How are you today?", False),
    ],
)
def test_small_talk_needs_no_retrieval(kb: KnowledgeBase, question: str, needed: bool) -> None:
    assert kb.needs_retrieval(question) is needed


def test_an_empty_knowledge_base_finds_nothing_and_another_model_is_refused_plainly() -> None:
    kb = KnowledgeBase(model_name="all-MiniLM-L6-v2")
    assert kb.retrieve("What was Q3 revenue?") == []
    kb.close()
    with pytest.raises(SettingsError, match="all-MiniLM-L6-v2"):
        KnowledgeBase(model_name="something-else")


def test_two_texts_of_one_source_are_both_kept() -> None:
    kb = KnowledgeBase()
    kb.add_documents(
        [{"text": "Cats sleep a lot.", "source": "pets"}, {"text": "Dogs bark.", "source": "pets"}]
    )
    found = kb.retrieve("Do cats sleep and do dogs bark?", min_score=0.0)
    assert sorted(one["text"] for one in found) == ["Cats sleep a lot.", "Dogs bark."]
    assert {one["source"] for one in found} == {"pets"}
    kb.close()


# --- backends ------------------------------------------------------------------------------------------


def test_the_hosted_backends_take_the_tutorial_s_arguments() -> None:
    assert OpenAIBackend(model="gpt-4o-mini", api_key="k").name == "openai:gpt-4o-mini"
    assert AnthropicBackend(model="claude-3-haiku-20240307", api_key="k").name.startswith(
        "anthropic:claude-3"
    )
    assert OllamaBackend().name == "ollama:llama3"
    assert OllamaBackend(model="mistral", base_url="http://localhost:11434").model == "mistral"
    assert OpenAIBackend().name.startswith("openai:")
    assert AnthropicBackend().name.startswith("anthropic:")
    for backend in (OpenAIBackend, AnthropicBackend, OllamaBackend):
        parameters = inspect.signature(backend.complete).parameters
        assert parameters["kwargs"].kind is inspect.Parameter.VAR_KEYWORD


def test_a_key_is_not_shown_when_a_backend_is_printed() -> None:
    assert "sekret" not in repr(OpenAIBackend(api_key="sekret"))


def test_the_mock_cites_when_it_is_shown_context_and_echoes_when_not() -> None:
    shown = [{"role": "user", "content": "Context:\n[1] (Source: a) Returns are free.\n\nAre returns free?"}]
    assert MockBackend().complete(shown).startswith("Based on the provided context [1], ")
    question = "Tell me something that is longer than fifty characters, please."
    assert question[:50] in MockBackend().complete([{"role": "user", "content": question}])


# --- Chatbot -------------------------------------------------------------------------------------------


def test_a_chatbot_has_the_tutorial_s_parts(kb: KnowledgeBase) -> None:
    llm = MockBackend()
    bot = Chatbot(llm=llm, knowledge_base=kb, system_prompt="You are helpful.", max_turns=5)
    assert (bot.llm, bot.kb) == (llm, kb)
    assert (bot.memory.max_turns, bot.memory.system_prompt) == (5, "You are helpful.")
    assert set(bot.get_stats()) == {"turns", "retrievals", "tokens_est"}
    answer = bot.chat("What was Q3 revenue?")
    assert answer.startswith("Based on the provided context [1], ")
    said = bot.memory.messages[-1]
    assert said.role == "assistant"
    assert said.metadata["retrieved_sources"][0] == "q3-report.txt"
    assert bot.get_stats() | {"tokens_est": 0} == {"turns": 1, "retrievals": 1, "tokens_est": 0}
    assert bot.stats["tokens_est"] > 0
    assert "cleared" in str(bot.reset()).lower()
    assert bot.memory.get_history() == []


def test_without_documents_the_chatbot_never_declines(kb: KnowledgeBase) -> None:
    assert Chatbot(llm=MockBackend()).chat("What was Q3 revenue?") != DECLINED
    bot = Chatbot(llm=MockBackend(), knowledge_base=kb)
    assert bot.chat("Which penguins swim fastest?") == DECLINED
    assert bot.chat("Which penguins swim fastest?", use_rag=False) != DECLINED
    assert bot.get_stats()["turns"] == 2


def test_verbose_shows_what_was_retrieved(kb: KnowledgeBase, capsys: pytest.CaptureFixture[str]) -> None:
    Chatbot(llm=MockBackend(), knowledge_base=kb).chat("What was Q3 revenue?", verbose=True)
    printed = capsys.readouterr().out
    assert "q3-report.txt" in printed
    assert "Q3 revenue was $4.2 million" in printed


# --- the four layers, exchanged one at a time ------------------------------------------------------------


class Capitals(LLMBackend):
    def complete(self, messages: Any, **kwargs: Any) -> str:
        return str(messages[-1]["content"]).splitlines()[0].upper()


class OneFact:
    """A retriever of somebody's own."""

    def retrieve(self, query: str, top_k: int = 3, min_score: float = 0.0) -> list[dict[str, Any]]:
        return [{"text": "Q3 revenue was 7 euros.", "source": "own.txt", "score": 0.9}]


class ShortMemory(ConversationMemory):
    def get_history(self) -> list[dict[str, str]]:
        return super().get_history()[-1:]


def on_the_screen(bot: Chatbot) -> str:
    """Another screen: it reads events where `chat` waits for the whole."""
    return "".join(
        event.text for event in loop.iterate(bot.stream("What was Q3 revenue?")) if event.kind == "text_added"
    )


def swap_backend(bot: Chatbot) -> None:
    bot.llm = Capitals()


def swap_retriever(bot: Chatbot) -> None:
    bot.kb = OneFact()


def swap_memory(bot: Chatbot) -> None:
    bot.memory = ShortMemory(max_turns=1, system_prompt="Be brief.")


@pytest.mark.parametrize("swap", [swap_backend, swap_retriever, swap_memory])
def test_a_layer_can_be_exchanged_without_touching_the_others(
    kb: KnowledgeBase, swap: Callable[[Chatbot], None]
) -> None:
    bot = Chatbot(knowledge_base=kb)
    first = bot.ask("What was Q3 revenue?")
    assert "$4.2 million" in first.text
    swap(bot)
    second = bot.ask("What was Q3 revenue?")
    assert second.outcome == "complete"
    if swap is swap_retriever:
        assert second.text == "Q3 revenue was 7 euros. [1]"
        assert second.citations[0].verdict == "verified"
    elif swap is swap_backend:
        assert second.text.isupper()
    else:
        assert second.text == first.text
        assert len(bot.memory) == 2


def test_the_screen_can_be_exchanged_too(kb: KnowledgeBase) -> None:
    bot = Chatbot(knowledge_base=kb)
    assert on_the_screen(bot) == bot.chat("What was Q3 revenue?")


def test_a_knowledge_base_with_a_retrieve_of_its_own_is_asked_by_it(kb: KnowledgeBase) -> None:
    class Reversed(KnowledgeBase):
        def __init__(self) -> None:
            vars(self).update(vars(kb))

        def retrieve(self, query: str, top_k: int = 3, min_score: float = 0.0) -> list[dict[str, Any]]:
            return [{"text": "Q3 revenue was 8 euros.", "source": "reversed.txt", "score": 0.9}]

    answer = Chatbot(knowledge_base=Reversed()).ask("What was Q3 revenue?")
    assert answer.text == "Q3 revenue was 8 euros. [1]"


def test_a_retriever_says_itself_what_it_need_not_be_asked(kb: KnowledgeBase) -> None:
    class Selective(KnowledgeBase):
        def __init__(self) -> None:
            vars(self).update(vars(kb))

        def needs_retrieval(self, query: str) -> bool:
            return "revenue" not in query

    bot = Chatbot(llm=MockBackend(), knowledge_base=Selective())
    answer = bot.ask("What was Q3 revenue?")
    assert (answer.basis, answer.passages, answer.outcome) == ("model", (), "complete")
    assert bot.ask("What does the premium plan cost?").passages
    assert bot.get_stats()["retrievals"] == 1


# --- plain scripts ---------------------------------------------------------------------------------------


def test_the_first_script_of_the_readme_answers_with_a_footnote(tmp_path: Path) -> None:
    printed = run_script(
        tmp_path,
        """
from footnote import Chatbot, KnowledgeBase

kb = KnowledgeBase()
kb.add_documents([{"text": "Returns are free within 30 days.", "source": "returns.txt"}])
answer = Chatbot(knowledge_base=kb).ask("How long may I return something?")
print(answer.text)
for citation in answer.citations:
    print(citation.verdict, citation.document, citation.quote)
""",
    )
    assert printed == [
        "Returns are free within 30 days. [1]",
        "verified returns.txt Returns are free within 30 days.",
    ]


def test_a_tutorial_script_runs_from_the_top_to_the_bottom_without_a_guard(tmp_path: Path) -> None:
    """With a backend of its own, files with names, a follow-up, statistics and a reset."""
    printed = run_script(
        tmp_path,
        f"""
from footnote import Chatbot, ConversationMemory, KnowledgeBase, LLMBackend, MockBackend

class EchoBackend(LLMBackend):
    def complete(self, messages, **kwargs):
        return f"{{len(messages)}} messages"

memory = ConversationMemory(max_turns=3, system_prompt="You are helpful.")
memory.add("user", "Hello")
print(memory.build_messages())

kb = KnowledgeBase()
kb.add_documents({DOCUMENTS!r})
for result in kb.retrieve("What does the premium plan cost?", top_k=1):
    print(result["source"], result["score"] > 0.3)

bot = Chatbot(llm=MockBackend(), knowledge_base=kb, system_prompt="You are helpful.", max_turns=10)
print(bot.chat("What does the premium plan cost?", verbose=True))
bot.llm = EchoBackend()
print(bot.chat("And what about returns?", use_rag=False))
print(bot.get_stats()["turns"])
print(bot.reset())
print(len(bot.memory))
""",
    )
    assert printed[0] == str(
        [{"role": "system", "content": "You are helpful."}, {"role": "user", "content": "Hello"}]
    )
    assert printed[1] == "pricing.txt True"
    assert any("pricing.txt" in line for line in printed[2:])
    assert any(line.startswith("Based on the provided context [1]") for line in printed)
    assert printed[-4:] == ["4 messages", "2", "Conversation cleared.", "0"]


def test_what_a_script_keeps_in_a_folder_is_there_for_the_next_one(tmp_path: Path) -> None:
    program = "from footnote import KnowledgeBase\nkb = KnowledgeBase(data='kept')\n"
    add = "kb.add_documents([{'text': 'Returns are free within 30 days.', 'source': 'returns.txt'}])\n"
    run_script(tmp_path, program + add)
    found = run_script(tmp_path, program + "print(kb.retrieve('Are returns free?')[0]['source'])\n")
    assert found == ["returns.txt"]


def test_a_knowledge_base_without_a_folder_leaves_nothing_behind(tmp_path: Path) -> None:
    [folder] = run_script(
        tmp_path,
        "from footnote import KnowledgeBase\nkb = KnowledgeBase()\nprint(kb.application.settings.data)\n",
    )
    assert not Path(folder).exists()


def test_a_knowledge_base_that_is_forgotten_on_the_loop_itself_is_put_away(tmp_path: Path) -> None:
    """A collection of garbage can happen on any thread, that of the event loop too."""
    printed = run_script(
        tmp_path,
        """
import gc, threading
from footnote import KnowledgeBase, loop

kb = KnowledgeBase()
folder = kb.application.settings.data
cycle = [kb]
cycle.append(cycle)
del kb, cycle

async def collect():
    gc.collect()

loop.run(collect())
for thread in threading.enumerate():
    if thread not in (threading.main_thread(), threading.current_thread()) and not thread.daemon:
        thread.join()
print(folder.exists())
""",
    )
    assert printed == ["False"]
