"""What the keys of the board do with cards.

Each write carries the id of its task: it never acts on another card that has moved
under the cursor meanwhile.

Never: know a rule of the board; the commands do.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from paso.commands import relations, tasks, undo
from paso.errors import PasoError, WipLimitReached
from paso.model import COMPLETED, PRIORITIES, TYPES, Task
from paso.text import escape
from paso.tui.screens.board_base import BoardBase
from paso.tui.step import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from paso.database.connection import Database
    from paso.model import Card


class CardActions(BoardBase):
    """Add, edit, move, reorder, delete, undo."""

    # forms

    def action_add_task(self) -> None:
        if self.state.project is None:
            self.say("no project yet: press P to make one", "warning")
            return
        if self.column() is None:
            return
        from paso.tui.screens.task_form import TaskForm

        self.app.push_screen(TaskForm.new(self.paso), self._after_add)

    def _after_add(self, task: Task | None) -> None:
        if task is not None:
            self.select_task(task.id)
            hidden = "" if task.id == self._current_id() else ", hidden by the filter"
            self.say(f"added {task.key}{hidden}")

    def _current_id(self) -> int | None:
        card = self.state.current
        return None if card is None else card.id

    def action_edit_task(self) -> None:
        card = self.card()
        if card is not None:
            self.edit_task(card.id)

    def edit_task(self, task_id: int) -> None:
        """Open the form of a task, on its values of this moment."""
        from paso.tui.screens.task_form import TaskForm

        try:
            form = TaskForm.of(self.paso, task_id)
        except PasoError as error:
            self.paso.say_error(error)
        else:
            self.app.push_screen(form, self._after_edit)

    def _after_edit(self, task: Task | None) -> None:
        if task is not None:
            self.say(f"saved {task.key}")

    def action_view_task(self) -> None:
        card = self.card()
        if card is not None:
            from paso.tui.screens.details import Details

            self.app.push_screen(Details(self.paso, card.id))

    # moving

    def action_move_task(self, step: int) -> None:
        card = self.card()
        if card is not None:
            self._move(card, partial(move_sideways, step=step), self.key(card))

    def _move(self, card: Card, command: Callable[..., Task], what: str) -> None:
        """Move a card; a column that is full is asked about, not refused."""

        def refused(error: PasoError) -> bool:
            if not isinstance(error, WipLimitReached):
                return False
            from paso.tui.screens.confirm import Confirm

            def decide(yes: bool | None) -> None:
                if yes:
                    self.paso.write(lambda: Step(command, (card.id,), {"force": True}))

            ask = Confirm(f"Move {what} all the same?", error.message, "y", "move it")
            self.app.push_screen(ask, decide)
            return True

        self.paso.write(lambda: Step(command, (card.id,)), refused=refused)

    def action_reorder_task(self, step: int) -> None:
        card = self.card()
        if card is not None:
            self.paso.write(lambda: self._reorder(card.id, step))

    def _reorder(self, task_id: int, step: int) -> Step | None:
        """Decided when its turn comes: the neighbours are those of that moment."""
        card = self.state.cards.get(task_id)
        other = self.state.neighbour(card, step) if card is not None else None
        if other is None:
            self.say("it is at the end already", "warning")
            return None
        side = {"after": other.id} if step > 0 else {"before": other.id}
        return Step(tasks.move_task, (task_id,), side)

    def action_pick_column(self) -> None:
        card = self.card()
        if card is None:
            return
        options = [(column.id, escape(column.name)) for column in self.state.columns]
        self._pick(
            f"Move {self.key(card)} to",
            options,
            card.column_id,
            lambda column: self._move(
                card, partial(move_to, column_id=column), self.key(card)
            ),
        )

    def action_done_task(self) -> None:
        card = self.card()
        if card is not None:
            step = Step(tasks.set_role_column, (card.id, COMPLETED))
            self.paso.write(lambda: step, lambda task: self._tell_done(task))

    def _tell_done(self, task: Task) -> None:
        self.say(f"{task.key} is in {escape(task.column.name)}")

    # single fields

    def action_pick_priority(self) -> None:
        self._pick_field("priority", [(name, name) for name in reversed(PRIORITIES)])

    def action_pick_type(self) -> None:
        self._pick_field("type", [(name, name) for name in TYPES])

    def _pick_field(self, field: str, options: list[tuple[Any, str]]) -> None:
        card = self.card()
        if card is None:
            return

        def save(value: str) -> None:
            self.paso.write(lambda: Step(tasks.edit_task, (card.id, {field: value})))

        now = getattr(card, field)
        self._pick(f"{field.capitalize()} of {self.key(card)}", options, now, save)

    def _pick(
        self,
        title: str,
        options: list[tuple[Any, str]],
        current: object,
        chosen: Callable[[Any], object],
    ) -> None:
        from paso.tui.screens.picker import Picker

        def done(value: Any) -> None:
            if value is not None and value != current:
                chosen(value)

        self.app.push_screen(Picker(title, options, current), done)

    def action_pick_labels(self) -> None:
        card = self.card()
        if card is None:
            return
        from paso.tui.screens.label_picker import LabelPicker

        worn = [label.id for label in self.state.labels_of(card)]

        def done(chosen: frozenset[int] | None) -> None:
            if chosen is not None and chosen != frozenset(worn):
                step = Step(wear_labels, (card.id, frozenset(worn), chosen))
                self.paso.write(lambda: step)

        title = f"Labels of {self.key(card)}"
        self.app.push_screen(LabelPicker(self.paso, title, worn), done)

    def action_comment_task(self) -> None:
        card = self.card()
        if card is not None:
            from paso.tui.screens.comment_form import CommentForm

            form = CommentForm.new(self.paso, card.id, self.key(card))
            self.app.push_screen(form, lambda saved: self._tell(saved, "comment added"))

    def action_link_task(self) -> None:
        card = self.card()
        if card is not None:
            self.link_task(card.id)

    def link_task(self, task_id: int) -> None:
        """Choose another card and how the first relates to it."""
        card = self.state.cards.get(task_id)
        if card is None:
            self.say("that card is not on this board", "warning")
            return
        from paso.tui.screens.relation_picker import RelationPicker

        def done(chosen: tuple[int, int, str] | None) -> None:
            if chosen is not None:
                self.paso.write(lambda: Step(relations.link, chosen))

        picker = RelationPicker(self.paso, task_id, self.key(card))
        self.app.push_screen(picker, done)

    def action_copy_key(self) -> None:
        card = self.card()
        if card is not None:
            self.app.copy_to_clipboard(self.key(card))
            self.say(f"copied {self.key(card)}")

    # taking away and back

    def action_delete_task(self) -> None:
        card = self.card()
        if card is None:
            return
        from paso.tui.screens.confirm import Confirm

        def decide(yes: bool | None) -> None:
            if yes:
                step = Step(tasks.delete_task, (card.id,))
                done = f"deleted {self.key(card)}, u brings it back"
                self.paso.write(lambda: step, lambda _: self.say(done))

        question = f"Delete {self.key(card)}?"
        self.app.push_screen(
            Confirm(question, escape(card.title), "y", "delete it"), decide
        )

    def action_archive_task(self) -> None:
        card = self.card()
        if card is not None:
            step = Step(tasks.archive_task, (card.id, True))
            done = f"archived {self.key(card)}, u brings it back"
            self.paso.write(lambda: step, lambda _: self.say(done))

    def action_undo(self) -> None:
        self._turn_back(undo.undo, "undid")

    def action_redo(self) -> None:
        self._turn_back(undo.redo, "redid")

    def _turn_back(self, command: Callable[..., Any], did: str) -> None:
        actor = self.paso.config.actor

        def show(undone: Any) -> None:
            project = self.state.project
            if undone.project_id and (not project or project.id != undone.project_id):
                self.paso.board.show_project(undone.project_id)
            self.say(f"{did}: {escape(undone.summary)}")

        self.paso.write(lambda: Step(command, (), {"actor": actor}), show)

    # words

    def key(self, card: Card) -> str:
        """The key of a card, such as `WEB-12`."""
        return self.state.key_of(card.number)

    def _tell(self, saved: object, text: str) -> None:
        if saved is not None:
            self.say(text)


def move_sideways(
    db: Database, task_id: int, *, step: int, force: bool = False
) -> Task:
    """Move a task to the next column, counted when it is done."""
    column = tasks.neighbour_column(db, task_id, step)
    return tasks.move_task(db, task_id, column_id=column.id, force=force)


def move_to(db: Database, task_id: int, *, column_id: int, force: bool = False) -> Task:
    """Move a task to a column."""
    return tasks.move_task(db, task_id, column_id=column_id, force=force)


def wear_labels(
    db: Database, task_id: int, before: frozenset[int], after: frozenset[int]
) -> None:
    """Attach and detach labels in one step of undo; others' labels stay as they are."""
    from paso.commands import labels

    with db.write("changed labels"):
        for label_id in before - after:
            labels.detach_label(db, task_id, label_id)
        for label_id in after - before:
            labels.attach_label(db, task_id, label_id)
