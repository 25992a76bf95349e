"""Projects: make, find, rename, archive, delete; which one is meant.

Never: know the command line or the board; read a configuration but `.paso.toml`.
"""

from __future__ import annotations

import os

from paso.commands.values import line, project_key, prose
from paso.database import projects
from paso.database.repository import NOW, delete, found, insert, update
from paso.database.starter import furnish
from paso.errors import (
    Ambiguous,
    InvalidValue,
    NameTaken,
    NoProject,
    NotEmpty,
    NotFound,
)
from paso.model import KEY_MAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from paso.database.connection import Database
    from paso.model import Project

HERE = ".paso.toml"
"""The file that names the project of a folder and of all below it."""

_LAST_USED = "last_project"


def list_projects(db: Database, *, archived: bool | None = False) -> list[Project]:
    """Return the projects by name.

    Arguments:
        archived: False = those at work, True = those archived, None = both.
    """
    every = projects.every(db)
    return [p for p in every if archived is None or p.archived == archived]


def get_project(db: Database, project_id: int) -> Project:
    record: Project = found(projects.by_id(db, project_id), "project", project_id)
    return record


def find_project(db: Database, ref: str | int) -> Project:
    """Return the project of this key, name, id, or unique part of its name.

    Raises:
        NotFound: none; the candidates are all of them.
        Ambiguous: several.
    """
    every = projects.every(db)
    text = str(ref).strip().casefold()
    ways = (
        [p for p in every if p.key.casefold() == text],
        [p for p in every if p.name.casefold() == text],
        [p for p in every if str(p.id) == text],
        [p for p in every if text and text in p.name.casefold()],
    )
    matches = next((way for way in ways if way), [])
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise Ambiguous(
            f"several projects are named {ref!r}", candidates=_named(matches)
        )
    raise NotFound(f"there is no project {ref!r}", candidates=_named(every))


def _named(found: Collection[Project]) -> tuple[str, ...]:
    return tuple(f"{p.key} {p.name}" for p in found)


def create_project(
    db: Database, name: str, *, key: str | None = None, description: str = ""
) -> Project:
    """Make a project with the starter columns and labels.

    Arguments:
        key: its tasks are called KEY-1, KEY-2, …; absent = made from the name.
    Raises:
        NameTaken: another project has the key.
        InvalidValue: a value is outside what the field allows.
    """
    name, description = line("project name", name), prose("description", description)
    key = key and project_key(key)
    with db.write() as conn:
        taken = projects.keys(db)
        _refuse_taken(key, taken)
        key = key or make_key(name, taken)
        project_id = insert(db, "projects", key=key, name=name, description=description)
        furnish(conn, project_id)
        db.describe(f"created project {key}")
    return get_project(db, project_id)


def _refuse_taken(key: str | None, taken: Collection[str]) -> None:
    if key in taken:
        raise NameTaken(f"the key {key} is taken", hint="choose another with --key")


def make_key(name: str, taken: Collection[str]) -> str:
    """Make a free key from a name: `WEB` from "Web site", `WEB2` when that is taken."""
    import unicodedata

    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = "".join(c if c.isalnum() else " " for c in plain.upper()).split()
    stem = (words[0] if words and len(words[0]) > 2 else "".join(words))[:4]
    stem = stem.lstrip("0123456789") or "P"
    key, count = stem, 1
    while key in taken:
        count += 1
        key = f"{stem[: KEY_MAX - len(str(count))]}{count}"
    return key


def edit_project(
    db: Database,
    project_id: int,
    *,
    name: str | None = None,
    key: str | None = None,
    description: str | None = None,
) -> Project:
    """Change what is given. A new key renames all its tasks.

    Raises:
        NameTaken: another project has the key.
    """
    with db.write():
        before = get_project(db, project_id)
        values: dict[str, str] = {}
        if name is not None:
            values["name"] = line("project name", name)
        if key is not None:
            values["key"] = project_key(key)
            _refuse_taken(values["key"], projects.keys(db) - {before.key})
        if description is not None:
            values["description"] = prose("description", description)
        update(db, "projects", project_id, **values)
        db.describe(f"edited project {before.key}")
    return get_project(db, project_id)


