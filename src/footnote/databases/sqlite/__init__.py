"""One SQLite file for everything: documents, chunks, vectors, word index, conversations, settings.

Promise: a document is searchable whole or not at all, an acknowledged write survives `kill -9`, and
what was removed is gone from the files. Start reading at `database.py` (connections and locks), then
`documents.py` and `search.py`, or `conversations.py`.
"""

from footnote.databases.sqlite.database import SqliteDatabase
from footnote.databases.sqlite.locks import serving_lock

__all__ = ["SqliteDatabase", "serving_lock"]
