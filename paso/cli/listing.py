"""`paso list`, `paso search` and what else shows tasks by a filter.

Never: know what a filter means.
"""

from __future__ import annotations

from paso.cli.arguments import Argument, Command, Option
from paso.cli.views import keys, task_table
from paso.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.commands.filters import Filter
    from paso.model import Task

FILTER_NOTES = """\
Filter: words match title and description; label:x, -label:x, prio>=high, type:bug,
col:done, is:blocked, is:ready, due<2026-12-01, due<+7d, assignee:me, project:WEB."""


LIKE_OPTIONS = {
    "-l": "label:NAME",
    "-p": "prio:high",
    "-t": "type:bug",
    "-c": "col:NAME",
    "-d": "the words themselves",
    "-q": "--quiet",
}
"""Options that people try, and what they mean here."""


def run_list(context: Context, found: Arguments) -> int:
    """Show the tasks of the current project that pass the filter."""
    text = " ".join(_terms(found))
    tasks = select(
        context, text, everywhere=found.has("all"), archived=_archived(found)
    )
    nothing = 'no tasks yet; add one: paso add "What is to be done"'
    if text:
        nothing = "no task passes this filter"
    elif _archived(found):
        nothing = "no task is archived"
    return show_tasks(context, tasks, nothing)


def _terms(found: Arguments) -> list[str]:
    """The words of the filter.

    Raises:
        UsageError: one is an option of other commands, such as `-l auth`. As a
            filter it would silently mean: without the letter l, with auth.
    """
    terms = found.words("FILTER")
    for term in terms:
        if len(term) == 2 and term in LIKE_OPTIONS:
            raise UsageError(
                f"a filter has no option {term}",
                hint=f"{LIKE_OPTIONS[term]}; to leave a letter out: '-\"{term[1]}\"'",
            )
    return terms


def _archived(found: Arguments) -> bool:
    return found.has("archived")


def select(
    context: Context, text: str, *, everywhere: bool = False, archived: bool = False
) -> list[Task]:
    """The tasks that pass a filter, of the current project unless it names others."""
    from paso.commands.tasks import list_tasks

    chosen = None
    if text:
        from paso.commands.filters import parse_filter

        chosen = parse_filter(text)
    everywhere = everywhere or (chosen is not None and chosen.names_project)
    project_id = None if everywhere else context.project.id
    return list_tasks(context.db, project_id, filter=chosen, archived=archived)


def show_tasks(context: Context, tasks: list[Task], nothing: str) -> int:
    """Print a table of tasks; when there is none, tell the next step."""
    context.out.show(tasks, keys(tasks), lambda: task_table(context.out, tasks))
    if not tasks:
        context.out.say(nothing)
    return 0


def run_search(context: Context, found: Arguments) -> int:
    """Show the tasks of all projects whose words match."""
    from paso.commands.tasks import list_tasks

    text = " ".join(found.words("TEXT")).strip()
    if not text:
        raise UsageError("nothing to search for")
    project = context.chosen_project
    tasks = list_tasks(context.db, project.id if project else None, filter=_words(text))
    return show_tasks(context, tasks, "no task has these words")


def _words(text: str) -> Filter:
    from paso.commands.filters import parse_filter

    quoted = " ".join('"' + word.replace('"', "") + '"' for word in text.split())
    return parse_filter(quoted)


def list_command(name: str) -> Command:
    """The command under one of its two names."""
    return Command(
        name,
        run_list,
        "List tasks of the current project, over all columns.",
        (Argument("FILTER", "what a task must match, see below", "*", "filter"),),
        (
            Option("-a --all", "tasks of all projects"),
            Option("--archived", "archived tasks instead"),
        ),
        (
            f"paso {name}",
            f"paso {name} is:ready 'prio>=high'",
            f"paso {name} label:auth -type:bug 'due<+7d' --json",
        ),
        FILTER_NOTES,
        takes_dashes=True,
    )


COMMANDS = (
    list_command("list"),
    Command(
        "search",
        run_search,
        "Find tasks by words in title and description, in all projects.",
        (Argument("TEXT", "all of these words", "+"),),
        examples=("paso search login timeout",),
        takes_dashes=True,
    ),
)
