"""Footnote answers questions from your own documents and proves every answer.

    from footnote import Chatbot, KnowledgeBase

    kb = KnowledgeBase()
    kb.add_documents([{"text": "Returns are free within 30 days.", "source": "returns.txt"}])
    print(Chatbot(knowledge_base=kb).ask("How long may I return something?"))

Importing this package does nothing but name things: each name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from footnote.assemble import Chatbot as Chatbot
    from footnote.assemble import KnowledgeBase as KnowledgeBase
    from footnote.backends.anthropic import AnthropicBackend as AnthropicBackend
    from footnote.backends.extractive import ExtractiveBackend as ExtractiveBackend
    from footnote.backends.mock import MockBackend as MockBackend
    from footnote.backends.ollama import OllamaBackend as OllamaBackend
    from footnote.backends.openai import OpenAIBackend as OpenAIBackend
    from footnote.backends.scripted import ScriptedBackend as ScriptedBackend
    from footnote.interfaces import LLMBackend as LLMBackend
    from footnote.interfaces import Retriever as Retriever
    from footnote.memory import ConversationMemory as ConversationMemory
    from footnote.types import Answer as Answer
    from footnote.types import Citation as Citation
    from footnote.types import Document as Document
    from footnote.types import Message as Message
    from footnote.types import Passage as Passage

_HOMES = {
    "AnthropicBackend": "footnote.backends.anthropic",
    "Answer": "footnote.types",
    "Chatbot": "footnote.assemble",
    "Citation": "footnote.types",
    "ConversationMemory": "footnote.memory",
    "Document": "footnote.types",
    "ExtractiveBackend": "footnote.backends.extractive",
    "KnowledgeBase": "footnote.assemble",
    "LLMBackend": "footnote.interfaces",
    "Message": "footnote.types",
    "MockBackend": "footnote.backends.mock",
    "OllamaBackend": "footnote.backends.ollama",
    "OpenAIBackend": "footnote.backends.openai",
    "Passage": "footnote.types",
    "Retriever": "footnote.interfaces",
    "ScriptedBackend": "footnote.backends.scripted",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - the names and their homes stand in one place


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'footnote' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
