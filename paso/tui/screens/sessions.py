"""Every session of every computer on one screen, and what its keys do with one.

Each action names the session by its id and computer: it never acts on another one
that has moved under the cursor meanwhile.

Never: know how a session is run or reached; `SessionCalls` does.
"""

from __future__ import annotations

from paso.commands import sessions
from paso.commands.session_phases import OVER
from paso.model import LIVE_PHASES, LOST, Session
from paso.text import cut, escape
from paso.tui.screens.sessions_base import SessionsBase
from paso.tui.step import Step


class Sessions(SessionsBase):
    """What `S` opens."""

    # one session

    def action_attach(self) -> None:
        row = self.view.current
        if row is not None and row.can_fold:
            self.action_fold()
            return
        session = self.session()
        if session is not None and session.phase in OVER:
            self.action_output()  # what is left of it
        elif session is not None:
            self.paso.calls.attach(session)

    def action_new_session(self) -> None:
        self.paso.board.start_session(None, self._after_start)

    def _after_start(self, session: Session | None) -> None:
        if session is not None:
            self.paso.catch_up()
            self.select(session)
            self.say(f"started {cut(escape(session.title), 40)}")

    def action_send(self) -> None:
        session = self.session()
        if session is not None and self._lives(session):
            from paso.tui.screens.session_form import SendForm

            self.app.push_screen(SendForm(self.paso, session))

    def action_output(self) -> None:
        session = self.session()
        if session is not None:
            from paso.tui.screens.session_output import SessionOutput

            self.app.push_screen(SessionOutput(self.paso, session))

    def action_end(self) -> None:
        session = self.session()
        # What is lost may still run, as under a tmux that was killed.
        if session is None or (session.phase != LOST and not self._lives(session)):
            return
        from paso.tui.screens.confirm import Confirm

        def decide(yes: bool | None) -> None:
            if yes:
                self.paso.calls.end(session)

        name = cut(escape(session.title), 40)
        command = cut(escape(" ".join(session.argv)), 120)
        where = escape(self.paso.book.computer(session.computer).name)
        text = f"{command}\non {where}, in {escape(session.cwd)}"
        self.app.push_screen(Confirm(f"End {name}?", text, "y", "end it"), decide)

    def action_acknowledge(self) -> None:
        session = self._own()
        if session is not None:
            step = Step(sessions.acknowledge, (session.id,))
            self.paso.write(lambda: step)

    def action_remove(self) -> None:
        session = self._own()
        if session is None:
            return
        if session.phase in LIVE_PHASES:
            self.say("it runs: x ends it", "warning")
            return
        from paso.tui.screens.confirm import Confirm

        def decide(yes: bool | None) -> None:
            if yes:
                step = Step(sessions.remove_session, (session.id,))
                self.paso.write(lambda: step, lambda _: self.say(f"removed {name}"))

        name = cut(escape(session.title), 40)
        text = "its output and history go with it"
        self.app.push_screen(Confirm(f"Remove {name}?", text, "y", "remove it"), decide)

    def action_link(self) -> None:
        session = self._own()
        if session is None:
            return
        from paso.tui.screens.card_picker import NO_CARD, CardPicker

        def done(task_id: int | None) -> None:
            if task_id is not None:
                wanted = None if task_id == NO_CARD else task_id
                step = Step(sessions.link_session, (session.id, wanted))
                self.paso.write(lambda: step, lambda _: self.say("linked"))

        title = f"Link {cut(escape(session.title), 30)} to"
        self.app.push_screen(CardPicker(self.paso, title, session.task_id), done)

    def action_jump(self) -> None:
        """Show the card of the session on the board."""
        session = self._own()
        if session is None:
            return
        if session.task_id is None:
            self.say("it is linked to no card: l links it", "warning")
            return
        board = self.paso.board
        while len(self.app.screen_stack) > 1:
            self.app.pop_screen()
        board.show_task(session.project_id, session.task_id)

    def action_leave(self) -> None:
        if self.view.search:
            self.action_clear_filter()
        else:
            self.dismiss(None)

    # what actions need

    def _lives(self, session: Session) -> bool:
        if session.phase in LIVE_PHASES:
            return True
        self.say(f"it is over: {session.phase}", "warning")
        return False

    def _own(self) -> Session | None:
        """The session under the cursor, when it is this computer's to change."""
        session = self.session()
        if session is None or self.paso.calls.is_local(session):
            return session
        name = escape(self.paso.book.computer(session.computer).name)
        self.say(f"only on its own computer: this one runs on {name}", "warning")
        return None
