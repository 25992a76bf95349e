"""The rules of the house, as data: who may import whom, and the shape of a file.

Read from the source by `ast`, so an import inside a function counts as well.
"""

from __future__ import annotations

import ast
import re
import statistics
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from paso import errors

ROOT = Path(__file__).parents[1]

RECORDS = {"paso.errors", "paso.model", "paso.records", "paso.text"}
STORE = RECORDS | {"paso.paths", "paso.config", "paso.database", "paso.commands"}
FACE = STORE | {
    "paso",
    "paso.board",
    "paso.board_reading",
    "paso.store",
    "paso.following",
    "paso.from_json",
    "paso.events",
    "paso.json_text",
}

MAY_IMPORT: dict[str, set[str]] = {
    "paso": {"paso.board", "paso.errors"},
    "paso.__main__": {"paso", "paso.cli", "paso.errors"},
    "paso.errors": set(),
    "paso.records": set(),
    "paso.model": {"paso.records"},
    "paso.from_json": {"paso.model"},
    "paso.text": set(),
    "paso.json_text": set(),
    "paso.paths": {"paso.errors"},
    "paso.config": RECORDS | {"paso.paths"},
    "paso.computer": {"paso.errors", "paso.records", "paso.events.spawner"},
    "paso.peers_file": RECORDS | {"paso.paths", "paso.events.spawner",
                                  "paso.json_text"},
    "paso.database": RECORDS | {"paso.paths", "paso.database", "paso.events.types",
                                "paso.computer", "paso.json_text"},
    "paso.commands": STORE | {"paso.events.types", "paso.json_text"},
    "paso.sessions": STORE | {"paso.sessions", "paso.events", "paso.json_text",
                              "paso.store", "paso.computer"},
    "paso.events": RECORDS | {"paso", "paso.paths", "paso.database",
                    "paso.events", "paso.json_text"},
    "paso.board": FACE,
    "paso.board_reading": FACE,
    "paso.following": {"paso.errors", "paso.events", "paso.paths"},
    "paso.store": STORE | {"paso.events"},
    "paso.cli": FACE | {"paso.cli", "paso.tui", "paso.sessions", "paso.computer",
                        "paso.peers_file"},
    "paso.tui": FACE | {"paso.tui", "paso.sessions", "paso.computer"},
    "paso_daemon": STORE | {"paso", "paso.events", "paso.computer", "paso.peers_file",
                            "paso.sessions", "paso.json_text", "paso_daemon"},
}  # fmt: skip
"""Part of the house to the parts it may import. A module belongs to the longest name
that fits; `paso.events` allows `paso.events.types`."""

STRANGERS: dict[str, set[str]] = {
    "fractional_indexing": {"paso.database", "paso.commands"},
    "orjson": {"paso.events", "paso_daemon"},
    "psutil": {"paso_daemon"},
    "redis": {"paso_daemon"},
    "rich": {"paso.tui"},
    "textual": {"paso.tui"},
    "uvloop": {"paso_daemon"},
}
"""What is not of the standard library, and the only parts that may import it."""

FORBIDDEN: dict[str, set[str]] = {
    "paso.database": {"asyncio", "socket", "subprocess", "threading"},
    "paso.commands": {"asyncio", "socket", "subprocess", "threading"},
}
"""Modules of the standard library that a part never imports, lazily or not."""

QUICK = ("paso", "paso.__main__", "paso.errors", "paso.model", "paso.records",
         "paso.text", "paso.json_text",
         "paso.paths", "paso.config", "paso.database", "paso.commands", "paso.board",
 "paso.board_reading", "paso.store",
         "paso.cli.main", "paso.cli.context", "paso.cli.output", "paso.cli.add",
         "paso.events.types", "paso.events.publisher",
         "paso.events.launcher")  # fmt: skip
