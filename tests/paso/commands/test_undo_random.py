"""Undo under random commands: all of them back is the beginning, all again the end."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paso.commands import columns, comments, labels, projects, relations, tasks, undo
from paso.database.connection import Database, open_database
from paso.database.inverse import TABLES
from paso.errors import PasoError

MOVING = {"updated_at", "version"}
"""Columns that go on by themselves."""

State = dict[str, list[tuple[Any, ...]]]


def state(db: Database) -> State:
    """Every row of the board, but for what goes on by itself."""
    found: State = {}
    for table in TABLES.values():
        info = db.rows(f"PRAGMA table_info({table})")
        names = ", ".join(row[1] for row in info if row[1] not in MOVING)
        found[table] = db.rows(f"SELECT {names} FROM {table} ORDER BY id")
    return found


class Player:
    """Does one thing after the other to a board, right and wrong ones."""

    def __init__(self, db: Database, dice: random.Random) -> None:
        self.db = db
        self.dice = dice
        # Most happens in one project, so that things meet.
        self.home = 1
        self.deeds: list[Callable[[], object]] = [
            *[self.create_task] * 9,
            *[self.move_task] * 8,
            *[self.edit_task] * 4,
            *[self.bulk_move] * 2,
            *[self.archive_task] * 2,
            self.delete_task,
            self.delete_tasks,
            *[self.link] * 6,
            self.unlink,
            *[self.comment] * 4,
            *[self.edit_comment] * 2,
            self.delete_comment,
            *[self.attach] * 5,
            self.detach,
            self.create_label,
            self.edit_label,
            self.delete_label,
            self.create_column,
            self.edit_column,
            self.role,
            self.delete_column,
            self.create_project,
            self.edit_project,
            self.archive_project,
            self.delete_project,
            self.stranger,
        ]

    def act(self) -> None:
        try:
            self.dice.choice(self.deeds)()
        except PasoError:
            assert not self.db.conn.in_transaction

    def any(self, table: str) -> int:
        ids = [row[0] for row in self.db.rows(f"SELECT id FROM {table}")]
        return self.dice.choice(ids) if ids else 0

    def column(self) -> int:
        sql = "SELECT id FROM columns WHERE project_id = ?"
        ids = [row[0] for row in self.db.rows(sql, (self.home,))]
        return self.dice.choice(ids) if ids else 0

    def word(self) -> str:
        return f"w{self.dice.randrange(30)}"

    def create_task(self) -> None:
        far = self.dice.random() < 0.1
        tasks.create_task(
            self.db,
            self.any("projects") if far else self.home,
            self.word(),
            column_id=None if far else self.column(),
            labels=self.dice.choice([(), (), [self.any("labels")]]),
            parent=self.dice.choice([None, None, self.any("tasks") or None]),
            blocks=self.dice.choice([(), (), [self.any("tasks")]]),
            at=self.dice.choice(["top", "bottom"]),
        )

    def move_task(self) -> None:
        where: dict[str, Any] = self.dice.choice(
            [
                {"column_id": self.column()},
                {"before": self.any("tasks")},
                {"after": self.any("tasks")},
                {"top": True},
                {"column_id": self.column(), "top": True},
            ]
        )
        tasks.move_task(self.db, self.any("tasks"), **where)

    def bulk_move(self) -> None:
        ids = list({self.any("tasks") for _ in range(3)})
        tasks.move_tasks(self.db, ids, column_id=self.column())

    def edit_task(self) -> None:
        changes = {
            "title": self.word(),
            "priority": self.dice.choice(["low", "high"]),
            "due": self.dice.choice([None, "2030-01-01"]),
            "assignee": self.dice.choice([None, "bob"]),
        }
        name = self.dice.choice(list(changes))
        tasks.edit_task(self.db, self.any("tasks"), {name: changes[name]})

    def archive_task(self) -> None:
        tasks.archive_task(self.db, self.any("tasks"), self.dice.random() < 0.6)

    def delete_task(self) -> None:
        tasks.delete_task(self.db, self.any("tasks"))

    def delete_tasks(self) -> None:
        tasks.delete_tasks(self.db, list({self.any("tasks"), self.any("tasks")}))

    def link(self) -> None:
        kind = self.dice.choice(["blocks", "parent", "related"])
        relations.link(self.db, self.any("tasks"), self.any("tasks"), kind)

    def unlink(self) -> None:
        row = self.db.row("SELECT from_id, to_id, kind FROM relations LIMIT 1")
        if row:
            relations.unlink(self.db, *row)

    def comment(self) -> None:
        comments.add_comment(self.db, self.any("tasks"), self.word())

    def edit_comment(self) -> None:
        comments.edit_comment(self.db, self.any("comments"), self.word())

    def delete_comment(self) -> None:
        comments.delete_comment(self.db, self.any("comments"))

    def attach(self) -> None:
        labels.attach_label(self.db, self.any("tasks"), self.any("labels"))

    def detach(self) -> None:
        row = self.db.row("SELECT task_id, label_id FROM task_labels LIMIT 1")
        if row:
            labels.detach_label(self.db, *row)

    def create_label(self) -> None:
        labels.create_label(self.db, self.any("projects"), self.word())

    def edit_label(self) -> None:
        labels.edit_label(self.db, self.any("labels"), name=self.word())

    def delete_label(self) -> None:
        labels.delete_label(self.db, self.any("labels"))

    def create_column(self) -> None:
        role = self.dice.choice([None, "ready", "completed"])
        project = self.any("projects")
        columns.create_column(self.db, project, self.word(), role=role)

    def edit_column(self) -> None:
        column = self.any("columns")
        turn = self.dice.randrange(3)
        if turn == 0:
            columns.rename_column(self.db, column, self.word())
        elif turn == 1:
            columns.move_column(self.db, column, before=self.any("columns"))
        else:
            columns.set_wip(self.db, column, self.dice.choice([0, 3, 20]))

    def role(self) -> None:
        role = self.dice.choice([None, "ready", "in-progress", "completed"])
        columns.set_role(self.db, self.column(), role)

    def delete_column(self) -> None:
        columns.delete_column(self.db, self.any("columns"), move_to=self.column())

    def create_project(self) -> None:
        projects.create_project(self.db, self.word())

    def edit_project(self) -> None:
        projects.edit_project(self.db, self.any("projects"), name=self.word())

    def archive_project(self) -> None:
        project = self.any("projects")
        projects.archive_project(self.db, project, self.dice.random() < 0.5)

    def delete_project(self) -> None:
        if self.dice.random() < 0.15:
            projects.delete_project(self.db, self.any("projects"), force=True)

    def stranger(self) -> None:
        """Another program, in a transaction of its own without a batch."""
        self.db.conn.execute(
            "UPDATE tasks SET title = ? WHERE id = ?", (self.word(), self.any("tasks"))
        )


def steps(act: Callable[[Database], object], db: Database) -> list[State]:
    """Undo or redo until nothing is left; the state after each."""
    seen: list[State] = []
    while True:
        try:
            act(db)
        except PasoError as error:
            assert error.code == "conflict", error.message
            return seen
        seen.append(state(db))


@pytest.mark.timeout(300)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_undo_all_is_the_beginning_and_redo_all_is_the_end(seed: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        db = open_database(str(Path(home) / "tasks.db"), actor="ann")
        player = Player(db, random.Random(seed))
        states = [state(db)]
        for _ in range(60):
            player.act()
            now = state(db)
            if now != states[-1]:
                states.append(now)
        for turn in range(2):
            back = steps(undo.undo, db)
            assert back == states[-2::-1], f"undo, turn {turn}"
            again = steps(undo.redo, db)
            # Nobody's steps are undone by anyone, and redone by the one who undid.
            assert again == states[1:], f"redo, turn {turn}"
        assert db.value("PRAGMA integrity_check") == "ok"
        assert db.rows("PRAGMA foreign_key_check") == []
        db.close()


@pytest.mark.timeout(300)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_versions_grow_and_never_come_again(seed: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        db = open_database(str(Path(home) / "tasks.db"), actor="ann")
        dice = random.Random(seed)
        player = Player(db, dice)
        given: dict[tuple[int, int], tuple[Any, ...]] = {}
        for _ in range(60):
            try:
                act = dice.choice([undo.undo, undo.redo, None, None])
                act(db) if act else player.act()
            except PasoError:
                pass
            for row in db.rows(
                "SELECT id, version, title, column_id, rank, priority, due, assignee,"
                " archived_at, completed_at FROM tasks"
            ):
                assert given.setdefault(row[:2], row) == row
        numbers = "SELECT project_id, number, count(DISTINCT entity_id) FROM ("
        rows = db.rows(
            f"{numbers} SELECT l.project_id, f.new AS number, l.entity_id"
            " FROM change_log l JOIN change_fields f ON f.change = l.id"
            " AND f.name = 'number' WHERE l.entity = 'task' AND l.op = 'insert')"
            " GROUP BY 1, 2"
        )
        assert all(count == 1 for _, _, count in rows)
        db.close()
