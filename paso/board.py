"""The board for scripts, to read, write and follow: `from paso import open_board`.

    with open_board() as board:
        task = board.add("Fix login", labels=["bug"], due="friday")
        board.start(task)
        for change in board.follow():
            print(change)

Each call runs the same command as `paso` on the command line, so the same rules hold
and every write can be undone. A `Board` belongs to one thread; open one for each.

Never: hold a rule of the board; those are in paso/commands.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

from paso.board_reading import BoardReading
from paso.store import open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from paso.board_reading import ProjectRef, TaskRef
    from paso.commands.undo import Undone
    from paso.model import Comment, Project, Task

__all__ = ["Board", "open_board", "open_store"]


def open_board(
    home: str | None = None,
    *,
    actor: str | None = None,
    client: str = "python",
    auto_start: bool = True,
) -> Board:
    """Open a board; it is made on first use.

    Arguments:
        home: its folder; absent = `$PASO_HOME`, else `~/.paso`.
        actor: who writes, for the log and for undo; absent = as configured, else
            the user of the operating system.
        client: what writes, as others see it in events.
        auto_start: False = never start the daemon. Writes go through without it.
    Raises:
        StoreError: one of its leaves, when the database cannot be used.
        UnsafePath: the home is open to other users, or not ours.
        InvalidValue: the configuration is wrong.
    """
    from paso.config import load_config
    from paso.paths import Paths

    paths = Paths(home)
    config = load_config(paths)
    if config.socket:
        paths = Paths(home, socket=config.socket)
    config = config._replace(
        actor=actor or config.actor, auto_start=auto_start and config.auto_start
    )
    return Board(paths, config, open_store(paths, config, client))


class Board(BoardReading):
    """An open board. Make one with `open_board`; close it, or use it in `with`.

    A task is named by a record of one, its key (`WEB-12`), its number in the current
    project, four characters or more of its uid, or a unique part of its title; a
    project by a record, its key, its name or its id. Where a project may be left out,
    the current one is meant: `PASO_PROJECT`, the nearest `.paso.toml`, the only
    project, or the one used last.

    All methods raise `NotFound` for a reference that names nothing, `InvalidValue` for
    a value outside what its field allows, `Conflict` where the state of the board does
    not allow it, and `StoreError` when the database cannot do it; see `paso.errors`.
    """

    @contextmanager
    def write(self, summary: str = "") -> Iterator[None]:
        """Make all writes of a block one transaction and one step of undo.

        An error inside undoes the whole block.

        Arguments:
            summary: what is done, in words for the log and for undo.
        """
        with self.db.write(summary):
            yield

    def add_project(
        self, name: str, *, key: str | None = None, description: str = ""
    ) -> Project:
        """Make a project with the usual columns and labels.

        Raises:
            NameTaken: another project has the key.
        """
        from paso.commands.projects import create_project

        return create_project(self.db, name, key=key, description=description)

    def add(
        self,
        title: str,
        *,
        project: ProjectRef = None,
        description: str = "",
        type: str = "task",
        priority: str = "medium",
        labels: Sequence[str] = (),
        column: str | None = None,
        due: str | None = None,
        assignee: str | None = None,
        parent: TaskRef | None = None,
        blocked_by: Sequence[TaskRef] = (),
        blocks: Sequence[TaskRef] = (),
        top: bool = False,
        force: bool = False,
    ) -> Task:
        """Make a task.

        Arguments:
            labels: names; those the project lacks are made.
            column: name or role; absent = the ready column, else the first.
            due: `friday`, `+3d`, `2026-12-01`, …
            top: put it above the other cards instead of below.
            force: go over the limit of the column.
        Raises:
            WipLimitReached: the column is full.
            CycleRefused: the relations would close a cycle.
        """
        from paso.commands.columns import find_column
        from paso.commands.tasks import create_task

        with self.db.write():
            project_id = self.project(project).id
            return create_task(
                self.db,
                project_id,
                title,
                description=description,
                type=type,
                priority=priority,
                labels=self._label_ids(project_id, labels),
                column_id=find_column(self.db, project_id, column).id
                if column
                else None,
                due=_due(due),
                assignee=assignee,
                parent=self.task(parent).id if parent else None,
                blocked_by=[self.task(ref).id for ref in blocked_by],
                blocks=[self.task(ref).id for ref in blocks],
                at="top" if top else "bottom",
                force=force,
            )

    def edit(
        self,
        task: TaskRef,
        *,
        base: Task | None = None,
        if_version: int | None = None,
        **changes: Any,
    ) -> Task:
        """Change the fields named, and no other.

        Arguments:
            base: the record the values were made from. A field that somebody changed
                since then, to something else, is refused instead of overwritten.
            if_version: only if the task still has this version.
            changes: `title`, `description`, `type`, `priority`, `due` (words or
                None), `assignee`, `labels` (all of their names).
        Raises:
            ChangedMeanwhile: with both values of each field.
        """
        from paso.commands.tasks import edit_task

        with self.db.write():
            found = self.task(task)
            if "due" in changes:
                changes["due"] = _due(changes["due"])
            if "labels" in changes:
                changes["labels"] = self._label_ids(found.project_id, changes["labels"])
            started = {name: _field(base, name) for name in changes} if base else None
            return edit_task(
                self.db, found.id, changes, base=started, if_version=if_version
            )

    def move(
        self,
        task: TaskRef,
        column: str | None = None,
        *,
        before: TaskRef | None = None,
        after: TaskRef | None = None,
        top: bool = False,
        bottom: bool = False,
        force: bool = False,
    ) -> Task:
        """Move a task to a column, to a place in its column, or both.

        Arguments:
            column: `next`, `prev`, or the name or role of a column.
            before, after: the neighbour it goes above or below.
            top, bottom: above or below all cards; a card that comes to another column
                goes to the bottom unless a place is given.
        Raises:
            WipLimitReached: the column is full, and `force` is False.
            Conflict: `next` or `prev`, and there is no column on that side.
        """
        from paso.commands.tasks import move_task

        with self.db.write():
            found = self.task(task)
            return move_task(
                self.db,
                found.id,
                column_id=self._column_id(found, column),
                before=self.task(before).id if before else None,
                after=self.task(after).id if after else None,
                top=top,
                bottom=bottom,
                force=force,
            )

    def ready(self, task: TaskRef) -> Task:
        """Move a task to the column for ready tasks."""
        return self._to_role(task, "ready")

    def start(self, task: TaskRef) -> Task:
        """Move a task to the column for tasks in progress."""
        return self._to_role(task, "in-progress")

    def done(self, task: TaskRef) -> Task:
        """Move a task to the column for completed tasks."""
        return self._to_role(task, "completed")

    def claim(self, task: TaskRef, who: str | None = None) -> Task:
        """Take a task if nobody has it, atomically.

        Arguments:
            who: absent = the actor of this board.
        Raises:
            AlreadyClaimed: somebody else has it.
        """
        from paso.commands.tasks import claim_task

        return claim_task(self.db, self.task(task).id, who or self.db.actor)

    def comment(
        self, task: TaskRef, body: str, *, author: str | None = None
    ) -> Comment:
        """Write a comment.

        Arguments:
            author: absent = the actor of this board.
        """
        from paso.commands.comments import add_comment

        return add_comment(self.db, self.task(task).id, body, author=author)

    def link(
        self,
        task: TaskRef,
        *,
        blocks: TaskRef | None = None,
        child: TaskRef | None = None,
        related: TaskRef | None = None,
    ) -> bool:
        """Link two tasks; return False when they were linked so already.

        Raises:
            CycleRefused: it would close a cycle.
            UsageError: not exactly one of the three is given.
        """
        from paso.commands.relations import link

        with self.db.write():
            return link(self.db, *self._link(task, blocks, child, related))

    def unlink(
        self,
        task: TaskRef,
        *,
        blocks: TaskRef | None = None,
        child: TaskRef | None = None,
        related: TaskRef | None = None,
    ) -> bool:
        """Take a link away; return False when there was none."""
        from paso.commands.relations import unlink

        with self.db.write():
            return unlink(self.db, *self._link(task, blocks, child, related))

    def archive(self, task: TaskRef) -> Task:
        """Put a task away; `restore` brings it back."""
        from paso.commands.tasks import archive_task

        return archive_task(self.db, self.task(task).id, True)

    def restore(self, task: TaskRef) -> Task:
        """Bring an archived task back to where it was."""
        from paso.commands.tasks import archive_task

        return archive_task(self.db, self.task(task).id, False)

    def delete(self, task: TaskRef) -> None:
        """Delete a task with its comments and relations; `undo` brings it back."""
        from paso.commands.tasks import delete_task

        delete_task(self.db, self.task(task).id)

    def undo(self) -> Undone:
        """Take back the last step of this actor.

        Raises:
            UndoConflict: a later change touched the same fields.
        """
        from paso.commands.undo import undo

        return undo(self.db, actor=self.db.actor)

    def redo(self) -> Undone:
        """Do again what was undone last.

        Raises:
            UndoConflict: a later change touched the same fields.
        """
        from paso.commands.undo import redo

        return redo(self.db, actor=self.db.actor)

    def _to_role(self, task: TaskRef, role: str) -> Task:
        from paso.commands.tasks import set_role_column

        return set_role_column(self.db, self.task(task).id, role)

    def _label_ids(self, project_id: int, names: Sequence[str]) -> list[int]:
        from paso.commands.labels import ensure_label

        return [ensure_label(self.db, project_id, name)[0].id for name in names]

    def _column_id(self, task: Task, column: str | None) -> int | None:
        from paso.commands.columns import find_column
        from paso.commands.tasks import neighbour_column

        if column is None:
            return None
        if column in ("next", "prev"):
            return neighbour_column(self.db, task.id, 1 if column == "next" else -1).id
        return find_column(self.db, task.project_id, column).id

    def _link(
        self,
        task: TaskRef,
        blocks: TaskRef | None,
        child: TaskRef | None,
        related: TaskRef | None,
    ) -> tuple[int, int, str]:
        from paso.errors import UsageError

        named = (("blocks", blocks), ("parent", child), ("related", related))
        given = [(kind, other) for kind, other in named if other is not None]
        if len(given) != 1:
            raise UsageError("name one of: blocks, child, related")
        kind, other = given[0]
        return self.task(task).id, self.task(other).id, kind


def _due(words: str | None) -> str | None:
    """The day that words mean today; None and `none` for no day."""
    if words is None or words.strip().lower() in ("", "none"):
        return None
    from datetime import date

    from paso.commands.dates import parse_due

    return parse_due(words, today=date.today())


def _field(task: Task, name: str) -> object:
    if name == "labels":
        return [label.id for label in task.labels]
    return getattr(task, name, None)
