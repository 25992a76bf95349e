"""Sessions as they are read: find, list, history, where one runs.

Never: write, know the command line or the board.
"""

from __future__ import annotations

from paso.database import sessions
from paso.database.repository import found
from paso.errors import Ambiguous, NotFound
from paso.model import LIVE_PHASES, SHORT_ID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import Any

    from paso.database.connection import Database
    from paso.database.sessions import BackendRef
    from paso.model import Session, SessionEvent

ID_PREFIX = 4
"""Characters of an id that are needed to name a session by it."""

CANDIDATES = 5


def get_session(db: Database, session_id: str) -> Session:
    """Return a session as it is now.

    Raises:
        NotFound: there is none of this id.
    """
    session: Session = found(sessions.by_id(db, session_id), "session", session_id)
    return session


def list_sessions(
    db: Database,
    *,
    task_id: int | None = None,
    project_id: int | None = None,
    phases: Collection[str] | None = None,
    needs_user: bool = False,
    limit: int | None = None,
) -> list[Session]:
    """Return sessions: those that need the user, then the live ones, then the newest.

    Arguments:
        task_id, project_id: only those of this task, of this project.
        phases: only those in one of these; None = in any.
        needs_user: only those that need the user.
        limit: at most that many.
    """
    where: list[str] = []
    params: list[Any] = []
    if task_id is not None:
        where.append("s.task_uid = (SELECT uid FROM tasks WHERE id = ?)")
        params.append(task_id)
    if project_id is not None:
        where.append("s.project_uid = (SELECT uid FROM projects WHERE id = ?)")
        params.append(project_id)
    if phases is not None:
        where.append(f"s.phase IN ({', '.join('?' * len(phases))})")
        params += phases
    if needs_user:
        where.append("s.attention <> 'none'")
    most = -1 if limit is None else limit
    return sessions.select(db, " AND ".join(where) or "1", params, limit=most)


def find_session(db: Database, ref: str, *, live_first: bool = True) -> Session:
    """Return the session that `ref` names.

    Arguments:
        ref: an id, four characters or more of one, or a part of a title; the first
            of these that names a session decides.
        live_first: of several that match, those that live win over the others.
    Raises:
        NotFound: it names none; the candidates are those that live, or the newest.
        Ambiguous: it names several; the candidates are those.
    """
    ref = ref.strip()
    rows = sessions.names(db)
    for matches in (_by_id(rows, ref), _by_title(rows, ref)):
        live = [row for row in matches if row[2] in LIVE_PHASES]
        chosen = (live if live_first else []) or matches
        if len(chosen) == 1:
            return get_session(db, chosen[0][0])
        if chosen:
            raise Ambiguous(
                f"several sessions match {ref!r}", candidates=_named(chosen)
            )
    live = [row for row in rows if row[2] in LIVE_PHASES]
    raise NotFound(f"there is no session {ref!r}", candidates=_named(live or rows))


def _by_id(rows: list[Any], ref: str) -> list[Any]:
    wanted = ref.lower()
    if len(wanted) < ID_PREFIX or set(wanted) - set("0123456789abcdef"):
        return []
    matches = [row for row in rows if row[0].startswith(wanted)]
    # `face` may be meant as a word of a title.
    return [] if len(matches) > 1 and _by_title(rows, ref) else matches


def _by_title(rows: list[Any], ref: str) -> list[Any]:
    wanted = ref.casefold()
    if not wanted:
        return []
    parts = [row for row in rows if wanted in row[1].casefold()]
    return [row for row in parts if row[1].casefold() == wanted] or parts


def _named(rows: Iterable[Any]) -> tuple[str, ...]:
    return tuple(f"{row[0][:SHORT_ID]} {row[1]}" for row in [*rows][:CANDIDATES])


def session_history(db: Database, session_id: str) -> list[SessionEvent]:
    """Return what became of a session, oldest first; a removed one has its last row."""
    return sessions.events_of(db, session_id)


def backend_of(db: Database, session_id: str) -> BackendRef:
    """Return where a session runs, or ran.

    Raises:
        NotFound: there is none of this id.
    """
    ref: BackendRef = found(sessions.backend_of(db, session_id), "session", session_id)
    return ref


def saved_tail(db: Database, session_id: str) -> str:
    """Return the last lines of a session whose terminal is gone, or ""."""
    return sessions.tail_of(db, session_id)


def live_backends(
    db: Database, *, phases: Collection[str] = LIVE_PHASES
) -> list[tuple[Session, BackendRef]]:
    """Return the sessions in these phases, each with where it runs."""
    with db.read():
        chosen = list_sessions(db, phases=phases)
        refs = sessions.backends(db, (session.id for session in chosen))
    return [(session, refs[session.id]) for session in chosen]
