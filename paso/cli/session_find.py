"""Sessions of this computer and of others: list them, find the one that is meant.

This computer's come from the database. Those of others come from the daemon, which is
asked only where this computer has joined others.

Never: change a session, or ask another computer.
"""

from __future__ import annotations

from paso.cli.asking import ask_for_list
from paso.computer import this_computer
from paso.errors import Ambiguous, NoListener, NotFound, PasoError
from paso.from_json import session_from
from paso.model import LIVE_PHASES, SHORT_ID, Session
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from paso.cli.context import Context
    from paso.computer import Computer

WAIT_S = 1.0
"""Seconds in which other computers may tell of their sessions; mostly it is 10 ms."""
FRESH = {"state": "fresh", "age_s": None}
UNTOLD = {"state": "unreachable", "age_s": None}


class Found(NamedTuple):
    """A session, where it is, and how fresh the news of it are."""

    session: Session
    computer_name: str
    is_here: bool
    source: dict[str, Any]

    @property
    def is_fresh(self) -> bool:
        return self.is_here or self.source["state"] == "fresh"

    def to_json(self) -> dict[str, Any]:
        from paso.model import to_json

        record: dict[str, Any] = to_json(self.session)
        place = {"computer_name": self.computer_name, "source": self.source}
        return record | place


def here(context: Context, session: Session) -> Found:
    return Found(session, our_computer(context).name, True, FRESH)


def our_computer(context: Context) -> Computer:
    _ = context.db  # makes the home, which keeps the id
    return this_computer(context.paths.home)


def find(context: Context, ref: str) -> Found:
    """The session that `ref` names: one of this computer, else of another one.

    Raises:
        NotFound, Ambiguous: it names none, or several.
    """
    from paso.commands.sessions import find_session

    try:
        return here(context, find_session(context.db, ref))
    except Ambiguous:
        raise
    except NotFound as error:
        matches = _matching(others(context), ref)
        if len(matches) == 1:
            return matches[0]
        if not matches:
            raise
        raise Ambiguous(
            f"several sessions match {ref!r}",
            candidates=tuple(
                f"{one.id[:SHORT_ID]} {one.title} on {place}"
                for one, place, *_ in matches[:5]
            ),
        ) from error


def as_told(one: Found, record: object) -> Found:
    """The session of another computer as that computer says it is now."""
    known = {"id": one.session.id, "computer": one.session.computer}
    session = session_from({**record, **known}) if isinstance(record, dict) else None
    return one._replace(session=session or one.session)


def find_here(context: Context, ref: str) -> Session:
    """As `find`, of this computer alone."""
    from paso.commands.sessions import find_session

    return find_session(context.db, ref)


def _matching(every: Iterable[Found], ref: str) -> list[Found]:
    every, wanted = list(every), ref.strip().casefold()
    ways = (
        [
            one
            for one in every
            if len(wanted) >= 4 and one.session.id.startswith(wanted)
        ],
        [one for one in every if wanted == one.session.title.casefold()],
        [one for one in every if wanted in one.session.title.casefold()],
    )
    matches = next((way for way in ways if way), [])
    live = [one for one in matches if one.session.phase in LIVE_PHASES]
    return live or matches


def others(context: Context) -> list[Found]:
    """The sessions of other computers that the daemon knows of.

    Where it does not answer, that is said, and there are none.
    """
    from paso.peers_file import active_peers

    try:
        if active_peers(context.paths.home) is None:
            return []
        return _ask(context)
    except NoListener:
        context.out.say("no daemon runs; sessions of other computers are not shown")
    except PasoError as error:
        context.out.warn(f"sessions of other computers: {error.message}")
    return []


def _ask(context: Context) -> list[Found]:
    own = our_computer(context).id
    found: list[Found] = []
    names = {
        one["id"]: str(one.get("name") or one["id"])
        for one in ask_for_list(context, "computers", {})[0]
    }
    records, sources = ask_for_list(
        context, "sessions", {"wait_s": WAIT_S}, takes_s=WAIT_S
    )
    for session in map(session_from, records):
        if session is not None and session.computer != own:
            source = {**UNTOLD, **sources.get(session.computer, {})}
            name = names.get(session.computer, session.computer)
            found.append(Found(session, name, False, source))
    return found
