"""Boards with any number of cards, made through the commands as a user's are.

Never: write into a home that has a board already.
"""

from __future__ import annotations

import os

from paso.commands import columns, labels, projects, relations, tasks
from paso.database.connection import Database, open_database
from paso.model import PRIORITIES, TYPES
from paso.paths import Paths

TITLE = "card-%05d-x"
"""One word: a board paints it in one piece, so that it can be found in its output."""


def make_home(folder: str, cards: int) -> str:
    """Make a home in `folder` whose first project has `cards` cards; return it."""
    home = os.path.join(folder, f"home-{cards}")
    os.mkdir(home, 0o700)
    db = open_database(Paths(home).database, actor="bench", client="bench")
    try:
        fill(db, cards)
    finally:
        db.close()
    return home


def first_project(db: Database) -> int:
    return projects.list_projects(db)[0].id


def fill(db: Database, cards: int) -> None:
    """Deal the cards out to the columns; every third has a label, every 50th waits."""
    if not cards:
        return
    project = first_project(db)
    places = [column.id for column in columns.list_columns(db, project)]
    tags = [label.id for label in labels.list_labels(db, project)]
    made: list[int] = []
    with db.write("made a sample board"):
        for number in range(cards):
            made.append(_card(db, project, places, tags, number))
            if number % 50 == 49:
                relations.link(db, made[number - 3], made[number], "blocks")


def _card(
    db: Database, project: int, places: list[int], tags: list[int], number: int
) -> int:
    task = tasks.create_task(
        db,
        project,
        TITLE % number,
        description="Some words about what is to be done.\n" * (number % 3),
        type=TYPES[number % len(TYPES)],
        priority=list(PRIORITIES)[number % len(PRIORITIES)],
        labels=[tags[number % len(tags)]] if number % 3 == 0 else (),
        column_id=places[number % len(places)],
        force=True,
    )
    return task.id
