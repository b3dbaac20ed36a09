"""What every language model behind the seam must do. Inherit from `LLMBackendContract`."""

import inspect
from contextlib import aclosing

import pytest

from footnote import loop
from footnote.interfaces import Finished, LLMBackend, Prompt, PromptMessage, Text
from footnote.testing.fakes import whole_passage
from footnote.types import Evidence, Passage, ScoredSentence

QUESTION = "How long may I return something?"
TEXT = "Returns are free within 30 days. Shipping takes two days."


def asked(question: str = QUESTION) -> Prompt:
    """A question without documents."""
    return Prompt(messages=(PromptMessage(role="user", content=question),), question=question)


def asked_with_passages(*passages: Passage) -> Prompt:
    """A question with passages, as the core shows them to a model."""
    given = passages or (whole_passage("returns.txt", TEXT),)
    shown = "\n".join(f"[{n}] {p.document}\n{p.chunk.text}" for n, p in enumerate(given, 1))
    best = ScoredSentence(passage=0, start=0, end=len("Returns are free within 30 days."), score=0.9)
    return Prompt(
        messages=(PromptMessage(role="user", content=f"{shown}\n\nQuestion: {QUESTION}"),),
        question=QUESTION,
        basis="documents",
        passages=given,
        evidence=Evidence(score=0.9, sentences=(best,)),
    )


class LLMBackendContract:
    """Give `backend` as a fixture; the backend answers any question with at least one word."""

    @pytest.fixture
    def backend(self) -> LLMBackend:
        raise NotImplementedError("a contract test gives its own backend")

    def test_it_has_a_name_and_a_window(self, backend: LLMBackend) -> None:
        assert backend.name
        assert backend.context_tokens > 0

    def test_asking_for_a_stream_returns_a_generator_at_once(self, backend: LLMBackend) -> None:
        assert inspect.isasyncgen(backend.stream(asked()))

    async def test_a_whole_answer_is_text_and_then_one_finish(self, backend: LLMBackend) -> None:
        async with aclosing(backend.stream(asked_with_passages())) as stream:
            pieces = [piece async for piece in stream]
        *texts, last = pieces
        assert isinstance(last, Finished)
        assert last.stopped_by == "end"
        assert all(isinstance(piece, Text) for piece in texts)
        assert "".join(piece.text for piece in texts if isinstance(piece, Text)).strip()

    async def test_it_answers_a_question_without_documents(self, backend: LLMBackend) -> None:
        async with aclosing(backend.stream(asked("Hello there"))) as stream:
            pieces = [piece async for piece in stream]
        assert any(isinstance(piece, Text) and piece.text.strip() for piece in pieces)

    async def test_a_stream_can_be_left_after_its_first_piece_and_asked_anew(
        self, backend: LLMBackend
    ) -> None:
        async with aclosing(backend.stream(asked_with_passages())) as stream:
            await anext(stream)
        async with aclosing(backend.stream(asked_with_passages())) as stream:
            assert [piece async for piece in stream][1:]

    def test_complete_returns_the_whole_answer_without_async(self, backend: LLMBackend) -> None:
        assert backend.complete([{"role": "user", "content": "Hello there"}]).strip()

    def test_complete_takes_the_parameters_of_the_field(self, backend: LLMBackend) -> None:
        messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello there"}]
        assert backend.complete(messages, temperature=0.2, max_tokens=50).strip()

    def test_complete_says_what_stream_says(self, backend: LLMBackend) -> None:
        async def streamed() -> str:
            async with aclosing(backend.stream(asked("Hello there"))) as stream:
                return "".join([piece.text async for piece in stream if isinstance(piece, Text)])

        assert backend.complete([{"role": "user", "content": "Hello there"}]) == loop.run(streamed())
