"""A pane of the user's own tmux, as he names it, found exactly.

tmux itself takes a name for a pattern and for the beginning of others; to follow the
wrong pane would be worse than to find none.

Never: run tmux, guess.
"""

from __future__ import annotations

from paso.errors import Ambiguous, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.sessions.panes import PaneState

CANDIDATES = 8


def find_pane(panes: list[PaneState], target: str) -> PaneState:
    """Return the pane that `target` names.

    Arguments:
        target: `%5`; a session, `work` or `$3`, for its active pane; with a window by
            number, name or id, `work:1`, `work:logs`, `@4`; with a pane by number,
            `work:1.2`, `@4.0`. An `=` before it, as tmux has it, changes nothing.

    Raises:
        NotFound: there is none; the candidates are those there are.
        Ambiguous: two windows have that name.
    """
    wanted = target.strip().removeprefix("=")
    matches = _matches(panes, wanted)
    if len({pane.pane for pane in matches}) > 1:
        raise Ambiguous(
            f"several panes match {target!r}", candidates=tuple(map(shown, matches))
        )
    if not matches:
        raise NotFound(
            f"there is no tmux pane {target!r}",
            candidates=tuple(shown(pane) for pane in panes[:CANDIDATES]),
        )
    return matches[0]


def shown(pane: PaneState) -> str:
    """Return how a user names a pane, with its id."""
    place = f"{pane.session_name}:{pane.window_index}.{pane.pane_index}"
    return f"{place} {pane.pane}"


def _matches(panes: list[PaneState], wanted: str) -> list[PaneState]:
    if wanted.startswith("%"):
        return [pane for pane in panes if pane.pane == wanted]
    if wanted.startswith("@"):
        window, _, number = wanted.partition(".")
        found = [pane for pane in panes if pane.window == window]
        return _in_window(found, number)
    name, colon, place = wanted.partition(":")
    theirs = [pane for pane in panes if name in (pane.session_name, pane.session)]
    if not colon or not place:
        return [pane for pane in theirs if pane.window_active and pane.pane_active]
    return _in_session(theirs, place)


def _in_session(panes: list[PaneState], place: str) -> list[PaneState]:
    """By the whole as a window first: its name may have a dot."""
    if place.startswith("."):
        active = [pane for pane in panes if pane.window_active]
        return _in_window(active, place[1:])
    whole = _windows(panes, place)
    if whole:
        return _in_window(whole, "")
    window, _, number = place.rpartition(".")
    return _in_window(_windows(panes, window), number) if window else []


def _windows(panes: list[PaneState], window: str) -> list[PaneState]:
    for names in ("window_index", "window", "window_name"):
        found = [pane for pane in panes if getattr(pane, names) == window]
        if found:
            return found
    return []


def _in_window(panes: list[PaneState], number: str) -> list[PaneState]:
    """The active pane without a number."""
    if not number:
        return [pane for pane in panes if pane.pane_active]
    return [pane for pane in panes if number in (pane.pane_index, pane.pane)]
