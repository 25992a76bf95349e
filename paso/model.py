"""The records of a board and the words they are made of.

Field names are the keys of the JSON on the command line (docs/cli.md, "Shapes"):
`to_json` is the only translation there is.

Never: touch the database, import dataclasses (they cost the command line 15 ms).
"""

from __future__ import annotations

import os

from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


TYPES = ("task", "feature", "bug")

PRIORITIES = {
    "trivial": "#3B82F6",
    "low": "#22C55E",
    "medium": "#EAB308",
    "high": "#F97316",
    "critical": "#EF4444",
}
"""Name to colour, from least to most pressing."""

READY, IN_PROGRESS, COMPLETED = "ready", "in-progress", "completed"
ROLES = (READY, IN_PROGRESS, COMPLETED)

STARTER_COLUMNS = (("To do", READY), ("In progress", IN_PROGRESS), ("Done", COMPLETED))

STARTER_LABELS = {
    "bug": "#EF4444",
    "duplicate": "#6B7280",
    "enhancement": "#3B82F6",
    "help wanted": "#22C55E",
    "invalid": "#6B7280",
    "question": "#EC4899",
}

LABEL_COLORS = {
    "violet": "#7D56F4",
    "teal": "#14B8A6",
    "orange": PRIORITIES["high"],
    "yellow": PRIORITIES["medium"],
    "green": PRIORITIES["low"],
    "blue": PRIORITIES["trivial"],
    "pink": "#EC4899",
    "red": PRIORITIES["critical"],
    "grey": "#6B7280",
}
"""Offered for labels; a label made without a colour gets the least used, in order."""

DEFAULT_LABEL_COLOR = LABEL_COLORS["violet"]
"""Of a label that another program or an imported document left without one."""

PARENT, BLOCKS, RELATED = "parent", "blocks", "related"
RELATION_KINDS = (PARENT, BLOCKS, RELATED)

STARTING, RUNNING, STOPPING = "starting", "running", "stopping"
ENDED, FAILED, LOST = "ended", "failed", "lost"
LIVE_PHASES = (STARTING, RUNNING, STOPPING)
FINAL_PHASES = (ENDED, FAILED, LOST)
PHASES = LIVE_PHASES + FINAL_PHASES
WORKING, IDLE, WAITING = "working", "idle", "waiting"
ACTIVITIES = (WORKING, IDLE, WAITING)
ATTENTIONS = ("none", "input", "finished", "failed")
"""What a session wants of the user; all but `none` are shown first."""
PTY, TMUX = "pty", "tmux"
BACKENDS = (PTY, TMUX)

GRACE_S = 10.0
"""Seconds within which a session ends that is asked to, before it is killed."""
GRACE_MAX_S, REMOTE_GRACE_MAX_S = 3600.0, 60.0
"""The most that may be asked for here, and by way of the daemon."""
ACTION_S, ACTION_TOLD_S = 15.0, 20.0
"""Seconds for what is done to a session elsewhere, beside its grace; and to be told."""
OUTPUT_LINES = 200
"""Lines of a session's output that are told, unless more are asked for."""

SHORT_ID = 6
"""Characters of the id of a session or a computer where people read it."""

TITLE_MAX = 255
NAME_MAX = 100
"""Characters of a project, column or label name."""
KEY_MAX = 10
"""Characters of a project key: A to Z and 0 to 9, a letter first."""
TEXT_MAX = 100_000
"""Characters of a description or comment."""


class ColumnRef(NamedTuple):
    id: int
    name: str
    role: str | None


class LabelRef(NamedTuple):
    id: int
    name: str
    color: str


class Counts(NamedTuple):
    open: int
    completed: int
    archived: int


class Project(NamedTuple):
    id: int
    uid: str
    key: str
    name: str
    description: str
    archived: bool
    created_at: str
    updated_at: str
    counts: Counts


class Column(NamedTuple):
    id: int
    uid: str
    project_id: int
    name: str
    role: str | None
    wip_limit: int | None
    position: int
    """From 1, left to right."""
    count: int  # type: ignore[assignment]  # hides tuple.count
    """Cards that are not archived."""


class Label(NamedTuple):
    id: int
    uid: str
    project_id: int
    name: str
    color: str
    count: int  # type: ignore[assignment]  # hides tuple.count
    """Tasks that wear it."""


class Comment(NamedTuple):
    id: int
    uid: str
    author: str
    body: str
    created_at: str
    updated_at: str


