"""The address `mock`: a backend that needs nothing and answers in a fixed form."""

import re
from collections.abc import AsyncGenerator, Mapping

from footnote.interfaces import Finished, LLMBackend, Piece, Prompt, Text


class MockBackend(LLMBackend):
    """Cites the first passage when it is shown any, else echoes the question's first 50 characters."""

    name = "mock"

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        # Not in the history: an earlier answer's footnotes are no context.
        shown = "\n".join(m.content for m in prompt.messages[:-1] if m.role == "system")
        shown += "".join(m.content for m in prompt.messages[-1:])
        asked = prompt.question or (prompt.messages[-1].content if prompt.messages else "")
        if re.search(r"\[1\]", shown):
            answer = f"Based on the provided context [1], here is what I found about: {asked[:50]}"
        else:
            answer = f"You said: {asked[:50]}"
        for word in re.findall(r"\S+\s*", answer):
            yield Text(text=word)
        yield Finished(model=self.name)


def connect(detail: str, environment: Mapping[str, str]) -> MockBackend:
    return MockBackend()
