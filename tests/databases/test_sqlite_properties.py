"""Whatever comes and goes, every part of the index tells the same story."""

import sqlite3
import tempfile
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import anyio.from_thread
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy.dialects import sqlite

from footnote.databases.sqlite import SqliteDatabase
from footnote.databases.sqlite.bm25 import best_by_words
from footnote.databases.sqlite.search import visible
from footnote.language.words import document_terms
from footnote.testing.document_store import embed, sample
from footnote.types import LOCAL, DocumentId, Filters

# All of Unicode but NUL and lone surrogates, which cannot be stored as they are.
TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), st.sampled_from("ab 12\n.-_'\"")
    ),
    max_size=80,
)
ASCII_TERMS = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"'), min_size=1, max_size=12
)


class ComingAndGoing(RuleBasedStateMachine):
    """Documents are put, replaced, removed and indexed anew; a model of them is kept beside."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="footnote-")
        self.runner = anyio.from_thread.start_blocking_portal()
        self.portal = self.runner.__enter__()
        self.database = self.portal.call(SqliteDatabase.open, Path(self.folder.name))
        self.model: dict[str, tuple[DocumentId, str]] = {}

    def teardown(self) -> None:
        self.portal.call(self.database.aclose)
        self.runner.__exit__(None, None, None)
        self.folder.cleanup()

    @rule(name=st.sampled_from(["a.txt", "b.md", "c.txt"]), content=TEXTS)
    def put(self, name: str, content: str) -> None:
        put = sample(content, name=name)
        self.portal.call(put.put_into, self.database.documents)
        self.model[name] = (put.document.id, content)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        names = data.draw(st.lists(st.sampled_from(sorted(self.model)), min_size=1, unique=True))
        ids = [self.model.pop(name)[0] for name in names]
        self.portal.call(self.database.documents.remove, LOCAL, ids)

    @precondition(lambda self: self.model)
    @rule()
    def index_anew(self) -> None:
        identity = self.portal.call(self.database.documents.identity)
        assert identity is not None
        self.portal.call(self.database.documents.replace_index, identity)
        for name, (document_id, content) in self.model.items():
            put = sample(content, name=name, id=document_id)
            self.portal.call(put.put_into, self.database.documents)

    @rule()
    def open_again(self) -> None:
        self.portal.call(self.database.aclose)
        self.database = self.portal.call(SqliteDatabase.open, Path(self.folder.name))

    @invariant()
    def all_parts_agree(self) -> None:
        self.portal.call(self._all_parts_agree)

    async def _all_parts_agree(self) -> None:
        store = self.database.documents
        summaries = await store.list(LOCAL)
        assert {s.name: s.id for s in summaries} == {n: i for n, (i, _) in self.model.items()}
        candidates = await store.search(LOCAL, "a", embed("a"), Filters(), 10_000)
        passages = await store.passages(LOCAL, [c.chunk_id for c in candidates])
        expected = [
            (document_id, line)
            for document_id, content in self.model.values()
            for line in content.splitlines(keepends=True)
        ]
        assert sorted((p.document_id, p.chunk.text) for p in passages) == sorted(expected)
        for passage in passages:
            kept = (await store.document(LOCAL, passage.document_id)).extracted.text
            assert kept[passage.chunk.start : passage.chunk.end] == passage.chunk.text
        assert len(store._search._matrix.snapshot().ids) == len(expected)
        with closing(sqlite3.connect(self.database.path)) as connection:
            for table in ("chunks", "vectors", "words"):
                ids = "chunk_id" if table == "vectors" else "rowid"
                (count,) = connection.execute(f"SELECT count({ids}) FROM {table}").fetchone()
                assert (table, count) == (table, len(expected))


TestComingAndGoing = ComingAndGoing.TestCase
TestComingAndGoing.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(terms=st.lists(st.one_of(ASCII_TERMS, TEXTS.map(lambda t: (document_terms(t, "en") or ["x"])[0]))))
def test_every_term_is_one_word_to_the_index(new_database: Path, terms: list[str]) -> None:
    """What `document_terms` keeps whole, the index must neither split nor drop."""
    with closing(sqlite3.connect(new_database)) as connection:
        connection.execute("INSERT INTO words(body, heading, name) VALUES (?, '', '')", [" ".join(terms)])
        connection.execute("CREATE VIRTUAL TABLE vocabulary USING fts5vocab('words', 'instance')")
        indexed = connection.execute("SELECT term FROM vocabulary ORDER BY offset").fetchall()
        assert [term for (term,) in indexed] == [term.lower() if term.isascii() else term for term in terms]
        connection.rollback()


@pytest.mark.parametrize("of_decisive", [False, True])
@pytest.mark.parametrize("filters", [Filters(), Filters(collections=("a",)), Filters(added_after=1.0)])
async def test_the_word_search_starts_from_the_words(
    database: SqliteDatabase, filters: Filters, of_decisive: bool
) -> None:
    """Going through the chunks of every allowed document instead would take a second at 100,000."""
    best = best_by_words(visible(LOCAL, filters), of_decisive=of_decisive)
    statement = best.params(expression="a", decisive="a", chosen="[]", most=200).compile(
        dialect=sqlite.dialect(paramstyle="named"), compile_kwargs={"render_postcompile": True}
    )
    with closing(sqlite3.connect(database.path)) as connection:
        plan = [step[3] for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", defaultdict(str))]
    assert plan[0].startswith("SCAN words VIRTUAL TABLE INDEX")
    assert [step.split(" (")[0] for step in plan if " chunks " in step] == [
        "SEARCH chunks USING INTEGER PRIMARY KEY"
    ]
