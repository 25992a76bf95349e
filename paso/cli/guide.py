"""`paso agent-guide`: how an agent works with the board, in one page.

Never: differ from what the commands do; the examples are run by a test.
"""

from __future__ import annotations

from paso.cli.arguments import Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.cli.arguments import Arguments
    from paso.cli.context import Context

GUIDE = """\
# Working with this board

`paso` is a kanban board. People watch it while you work: what you write is on their
screens at once. Keep it true.

## Rules
- Add --json to every command. Success: {"ok": true, "data": …} and exit 0. Failure:
  {"ok": false, "error": {"code", "message", "hint", "candidates"}}, exit not 0.
- Exit codes: 1 failed, 2 usage, 3 not found, 4 conflict, 5 invalid value.
- Name tasks by key (WEB-12). `candidates` in an error lists what you may have meant.
- Choose the project once: export PASO_PROJECT=WEB; `paso project list` lists them.
- Nothing asks you anything: what would ask needs --yes.
- Every change can be taken back: paso undo.

## The loop
    paso task ready --json                     what can be started
    paso task claim WEB-12 --as YOU            take it; exit 4: somebody has it
    paso task show WEB-12 --json               description, comments, relations
    paso task start WEB-12
    paso task comment WEB-12 "What I found"    or -, and the text on stdin
    paso task done WEB-12

## What you find on the way
    paso add "Fix the clock" -t bug -p high --blocks WEB-12 --json
    paso task link WEB-3 --blocks WEB-12       WEB-3 must be finished before WEB-12
    paso add "Write the tests" --parent WEB-12
    paso list 'is:blocked' --json              why is something not ready?
    paso search "login timeout" --json         is it there already?

## Changing
    paso task edit WEB-12 --title "New" --if-version 3    exit 4: read it again
    paso task edit WEB-12 -d - < notes.md
    paso task move WEB-12 Review --top         or next, prev
    paso task done WEB-12 WEB-13               several at once; - reads keys from stdin

## Your session
    paso run --task WEB-12 -- echo tests       a command that people see on the card
    paso session list --needs-me --json        who waits for a person?
    paso session report --state waiting --message "May I?" --if-session
                                               or working, idle: you need nobody

## Following
    paso watch --json                          a JSON line for each event
    paso log --since 1h --json                 what changed

`paso COMMAND -h --json` describes a command; `paso -h --json` all of them.
"""


def run(context: Context, found: Arguments) -> int:
    """Print the guide."""
    context.out.show({"text": GUIDE}, [], lambda: GUIDE.rstrip("\n").split("\n"))
    return 0


COMMANDS = (Command("agent-guide", run, "How an agent works with this board."),)
