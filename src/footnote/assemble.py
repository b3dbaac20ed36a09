"""Settings become working objects. The only file in which concrete classes meet."""

import shutil
import tempfile
import threading
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footnote import chatbot, knowledge, loop
from footnote.catalog import implementation
from footnote.errors import SettingsError
from footnote.interfaces import Embedder, LLMBackend
from footnote.memory import branch
from footnote.reading import ConfinedReader
from footnote.retrieval.evidence import STRICT_THRESHOLD
from footnote.settings import Settings, load
from footnote.turns import Turns
from footnote.types import LOCAL, ConversationId, Filters, OwnerId

if TYPE_CHECKING:
    from footnote.databases.sqlite import SqliteDatabase

DATABASE = "sqlite"


@dataclass
class Application:
    """Everything that a screen needs, made of one set of settings. Close it with `aclose`."""

    settings: Settings
    database: "SqliteDatabase"
    embedder: Embedder
    reader: ConfinedReader
    turns: Turns = field(default_factory=Turns)

    def knowledge_base(self, owner: OwnerId = LOCAL) -> knowledge.KnowledgeBase:
        return knowledge.KnowledgeBase(
            store=self.database.documents, embedder=self.embedder, reader=self.reader, owner=owner
        )

    async def chatbot(
        self,
        conversation_id: ConversationId | None = None,
        *,
        model: str | None = None,
        filters: Filters | None = None,
        owner: OwnerId = LOCAL,
        saved: bool = True,
    ) -> chatbot.Chatbot:
        """A chatbot that goes on with a saved conversation, or begins one. Raises `NotFound`."""
        bot = chatbot.Chatbot(
            backend(model or self.settings.model, self.settings),
            self.knowledge_base(owner),
            self.settings.system_prompt,
            self.settings.max_turns,
            mode=self.settings.mode,
            top_k=self.settings.top_k,
            filters=filters,
            threshold=STRICT_THRESHOLD if self.settings.threshold is None else self.settings.threshold,
            conversations=self.database.conversations if saved else None,
            conversation_id=conversation_id,
            owner=owner,
        )
        if conversation_id is not None:
            said = await self.database.conversations.messages(owner, conversation_id)
            bot.memory.messages.extend(branch(said))
        return bot

    async def aclose(self) -> None:
        await self.turns.aclose()
        await self.reader.aclose()
        await self.database.aclose()


def is_new(settings: Settings) -> bool:
    """Whether nothing was ever kept in the data folder, which `open_application` would make."""
    return not (settings.data / implementation("databases", DATABASE).database.FILE_NAME).exists()


async def open_application(settings: Settings | None = None) -> Application:
    """Open the data folder, making it when it is new. Raises `DatabaseError` and `SettingsError`."""
    settings = settings or load()
    database = await implementation("databases", DATABASE).SqliteDatabase.open(settings.data)
    return Application(
        settings=settings, database=database, embedder=embedder(settings), reader=ConfinedReader()
    )


@contextmanager
def serving(settings: Settings) -> Generator[Application]:
    """The application of the one server of its data folder, closed at the end. Answers that a dead
    server left unfinished become `interrupted`. Raises `DataInUse` and `DatabaseError`."""
    with implementation("databases", DATABASE).serving_lock(settings.data):
        application = loop.run(open_application(settings))
        try:
            loop.run(application.database.conversations.interrupt_streaming())
            yield application
        finally:
            loop.run(application.aclose())


def backend(address: str, settings: Settings) -> LLMBackend:
    """The language model at an address such as `extractive` or `openai:gpt-5.4-mini`."""
    name, _, detail = address.partition(":")
    if name == "auto":
        # The hosted and local models join this choice when their backends can answer.
        name = "extractive"
    connected = implementation("backends", name).connect(detail, settings.environment)
    assert isinstance(connected, LLMBackend)
    return connected


def embedder(settings: Settings) -> Embedder:
    """The embedder at an address such as `minilm`."""
    name, _, detail = settings.embedder.partition(":")
    connected: Embedder = implementation("embedders", name).connect(detail, settings.environment)
    return connected


class KnowledgeBase(knowledge.KnowledgeBase):
    """A knowledge base for a script: with no arguments it lives in a folder of its own that goes
    with the object; with `data` it is kept there, as the command line and the chat page see it."""

    def __init__(self, model_name: str = "all-MiniLM-L6-v2", *, data: Path | str | None = None) -> None:
        if model_name.rsplit("/", 1)[-1] != "all-MiniLM-L6-v2":
            raise SettingsError(f"This version has the embedder all-MiniLM-L6-v2, not {model_name}.")
        folder = Path(data) if data is not None else Path(tempfile.mkdtemp(prefix="footnote-"))
        self.application = loop.run(open_application(load(data=folder)))
        super().__init__(
            store=self.application.database.documents,
            embedder=self.application.embedder,
            reader=self.application.reader,
        )
        self._finalizer = weakref.finalize(self, _discard, self.application, folder, data is None)

    def close(self) -> None:
        """Close the database; a folder of its own is deleted."""
        self._finalizer()


def _discard(application: Application, folder: Path, temporary: bool) -> None:
    if loop.is_inside():
        # It was collected on the loop's own thread, which cannot wait for itself.
        threading.Thread(target=_discard, args=(application, folder, temporary), daemon=False).start()
        return
    loop.run(application.aclose())
    if temporary:
        shutil.rmtree(folder, ignore_errors=True)


class Chatbot(chatbot.Chatbot):
    """A chatbot for a script; without `llm` the offline answerer quotes the documents."""

    def __init__(
        self,
        llm: LLMBackend | None = None,
        knowledge_base: Any = None,
        system_prompt: str = "",
        max_turns: int = 10,
        **more: Any,
    ) -> None:
        super().__init__(
            llm or backend("extractive", load()), knowledge_base, system_prompt, max_turns, **more
        )
