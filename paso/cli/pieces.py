"""Arguments, options and answers that several commands share.

Never: hold what one command alone needs.
"""

from __future__ import annotations

from paso.cli.arguments import Argument, Option
from paso.cli.views import keys, task_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from paso.cli.context import Context
    from paso.model import Task

TASK = Argument("T", "key, number, uid or part of the title", complete="task")
TASKS = Argument("T", "tasks; - reads them from stdin", "+", complete="task")
FORCE = Option("--force", "over the column's WIP limit too")
YES = Option("--yes", "do not ask")
FOR_TASK = Option("--task", "the task it works on", "T", complete="task")
TITLE = Option("--title", "what to call it; else the task or the command", "S")
SESSION = Argument("ID", "its id, four digits or more, or part of its title",
                   complete="session")  # fmt: skip
SESSIONS = Argument("ID", "ids, or parts of titles", "+", complete="session")


def answer(context: Context, refs: Sequence[str], tasks: Sequence[Task]) -> int:
    """Print changed tasks: the task itself for one reference, a list for several."""
    single = len(refs) == 1 and refs[0] != "-" and len(tasks) == 1
    context.out.show(
        tasks[0] if single else list(tasks),
        keys(tasks),
        lambda: [task_line(context.out, task) for task in tasks],
    )
    return 0
