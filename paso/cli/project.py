"""`paso project`: create, choose, show, archive, delete, bring in and out.

Never: know how a key is made or what may be deleted.
"""

from __future__ import annotations

import os

from paso.cli import project_rules, transfer
from paso.cli.arguments import Argument, Command, Option
from paso.cli.pieces import YES
from paso.cli.table import Head, table
from paso.cli.times import ago
from paso.errors import InvalidValue, PasoError
from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.cli.output import Output
    from paso.model import Project

FOLDER_FILE = ".paso.toml"


def project_of(context: Context, ref: str | None) -> Project:
    """The project that `ref` names, else the current one."""
    if ref is None:
        return context.project
    from paso.commands.projects import find_project

    return find_project(context.db, ref)


def answer(context: Context, project: Project) -> int:
    """Print one project in a line."""
    context.out.show(project, [project.key], lambda: [_line(context.out, project)])
    return 0


def _line(out: Output, project: Project) -> str:
    state = " (archived)" if project.archived else ""
    return f"{out.palette.bold(project.key)}  {escape(project.name)}{state}"


def run_create(context: Context, found: Arguments) -> int:
    """Make a project with the starter columns and labels."""
    from paso.commands.projects import create_project

    made = create_project(
        context.db,
        found.word("NAME"),
        key=found.text("key"),
        description=found.text("description") or "",
    )
    return answer(context, made)


def run_list(context: Context, found: Arguments) -> int:
    """List projects with their counts."""
    from paso.commands.projects import last_used_project, list_projects

    projects = list_projects(context.db, archived=found.has("archived"))
    last = last_used_project(context.db)
    context.out.show(
        projects,
        [project.key for project in projects],
        lambda: _table(context.out, projects, last),
    )
    if not projects:
        context.out.say("no project; make one: paso project create NAME")
    return 0


def _table(out: Output, projects: Sequence[Project], last: int | None) -> list[str]:
    heads = (
        Head("key", lambda cell, _: out.palette.bold(cell)),
        Head("name", least=12),
        Head("open", right=True),
        Head("completed", right=True),
        Head("archived", right=True, spare=3),
        Head("changed", spare=2),
        Head("marks"),
    )
    return table(
        out,
        heads,
        [
            (
                project.key,
                escape(project.name),
                str(project.counts.open),
                str(project.counts.completed),
                str(project.counts.archived),
                ago(project.updated_at),
                _marks(project, last),
            )
            for project in projects
        ],
    )


def _marks(project: Project, last: int | None) -> str:
    marks = ["last used"] if project.id == last else []
    return ", ".join([*marks, *(["archived"] if project.archived else [])])


def run_show(context: Context, found: Arguments) -> int:
    """Show one project."""
    project = project_of(context, found.text("P"))
    context.out.show(project, [project.key], lambda: _facts(context.out, project))
    return 0


def _facts(out: Output, project: Project) -> list[str]:
    counts = project.counts
    facts = (
        ("tasks", f"{counts.open} open, {counts.completed} completed,"
                  f" {counts.archived} archived"),
        ("created", ago(project.created_at)),
        ("changed", ago(project.updated_at)),
        ("id", str(project.id)),
        ("uid", project.uid),
    )  # fmt: skip
    lines = [_line(out, project)]
    lines += [f"  {out.palette.dim(f'{name:9}')} {value}" for name, value in facts]
    if project.description:
        lines += ["", *escape(project.description, lines=True).split("\n")]
    return lines


def run_rename(context: Context, found: Arguments) -> int:
    """Change the name, or the key, or both."""
    from paso.commands.projects import edit_project

    project = project_of(context, found.word("P"))
    changed = edit_project(
        context.db,
        project.id,
        name=found.text("NAME"),
        key=found.text("key"),
        description=found.text("description"),
    )
    return answer(context, changed)


def run_delete(context: Context, found: Arguments) -> int:
    """Delete a project with all that is in it; undo brings it back."""
    from paso.commands.projects import delete_project

    project = project_of(context, found.word("P"))
    total = sum(project.counts)
    question = f"Delete {_line(context.out, project)} and its {total} tasks?"
    context.confirm(question, yes=found.has("yes"))
    delete_project(context.db, project.id, force=found.has("force"))
    context.out.show(
        project, [project.key], lambda: [f"deleted {_line(context.out, project)}"]
    )
    context.out.say("paso undo brings it back")
    return 0


def run_archive(context: Context, found: Arguments) -> int:
    """Put a project aside, or bring it back."""
    from paso.commands.projects import archive_project

    project = project_of(context, found.word("P"))
    archived = not found.has("restore")
    return answer(context, archive_project(context.db, project.id, archived))


