"""The pages of docs/ are true: their programs run, their names and links exist.

A page takes part by being named here; other pages add their own checks below.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from paso.board import Board
from paso.commands.filter_terms import FIELDS, PARTS, STATES
from paso.config import check_config
from paso.events.launcher import call
from paso.paths import Paths

ROOT = Path(__file__).parents[1]
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", *DOCS]

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FILE = re.compile(r"`((?:paso|paso_daemon|tests|docs|contrib|benchmarks)/[\w./*-]+)`")


class Block(NamedTuple):
    language: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(found[1], found[2], text.count("\n", 0, found.start()) + 2)
        for found in FENCE.finditer(text)
    ]


def programs(page: Path) -> Iterator[tuple[Block, str | None]]:
    """Each Python block with the output that the next block shows."""
    found = blocks(page)
    for block, following in zip(found, [*found[1:], None], strict=True):
        if block.language == "python":
            shown = following and following.language == "text"
            yield block, following.text if following and shown else None


@pytest.mark.parametrize("name", ["python.md"])
def test_the_programs_of_a_page_run_and_print_what_it_shows(
    name: str, paso_home: Path
) -> None:
    page = ROOT / "docs" / name
    names: dict[str, Any] = {"__name__": "__main__"}
    count = 0
    for block, expected in programs(page):
        out = io.StringIO()
        code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
        with contextlib.redirect_stdout(out):
            exec(code, names)
        assert out.getvalue() == (expected or ""), f"{page}:{block.line}"
        count += 1
    assert count
    # A daemon that is still starting would outlive the test.
    call(Paths(), "status", {}, timeout_s=30, start=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in LINK.findall(text):
        if "://" in target or target.startswith("#"):
            continue
        assert (page.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_exist(page: Path) -> None:
    for name in FILE.findall(page.read_text(encoding="utf-8")):
        assert list(ROOT.glob(name.rstrip("/"))), f"{page.name} names {name}"


def methods_of(kind: type) -> set[str]:
    return {
        name
        for name, member in inspect.getmembers(kind)
        if not name.startswith("_") and (callable(member))
    }


def test_the_python_page_names_every_method_of_the_board() -> None:
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    missing = {
        name for name in methods_of(Board) if not re.search(rf"\b{name}\(", text)
    } - {"unlink"}
    assert not missing
    assert "`unlink`" in text


def test_the_calls_in_its_tables_have_the_arguments_that_are_there() -> None:
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    checked = 0
    for method, arguments in re.findall(r"`(\w+)\(([^`]*)\)`", "\n".join(rows)):
        known = inspect.signature(getattr(Board, method)).parameters
        for word in filter(None, arguments.replace("*", "").split(", ")):
            name = word.rstrip("=")
            assert name in known or name == "fields", f"{method}: {word}"
        checked += 1
    assert checked > 20


def test_the_python_page_names_the_whole_filter_language() -> None:
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    for word in (*STATES, *PARTS, *FIELDS):
        if word in ("title", "description", "no", "has", "is"):
            continue
        assert re.search(rf"\b{word}\b", text), word


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_settings_in_a_page_are_settings_that_there_are(
    page: Path, paso_home: Path
) -> None:
    for block in blocks(page):
        if block.language == "toml":
            (paso_home / "config.toml").write_text(block.text)
            assert check_config(Paths()) == [], f"{page.name}:{block.line}"