class Task(NamedTuple):
    """A task with all that belongs to it; tasks are named by key (`WEB-12`)."""

    id: int
    uid: str
    key: str
    number: int
    project_id: int
    column: ColumnRef
    position: int
    """From 1, top to bottom; 0 when archived."""
    title: str
    description: str
    type: str
    priority: str
    labels: tuple[LabelRef, ...]
    due: str | None
    """`YYYY-MM-DD`, a day of the user's own calendar."""
    assignee: str | None
    blocked: bool
    """Has an unfinished blocker."""
    blocked_by: tuple[str, ...]
    """All blockers, finished ones too."""
    blocks: tuple[str, ...]
    parent: str | None
    children: tuple[str, ...]
    comments: int
    sessions: tuple[SessionRef, ...]
    """Those of this computer, newest first."""
    version: int
    archived: bool
    created_at: str
    updated_at: str
    completed_at: str | None


class Card(NamedTuple):
    """What the board needs of a task to draw it; cheap enough for 10,000."""

    id: int
    uid: str
    number: int
    column_id: int
    rank: str
    title: str
    type: str
    priority: str
    label_ids: str
    """Ids with commas between, in the order of their names; empty for none."""
    blocked: int
    due: str | None
    assignee: str | None
    comments: int
    children: int
    children_done: int
    parent: int | None
    """Number of the parent task."""
    has_description: int
    version: int
    completed_at: str | None


class SessionRef(NamedTuple):
    """What a task tells of a session of its own."""

    id: str
    phase: str
    activity: str
    attention: str


class Session(NamedTuple):
    """One run of one command on one computer, for anybody who looks.

    Times are of the computer's own clock. Project and task are those of its board;
    their local ids mean nothing elsewhere, so another computer's record has none.
    """

    id: str
    """16 hexadecimal digits, random."""
    computer: str
    """Id of the computer that it runs on."""
    title: str
    project_id: int | None
    project: str | None
    """Key of the project."""
    project_uid: str | None
    task_id: int | None
    task: str | None
    """Key of the task, as `WEB-12`."""
    task_uid: str | None
    task_title: str | None
    argv: tuple[str, ...]
    cwd: str
    backend: str
    adopted: bool
    created_by: str
    pid: int | None
    phase: str
    activity: str
    attention: str
    exit_code: int | None
    """128 and the signal's number where a signal ended it, as shells have it."""
    signal: int | None
    reason: str
    preview: str
    """The last line of output that was seen; escaped by whoever shows it."""
    version: int
    """Counts up with each change of the record, not with its preview."""
    created_at: str
    started_at: str | None
    active_at: str | None
    """When its output was seen last."""
    ended_at: str | None
    updated_at: str


class SessionEvent(NamedTuple):
    """One row of a session's history."""

    at: str
    op: str
    version: int
    phase: str
    activity: str
    attention: str
    reason: str


class Change(NamedTuple):
    """One row of the change log."""

    id: int
    at: str
    actor: str
    project_id: int
    entity: str
    op: str
    entity_id: int
    uid: str
    fields: dict[str, dict[str, Any]]
    """Field name to `{"old": …, "new": …}`."""


class Relation(NamedTuple):
    """A link of one task to another, seen from the first."""

    kind: str
    """`blocks`, `blocked_by`, `parent`, `child` or `related`."""
    task_id: int
    key: str
    title: str
    done: bool


class TaskDetails(NamedTuple):
    """All that `task show` tells: comments oldest first, history newest first."""

    task: Task
    comments: tuple[Comment, ...]
    relations: tuple[Relation, ...]
    history: tuple[Change, ...]


def new_session_id() -> str:
    """Return an id for a session, which may be written later: 16 hexadecimal digits."""
    return os.urandom(8).hex()


_PLAIN = frozenset((str, int, float, bool, type(None)))


def to_json(value: Any) -> Any:
    """Turn records, and tuples and dicts of them, into plain lists and dicts."""
    # Most values are plain, and 1,000 tasks have 24,000: a call for each is too much.
    if isinstance(value, (tuple, list)):
        names = getattr(value, "_fields", None)
        if names is None:
            return [one if type(one) in _PLAIN else to_json(one) for one in value]
        return {
            name: one if type(one) in _PLAIN else to_json(one)
            for name, one in zip(names, value, strict=True)
        }
    if isinstance(value, dict):
        return {name: to_json(one) for name, one in value.items()}
    return value
