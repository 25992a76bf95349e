"""`paso board`: the board on a terminal, its text elsewhere.

Never: import the screen before there is a terminal for it.
"""

from __future__ import annotations

import os
import sys

from paso.cli.arguments import Command
from paso.cli.output import UNLIMITED, is_terminal
from paso.text import cell_width, cut, escape, fit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.cli.output import Output
    from paso.model import Column, Project, Task

LEAST_WIDTH = 18
"""Cells below which columns are not laid side by side but one after another."""
MOST_WIDTH = 40
PIPE_WIDTH = 80
"""Cells where there is no terminal that could tell."""
GAP = "  "


def run(context: Context, found: Arguments) -> int:
    """Open the board, or print it where nobody could use it."""
    if has_screen(context.out):
        from paso.tui.app import run_board

        return run_board(context.paths, context.config, context.explicit_project)
    return print_board(context)


def has_screen(out: Output) -> bool:
    """True on a terminal that can place a cursor; a dumb one can only be written."""
    if out.json or out.quiet or os.environ.get("TERM") == "dumb":
        return False
    return is_terminal(sys.stdin) and is_terminal(sys.stdout)


def print_board(context: Context) -> int:
    """Print the columns of the current project with their cards."""
    from paso.commands.columns import list_columns
    from paso.commands.tasks import list_tasks

    project = context.project
    columns = list_columns(context.db, project.id)
    tasks = list_tasks(context.db, project.id)
    groups = [
        (column, [task for task in tasks if task.column.id == column.id])
        for column in columns
    ]
    data = {
        "project": project,
        "columns": [{"column": column, "tasks": cards} for column, cards in groups],
    }
    context.out.show(
        data,
        [task.key for _, cards in groups for task in cards],
        lambda: board_lines(context.out, project, groups),
    )
    return 0


def board_lines(
    out: Output, project: Project, groups: Sequence[tuple[Column, Sequence[Task]]]
) -> Iterator[str]:
    """The board as text, columns side by side as long as they fit."""
    counts = project.counts
    yield (
        f"{out.palette.bold(project.key)}  {escape(project.name)}  "
        + out.palette.dim(f"{counts.open} open, {counts.completed} completed")
    )
    yield ""
    limit = PIPE_WIDTH if out.width == UNLIMITED else out.width
    width = min((limit + len(GAP)) // max(len(groups), 1) - len(GAP), MOST_WIDTH)
    if width >= LEAST_WIDTH:
        yield from _side_by_side(out, groups, width)
    else:
        yield from _stacked(out, groups, limit)


def _side_by_side(
    out: Output, groups: Sequence[tuple[Column, Sequence[Task]]], width: int
) -> Iterator[str]:
    paint = out.palette
    heads = [fit(_head(column), width) for column, _ in groups]
    yield GAP.join(paint.bold(head) for head in heads).rstrip()
    yield paint.dim(GAP.join("─" * width for _ in groups))
    blocks = [[line for card in cards for line in _card(card, width)]
              for _, cards in groups]  # fmt: skip
    for row in range(max(map(len, blocks), default=0)):
        cells = [block[row] if row < len(block) else "" for block in blocks]
        yield GAP.join(
            cell + " " * (width - cell_width(cell)) for cell in cells
        ).rstrip()


def _stacked(
    out: Output, groups: Sequence[tuple[Column, Sequence[Task]]], width: int
) -> Iterator[str]:
    for column, cards in groups:
        yield out.palette.bold(cut(_head(column), width))
        for card in cards:
            yield from (f"  {line}".rstrip() for line in _card(card, width - 2))
        yield ""


def _head(column: Column) -> str:
    limit = f"/{column.wip_limit}" if column.wip_limit else ""
    return f"{escape(column.name)} ({column.count}{limit})"


def _card(task: Task, width: int) -> list[str]:
    """Two lines: key and title, then what else there is to know."""
    facts = [task.priority] if task.priority != "medium" else []
    facts += [task.type] if task.type != "task" else []
    facts += ["blocked"] if task.blocked else []
    facts += [f"due {task.due}"] if task.due else []
    facts += [f"@{escape(task.assignee)}"] if task.assignee else []
    facts += [escape(label.name) for label in task.labels]
    lines = [cut(f"{task.key} {escape(task.title)}", width)]
    return [*lines, cut("  " + ", ".join(facts), width)] if facts else lines


COMMANDS = (
    Command(
        "board",
        run,
        "Open the board; without a terminal, print it.",
        examples=("paso", "paso board --project WEB", "paso board | less"),
    ),
)
