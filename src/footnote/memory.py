"""What is recalled of a conversation: a sliding window of turns, then a budget of tokens. Pure."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from footnote.types import Message, MessageId, Role


@dataclass
class ConversationMemory:
    """The messages of one branch of a conversation, oldest first. All are kept; a window is shown."""

    max_turns: int = 10
    system_prompt: str = ""
    messages: list[Message] = field(default_factory=list)

    def add(self, role: Role, content: str, metadata: dict[str, Any] | None = None) -> None:
        self.messages.append(Message(role, content, metadata=metadata or {}))

    def recent(self) -> list[Message]:
        """The last `max_turns` turns: a question and its answer are two messages."""
        return latest(self.messages, self.max_turns)

    def get_history(self) -> list[dict[str, str]]:
        """The window as `{"role", "content"}`."""
        return [{"role": m.role, "content": m.content} for m in self.recent()]

    def build_messages(self) -> list[dict[str, str]]:
        """The system prompt, when there is one, and then the window."""
        system = [{"role": "system", "content": self.system_prompt}] if self.system_prompt else []
        return [*system, *self.get_history()]

    def clear(self) -> None:
        self.messages.clear()

    def export(self) -> str:
        """All messages as indented JSON."""
        kept = ("role", "content", "timestamp")
        return json.dumps(
            [{k: getattr(m, k) for k in kept} for m in self.messages], indent=2, ensure_ascii=False
        )

    def __len__(self) -> int:
        return len(self.messages)


def latest(messages: Sequence[Message], turns: int) -> list[Message]:
    """The messages of the last so many turns."""
    return list(messages[-turns * 2 :]) if turns > 0 else []


def answered(messages: Sequence[Message]) -> list[Message]:
    """Without the questions that got not a word for an answer, as when the model could not be
    reached: services refuse empty messages, and a question alone would be answered again."""
    kept: list[Message] = []
    for message in messages:
        if message.content:
            kept.append(message)
        elif message.role == "assistant" and kept and kept[-1].role == "user":
            kept.pop()
    return kept


def within(messages: list[Message], budget: int, count: Callable[[str], int]) -> list[Message]:
    """The newest messages whose contents fit into `budget` tokens, oldest first, beginning with a
    question: an answer without its question misleads."""
    kept: list[Message] = []
    for message in reversed(messages):
        budget -= count(message.content)
        if budget < 0:
            break
        kept.append(message)
    kept.reverse()
    while kept and kept[0].role == "assistant":
        kept.pop(0)
    return kept


def roughly(text: str) -> int:
    """Tokens, near enough to choose what to leave out. English has about four characters a token;
    other scripts have up to one, so their letters count whole."""
    wide = sum(1 for letter in text if ord(letter) > 0x2E7F)
    return wide + (len(text) - wide) // 4 + 1


def branch(messages: Iterable[Message], leaf: MessageId | None = None) -> list[Message]:
    """The messages from the root to `leaf` (to the newest when None), following `parent_id`."""
    by_id = {message.id: message for message in messages}
    if not by_id:
        return []
    # Sorting keeps the order of equals: an answer can have the same time as its question.
    newest = sorted(by_id.values(), key=lambda message: message.timestamp)[-1]
    current = by_id.get(leaf) if leaf is not None else newest
    path: list[Message] = []
    while current is not None:
        path.append(current)
        current = by_id.get(current.parent_id) if current.parent_id is not None else None
    return path[::-1]
