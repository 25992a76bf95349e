"""`paso demo`: a board with sample data in a throw-away home.

Never: touch the user's own home.
"""

from __future__ import annotations

import os

from paso.cli import board
from paso.cli.arguments import Command, Option
from paso.cli.context import Context
from paso.errors import SocketPathTooLong
from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.cli.arguments import Arguments
    from paso.database.connection import Database
    from paso.model import Project

NAME, KEY = "Space probe", "PROBE"

TASKS: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("Choose the launch window", "task", "high", "Done", "", ""),
    ("Weigh everything twice", "task", "medium", "Done", "", ""),
    ("Solder the star tracker", "feature", "high", "In progress", "hardware", "+2d"),
    ("Antenna drifts two degrees", "bug", "critical", "In progress", "hardware", "+1d"),
    ("Translate the manual 日本語", "task", "low", "In progress", "docs", ""),
    ("Compress images", "feature", "medium", "To do", "software", "+9d"),
    ("Clock is one leap second late", "bug", "high", "To do", "software", "today"),
    ("Name the ground stations", "task", "trivial", "To do", "", ""),
    ("Paint the logo", "task", "trivial", "To do", "", ""),
    ("Write the landing checklist", "task", "high", "To do", "docs", "+14d"),
)
"""Title, type, priority, column, label, due."""

BLOCKS = ((4, 6), (3, 10), (7, 10))
PARENTS = ((10, 8),)
COMMENTS = ((4, "It only happens in the sun."), (4, "Then shade it."))


def run(context: Context, found: Arguments) -> int:
    """Make the home, show the board, and take the home away again."""
    from tempfile import mkdtemp

    home = mkdtemp(prefix="paso-demo-")
    os.environ["PASO_HOME"] = home
    for name in ("PASO_SOCKET", "PASO_PROJECT"):
        os.environ.pop(name, None)
    if not board.has_screen(context.out):
        # A daemon that is still starting would make the home again after its end.
        os.environ["PASO_AUTO_START"] = "0"
    demo = Context(context.out)
    try:
        fill(demo.db)
        demo.explicit_project = KEY
        return board.run(demo, found)
    finally:
        demo.close()
        _leave(demo, home, keep=found.has("keep"))


def fill(db: Database) -> Project:
    """Put the sample project into a new database."""
    from paso.commands.projects import (
        create_project,
        delete_project,
        list_projects,
        use_project,
    )

    with db.write("filled the demo"):
        for starter in list_projects(db):
            delete_project(db, starter.id, force=True)
        project = create_project(db, NAME, key=KEY)
        _fill_tasks(db, project)
    use_project(db, project.id)
    return project


def _fill_tasks(db: Database, project: Project) -> None:
    from datetime import date

    from paso.commands.columns import find_column
    from paso.commands.comments import add_comment
    from paso.commands.dates import parse_due
    from paso.commands.labels import ensure_label
    from paso.commands.relations import link
    from paso.commands.tasks import create_task

    ids = [0]
    for title, kind, priority, column, label, due in TASKS:
        task = create_task(
            db,
            project.id,
            title,
            type=kind,
            priority=priority,
            column_id=find_column(db, project.id, column).id,
            labels=[ensure_label(db, project.id, label)[0].id] if label else [],
            due=parse_due(due, today=date.today()) if due else None,
        )
        ids.append(task.id)
    for one, other in BLOCKS:
        link(db, ids[one], ids[other], "blocks")
    for one, other in PARENTS:
        link(db, ids[one], ids[other], "parent")
    for number, body in COMMENTS:
        add_comment(db, ids[number], body)


def _leave(demo: Context, home: str, *, keep: bool) -> None:
    from shutil import rmtree

    from paso.cli.daemon import stop_daemon

    if keep:
        demo.out.say(f"the demo is kept: PASO_HOME={escape(home)} paso")
        return
    try:
        stop_daemon(demo.paths)
    except SocketPathTooLong:
        # No daemon could ever listen there.
        pass
    finally:
        rmtree(home)


COMMANDS = (
    Command(
        "demo",
        run,
        "Show a board with sample data in a throw-away home.",
        options=(Option("--keep", "keep the home, and say where it is"),),
        examples=("paso demo", "paso demo --keep"),
    ),
)
