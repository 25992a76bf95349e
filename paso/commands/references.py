"""References: which task a person means by `WEB-12`, `12`, `01a1fa4b` or `login`.

Never: write, ask the person.
"""

from __future__ import annotations

from paso.database import tasks
from paso.errors import Ambiguous, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeVar

    from paso.database.connection import Database
    from paso.model import Column, Label, Task

    Named = TypeVar("Named", Column, Label)

UID_PREFIX = 4
"""Characters of a uid that are needed to name a task by it."""

CANDIDATES = 5

_NAMES = """
SELECT t.id, p.key || '-' || t.number, t.title, t.archived_at IS NOT NULL
FROM tasks t JOIN projects p ON p.id = t.project_id
"""


def the_one(
    kind: str, ref: object, ways: Sequence[list[Named]], every: Sequence[Named]
) -> Named:
    """Return the only match of the first way that has any.

    Arguments:
        kind: what is looked for, in one word.
        ways: matches of each way to read `ref`, the strictest first.
        every: all there are; their names are the candidates of a miss.
    Raises:
        NotFound: no way has a match.
        Ambiguous: that way has several; the candidates are those.
    """
    matches = next((way for way in ways if way), [])
    if len(matches) == 1:
        return matches[0]
    names = tuple(one.name for one in matches or every)
    if matches:
        raise Ambiguous(f"several {kind}s match {ref!r}", candidates=names)
    raise NotFound(f"there is no {kind} {ref!r}", candidates=names)


def find_task(db: Database, ref: str, *, project_id: int | None = None) -> Task:
    """Return the task that `ref` names.

    Arguments:
        ref: a key, a number inside the project, four characters or more of a uid,
            or a part of a title; the first of these that names a task decides.
        project_id: where numbers and titles are looked up; None = everywhere.
    Raises:
        NotFound: it names none; the candidates are the nearest.
        Ambiguous: it names several; the candidates are those.
    """
    ref = ref.strip().removeprefix("#")
    with db.read():
        task_id = _find(db, ref, project_id)
        return tasks.by_ids(db, [task_id])[0]


def _find(db: Database, ref: str, project_id: int | None) -> int:
    for way in (_by_key, _by_number, _by_uid, _by_title):
        matches = way(db, ref, project_id)
        if len(matches) == 1:
            return int(matches[0][0])
        if matches:
            raise Ambiguous(f"several tasks match {ref!r}", candidates=_named(matches))
    raise NotFound(
        f"there is no task {ref!r}", candidates=_nearest(db, ref, project_id)
    )


def _named(matches: Sequence[tuple[Any, ...]]) -> tuple[str, ...]:
    return tuple(f"{row[1]} {row[2]}" for row in matches[:CANDIDATES])


def _by_key(db: Database, ref: str, project_id: int | None) -> list[Any]:
    key, dash, number = ref.rpartition("-")
    if not dash or not _is_number(number):
        return []
    where = "WHERE p.key = ? COLLATE NOCASE AND t.number = ?"
    return db.rows(_NAMES + where, (key, int(number)))


def _by_number(db: Database, ref: str, project_id: int | None) -> list[Any]:
    if not _is_number(ref):
        return []
    where = "WHERE t.number = ? AND (? IS NULL OR t.project_id = ?)"
    return db.rows(_NAMES + where, (int(ref), project_id, project_id))


def _is_number(text: str) -> bool:
    # SQLite's integers end at 63 bits; no number comes near.
    return text.isascii() and text.isdigit() and len(text) < 18


def _by_uid(db: Database, ref: str, project_id: int | None) -> list[Any]:
    if len(ref) < UID_PREFIX or set(ref.lower()) - set("0123456789abcdef-"):
        return []
    where = "WHERE t.uid >= ? AND t.uid < ?"
    matches = db.rows(_NAMES + where, (ref.lower(), ref.lower() + "g"))
    # `face` may be meant as a word of a title.
    if len(matches) > 1 and _by_title(db, ref, project_id):
        return []
    return matches


def _by_title(db: Database, ref: str, project_id: int | None) -> list[Any]:
    wanted = ref.casefold()
    if not wanted:
        return []
    rows = _all_names(db, project_id)
    parts = [row for row in rows if wanted in row[2].casefold()]
    whole = [row for row in parts if row[2].casefold() == wanted]
    found = whole or parts
    return [row for row in found if not row[3]] or found


def _all_names(db: Database, project_id: int | None) -> list[Any]:
    where = "WHERE ? IS NULL OR t.project_id = ? ORDER BY t.number"
    return db.rows(_NAMES + where, (project_id, project_id))


def _nearest(db: Database, ref: str, project_id: int | None) -> tuple[str, ...]:
    rows = [row for row in _all_names(db, project_id) if not row[3]]
    number = ref.rpartition("-")[2]
    if _is_number(number):
        rows.sort(key=lambda row: abs(int(row[1].rpartition("-")[2]) - int(number)))
        return _named(rows)
    import difflib

    words = set(ref.casefold().split())
    shared = [row for row in rows if words & set(row[2].casefold().split())]
    by_title = {row[2].casefold(): row for row in rows}
    close = difflib.get_close_matches(ref.casefold(), by_title, CANDIDATES, 0.4)
    chosen = {row[0]: row for row in [*(by_title[title] for title in close), *shared]}
    return _named(list(chosen.values()))