def delete_project(db: Database, project_id: int, *, force: bool = False) -> None:
    """Delete a project and all that is in it.

    Raises:
        NotEmpty: it has open tasks, and `force` is False.
    """
    with db.write():
        project = get_project(db, project_id)
        if (count := project.counts.open) and not force:
            raise NotEmpty(
                f"{project.key} has {count} open task{'s' if count > 1 else ''}",
                hint="archive it, or delete it with --force",
            )
        delete(db, "projects", project_id)
        db.describe(f"deleted project {project.key}")


def archive_project(db: Database, project_id: int, archived: bool = True) -> Project:
    """Put a project away, or bring it back; its tasks stay as they are."""
    with db.write():
        project = get_project(db, project_id)
        if project.archived != archived:
            at = db.value(f"SELECT {NOW}") if archived else None
            update(db, "projects", project_id, archived_at=at)
        verb = "archived" if archived else "restored"
        db.describe(f"{verb} project {project.key}")
    return get_project(db, project_id)


def use_project(db: Database, project_id: int) -> None:
    """Note the project that is on the screen now; the note is no step of undo."""
    get_project(db, project_id)
    if last_used_project(db) != project_id:
        with db.write():
            projects.take_note(db, _LAST_USED, str(project_id))


def last_used_project(db: Database) -> int | None:
    """Return the id noted by `use_project`, None when that project is gone."""
    noted = int(projects.note(db, _LAST_USED) or 0)
    exists = db.row("SELECT 1 FROM projects WHERE id = ?", (noted,))
    return noted if exists else None


def current_project(
    db: Database,
    explicit: str | int | None = None,
    *,
    cwd: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Project:
    """Return the project that a command means.

    It is, in this order: the one named in the call, `PASO_PROJECT`, the nearest
    `.paso.toml` upwards, the only one, the one used last.

    Raises:
        NoProject: several could be meant, or there is none.
        NotFound: the name that holds names none.
    """
    named = named_project(db, explicit, cwd=cwd, environ=environ)
    if named is not None:
        return named
    every = list_projects(db)
    last = last_used_project(db) if len(every) > 1 else None
    likely = [p for p in every if p.id == last] or every
    if len(likely) == 1:
        return likely[0]
    if not every:
        raise _none_left(db)
    raise NoProject(
        "which project?",
        hint="name it with --project, or choose it: paso project use KEY",
        candidates=_named(every),
    )


def named_project(
    db: Database,
    explicit: str | int | None = None,
    *,
    cwd: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Project | None:
    """Return the project that the call, `PASO_PROJECT` or `.paso.toml` names.

    Raises:
        NotFound: the name that holds names none.
    """
    if explicit:
        return find_project(db, explicit)
    named: str | int | None = environ.get("PASO_PROJECT")
    where = "PASO_PROJECT"
    if not named:
        named, where = _project_here(cwd)
    return _named_by(db, named, where) if named else None


def _named_by(db: Database, named: str | int, where: str) -> Project:
    """The project that a file or variable names; a miss tells which one does."""
    try:
        return find_project(db, named)
    except NotFound as error:
        error.hint = f"{where} names it"
        raise


def _none_left(db: Database) -> NoProject:
    archived = list_projects(db, archived=True)
    if not archived:
        return NoProject("there is no project", hint="paso project create NAME")
    return NoProject(
        "every project is archived",
        hint="paso project archive KEY --restore, or paso project create NAME",
        candidates=_named(archived),
    )


def _project_here(cwd: str | None) -> tuple[str | int | None, str]:
    """What the nearest `.paso.toml` upwards names, and its path."""
    folder = os.path.abspath(cwd or os.getcwd())
    while True:
        path = os.path.join(folder, HERE)
        if os.path.isfile(path):
            return _named_in(path), path
        above = os.path.dirname(folder)
        if above == folder:
            return None, ""
        folder = above


def _named_in(path: str) -> str | int:
    import tomllib

    try:
        with open(path, "rb") as file:
            named = tomllib.load(file).get("project")
    except (OSError, ValueError) as error:
        raise InvalidValue(
            f"cannot read {path}: {error}", hint='project = "KEY"'
        ) from error
    if not isinstance(named, (str, int)) or not named:
        raise InvalidValue(f"{path} names no project", hint='project = "KEY"')
    return named