SLOW = {"asyncio", "concurrent", "csv", "dataclasses", "datetime", "difflib", "email",
        "importlib", "inspect", "logging", "orjson", "pathlib", "shutil", "subprocess",
        "tempfile", "tomllib", "traceback", "unittest", "urllib", "uuid"}  # fmt: skip
"""No module of QUICK imports one of SLOW at its top: `paso add` would pay for it."""

PURE: dict[str, set[str]] = {
    "paso.events.wire": {"asyncio", "socket", "time", "os", "threading", "random"},
    "paso_daemon.hub": {"asyncio", "socket", "time", "os", "threading", "random"},
    "paso_daemon.cache": {"asyncio", "socket", "time", "os", "threading", "random"},
}
"""Cores without I/O: bytes in, bytes out; clocks and ids are passed in."""

TRANSACTIONS = {"paso.database.connection", "paso.database.migrate",
                "paso.database.sqlite_file"}  # fmt: skip
"""The only modules that begin, commit or roll back; the last one takes the write lock
to checkpoint."""

TASKS = {"paso_daemon.tasks"}
"""The registry: everywhere else a task is made through it."""

GROUPS = {"paso_daemon.peers.service", "paso_daemon.peers.boards"}
"""Tasks of these live and die with one of the registry: a `TaskGroup` within it."""

STARTERS: dict[str, str] = {
    "paso.sessions.tool": "the one with a time limit; everybody else uses it",
    "paso.cli.units": "systemctl, with a time limit of its own",
    "paso.cli.editor": "the user's editor, as long as the user likes",
    "paso.cli.watch": "the user's command for an event, which the user stops",
    "paso.tui.terminal": "a program that has the user's terminal meanwhile",
    "paso.events.spawner": "the daemon, which outlives us",
    "paso.sessions.run.child": "the command of `paso run`, which is the user's",
    "paso.sessions.run.plain": "the recorder of `paso run`, and the command itself",
}
"""The only modules that start processes, and why each may. None is of the daemon."""

STARTS = re.compile(
    r"subprocess|os\.(fork|forkpty|popen|system|posix_spawnp?|spawn\w+)|pty\.(fork|spawn)"
    r"|\w*\.?(create_)?subprocess_(exec|shell)"
)

MAX_FILE, MAX_FUNCTION = 400, 60
MEDIAN_FILE, MEDIAN_FUNCTION, NINETIETH_FUNCTION = 150, 7, 25
"""Lines; of a function without its docstring."""


class Import(NamedTuple):
    target: str
    line: int
    top: bool
    for_types: bool


class Source(NamedTuple):
    module: str
    path: Path
    tree: ast.Module
    lines: list[str]


@cache
def sources() -> tuple[Source, ...]:
    found = []
    for package in ("paso", "paso_daemon"):
        for path in sorted((ROOT / package).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            text = path.read_text(encoding="utf-8")
            found.append(
                Source(
                    module.removesuffix(".__init__"),
                    path,
                    ast.parse(text),
                    text.splitlines(),
                )
            )
    return tuple(found)


@cache
def modules() -> frozenset[str]:
    return frozenset(source.module for source in sources())


def imports(source: Source) -> Iterator[Import]:
    """Each import of a module, with the module it truly names."""
    yield from _imports(source.tree.body, source, top=True, for_types=False)


def _imports(
    body: list[ast.stmt], source: Source, *, top: bool, for_types: bool
) -> Iterator[Import]:
    for node in body:
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(name.name, node.lineno, top, for_types)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, source)
            for name in node.names:
                inner = f"{base}.{name.name}"
                target = inner if inner in modules() else base
                yield Import(target, node.lineno, top, for_types)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from _imports(node.body, source, top=top, for_types=True)
            yield from _imports(node.orelse, source, top=top, for_types=for_types)
        else:
            in_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from _imports(
                list(_statements(node)),
                source,
                top=top and not in_function,
                for_types=for_types,
            )


def _statements(node: ast.stmt) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body


