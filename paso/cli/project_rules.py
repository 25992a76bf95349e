"""`paso project rules`: what a session does to the card of its task.

Never: know when a rule applies.
"""

from __future__ import annotations

from paso.cli.arguments import Option
from paso.errors import InvalidValue
from paso.model import COMPLETED, IN_PROGRESS
from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.commands.session_rules import SessionRules
    from paso.model import Project

NONE = "none"


def run_rules(context: Context, found: Arguments) -> int:
    """Show the rules of a project, changed first where that is asked for."""
    from paso.commands.session_rules import rules_of, set_rules

    project = context.project
    wanted = _wanted(context, project, found)
    rules = (
        set_rules(context.db, project.id, **wanted)
        if wanted
        else rules_of(context.db, project.id)
    )
    context.out.show(
        {"project": project.key, **rules._asdict()},
        [project.key],
        lambda: _lines(context, project, rules),
    )
    return 0


def _wanted(context: Context, project: Project, found: Arguments) -> dict[str, Any]:
    from paso.commands.columns import find_column

    wanted: dict[str, Any] = {}
    start, end = found.text("on-start"), found.text("on-end")
    if start is not None:
        if start.casefold() not in (IN_PROGRESS, NONE):
            raise InvalidValue(
                f"a start does not know how to do {start!r}",
                hint=f"--on-start {IN_PROGRESS}, or {NONE}",
                candidates=(IN_PROGRESS, NONE),
            )
        wanted["start_moves"] = start.casefold() == IN_PROGRESS
    if end is not None:
        none = end.casefold() == NONE
        column = None if none else find_column(context.db, project.id, end).id
        wanted["end_column_id"] = column
    return wanted


def _lines(context: Context, project: Project, rules: SessionRules) -> list[str]:
    paint, column = context.out.palette, rules.end_column
    start = (
        "moves a card that waits to the column in progress"
        if rules.start_moves
        else "moves nothing"
    )
    end = f"moves the card to {escape(column.name)}" if column else "moves nothing"
    if column and column.role == COMPLETED:
        end = f"moves nothing: {escape(column.name)} completes tasks by now"
    return [
        f"{paint.bold(project.key)}  {escape(project.name)}",
        f"  {paint.dim('a session starts')}  {start}",
        f"  {paint.dim('it ends with 0')}    {end}",
    ]


OPTIONS = (
    Option(
        "--on-start",
        "in-progress: a start moves a card that waits there; none",
        "WHERE",
        complete="in-progress|none",
    ),
    Option(
        "--on-end",
        "an end with 0 moves the card to this column; none",
        "COLUMN",
        complete="column",
    ),
)
EXAMPLES = (
    "paso project rules WEB --on-start in-progress --on-end Review",
    "paso project rules WEB --on-end none",
)
NOTES = (
    "A card that somebody moved since the session started is left where it is."
    "\nNo session moves a card to the completed column: that is for you."
)
