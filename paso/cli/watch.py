"""`paso watch`: follow events, print them, run a command for each.

Never: put text from the board into a command line.
"""

from __future__ import annotations

import sys
from json import dumps

from paso.cli.arguments import Argument, Command, Option
from paso.cli.changes import Names, change_line
from paso.cli.following import follow
from paso.errors import UsageError
from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.events.notices import Changed, Other, Resync

    News = Changed | Resync | Other

TOPICS = ("db", "sessions", "computers", "projects", "tasks")
ENVIRONMENT_MAX = 100_000
"""Characters of PASO_EVENT; the kernel refuses 128 KiB (execve(2))."""


def run(context: Context, found: Arguments) -> int:
    """Follow until the user ends it or nobody reads any more."""
    topics = found.words("topic") or None
    for topic in topics or ():
        if topic not in TOPICS:
            raise UsageError(f"there is no topic {topic!r}", candidates=TOPICS)
    project = context.chosen_project
    watcher = Watcher(context, _command(found), snapshots=topics is not None)
    follow(
        context,
        watcher.handle,
        topics=topics,
        project_id=project.id if project else 0,
    )
    return 0


def _command(found: Arguments) -> list[str]:
    """One string goes to sh; words after -- are a program and its arguments."""
    words = found.words("COMMAND")
    line = found.text("exec")
    if line is not None and words:
        raise UsageError("either --exec, or a command after --")
    return words if line is None else ["/bin/sh", "-c", line]


class Watcher:
    """Prints each event, and runs the command for it.

    Arguments:
        command: a program and its arguments; empty = none.
        snapshots: print those too, as JSON; whoever names topics wants their state.
    """

    def __init__(
        self, context: Context, command: Sequence[str], *, snapshots: bool
    ) -> None:
        self._context = context
        self._command = command
        self._snapshots = snapshots

    async def handle(self, notice: News) -> None:
        event = event_of(notice)
        if not _is_news(event):
            if self._snapshots and self._context.out.json:
                self._print(notice, event)
            return
        self._print(notice, event)
        if self._command:
            await self._run(event)

    def _print(self, notice: News, event: dict[str, Any]) -> None:
        out = self._context.out
        if out.json:
            out.raw_json(event)
        elif out.quiet:
            print(event["type"])
        else:
            out.lines(self._lines(notice, event))
        sys.stdout.flush()

    def _lines(self, notice: News, event: dict[str, Any]) -> list[str]:
        from paso.events.notices import Changed

        if isinstance(notice, Changed) and notice.first is not None:
            return self._change_lines(notice)
        facts = {k: v for k, v in event.items() if k not in ("type", "timestamp")}
        return [f"{event['type']}  {escape(dumps(facts, ensure_ascii=False))}"]

    def _change_lines(self, notice: Changed) -> list[str]:
        from paso.commands.undo import log

        first, last = notice.first or 0, notice.last or 0
        names = Names(self._context)
        rows = log(
            self._context.db,
            since=first - 1,
            project_id=notice.project_id or None,
            limit=None,
        )
        return [
            change_line(self._context, names, change)
            for change in rows
            if change.id <= last
        ]

    async def _run(self, event: dict[str, Any]) -> None:
        """Run the command to its end; the next event waits for it."""
        import os
        from asyncio import create_subprocess_exec
        from asyncio.subprocess import PIPE

        text = dumps(event)
        environ = dict(os.environ)
        environ["PASO_EVENT"] = text if len(text) <= ENVIRONMENT_MAX else ""
        try:
            process = await create_subprocess_exec(
                *self._command, stdin=PIPE, env=environ
            )
        except OSError as error:
            raise UsageError(
                f"cannot run {self._command[0]!r}: {error.strerror}"
            ) from (error)
        await process.communicate(text.encode() + b"\n")
        if process.returncode:
            self._context.out.warn(f"the command ended with code {process.returncode}")


def _is_news(event: dict[str, Any]) -> bool:
    """False for a snapshot, and for a resync that concerns snapshots alone."""
    if event["type"] == "resync":
        return "db" in event["topics"]
    return not str(event["type"]).endswith("_initial")


def event_of(notice: News) -> dict[str, Any]:
    """The event as docs/protocol.md writes it."""
    from paso.events.notices import Changed, Other
    from paso.events.types import db_changed

    if isinstance(notice, Other):
        return notice.event
    if isinstance(notice, Changed):
        return db_changed(
            notice.project_id,
            _now(),
            first=notice.first,
            last=notice.last,
            entities=notice.entities,
        )
    return {"type": "resync", "timestamp": _now(), **notice._asdict()}


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


COMMANDS = (
    Command(
        "watch",
        run,
        "Follow events as they happen; ctrl+c ends it.",
        (Argument("COMMAND", "after --: a program to run for each event", "*"),),
        (
            Option("--topic", ", ".join(TOPICS), "TOPIC", True, "|".join(TOPICS)),
            Option("--exec", "run this line with sh for each event", "CMD"),
        ),
        (
            "paso watch",
            "paso watch --json | jq .project_id",
            "paso watch --exec 'notify-send Paso \"the board changed\"'",
            "paso watch -- ./on-change.py --fast",
        ),
        "With --json each event is a line, as docs/protocol.md has it. The command\n"
        "is given the event as JSON on stdin and in PASO_EVENT; one at a time.",
    ),
)
