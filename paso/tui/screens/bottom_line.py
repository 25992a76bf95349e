"""What every whole screen has: messages that fade, help, palette, ways to the others.

Never: know what the screen shows above its bottom line.
"""

from __future__ import annotations

from typing import ClassVar, cast

from textual.screen import Screen

from paso.tui.keys import ACTIONS, Action

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.timer import Timer

    from paso.tui.board_app import PasoApp
    from paso.tui.widgets.status_bar import StatusBar

MESSAGE_S = 6.0
"""Seconds a message stays; an error stays until the next key."""


class BottomLineScreen(Screen[None]):
    """A screen with a `StatusBar`, once it is composed."""

    ACTIONS: ClassVar[tuple[Action, ...]] = ACTIONS
    bar: StatusBar | None = None
    _fading: Timer | None = None

    @property
    def paso(self) -> PasoApp:
        return cast("PasoApp", self.app)

    def key_came(self) -> None:
        """A key takes the last message away; what it does may bring another."""
        if self.bar is not None and self.bar.message:
            self.say("")

    def say(self, text: str, severity: str = "information") -> None:
        """Show a message in the bottom line for a while."""
        if self._fading is not None:
            self._fading.stop()
            self._fading = None
        if self.bar is not None:
            self.bar.say(text, severity)
        if text and severity != "error":
            self._fading = self.set_timer(MESSAGE_S, lambda: self.say(""))

    def show_connection(self, name: str, reason: str) -> None:
        """Show the state of the connection, and the reason when it got worse."""
        if self.bar is None:
            return
        news = self.bar.connection != name and not self.bar.has_error
        if name == "offline" and news:
            why = f" ({reason})" if reason else ""
            self.say(f"others' changes now show once a second{why}", "warning")
        self.bar.show_connection(name)

    # the other screens

    def action_help(self) -> None:
        from paso.tui.screens.help import Help

        self.app.push_screen(Help(self.paso.config.keys, self.ACTIONS))

    def action_palette(self) -> None:
        from paso.tui.screens.palette import Palette

        def run(method: str | None) -> None:
            if method is not None:
                self.call_later(self.run_action, method)

        self.app.push_screen(Palette(self.paso.config.keys, self.ACTIONS), run)

    def action_sessions(self) -> None:
        self.paso.show_sessions()

    def action_computers(self) -> None:
        self.paso.show_computers()
