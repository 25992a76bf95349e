"""A process that writes to a board, for the benchmarks that need another process.

`python -m benchmarks.writer HOME create COUNT` creates tasks and prints a JSON list of
the seconds that each took. `... HOME edit TASK_ID` reads titles from stdin, gives each
to the task, and prints the monotonic times before the write and after it.

Never: be started in a home that is not temporary.
"""

from __future__ import annotations

import json
import sys
import time

from benchmarks.samples import first_project
from paso import open_board
from paso.commands import tasks
from paso.database.connection import Database


def create(db: Database, count: int) -> None:
    """Wait for a line, so that all writers begin together; then write."""
    project = first_project(db)
    print("ready", flush=True)
    sys.stdin.readline()
    spent = []
    for number in range(count):
        start = time.monotonic()
        tasks.create_task(db, project, f"written {number}")
        spent.append(time.monotonic() - start)
    print(json.dumps(spent))


def edit(db: Database, task_id: int) -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        start = time.monotonic()
        tasks.edit_task(db, task_id, {"title": line.strip()})
        print(start, time.monotonic(), flush=True)


def main(home: str, verb: str, number: str) -> None:
    board = open_board(home, actor="bench", client="bench")
    try:
        {"create": create, "edit": edit}[verb](board.db, int(number))
    finally:
        board.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
