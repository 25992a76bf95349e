"""What the keys do to a session, wherever it runs, each with an answer in words.

One of this computer is acted on here, beside the writes of the board, as it may take
some seconds; one of another computer through the daemon, which answers for it: done,
refused, timed out or unreachable.

Never: act on another session than the one that is given; hold up the screen.
"""

from __future__ import annotations

import asyncio
from typing import Any

from paso.errors import PasoError, PhaseRefused
from paso.model import ACTION_TOLD_S, GRACE_S, SHORT_ID
from paso.text import cut, escape
from paso.tui.keys import key_for
from paso.tui.messages import error_words
from paso.tui.session_words import attach_there, phase_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.model import Session
    from paso.tui.board_app import PasoApp

SCREEN_LINES = 500


class SessionCalls:
    """Acts for the app, and says in its bottom line what came of it."""

    def __init__(self, app: PasoApp) -> None:
        self._app = app
        self._looks = False

    def is_local(self, session: Session) -> bool:
        return session.computer == self._app.book.own

    def end(self, session: Session) -> None:
        """End a session; says so at once, and again when it is over."""
        self._app.say(f"ending {self._named(session)} …")
        self._app.run_worker(self._end(session), name="end", group="sessions")

    async def _end(self, session: Session) -> None:
        try:
            if self.is_local(session):
                from paso.sessions.actions import end

                ended = await self._app.store.act(end, session.id, grace_s=GRACE_S)
                self._say_done(session, phase_words(ended))
            else:
                await self._ask(session, "session_end", {"grace_s": GRACE_S}, GRACE_S)
                self._say_done(session, "done: it was ended")
        except PasoError as error:
            self._say_error(session, "not ended", error)

    async def send(self, session: Session, text: str) -> None:
        """Type text into a session, and enter.

        Raises:
            PasoError: it was not typed.
        """
        if self.is_local(session):
            from paso.sessions.actions import send

            await self._app.store.act(send, session.id, text)
        else:
            await self._ask(session, "session_send", {"text": text})
        self._say_done(session, "text sent")

    async def output(self, session: Session) -> str:
        """The last lines that a session shows.

        Raises:
            PasoError: they cannot be had.
        """
        if self.is_local(session):
            from paso.sessions.actions import output

            return await self._app.store.act(output, session.id, lines=SCREEN_LINES)
        answer = await self._ask(session, "session_output", {"lines": SCREEN_LINES})
        return str(answer.get("output", ""))

    def attach(self, session: Session) -> None:
        """Show the session in this terminal; come back to the same place."""
        if self.is_local(session):
            self._app.run_worker(self._attach(session), name="attach", group="attach")
            return
        name = self._app.book.computer(session.computer).name
        self._app.say(f"to attach: {attach_there(name, session.id[:SHORT_ID])}")

    async def _attach(self, session: Session) -> None:
        from paso.sessions.actions import attach_argv
        from paso.sessions.looking import look_again
        from paso.tui.terminal import give_terminal

        try:
            argv = await self._app.store.act(attach_argv, session.id)
            code = give_terminal(self._app, list(argv), "tmux must be installed")
            # It may have ended; a daemon notes that by itself, nobody else does.
            await self._app.store.act(look_again, session.id)
        except PhaseRefused as error:
            key = key_for("session_output", self._app.config.keys)
            hint = f"; {key} in the list shows its output" if key else ""
            text = f"{self._named(session)}: {error.message}{hint}"
            self._app.say(text, "error")
            return
        except PasoError as error:
            self._say_error(session, "not attached", error)
            return
        self._app.catch_up()
        if code:
            text = f"{argv[0]} ended with {code}; is the session still there?"
            self._app.say(f"{self._named(session)}: {text}", "warning")

    def look(self) -> None:
        """See what became of the sessions here, in the place of a daemon."""
        if self._app.data.seen_sessions and not self._looks:
            self._looks = True
            self._app.run_worker(self._look(), name="look", group="look")

    async def _look(self) -> None:
        from paso.sessions.looking import look_at_all

        try:
            await self._app.store.act(look_at_all)
        except PasoError as error:
            self._app.say_error(error)
        finally:
            self._looks = False

    async def _ask(
        self, session: Session, method: str, params: dict[str, Any], more_s: float = 0
    ) -> dict[str, Any]:
        """Have the computer of the session do it; its answer.

        Raises:
            Refused, TimedOut, PeerUnreachable: it did not.
            PasoError: the daemon cannot be asked.
        """
        from paso.events.launcher import call

        params = {"id": session.id, "computer": session.computer, **params}
        return await asyncio.to_thread(
            call, self._app.paths, method, params, timeout_s=ACTION_TOLD_S + more_s
        )

    # words

    def _named(self, session: Session) -> str:
        name = cut(escape(session.title), 30)
        if self.is_local(session):
            return name
        return f"{name} on {escape(self._app.book.computer(session.computer).name)}"

    def _say_done(self, session: Session, words: str) -> None:
        self._app.say(f"{self._named(session)}: {words}")

    def _say_error(self, session: Session, what: str, error: PasoError) -> None:
        text = f"{self._named(session)}: {what}: {error_words(error)}"
        self._app.say(text, "error")
