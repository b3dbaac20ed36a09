import pytest

from footnote.databases.sqlite import SqliteDatabase
from footnote.interfaces import ConversationStore, DocumentStore, SettingsStore
from footnote.testing.conversation_store import ConversationStoreContract, SettingsStoreContract
from footnote.testing.document_store import DocumentStoreContract


class TestSqliteDocuments(DocumentStoreContract):
    @pytest.fixture
    def store(self, database: SqliteDatabase) -> DocumentStore:
        return database.documents


class TestSqliteConversations(ConversationStoreContract):
    @pytest.fixture
    def conversations(self, database: SqliteDatabase) -> ConversationStore:
        return database.conversations


class TestSqliteSettings(SettingsStoreContract):
    @pytest.fixture
    def settings(self, database: SqliteDatabase) -> SettingsStore:
        return database.settings
