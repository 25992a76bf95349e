"""`paso doctor` and `paso info`: is everything well, and where is it?

Never: repair; each problem names the command that does.
"""

from __future__ import annotations

from paso.cli.arguments import Command
from paso.errors import PasoError
from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from paso.cli.arguments import Arguments
    from paso.cli.checks import Check
    from paso.cli.context import Context
    from paso.cli.output import Output

MARKS = {"ok": ("ok", "#22C55E"), "note": ("note", "#EAB308"),
         "problem": ("PROBLEM", "#EF4444")}  # fmt: skip


def run_doctor(context: Context, found: Arguments) -> int:
    """Look at everything; exit 1 when something is wrong."""
    from paso.cli.checks import every_check

    checks = list(every_check(context))
    wrong = [check for check in checks if check.state == "problem"]
    data = {"healthy": not wrong, "checks": checks}
    if context.out.json and wrong:
        return _report(context.out, wrong, data)
    context.out.show(data, [], lambda: _lines(context.out, checks))
    if wrong:
        context.out.say(_count(wrong))
    return 1 if wrong else 0


def _count(wrong: list[Check]) -> str:
    return f"{len(wrong)} problem{'s' if len(wrong) > 1 else ''}"


def _report(out: Output, wrong: list[Check], data: dict[str, Any]) -> int:
    from paso.cli.output import error_data
    from paso.model import to_json

    told = tuple(f"{check.name}: {check.message}" for check in wrong)
    error = PasoError(_count(wrong), candidates=told)
    out.raw_json({"ok": False, "error": error_data(error), "data": to_json(data)})
    return error.exit_code


def _lines(out: Output, checks: list[Check]) -> Iterator[str]:
    for check in checks:
        word, color = MARKS[check.state]
        mark = out.palette.color(f"{word:8}", color)
        yield f"{mark} {check.name:12} {escape(check.message)}"
        if check.hint:
            yield f"{'':22}{out.palette.dim(escape(check.hint))}"


def run_info(context: Context, found: Arguments) -> int:
    """Print every path, version and count."""
    from paso.cli.checks import information

    data = information(context)
    context.out.show(data, [data["paths"]["home"]], lambda: _info_lines(data))
    return 0


def _info_lines(data: dict[str, Any]) -> Iterator[str]:
    for title, facts in data.items():
        yield f"{title}:"
        for name, value in facts.items():
            yield f"  {name:12} {_word(value)}"


def _word(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "-", True: "yes", False: "no"}[value]
    return escape(str(value))


COMMANDS = (
    Command(
        "doctor",
        run_doctor,
        "Check home, permissions, database, daemon, sessions, peers, terminal.",
        notes="Exit 1 when there is a problem. It repairs nothing by itself.",
    ),
    Command("info", run_info, "Print every path, version and count."),
)
