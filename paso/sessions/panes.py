"""What tmux tells of its panes: the format asked for, and one line of it as a record.

Never: run tmux; guess: what tmux does not say is None.
"""

from __future__ import annotations

from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

OWN, HOME, ADOPTED = "@paso_session", "@paso_home", "@paso_adopted"
"""Options of a pane: the session that it is, the computer whose it is; a pane that
Paso did not make has the third one in place of the first, and is never closed."""

_FIELDS = (
    "pid",
    "session_id",
    "window_id",
    "pane_id",
    "pane_pid",
    "pane_dead",
    "pane_dead_status",
    "pane_dead_signal",
    "window_activity",
    "window_bell_flag",
    "session_attached",
    "pane_in_mode",
    "alternate_on",
    OWN,
    HOME,
    ADOPTED,
    "window_index",
    "pane_index",
    "window_active",
    "pane_active",
    "session_name",
    "window_name",
)
SEPARATOR = "|"
PANE_FORMAT = SEPARATOR.join(f"#{{{name}}}" for name in _FIELDS)
"""For `list-panes -a -F`; what people name comes last, as it may hold a separator."""


class PaneState(NamedTuple):
    """One pane of a tmux server, as the server told it."""

    server: int
    """Pid of the server."""
    session: str
    """As `$3`."""
    window: str
    """As `@4`."""
    pane: str
    """As `%7`."""
    pid: int
    """The process that the pane was made with."""
    dead: bool
    """tmux has closed the terminal. The process may live on while neither of the
    two below is known."""
    status: int | None
    """Exit code, where it ended by itself."""
    signal: int | None
    """Signal that ended it, else."""
    activity: int
    """When its window had output last, in seconds since the epoch."""
    bell: bool
    """A bell rang in its window and nobody has looked yet."""
    attached: int
    """Terminals that show its session."""
    in_mode: bool
    """Somebody scrolls or copies in it: keys go to tmux, not to the command."""
    alternate: bool
    """A full-screen program uses it."""
    owner: str
    """The session of ours that it is, or ""."""
    home: str
    """Id of the computer, that is the home, whose it is, or ""."""
    adopted: str
    """The session of ours that follows it, made by somebody else, or ""."""
    window_index: str
    pane_index: str
    window_active: bool
    pane_active: bool
    session_name: str
    window_name: str

    @property
    def ended(self) -> bool:
        """Its command is gone, and how is known."""
        return self.dead and (self.status is not None or self.signal is not None)

    @property
    def watched(self) -> bool:
        """A terminal shows its window: what happens in it is seen."""
        return self.attached > 0 and self.window_active


def read_panes(lines: Iterable[str]) -> list[PaneState]:
    """Return the panes of what `list-panes -a -F PANE_FORMAT` printed.

    A line that is none, as of a tmux that does not know a name, is passed over.
    """
    found = []
    for line in lines:
        pane = _read(line.rstrip("\n"))
        if pane is not None:
            found.append(pane)
    return found


def _read(line: str) -> PaneState | None:
    words = line.split(SEPARATOR, len(_FIELDS) - 1)
    if len(words) != len(_FIELDS):
        return None
    told = dict(zip(_FIELDS, words, strict=True))
    try:
        return PaneState(
            server=int(told["pid"]),
            session=told["session_id"],
            window=told["window_id"],
            pane=told["pane_id"],
            pid=int(told["pane_pid"]),
            dead=told["pane_dead"] == "1",
            status=_number(told["pane_dead_status"]),
            signal=_number(told["pane_dead_signal"]),
            activity=_number(told["window_activity"]) or 0,
            bell=told["window_bell_flag"] == "1",
            attached=_number(told["session_attached"]) or 0,
            in_mode=told["pane_in_mode"] not in ("", "0"),
            alternate=told["alternate_on"] == "1",
            owner=told[OWN],
            home=told[HOME],
            adopted=told[ADOPTED],
            window_index=told["window_index"],
            pane_index=told["pane_index"],
            window_active=told["window_active"] == "1",
            pane_active=told["pane_active"] == "1",
            session_name=told["session_name"],
            window_name=told["window_name"],
        )
    except ValueError:
        return None


def _number(word: str) -> int | None:
    return int(word) if word else None