def _base(node: ast.ImportFrom, source: Source) -> str:
    if not node.level:
        return node.module or ""
    package = source.module.split(".")
    if source.path.name != "__init__.py":
        package = package[:-1]
    kept = package[: len(package) - node.level + 1]
    return ".".join([*kept, node.module] if node.module else kept)


def part_of(module: str, parts: dict[str, set[str]] | set[str]) -> str | None:
    """The longest of `parts` that is `module` or one of its packages."""
    fits = [part for part in parts if within(module, part)]
    return max(fits, key=len) if fits else None


def within(module: str, part: str) -> bool:
    return module == part or module.startswith(part + ".")


def ours(module: str) -> bool:
    return module.split(".")[0] in ("paso", "paso_daemon")


def places(found: list[str]) -> str:
    return "\n".join(["", *found])


def test_there_is_a_house_to_check() -> None:
    assert {"paso.errors", "paso.model", "paso.paths"} <= modules()


def test_every_module_belongs_to_a_part_of_the_house() -> None:
    homeless = [
        source.module
        for source in sources()
        if part_of(source.module, MAY_IMPORT) in (None, "paso")
        and source.module != "paso"
    ]
    assert not homeless, f"name them in MAY_IMPORT: {homeless}"


def test_imports_go_in_one_direction() -> None:
    wrong = []
    for source in sources():
        part = part_of(source.module, MAY_IMPORT)
        allowed = MAY_IMPORT[part] if part else set()
        for found in imports(source):
            if not ours(found.target) or allows(allowed, found.target):
                continue
            wrong.append(f"{source.path}:{found.line} imports {found.target}")
    assert not wrong, places(wrong)


def allows(allowed: set[str], target: str) -> bool:
    """`paso` in a table means the version of the package, not all below it."""
    return any(
        target == part or (part != "paso" and within(target, part)) for part in allowed
    )


def test_every_import_of_ours_names_a_module_that_exists() -> None:
    wrong = [
        f"{source.path}:{found.line} imports {found.target}"
        for source in sources()
        for found in imports(source)
        if ours(found.target) and found.target not in modules()
    ]
    assert not wrong, places(wrong)


def test_no_import_cycle_anywhere() -> None:
    graph = {
        source.module: {
            found.target
            for found in imports(source)
            if ours(found.target) and not found.for_types
        }
        - {source.module}
        for source in sources()
    }
    assert not cycle_in(graph)


def cycle_in(graph: dict[str, set[str]]) -> list[str]:
    """The modules of one cycle, in order; empty when there is none."""
    done: set[str] = set()

    def visit(module: str, trail: list[str]) -> list[str]:
        if module in trail:
            return [*trail[trail.index(module) :], module]
        if module in done:
            return []
        for target in sorted(graph.get(module, ())):
            found = visit(target, [*trail, module])
            if found:
                return found
        done.add(module)
        return []

    for module in sorted(graph):
        found = visit(module, [])
        if found:
            return found
    return []


