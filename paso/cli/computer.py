"""`paso computer`: the computers that have joined, and a look at their boards.

Never: write to another computer, name one by anything but its id once it is found.
"""

from __future__ import annotations

import time

from paso.cli.arguments import Argument, Command
from paso.cli.asking import ask, ask_for_list
from paso.cli.computer_find import fetch_computers, find_computer, name_of
from paso.cli.table import Head, table
from paso.errors import (
    Ambiguous,
    InvalidValue,
    NotFound,
    PeerUnreachable,
)
from paso.from_json import columns_from, project_from, task_from
from paso.text import escape
from paso.tui.session_words import needs_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.cli.output import Output
    from paso.model import Project

    Record = dict[str, Any]

FILL_S = 5.0
"""Seconds to wait for the first sight of another computer's board."""
LOOK_S = 0.1

STATE_COLORS = {"live": "#22C55E", "stale": "#EAB308", "offline": "#6B7280"}


def run_list(context: Context, found: Arguments) -> int:
    """List the computers, this one first."""
    every = fetch_computers(context)
    ids = [one["id"] for one in every]
    context.out.show(every, ids, lambda: computer_table(context.out, every))
    return 0


def computer_table(out: Output, every: Sequence[Record]) -> list[str]:
    """The computers as a table."""
    heads = (
        Head("name", least=12),
        Head("state", lambda cell, row: _painted(out, cell)),
        Head("sessions"),
        Head("cpu", right=True, spare=2),
        Head("memory", right=True, spare=2),
        Head("disk", right=True, spare=3),
        Head("paso", spare=4),
        Head("id", spare=1),
    )
    return table(out, heads, [_row(one) for one in every])


def _painted(out: Output, cell: str) -> str:
    return out.palette.color(cell, STATE_COLORS.get(cell.split()[0], "#6B7280"))


def _row(one: Record) -> tuple[str, ...]:
    stats = one.get("stats") or {}
    return (
        escape(name_of(one)) + (" (this)" if one.get("this") else ""),
        _state(one),
        _sessions(one.get("counts") or {}),
        *(_percent(stats.get(f"{name}_percent")) for name in ("cpu", "memory", "disk")),
        escape(str(one.get("version", ""))),
        escape(one["id"]),
    )


def _state(one: Record) -> str:
    """Live needs no age; of all else, how long ago it was heard."""
    state, age = str(one.get("state", "offline")), one.get("age_s")
    if state == "live" or not isinstance(age, (int, float)):
        return escape(state)
    from paso.cli.times import period

    return f"{escape(state)} {period(int(age))}"


def _sessions(counts: Record) -> str:
    live, needs = counts.get("live") or 0, counts.get("needs_user") or 0
    told = f"{live} live" if live else ""
    return f"{told}, {needs_words(needs)}".lstrip(", ") if needs else told


def _percent(value: object) -> str:
    return f"{value:.0f} %" if isinstance(value, (int, float)) else ""


def run_show(context: Context, found: Arguments) -> int:
    """Show all that is known of a computer."""
    ref = found.text("COMPUTER")
    record = find_computer(context, ref) if ref else fetch_computers(context)[0]
    context.out.show(record, [record["id"]], lambda: _facts(record))
    return 0


def _facts(record: Record) -> Iterator[str]:
    for name, value in record.items():
        if isinstance(value, dict):
            for inner, one in value.items():
                if one is not None:
                    yield f"{name + '.' + inner:24} {escape(str(one))}"
        elif value is not None:
            yield f"{name:24} {escape(str(value))}"


def run_rename(context: Context, found: Arguments) -> int:
    """Give this computer another name; others see it within half a minute."""
    from paso.commands.values import line
    from paso.computer import rename_computer, this_computer
    from paso.paths import ensure_private_dir

    word = found.word("NAME")
    name = line("name of a computer", word, 64) if word else ""
    if any(not one.isprintable() for one in name):
        raise InvalidValue("a name has no control characters")
    ensure_private_dir(context.paths.home)
    rename_computer(context.paths.home, name)
    own = this_computer(context.paths.home)
    context.out.show(own, [own.id], lambda: [f"this computer is {escape(own.name)}"])
    return 0


def run_forget(context: Context, found: Arguments) -> int:
    """Drop what is known of a computer; nothing of its own is touched."""
    record = _another(context, found.word("COMPUTER"), None)
    done = ask(context, "computer_forget", {"id": record["id"]}, start=False)
    data = {"id": record["id"], "name": name_of(record), **done}
    context.out.show(
        data, [record["id"]], lambda: [f"forgot {escape(name_of(record))}"]
    )
    if record.get("state") == "live":
        context.out.say("it is live, and will be here again; there: paso peers off")
    return 0


def _another(context: Context, ref: str, instead: str | None) -> Record:
    """A computer that is not this one."""
    record = find_computer(context, ref)
    if record["this"]:
        raise InvalidValue("this is the computer that you are at", hint=instead)
    return record


