"""A backend that reads out a script: for tests, demonstrations, and trying a screen."""

import re
from collections.abc import AsyncGenerator, Mapping, Sequence

import anyio

from footnote.errors import BackendError
from footnote.interfaces import Finished, LLMBackend, Piece, Prompt, Text
from footnote.types import Usage


class ScriptedBackend(LLMBackend):
    """Reads out one script a turn, round and round. A script is pieces of text; an exception in it
    is raised, a number is a pause in seconds, and `CUT` ends the stream as a broken line would."""

    name = "scripted"
    CUT = object()

    def __init__(self, *scripts: Sequence[object], context_tokens: int = 8192) -> None:
        self.scripts = scripts or (["I have no script."],)
        self.context_tokens = context_tokens
        self.prompts: list[Prompt] = []
        """What it was asked, for tests to look at."""

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        script = self.scripts[len(self.prompts) % len(self.scripts)]
        self.prompts.append(prompt)
        said = 0
        for step in script:
            match step:
                case str():
                    said += 1
                    yield Text(text=step)
                case int() | float():
                    await anyio.sleep(step)
                case BaseException():
                    raise step
                case _ if step is self.CUT:
                    return
                case _:
                    raise BackendError(f"a script cannot contain {step!r}")
        yield Finished(model=self.name, usage=Usage(tokens_out=said))


def connect(detail: str, environment: Mapping[str, str]) -> ScriptedBackend:
    """`scripted:some text` says it at once; `scripted:0.2|some text` pauses that many seconds before
    each word."""
    slow = re.fullmatch(r"(\d+(?:\.\d+)?)\|(.*)", detail, re.DOTALL)
    if slow is None:
        return ScriptedBackend([detail]) if detail else ScriptedBackend()
    words = re.findall(r"\S+\s*", slow[2])
    return ScriptedBackend([step for word in words for step in (float(slow[1]), word)])
