"""`paso undo` and `paso redo`.

Never: decide what can be taken back.
"""

from __future__ import annotations

from paso.cli.arguments import Argument, Command, Option
from paso.cli.times import ago
from paso.errors import PasoError
from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.commands.undo import Undone


def handler(name: str) -> Callable[[Context, Arguments], int]:
    """Make the handler of undo or redo."""

    def run(context: Context, found: Arguments) -> int:
        from paso.commands import undo

        act = undo.undo if name == "undo" else undo.redo
        project = context.chosen_project
        project_id = project.id if project else None
        wanted = found.number("N", least=1) or 1
        done: list[Undone] = []
        while len(done) < wanted:
            try:
                done.append(
                    act(context.db, project_id=project_id, actor=found.text("by"))
                )
            except PasoError as error:
                error.hint = _further(context, found, len(done), wanted, error)
                raise
        past = "undone" if name == "undo" else "redone"
        context.out.show(
            done,
            [one.batch for one in done],
            lambda: [
                f"{past}: {escape(one.summary)}"
                f"  {context.out.palette.dim(f'({escape(one.actor)}, {ago(one.at)})')}"
                for one in done
            ],
        )
        return 0

    return run


def _further(
    context: Context, found: Arguments, done: int, wanted: int, error: PasoError
) -> str | None:
    """How far it came, or whose steps these were."""
    if done:
        return f"{done} of {wanted} steps were done before"
    if error.hint or found.has("by"):
        return error.hint
    return f"you are {context.config.actor}; --by WHO is for another writer's steps"


NOTES = """\
Yours is what was written under your name: PASO_ACTOR, else the configured actor,
else the user. What came without a name, by the sqlite3 shell, is anybody's."""


def _command(name: str, summary: str) -> Command:
    return Command(
        name,
        handler(name),
        summary,
        (Argument("N", "how many steps; else one", "?"),),
        (Option("--by", "steps of this writer; else yours", "WHO"),),
        (f"paso {name}", f"paso {name} 3", f"paso {name} --by agent-7"),
        NOTES,
    )


COMMANDS = (
    _command("undo", "Take your last change back, or N of them."),
    _command("redo", "Do again what was undone."),
)