def run_projects(context: Context, found: Arguments) -> int:
    """List the projects of another computer."""
    computer = _another(context, found.word("COMPUTER"), "paso project list")
    told = _projects(context, computer)
    projects = [project for _, project in told]
    context.out.show(
        [record for record, _ in told],
        [project.key for project in projects],
        lambda: _project_table(context.out, projects),
    )
    return 0


def _projects(context: Context, computer: Record) -> list[tuple[Record, Project]]:
    """Each project as it was told, and as it is shown."""
    records = _filled(context, "projects", {"computer": computer["id"]}, computer)
    read = [(record, project_from(record)) for record in records]
    return [(record, project) for record, project in read if project is not None]


def _project_table(out: Output, projects: Sequence[Project]) -> list[str]:
    heads = (
        Head("key", lambda cell, row: out.palette.bold(cell)),
        Head("name", least=12),
        Head("open", right=True),
        Head("done", right=True),
    )
    rows = [
        (
            escape(one.key),
            escape(one.name),
            str(one.counts.open),
            str(one.counts.completed),
        )
        for one in projects
    ]
    return table(out, heads, rows)


def run_board(context: Context, found: Arguments) -> int:
    """Print a project of another computer, read-only."""
    from paso.cli.board import board_lines

    computer = _another(context, found.word("COMPUTER"), "paso board")
    record, project = _chosen(_projects(context, computer), found.text("PROJECT"))
    wanted = {"computer": computer["id"], "project_uid": project.uid}
    records = _filled(context, "tasks", wanted, computer)
    tasks = [task for task in map(task_from, records) if task is not None]
    tasks.sort(key=lambda task: task.position)
    groups = [
        (column, [task for task in tasks if task.column.id == column.id])
        for column in columns_from(record, project.id)
    ]
    context.out.show(
        {"computer": computer, "project": record, "tasks": records},
        [task.key for task in tasks],
        lambda: board_lines(context.out, project, groups),
    )
    return 0


def _chosen(
    told: Sequence[tuple[Record, Project]], ref: str | None
) -> tuple[Record, Project]:
    text = (ref or "").strip().casefold()
    matches = [
        one
        for one in told
        if not text or text in (one[1].key.casefold(), one[1].name.casefold())
    ]
    if len(matches) == 1:
        return matches[0]
    named = tuple(f"{project.key} {project.name}" for _, project in told)
    if matches:
        raise Ambiguous("it has several projects: name one", candidates=named)
    raise NotFound(f"it has no project {ref!r}", candidates=named)


def _filled(
    context: Context, method: str, params: Record, computer: Record
) -> list[Record]:
    """All records of a list, waited for where they come from another computer.

    Raises:
        PeerUnreachable: nothing of it is known, and it cannot be asked now.
    """
    deadline = time.monotonic() + FILL_S
    data, source = _look(context, method, params)
    while source.get("state") != "fresh" and computer.get("state") == "live":
        if time.monotonic() >= deadline:
            break
        time.sleep(LOOK_S)
        data, source = _look(context, method, params)
    _tell_age(context, source, computer)
    return data


def _look(context: Context, method: str, params: Record) -> tuple[list[Record], Record]:
    data, sources = ask_for_list(context, method, params, start=True)
    return data, sources.get(params["computer"], {})


def _tell_age(context: Context, source: Record, computer: Record) -> None:
    age, state = source.get("age_s"), source.get("state")
    if state == "fresh":
        return
    if age is None:
        raise PeerUnreachable(
            f"{name_of(computer)} is {computer.get('state')}, "
            "and its board was never seen here"
        )
    from paso.cli.times import period

    context.out.warn(f"{name_of(computer)}: as it was {period(int(age))} ago")


_WHICH = Argument("COMPUTER", "its id, the beginning of it, or its name")

COMMANDS = (
    Command(
        "computer list",
        run_list,
        "List the computers that have joined, this one first.",
        notes="Without `paso peers on` there is only this one.",
    ),
    Command(
        "computer show",
        run_show,
        "Show all that is known of a computer; else of this one.",
        (Argument("COMPUTER", _WHICH.help, "?"),),
    ),
    Command(
        "computer rename",
        run_rename,
        "Give this computer another name; an empty one is the host's again.",
        (Argument("NAME", "a line of at most 64 characters"),),
    ),
    Command(
        "computer forget",
        run_forget,
        "Drop what is known here of a computer that is gone for good.",
        (_WHICH,),
    ),
    Command(
        "computer projects",
        run_projects,
        "List the projects of another computer.",
        (_WHICH,),
    ),
    Command(
        "computer board",
        run_board,
        "Print a project of another computer; it cannot be changed from here.",
        (
            _WHICH,
            Argument("PROJECT", "its key or name; needed where it has several", "?"),
        ),
        examples=("paso computer board laptop WEB",),
        notes="What was seen last is shown while the computer is away, with its age.",
    ),
)
