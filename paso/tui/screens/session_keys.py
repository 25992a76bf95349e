"""What the keys of the board do with sessions.

Never: know a session's phases or how it is run.
"""

from __future__ import annotations

from paso.errors import PasoError
from paso.model import Session
from paso.text import cut, escape
from paso.tui.screens.project_actions import ProjectActions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from paso.model import Card


class SessionKeys(ProjectActions):
    """Start one on a card, go to the card of one."""

    def action_start_session(self) -> None:
        card = self.card()
        if card is not None:
            self.start_session(card, self.say_started)

    def start_session(
        self, card: Card | None, then: Callable[[Session | None], None]
    ) -> None:
        """Open the form that starts a session.

        Arguments:
            card: the one it works on; None = none, it belongs to the project.
            then: called with the session, or None when nothing was started.
        """
        from paso.tui.screens.session_form import Start, StartForm

        try:
            start = Start(self.paso.data.db, card.id if card else None)
        except PasoError as error:
            self.paso.say_error(error)
            return
        project = self.state.project
        key = self.state.key_of(card.number) if card else ""
        form = StartForm(self.paso, start, key, project.id if project else None)
        self.app.push_screen(form, then)

    def say_started(self, session: Session | None) -> None:
        """Tell of a session that was started, if one was."""
        if session is not None:
            self.say(f"started {cut(escape(session.title), 40)}; S shows all sessions")

    def show_task(self, project_id: int | None, task_id: int) -> None:
        """Put the cursor on a task of whatever project."""
        project = self.state.project
        if project_id is not None and (project is None or project.id != project_id):
            self.show_project(project_id)
        if self.paso.data.filter is not None and not self.state.select(task_id):
            self.action_clear_filter()
        self.select_task(task_id)
        if self.state.current is None or self.state.current.id != task_id:
            self.say("its card is not on the board: archived or deleted", "warning")
