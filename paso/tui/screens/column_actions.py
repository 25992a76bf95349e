"""What the keys of the board do with columns.

Never: know a rule of the board; the commands do.
"""

from __future__ import annotations

from paso.commands import columns
from paso.model import Column
from paso.text import escape
from paso.tui.screens.board_base import BoardBase
from paso.tui.step import Step


class ColumnActions(BoardBase):
    """Add, rename, limit, shift and delete columns."""

    def action_add_column(self) -> None:
        if self.state.project is None:
            self.say("no project yet: press P to make one", "warning")
            return
        from paso.tui.screens.forms import ColumnForm

        self.app.push_screen(ColumnForm.new(self.paso), self._after_column)

    def action_edit_column(self) -> None:
        column = self.column()
        if column is not None:
            from paso.tui.screens.forms import ColumnForm

            self.app.push_screen(ColumnForm.of(self.paso, column), self._after_column)

    def _after_column(self, column: Column | None) -> None:
        if column is not None:
            self.state.column_id = column.id
            self._follow_cursor()
            self.say(f"saved column {escape(column.name)}")

    def action_delete_column(self) -> None:
        column = self.column()
        if column is None:
            return
        others = [c for c in self.state.columns if c.id != column.id]
        cards = len(self.state.lane(column.id).all)
        if cards and others:
            self._ask_where_to(column, others, cards)
        else:
            self._confirm_delete(column, None, "it holds no cards")

    def _ask_where_to(self, column: Column, others: list[Column], cards: int) -> None:
        """The cards of a deleted column go where the user says, never away."""
        from paso.tui.screens.picker import Picker

        def chosen(target: int | None) -> None:
            name = next((escape(c.name) for c in others if c.id == target), "")
            if target is not None:
                text = f"its {cards} cards go to {name}"
                self._confirm_delete(column, target, text)

        title = f"Delete {escape(column.name)}: where do its {cards} cards go?"
        options = [(other.id, escape(other.name)) for other in others]
        self.app.push_screen(Picker(title, options, None), chosen)

    def _confirm_delete(self, column: Column, target: int | None, text: str) -> None:
        from paso.tui.screens.confirm import Confirm

        def decide(yes: bool | None) -> None:
            if yes:
                step = Step(columns.delete_column, (column.id,), {"move_to": target})
                done = f"deleted column {escape(column.name)}, u brings it back"
                self.paso.write(lambda: step, lambda _: self.say(done))

        question = f"Delete the column {escape(column.name)}?"
        self.app.push_screen(Confirm(question, text, "y", "delete it"), decide)

    def action_shift_column(self, side: int) -> None:
        column = self.column()
        if column is not None:
            self.paso.write(lambda: self._shift(column.id, side))

    def _shift(self, column_id: int, side: int) -> Step | None:
        """Decided when its turn comes: the neighbours are those of that moment."""
        ids = [column.id for column in self.state.columns]
        at = ids.index(column_id) + side if column_id in ids else -1
        if not 0 <= at < len(ids):
            return None
        place = {"after": ids[at]} if side > 0 else {"before": ids[at]}
        return Step(columns.move_column, (column_id,), place)