def run_use(context: Context, found: Arguments) -> int:
    """Make a project the current one, everywhere or for a folder."""
    from paso.commands.projects import use_project

    project = project_of(context, found.word("P"))
    if found.has("here"):
        _write_folder_file(project)
    else:
        use_project(context.db, project.id)
    answer(context, project)
    if not found.has("here") and os.environ.get("PASO_PROJECT"):
        context.out.warn("PASO_PROJECT is set in this shell, and goes first")
    return 0


def _write_folder_file(project: Project) -> None:
    path = os.path.join(os.getcwd(), FOLDER_FILE)
    wanted = f'project = "{project.key}"\n'
    try:
        with open(path, encoding="utf-8") as file:
            there = file.read()
    except FileNotFoundError:
        there = wanted
    except (OSError, UnicodeDecodeError) as error:
        raise PasoError(f"cannot read {path}: {error}") from error
    if there.strip() and not there.strip().startswith("project"):
        raise InvalidValue(
            f"{path} holds other settings", hint=f"add the line: {wanted.strip()}"
        )
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(wanted)
    except OSError as error:
        raise PasoError(f"cannot write {path}: {error.strerror}") from error


def run_tree(context: Context, found: Arguments) -> int:
    """Show tasks under their parents."""
    from paso.cli.tree import show_tree

    return show_tree(context, project_of(context, found.text("P")))


def with_project(
    run: Callable[[Context, Arguments], int],
) -> Callable[[Context, Arguments], int]:
    """Let the argument P stand for --project."""

    def run_with(context: Context, found: Arguments) -> int:
        context.explicit_project = found.text("P") or context.explicit_project
        _ = context.project
        context.explicit_project = context.project.key
        return run(context, found)

    return run_with


P = Argument("P", "key, name or id of the project", complete="project")
P_OR_CURRENT = Argument("P", "the project; else the current one", "?", "project")

COMMANDS = (
    Command(
        "project create",
        run_create,
        "Create a project with columns To do, In progress, Done and starter labels.",
        (Argument("NAME", "its name"),),
        (
            Option("--key", "1 to 10 of A-Z and 0-9; else made from the name", "KEY"),
            Option("-d --description", "what it is about", "TEXT"),
        ),
        ('paso project create "Web shop" --key WEB',),
    ),
    Command(
        "project list",
        run_list,
        "List projects with their counts.",
        options=(Option("--archived", "archived ones too"),),
    ),
    Command("project show", run_show, "Show a project.", (P_OR_CURRENT,)),
    Command(
        "project rename",
        run_rename,
        "Change a project's name or key.",
        (P, Argument("NAME", "the new name", "?")),
        (
            Option("--key", "the new key; tasks are named by it from then on", "KEY"),
            Option("-d --description", "what it is about", "TEXT"),
        ),
        ('paso project rename WEB "Web shop 2" --key SHOP',),
    ),
    Command(
        "project delete",
        run_delete,
        "Delete a project with all its tasks; paso undo brings it back.",
        (P,),
        (YES, Option("--force", "although it has open tasks")),
    ),
    Command(
        "project archive",
        run_archive,
        "Put a project aside; it is kept.",
        (P,),
        (Option("--restore", "bring it back"),),
    ),
    Command(
        "project use",
        run_use,
        "Make a project the current one.",
        (P,),
        (Option("--here", f"for this folder and below, in {FOLDER_FILE}"),),
        notes="The current project: --project, else PASO_PROJECT, else the nearest"
        f"\n{FOLDER_FILE} upwards, else the only project, else the one last used.",
    ),
    Command(
        "project rules",
        with_project(project_rules.run_rules),
        "Show or choose what sessions do to the cards of their tasks.",
        (P_OR_CURRENT,),
        project_rules.OPTIONS,
        project_rules.EXAMPLES,
        notes=project_rules.NOTES,
    ),
    Command(
        "project tree",
        run_tree,
        "Show the tasks of a project under their parents.",
        (P_OR_CURRENT,),
    ),
    Command(
        "project export",
        with_project(transfer.run_export),
        "Write a project as JSON, Markdown or CSV.",
        (
            Argument("FORMAT", "json, markdown or csv", complete="json|markdown|csv"),
            P_OR_CURRENT,
        ),
        (transfer.OUTPUT,),
    ),
    Command(
        "project import",
        transfer.run_import_json,
        "Bring in projects from a JSON file of Paso.",
        (Argument("FILE", "the file; - reads stdin", complete="file"),),
    ),
)
