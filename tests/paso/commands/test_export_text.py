"""Markdown and CSV of a board: readable, and harmless whatever a title holds."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from paso.commands import columns, projects, tasks
from paso.commands.export_text import _plain, _quote, export_csv, export_markdown
from paso.database.connection import Database
from paso.errors import NotFound
from tests.paso.commands.boards import HOSTILE, furnish


def test_the_markdown_is_a_board_to_read(home_db: Database) -> None:
    project = projects.create_project(home_db, "Web site", key="WEB", description="Hi")
    first = tasks.create_task(
        home_db, project.id, "Fix login", type="bug", priority="high",
        due="2026-12-01", assignee="ann", description="one\n\n  two",
    )  # fmt: skip
    tasks.create_task(home_db, project.id, "Docs", blocked_by=[first.id])
    done = tasks.create_task(home_db, project.id, "Shipped", parent=first.id)
    tasks.set_role_column(home_db, done.id, "completed")
    gone = tasks.create_task(home_db, project.id, "Archived")
    tasks.archive_task(home_db, gone.id, True)
    assert export_markdown(home_db, project.id) == (
        "# Web site (WEB)\n\n> Hi\n\n"
        "## To do (2)\n\n"
        "- [ ] **WEB-1** Fix login (bug, high, due 2026-12-01, for ann)\n"
        "  > one\n  >\n  > \u00a0\u00a0two\n"
        "- [ ] **WEB-2** Docs (blocked by WEB-1)\n\n"
        "## In progress (0)\n\n"
        "## Done (1)\n\n"
        "- [x] **WEB-3** Shipped (part of WEB-1)\n"
    )


def test_hostile_text_stays_text_in_markdown(home_db: Database) -> None:
    text = export_markdown(home_db, furnish(home_db))
    assert "\x1b" not in text
    assert "\u202e" not in text
    rendered = MarkdownIt().render(text)
    assert "<script" not in rendered
    assert "<a " not in rendered
    assert "<code>" not in rendered
    assert rendered.count("<h1>") == 1
    assert rendered.count("<h2>") == 4


@given(st.text(max_size=60))
def test_any_text_is_a_plain_paragraph(text: str) -> None:
    shown = _plain("x" + text + "x")
    tokens = MarkdownIt().parse(shown)
    assert [token.type for token in tokens] == [
        "paragraph_open", "inline", "paragraph_close",
    ]  # fmt: skip
    inline = tokens[1].children or []
    assert {token.type for token in inline} <= {"text", "text_special"}


LINES = st.lists(
    st.text(max_size=12)
    | st.sampled_from(["---", "===", "- x", "1. x", "2) y", "# h", "    code", "\tcode",
                       "> q", "```", "| a |", "", "+", "<br>", "* * *", "&amp;"]),
    max_size=6,
)  # fmt: skip


@given(LINES)
def test_any_description_is_a_quote_of_plain_lines(lines: list[str]) -> None:
    text = "\n".join(_quote("x\n" + "\n".join(lines) + "\nx", ""))
    kinds = {token.type for token in MarkdownIt().parse(text)}
    assert kinds == {
        "blockquote_open", "paragraph_open", "inline", "paragraph_close",
        "blockquote_close",
    }  # fmt: skip


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_csv_is_rfc_4180_with_all_tasks(home_db: Database) -> None:
    text = export_csv(home_db, furnish(home_db))
    assert text.count("\r\n") >= 6
    names, *found = rows(text)
    assert names[:4] == ["key", "title", "description", "column"]
    assert {len(row) for row in found} == {len(names)}
    by_key = {row[0]: dict(zip(names, row, strict=True)) for row in found}
    assert set(by_key) == {"WEB-1", "WEB-2", "WEB-3", "WEB-4", "WEB-6"}
    assert by_key["WEB-1"]["labels"] == "a, b; c; bug"
    assert by_key["WEB-1"]["description"].startswith("Line one\n  line two")
    assert by_key["WEB-2"]["blocked_by"] == "WEB-1"
    assert by_key["WEB-3"]["title"] == HOSTILE
    assert by_key["WEB-6"]["archived"] == "yes"


def test_no_cell_is_a_formula(home_db: Database) -> None:
    project = projects.create_project(home_db, "P")
    for title in ("=1+1", "+1", "-1", "@SUM(A1)"):
        tasks.create_task(home_db, project.id, title, description="\t=2")
    _, *found = rows(export_csv(home_db, project.id))
    assert [row[1] for row in found] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)"]
    assert all(row[2] == "'\t=2" for row in found)


def test_without_a_project_the_csv_has_all_of_them(home_db: Database) -> None:
    furnish(home_db)
    starter = projects.find_project(home_db, "PASO")
    tasks.create_task(home_db, starter.id, "Elsewhere")
    keys = {row[0].partition("-")[0] for row in rows(export_csv(home_db, None))[1:]}
    assert keys == {"PASO", "WEB"}


def test_a_board_without_columns_of_its_own_order_keeps_that_of_the_board(
    home_db: Database,
) -> None:
    project = projects.create_project(home_db, "P")
    done = columns.find_column(home_db, project.id, "completed")
    todo = columns.find_column(home_db, project.id, "ready")
    columns.move_column(home_db, done.id, before=todo.id)
    text = export_markdown(home_db, project.id)
    assert text.index("## Done") < text.index("## To do")


def test_an_unknown_project_is_not_found(home_db: Database) -> None:
    with pytest.raises(NotFound):
        export_markdown(home_db, 99)
    with pytest.raises(NotFound):
        export_csv(home_db, 99)
