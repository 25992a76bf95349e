"""`paso column`: create, order, roles and WIP limits.

Never: know what a role means or when a column may go.
"""

from __future__ import annotations

from paso.cli.arguments import Argument, Command, Option
from paso.cli.pieces import YES
from paso.cli.table import Head, table
from paso.errors import UsageError
from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.cli.output import Output
    from paso.model import Column

ROLE_WORDS = "ready|in-progress|completed|none"
NONE_WORDS = ("none", "0", "")


def column_of(context: Context, ref: str) -> Column:
    from paso.commands.columns import find_column

    return find_column(context.db, context.project.id, ref)


def answer(context: Context, column: Column) -> int:
    """Print one column in a line."""
    context.out.show(column, [column.name], lambda: [_line(context.out, column)])
    return 0


def _line(out: Output, column: Column) -> str:
    facts = [f"place {column.position}", f"{column.count} cards"]
    facts += [f"role {column.role}"] if column.role else []
    facts += [f"at most {column.wip_limit}"] if column.wip_limit else []
    about = out.palette.dim(f"({', '.join(facts)})")
    return f"{out.palette.bold(escape(column.name))}  {about}"


def run_create(context: Context, found: Arguments) -> int:
    """Make a column, at the right end unless a place is named."""
    from paso.commands.columns import create_column

    after = found.text("after")
    made = create_column(
        context.db,
        context.project.id,
        found.word("NAME"),
        role=_role(found.text("role")),
        wip_limit=_limit(found.text("wip")),
        after=column_of(context, after).id if after else None,
    )
    return answer(context, made)


def _role(word: str | None) -> str | None:
    return None if word in (None, "none") else word


def _limit(word: str | None) -> int | None:
    if word is None or word.lower() in NONE_WORDS:
        return None
    if not (word.isascii() and word.isdigit()):
        raise UsageError(f"a WIP limit is a whole number or none, not {word!r}")
    return int(word)


def run_list(context: Context, found: Arguments) -> int:
    """List the columns from left to right."""
    from paso.commands.columns import list_columns

    columns = list_columns(context.db, context.project.id)
    context.out.show(
        columns,
        [column.name for column in columns],
        lambda: _table(context.out, columns),
    )
    return 0


def _table(out: Output, columns: Sequence[Column]) -> list[str]:
    heads = (
        Head("place", right=True),
        Head("name", lambda cell, _: out.palette.bold(cell), least=12),
        Head("role", spare=1),
        Head("cards", right=True),
        Head("limit", right=True),
    )
    rows = [
        (
            str(column.position),
            escape(column.name),
            column.role or "",
            str(column.count),
            str(column.wip_limit or ""),
        )
        for column in columns
    ]
    return table(out, heads, rows)


def run_rename(context: Context, found: Arguments) -> int:
    """Give a column another name."""
    from paso.commands.columns import rename_column

    column = column_of(context, found.word("COLUMN"))
    changed = rename_column(context.db, column.id, found.word("NAME"))
    return answer(context, changed)


def run_move(context: Context, found: Arguments) -> int:
    """Put a column before or after another."""
    from paso.commands.columns import move_column

    column = column_of(context, found.word("COLUMN"))
    before, after = found.text("before"), found.text("after")
    if (before is None) == (after is None):
        raise UsageError("say --before COLUMN or --after COLUMN")
    changed = move_column(
        context.db,
        column.id,
        before=column_of(context, before).id if before is not None else None,
        after=column_of(context, after).id if after is not None else None,
    )
    return answer(context, changed)


def run_role(context: Context, found: Arguments) -> int:
    """Give a column a role; the column that has it loses it."""
    from paso.commands.columns import set_role

    column = column_of(context, found.word("COLUMN"))
    changed = set_role(context.db, column.id, _role(found.word("ROLE")))
    return answer(context, changed)


def run_wip(context: Context, found: Arguments) -> int:
    """Limit the cards of a column."""
    from paso.commands.columns import set_wip

    column = column_of(context, found.word("COLUMN"))
    changed = set_wip(context.db, column.id, _limit(found.word("LIMIT")))
    return answer(context, changed)


def run_delete(context: Context, found: Arguments) -> int:
    """Delete a column; its cards go to another one."""
    from paso.commands.columns import delete_column

    column = column_of(context, found.word("COLUMN"))
    target = found.text("move-to")
    target_id = column_of(context, target).id if target else None
    context.confirm(
        f"Delete the column {_line(context.out, column)}?", yes=found.has("yes")
    )
    delete_column(context.db, column.id, move_to=target_id)
    context.out.show(
        column, [column.name], lambda: [f"deleted {_line(context.out, column)}"]
    )
    return 0


COLUMN = Argument("COLUMN", "its name", complete="column")
ROLE = Option("--role", "ready, in-progress or completed", "ROLE", complete=ROLE_WORDS)

COMMANDS = (
    Command(
        "column create",
        run_create,
        "Create a column, at the right end unless --after names a place.",
        (Argument("NAME", "its name"),),
        (
            ROLE,
            Option("--wip", "at most so many cards", "N"),
            Option("--after", "right of this column", "COLUMN", complete="column"),
        ),
        ('paso column create Review --after "In progress" --wip 3',),
    ),
    Command("column list", run_list, "List the columns from left to right."),
    Command(
        "column rename",
        run_rename,
        "Rename a column.",
        (COLUMN, Argument("NAME", "the new name")),
    ),
    Command(
        "column move",
        run_move,
        "Put a column before or after another.",
        (COLUMN,),
        (
            Option("--before", "left of this column", "COLUMN", complete="column"),
            Option("--after", "right of this column", "COLUMN", complete="column"),
        ),
    ),
    Command(
        "column role",
        run_role,
        "Give a column a role; the column that has it loses it.",
        (
            COLUMN,
            Argument(
                "ROLE", "ready, in-progress, completed or none", complete=ROLE_WORDS
            ),
        ),
    ),  # fmt: skip
    Command(
        "column wip",
        run_wip,
        "Limit how many cards a column holds.",
        (COLUMN, Argument("LIMIT", "a number, or none")),
    ),
    Command(
        "column delete",
        run_delete,
        "Delete a column; --move-to says where its cards go.",
        (COLUMN,),
        (
            Option("--move-to", "gets its cards", "COLUMN", complete="column"),
            YES,
        ),
    ),
)