def test_the_cycle_finder_finds_cycles() -> None:
    assert cycle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert cycle_in({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_strangers_are_let_in_by_name_and_only_where_they_belong() -> None:
    wrong = []
    for source in sources():
        for found in imports(source):
            name = found.target.split(".")[0]
            if ours(found.target) or name in sys.stdlib_module_names:
                continue
            if part_of(source.module, STRANGERS.get(name, set())) is None:
                wrong.append(f"{source.path}:{found.line} imports {found.target}")
    assert not wrong, places(wrong)


def test_strangers_are_declared_as_dependencies() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {
        re.split(r"[^A-Za-z0-9_-]", line)[0].replace("-", "_")
        for line in project["dependencies"]
    }
    assert set(STRANGERS) - {"rich"} == declared  # rich comes with textual


@pytest.mark.parametrize("rules", [FORBIDDEN, PURE], ids=["forbidden", "pure"])
def test_parts_keep_away_from_what_they_must_not_know(
    rules: dict[str, set[str]],
) -> None:
    wrong = [
        f"{source.path}:{found.line} imports {found.target}"
        for source in sources()
        for part in [part_of(source.module, rules)]
        if part
        for found in imports(source)
        if found.target.split(".")[0] in rules[part]
    ]
    assert not wrong, places(wrong)


def test_the_command_line_loads_nothing_slow_at_the_top_of_a_module() -> None:
    wrong = [
        f"{source.path}:{found.line} imports {found.target}"
        for source in sources()
        if part_of(source.module, {name for name in QUICK if name != "paso"})
        or source.module == "paso"
        for found in imports(source)
        if found.top and not found.for_types and found.target.split(".")[0] in SLOW
    ]
    assert not wrong, places(wrong)


def test_every_file_says_what_it_is_for_and_what_it_must_not_know() -> None:
    wrong = []
    for source in sources():
        if source.path.name == "__init__.py" and not source.tree.body:
            continue
        text = ast.get_docstring(source.tree) or ""
        first = text.partition("\n")[0]
        if not first or not any(p.startswith("Never:") for p in text.split("\n\n")):
            wrong.append(str(source.path))
        elif text.split("\n")[1:2] not in ([], [""]):
            wrong.append(f"{source.path}: the first line is a sentence of its own")
    assert not wrong, places(wrong)


def test_tasks_are_made_in_the_registry_only() -> None:
    wrong = [
        f"{source.path}:{node.lineno}"
        for source in sources()
        if source.module not in TASKS
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and _makes_bare_task(node.func)
    ]
    assert not wrong, places(wrong)


TASK_MAKERS = {"create_task", "ensure_future", "TaskGroup"}


def _makes_bare_task(called: ast.expr) -> bool:
    """`asyncio.create_task`, `loop.create_task`; a TaskGroup holds what it makes."""
    if not isinstance(called, ast.Attribute):
        return False
    made = called.attr in ("create_task", "ensure_future")
    return made and ast.unparse(called.value) != "group"


def test_tasks_of_a_group_have_names_and_few_modules_have_a_group() -> None:
    having, nameless = set(), []
    for source in sources():
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Call):
                continue
            if ast.unparse(node.func) == "asyncio.TaskGroup":
                having.add(source.module)
            named = {keyword.arg for keyword in node.keywords}
            if ast.unparse(node.func) == "group.create_task" and "name" not in named:
                nameless.append(f"{source.path}:{node.lineno}")
    assert having == GROUPS
    assert not nameless, places(nameless)


def test_task_makers_are_called_by_their_full_name() -> None:
    wrong = [
        f"{source.path}:{node.lineno}"
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and node.module == "asyncio"
        if {name.name for name in node.names} & TASK_MAKERS
    ]
    assert not wrong, places(wrong)


def test_processes_are_started_where_each_has_a_time_limit_or_a_reason() -> None:
    starting = {source.module for source in sources() if starts_processes(source)}
    assert starting == set(STARTERS)


def starts_processes(source: Source) -> bool:
    """True for an import of subprocess, or a call of anything alike."""
    wanted = {found.target for found in imports(source)}
    called = {
        ast.unparse(node.func)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
    }
    return any(STARTS.fullmatch(name) for name in wanted | called)


TRANSACTION = re.compile(
    r"\s*(BEGIN(\s+(IMMEDIATE|EXCLUSIVE|DEFERRED))?|COMMIT|END|ROLLBACK|SAVEPOINT\s.*"
    r"|RELEASE\s.*|ROLLBACK\s+TO\s.*)\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)


def test_transactions_begin_and_end_in_one_place() -> None:
    wrong = [
        f"{source.path}:{node.lineno} {node.value!r}"
        for source in sources()
        if source.module not in TRANSACTIONS
        for node in executed_texts(source)
        if TRANSACTION.fullmatch(node.value)
    ]
    assert not wrong, places(wrong)


class Text(NamedTuple):
    value: str
    lineno: int


def executed_texts(source: Source) -> Iterator[Text]:
    """Strings given to `execute…` or `executescript`, and to helpers of those names."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        first = node.args[0]
        if "execute" in name and isinstance(first, ast.Constant):
            yield Text(str(first.value), node.lineno)


UNFINISHED = re.compile(
    r"\b(TODO|FIXME|XXX|NotImplementedError)\b|pragma: no cover"
    r"|pytest\.mark\.(skip|xfail)"
)


def test_nothing_is_left_unfinished() -> None:
    wrong = [
        f"{source.path}:{number} {line.strip()}"
        for source in sources()
        for number, line in enumerate(source.lines, 1)
        if UNFINISHED.search(line)
    ]
    assert not wrong, places(wrong)


def test_no_error_is_swallowed_unseen() -> None:
    wrong = []
    for source in sources():
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            broad = node.type is None or ast.unparse(node.type) in (
                "Exception",
                "BaseException",
            )
            silent = all(isinstance(part, ast.Pass) for part in node.body)
            if broad and silent:
                wrong.append(f"{source.path}:{node.lineno}")
    assert not wrong, places(wrong)


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    wrong = [
        f"{source.path}: {len(source.lines)} lines"
        for source in sources()
        if len(source.lines) > MAX_FILE
    ]
    assert not wrong, places(wrong)
    lengths = [len(source.lines) for source in sources() if source.lines]
    assert statistics.median(lengths) <= MEDIAN_FILE


def test_no_function_is_longer_than_a_screen() -> None:
    lengths = dict(functions())
    wrong = [f"{name}: {n} lines" for name, n in lengths.items() if n > MAX_FUNCTION]
    assert not wrong, places(wrong)
    ordered = sorted(lengths.values())
    assert statistics.median(ordered) <= MEDIAN_FUNCTION
    assert ordered[len(ordered) * 9 // 10] <= NINETIETH_FUNCTION


def functions() -> Iterator[tuple[str, int]]:
    """Each function with its lines, from `def` to the end, without the docstring."""
    for source in sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                first = node.body[0]
                if ast.get_docstring(node, clean=False) is not None:
                    length -= (first.end_lineno or 0) - first.lineno + 1
                yield f"{source.path}:{node.lineno} {node.name}", length


def test_the_drawing_of_the_error_tree_is_the_tree() -> None:
    drawn = re.findall(r"^    ( *)(\w+) +(\w+)(?: +exit (\d+))?$",
                       errors.__doc__ or "", re.MULTILINE)  # fmt: skip
    shown = [(len(indent) // 2, name, code) for indent, name, code, _ in drawn]
    assert shown == list(tree_of(errors.PasoError, 0))
    exits = {name: int(exit) for _, name, _, exit in drawn if exit}
    for name, number in exits.items():
        assert getattr(errors, name).exit_code == number


def tree_of(kind: type[errors.PasoError], depth: int) -> Iterator[tuple[int, str, str]]:
    yield depth, kind.__name__, kind.code
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from tree_of(child, depth + 1)


def test_errors_are_raised_from_the_one_tree() -> None:
    roots = {"Exception", "BaseException", *dir(errors)}
    wrong = [
        f"{source.path}:{node.lineno} {node.name}"
        for source in sources()
        if source.module != "paso.errors"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef)
        and roots & {ast.unparse(base).removeprefix("errors.") for base in node.bases}
    ]
    assert not wrong, places(wrong)


def test_the_project_stands_alone() -> None:
    """No file names the folder that the project happens to lie in."""
    kinds = {".py", ".md", ".toml", ".sql", ".sh", ".service", ".socket", ".tcss"}
    wrong = [
        str(path)
        for folder in ("paso", "paso_daemon", "tests", "docs", "benchmarks", "contrib")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in kinds
        if f"{ROOT}/" in path.read_text(encoding="utf-8")
    ]
    assert not wrong, places(wrong)
