"""`paso task comment`: add, list, edit, delete comments.

Never: know the limits of a comment.
"""

from __future__ import annotations

from paso.cli.arguments import Argument, Command, Option
from paso.cli.context import text_or_stdin
from paso.cli.pieces import YES
from paso.cli.times import ago
from paso.errors import NotFound, UsageError
from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context
    from paso.cli.output import Output
    from paso.model import Comment


def run(context: Context, found: Arguments) -> int:
    """Add the text; or list, edit, delete, as the words say."""
    if found.has("edit") and found.has("delete"):
        raise UsageError("either --edit or --delete")
    if found.has("edit"):
        return _edit(context, found)
    if found.has("delete"):
        return _delete(context, found)
    if not found.has("T"):
        raise UsageError("T is missing", hint="paso task comment T TEXT")
    if not found.has("TEXT"):
        return _list(context, found.word("T"))
    return _add(context, found)


def _add(context: Context, found: Arguments) -> int:
    from paso.commands.comments import add_comment

    task = context.task(found.word("T"))
    body = text_or_stdin(found.word("TEXT"))
    author = found.text("author")
    comment = add_comment(context.db, task.id, body, author=author)
    return _answer(context, comment, f"commented on {task.key}")


def _list(context: Context, ref: str) -> int:
    from paso.commands.comments import list_comments

    task = context.task(ref)
    comments = list_comments(context.db, task.id)
    context.out.show(
        comments,
        [comment.id for comment in comments],
        lambda: comment_lines(context.out, comments),
    )
    if not comments:
        context.out.say(f'no comment yet; add one: paso task comment {task.key} "…"')
    return 0


def _edit(context: Context, found: Arguments) -> int:
    """With --edit, a single word is the text, two are the task and the text."""
    from paso.commands.comments import edit_comment

    words = [*found.words("T"), *found.words("TEXT")]
    if not words:
        raise UsageError("TEXT is missing", hint="paso task comment --edit ID TEXT")
    comment_id = _comment_id(context, found, "edit", words[:-1])
    comment = edit_comment(context.db, comment_id, text_or_stdin(words[-1]))
    return _answer(context, comment, f"changed comment {comment.id}")


def _delete(context: Context, found: Arguments) -> int:
    from paso.commands.comments import delete_comment

    comment_id = _comment_id(context, found, "delete", found.words("T"))
    context.confirm(f"Delete comment {comment_id}?", yes=found.has("yes"))
    delete_comment(context.db, comment_id)
    context.out.show(
        {"id": comment_id}, [comment_id], lambda: [f"deleted comment {comment_id}"]
    )
    return 0


def _comment_id(
    context: Context, found: Arguments, option: str, refs: list[str]
) -> int:
    """The id of the option; a task that is named too must have that comment."""
    from paso.commands.comments import list_comments

    comment_id = found.number(option, least=1) or 0
    for ref in refs:
        task = context.task(ref)
        ids = [comment.id for comment in list_comments(context.db, task.id)]
        if comment_id not in ids:
            raise NotFound(
                f"{task.key} has no comment {comment_id}",
                candidates=tuple(str(one) for one in ids),
            )
    return comment_id


def _answer(context: Context, comment: Comment, text: str) -> int:
    context.out.show(comment, [comment.id], lambda: [f"{text}  ({comment.id})"])
    return 0


def comment_lines(out: Output, comments: Iterable[Comment]) -> list[str]:
    """Comments as text: who and when, then the words."""
    lines = []
    for comment in comments:
        edited = ", edited" if comment.updated_at != comment.created_at else ""
        about = f"{ago(comment.created_at)}{edited}, comment {comment.id}"
        author = out.palette.bold(escape(comment.author or "somebody"))
        lines.append(f"{author}  {out.palette.dim(about)}")
        body = escape(comment.body, lines=True)
        lines += [f"  {line}" for line in body.split("\n")]
    return lines


COMMENT = Command(
    "task comment",
    run,
    "Comment on a task; without a text, list its comments.",
    (
        Argument("T", "the task", "?", complete="task"),
        Argument("TEXT", "the comment; - reads it from stdin", "?"),
    ),
    (
        Option("--edit", "change the comment with this id to TEXT", "ID"),
        Option("--delete", "delete the comment with this id", "ID"),
        Option("--author", "who says it; else you", "WHO"),
        YES,
    ),
    (
        'paso task comment WEB-12 "Found it: the clock is wrong"',
        "make test 2>&1 | tail -3 | paso task comment WEB-12 -",
        'paso task comment --edit 41 "Found it"',
        "paso task comment --delete 41 --yes",
    ),
)
