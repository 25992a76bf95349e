"""Which records may be told to clients: checked field by field, cut where too long.

Records of other computers are other people's words: whatever comes, clients are sent
only objects of the protocol's shape, of a bounded size, that speak of their owner.

Never: do I/O, keep state, correct what is wrong: such a record is refused.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from paso.model import ACTIVITIES, ATTENTIONS, PHASES, TITLE_MAX

Record = dict[str, Any]

ID_MAX = 100
PREVIEW_MAX = 500
ARGV_MAX = 8 * 1024
"""Characters of a command line; of a longer one its first words are told."""

MAX_DEPTH = 8

_TEXT = frozenset({str})
_PLAIN = frozenset({str, int, bool, type(None)})


def session(owner: str, record: object, own: bool) -> Record | None:
    """Return the session as it is told; None when it is none of `owner`.

    Arguments:
        own: whether `owner` is this computer; local ids of others mean nothing here.
    """
    if type(record) is not dict or not _is_id(record.get("id")):
        return None
    if record.get("computer", owner) != owner or not _is_plain(record, MAX_DEPTH):
        return None
    if not (
        record.get("phase") in PHASES
        and record.get("activity", "idle") in ACTIVITIES
        and record.get("attention", "none") in ATTENTIONS
        and _is_text(record.get("title", ""), TITLE_MAX)
    ):
        return None
    told = record | {"computer": owner}
    told["preview"] = _cut(record.get("preview", ""))
    _cut_argv(told)
    if not own:
        told |= {"project_id": None, "task_id": None}
    return told


def activity(name: object, preview: object) -> Record | None:
    """Return the fields of an activity; None when it is none."""
    if name not in ACTIVITIES:
        return None
    return {"activity": name} | ({} if preview is None else {"preview": _cut(preview)})


def computer(record: object) -> Record | None:
    """Return the computer as it is told; None when it is none."""
    if type(record) is not dict or not _is_id(record.get("id")):
        return None
    if not _is_text(record.get("name", ""), ID_MAX):
        return None
    return record if _is_plain(record, MAX_DEPTH) else None


def listed(owner: str, record: object) -> Record | None:
    """Return a project or a task as it is told; None without a uid."""
    if type(record) is not dict or not _is_id(record.get("uid")):
        return None
    if record.get("computer", owner) != owner or not _is_plain(record, MAX_DEPTH):
        return None
    return record | {"computer": owner}


def _is_id(value: object) -> bool:
    return type(value) is str and 0 < len(value) <= ID_MAX


def _is_text(value: object, longest: int) -> bool:
    return type(value) is str and len(value) <= longest


def _cut(value: object) -> str:
    return value[:PREVIEW_MAX] if type(value) is str else ""


def _cut_argv(record: Record) -> None:
    argv = record.get("argv")
    if type(argv) is not list or not _TEXT.issuperset(map(type, argv)):
        record["argv"] = []
        return
    if sum(map(len, argv)) + len(argv) <= ARGV_MAX:
        return
    left = ARGV_MAX
    for place, word in enumerate(argv):
        left -= len(word) + 1
        if left < 0:
            record["argv"] = [*argv[:place], word[: max(left + len(word), 0)]]
            record["argv_cut"] = True
            return


def _is_plain(value: object, depth: int) -> bool:
    """True for what is no deeper than a frame may be, and JSON in any language."""
    if type(value) is dict:
        inner = value.values()
        if not _TEXT.issuperset(map(type, value)):
            return False
    elif type(value) in (list, tuple):
        inner = value  # type: ignore[assignment]
    else:
        return type(value) in _PLAIN or (type(value) is float and isfinite(value))
    # Nearly all parts are plain: 5,000 records come at once.
    odd = [part for part in inner if type(part) not in _PLAIN]
    return depth > 0 and all(_is_plain(part, depth - 1) for part in odd)
