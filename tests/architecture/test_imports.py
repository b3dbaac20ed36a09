"""Who may know whom. The map is a table: a part that is not in it may import nothing.

nouns <- seams <- core <- assemble <- screens
              \\- backends, embedders, parsers, databases: the seams and their own library
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "footnote"

NOUNS = {"types", "events", "errors"}
SEAMS = {"interfaces", "loop"}
PURE = {"language"}
CORE = {"chatbot", "turns", "memory", "knowledge", "finding", "chunking", "retrieval", "prompting", "citing"}
WIRING = {"settings", "catalog", "assemble"}

ABOVE_SEAMS = NOUNS | SEAMS | PURE
SCREEN = ABOVE_SEAMS | CORE | {"settings", "assemble"}

MAY_IMPORT: dict[str, set[str]] = {
    "types": set(),
    "errors": set(),
    "events": {"types"},
    "loop": set(),
    "interfaces": NOUNS | {"loop"},
    "language": NOUNS | PURE,
    **dict.fromkeys(CORE, ABOVE_SEAMS | CORE),
    "settings": NOUNS,
    "catalog": NOUNS,
    # Files are read in a child process: these are its two ends, what they agree on, and its limits.
    "reading": NOUNS | SEAMS | {"reading_process"},
    "reading_process": NOUNS,
    "reading_confinement": set(),
    "reading_child": NOUNS | {"reading_process", "reading_confinement", "parsers"},
    "backends": ABOVE_SEAMS,
    "embedders": ABOVE_SEAMS,
    "parsers": ABOVE_SEAMS | {"parsers"},
    "databases": ABOVE_SEAMS | {"databases"},
    "safety": ABOVE_SEAMS | {"safety"},
    "telemetry": ABOVE_SEAMS | {"telemetry"},
    "evaluation": ABOVE_SEAMS | {"evaluation", "chatbot", "knowledge", "prompting"},
    "handbook": set(),
    "testing": ABOVE_SEAMS | {"testing"},
    "assemble": ABOVE_SEAMS | CORE | WIRING | {"reading", "backends", "embedders", "databases", "safety"},
    # The command line starts the chat page and fills it with the handbook.
    "cli": SCREEN | {"cli", "evaluation", "handbook", "ui"},
    "ui": SCREEN | {"ui"},
    "api": SCREEN | {"api"},
    "mcp": SCREEN | {"mcp"},
    "__main__": {"cli"},
    # The front door names what it hands out, and loads it when it is asked for.
    "__init__": {"assemble", "backends", "interfaces", "memory", "types"},
}

HOMES = {
    "streamlit": {"ui"},
    "starlette": {"ui", "api"},
    "uvicorn": {"ui", "api"},
    "typer": {"cli"},
    "rich": {"cli", "evaluation"},
    "sqlalchemy": {"databases"},
    "alembic": {"databases"},
    "aiosqlite": {"databases"},
    "filelock": {"databases"},
    "onnxruntime": {"embedders"},
    "tokenizers": {"embedders"},
    "openai": {"backends"},
    "anthropic": {"backends"},
    "httpx": {"backends"},
    "pydantic": {"settings", "api"},
    "pydantic_settings": {"settings"},
    "platformdirs": {"settings"},
    "snowballstemmer": {"language"},
    "py3langid": {"language"},
    "charset_normalizer": {"parsers"},
    "defusedxml": {"parsers"},
    "docx": {"parsers"},
    "lxml": {"parsers"},
    "markdown_it": {"parsers"},
    "openpyxl": {"parsers"},
    "pptx": {"parsers"},
    "pypdfium2": {"parsers"},
    "pytest": {"testing"},
    "numpy": {"interfaces", "retrieval", "embedders", "databases", "evaluation", "testing"},
    "anyio": {
        *SEAMS, "chatbot", "turns", "knowledge", "finding", "reading", "backends", "embedders", "databases",
        "ui", "api",
    },
}  # fmt: skip
"""Where each package of others is at home: it can be exchanged there, and nowhere else."""

ENVIRONMENT_READERS = {
    "settings": "the one file that reads settings",
    "reading_process": "hands the system's own variables, such as PATH, on to the child; none is a setting",
    "embedders": "tells onnxruntime, before it is imported, to report nothing to its maker",
}

LATE_IMPORTS = {
    "cli/serving.py": "the chat page is an extra, and its absence is told in a sentence",
    "databases/sqlite/database.py": "Alembic takes longer to load than all the rest, and is seldom needed",
    "embedders/minilm.py": "the runtime of the model is heavy, and a listing of documents needs none",
    "reading_confinement.py": "`resource` exists only where there are limits to set",
    "language/words.py": "the language model of the identifier takes most of a second to read",
}
"""Files with an import inside a function, each with its reason."""

LONG_FILES = {
    "chatbot.py": (460, "one turn on one page"),
}
LONG_FUNCTIONS = {
    "chatbot.py:stream": (70, "the turn is a straight line, told in ten steps"),
    "databases/sqlite/migrations/versions/0001_initial.py:make_index_tables": (70, "a list of tables"),
    "databases/sqlite/migrations/versions/0001_initial.py:make_conversation_tables": (75, "a list of tables"),
}
"""What is larger than it should be, with its limit and reason. These lists may only shrink."""


@dataclass(frozen=True)
class Import:
    file: str
    part: str
    module: str
    line: int
    in_function: bool
    for_types_only: bool

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


def part_of(file: Path) -> str:
    return file.relative_to(SOURCE).parts[0].removesuffix(".py")


def files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def _imports(file: Path) -> Iterator[Import]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    inside = _nodes_within(tree, (ast.FunctionDef, ast.AsyncFunctionDef))
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} has a relative import"
            module = node.module or ""
            modules = [f"{module}.{alias.name}" for alias in node.names] if module == "footnote" else [module]
        for module in modules:
            yield Import(
                file=file.relative_to(SOURCE).as_posix(),
                part=part_of(file),
                module=module,
                line=node.lineno,  # type: ignore[attr-defined]
                in_function=id(node) in inside,
                for_types_only=id(node) in typing_only,
            )


def _nodes_within(tree: ast.Module, kinds: tuple[type[ast.AST], ...]) -> set[int]:
    return {id(node) for outer in ast.walk(tree) if isinstance(outer, kinds) for node in ast.walk(outer)}


IMPORTS = [one for file in files() for one in _imports(file)]
OURS = [one for one in IMPORTS if one.module.split(".")[0] == "footnote"]


def test_every_part_imports_only_what_the_map_allows() -> None:
    wrong = [
        str(one)
        for one in OURS
        if one.module.removeprefix("footnote").lstrip(".").split(".")[0]
        not in MAY_IMPORT.get(one.part, set())
    ]
    assert wrong == []


def test_implementations_of_one_seam_do_not_know_one_another() -> None:
    wrong = [
        str(one)
        for one in OURS
        if one.part in ("backends", "embedders") and one.module.startswith(f"footnote.{one.part}.")
    ]
    databases = [
        str(one)
        for one in OURS
        if one.part == "databases" and one.module.split(".")[1:2] == ["databases"]
        and one.module.split(".")[2:3] != [one.file.split("/")[1]]
    ]  # fmt: skip
    assert wrong + databases == []


def test_packages_of_others_are_imported_only_at_their_homes() -> None:
    wrong = []
    for one in IMPORTS:
        package = one.module.split(".")[0]
        if package == "footnote" or package in sys.stdlib_module_names:
            continue
        if one.part not in HOMES.get(package, set()):
            wrong.append(str(one))
    assert wrong == []


def test_the_environment_is_read_in_one_file() -> None:
    readers = set()
    for file in files():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute | ast.Name):
                name = node.attr if isinstance(node, ast.Attribute) else node.id
                if name in ("environ", "environb", "getenv"):
                    readers.add(part_of(file))
    assert readers == set(ENVIRONMENT_READERS)


def test_imports_inside_functions_are_few_and_have_a_reason() -> None:
    late = {one.file for one in IMPORTS if one.in_function}
    assert late == set(LATE_IMPORTS)


def test_no_module_imports_itself_in_a_circle() -> None:
    names = {_module_name(file): file for file in files()}
    graph = {
        name: {
            target
            for one in OURS
            if one.file == file.relative_to(SOURCE).as_posix()
            and not one.in_function
            and not one.for_types_only
            for target in [one.module if one.module in names else one.module.rpartition(".")[0]]
            if target in names and target not in ("footnote", name)
        }
        for name, file in names.items()
    }
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name not in done:
            for target in graph[name]:
                visit(target, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def _module_name(file: Path) -> str:
    parts = ["footnote", *file.relative_to(SOURCE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def loaded_by(statement: str) -> set[str]:
    """The packages that a fresh Python has loaded after a statement."""
    program = f"import sys\n{statement}\nprint(*(name.split('.')[0] for name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


HEAVY = {"numpy", "onnxruntime", "tokenizers", "streamlit", "sqlalchemy", "alembic", "pydantic", "anyio",
         "openai", "anthropic", "lxml", "py3langid", "typer", "httpx"}  # fmt: skip


def test_importing_footnote_loads_nothing_but_names() -> None:
    assert loaded_by("import footnote\nassert 'Chatbot' in dir(footnote)") & HEAVY == set()


@pytest.mark.parametrize("module", ["types", "events", "errors", "memory"])
def test_the_nouns_and_the_memory_need_nothing_of_others(module: str) -> None:
    assert loaded_by(f"import footnote.{module}") & HEAVY == set()


def test_the_core_needs_no_database_no_embedder_no_parser_and_no_screen() -> None:
    loaded = loaded_by("import footnote.turns, footnote.knowledge")
    assert loaded & (HEAVY - {"numpy", "anyio"}) == set()


def test_importing_any_module_starts_no_thread_and_no_process_and_writes_nothing() -> None:
    skipped = (
        "footnote.__main__",
        "footnote.databases.sqlite.migrations",
        "footnote.reading_child",
        "footnote.ui",
    )
    modules = [name for file in files() if not (name := _module_name(file)).startswith(skipped)]
    program = (
        "import importlib, os, threading\nbefore = os.listdir()\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
        "assert os.listdir() == before, os.listdir()\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_every_public_name_can_be_loaded_and_is_declared_for_type_checkers() -> None:
    import footnote  # noqa: PLC0415

    assert all(getattr(footnote, name).__name__ == name for name in footnote.__all__)
    tree = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8"))
    declared = {
        alias.asname
        for block in ast.walk(tree)
        if isinstance(block, ast.If)
        for node in ast.walk(block)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert declared == set(footnote.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Unheard'"):
        _ = footnote.Unheard


def test_files_are_short() -> None:
    long = {
        file.relative_to(SOURCE).as_posix(): lines
        for file in files()
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert {name for name, lines in long.items() if lines > LONG_FILES.get(name, (400,))[0]} == set()
    assert set(LONG_FILES) <= set(long), "a file became short: take it off the list"


def test_functions_are_short() -> None:
    long = {
        f"{file.relative_to(SOURCE).as_posix()}:{node.name}": lines
        for file in files()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > 50
    }
    assert {name for name, lines in long.items() if lines > LONG_FUNCTIONS.get(name, (50,))[0]} == set()
    assert set(LONG_FUNCTIONS) <= set(long), "a function became short: take it off the list"


def test_no_module_says_where_or_how_it_was_developed() -> None:
    """The project speaks of itself alone."""
    words = ("/home/", "/root/", "/tmp/", "shared/")
    found = [
        f"{file.relative_to(SOURCE)}: {word}"
        for file in files()
        for word in words
        if word in file.read_text(encoding="utf-8")
    ]
    assert found == []
