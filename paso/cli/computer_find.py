"""The computers that have joined, and which of them is meant.

Never: print, trust a name to be unique.
"""

from __future__ import annotations

import os

from paso.cli.asking import ask
from paso.errors import Ambiguous, NoListener, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paso.cli.context import Context

    Record = dict[str, Any]

PARTS = {
    "stats": ("load", "cpu_percent", "memory_percent", "disk_percent"),
    "counts": ("sessions", "live", "needs_user"),
}
"""What is told of a computer besides, by part."""


def fetch_computers(context: Context) -> list[Record]:
    """The computers that are known, this one first, then by name.

    Raises:
        DaemonUnreachable: this computer has joined others, and no daemon answers.
    """
    from paso.peers_file import active_peers

    joined = active_peers(context.paths.home) is not None
    try:
        answer = ask(context, "computers", {}, start=joined)
    except NoListener:
        if joined:
            raise
        return [_whole(_this(context))]
    found = [_whole(one) for one in answer["data"]]
    return sorted(found, key=lambda one: (not one.get("this"), name_of(one).casefold()))


def _this(context: Context) -> Record:
    """This computer, as the daemon would tell of it."""
    from paso import __version__
    from paso.computer import this_computer

    context.db.change_head()  # makes the home, which keeps the id
    own, system = this_computer(context.paths.home), os.uname()
    return {
        "id": own.id,
        "name": own.name,
        "state": "live",
        "this": True,
        "version": __version__,
        "os": f"{system.sysname} {system.release}",
    }


def _whole(record: Record) -> Record:
    """The record with every key, null where nothing is known."""
    flat = ("id", "name", "state", "this", "age_s", "version", "os", "control")
    found = {name: record.get(name) for name in flat} | {"this": "this" in record}
    for part, names in PARTS.items():
        known = record.get(part) or {}
        found[part] = {name: known.get(name) for name in names}
    return found | {"time": record.get("time")}


def name_of(record: Record) -> str:
    return str(record.get("name") or record.get("id"))


def find_computer(context: Context, ref: str) -> Record:
    """The computer of this id, name, or unique beginning of its id.

    Raises:
        NotFound, Ambiguous: none, or several; two computers may have one name.
    """
    every = fetch_computers(context)
    text = ref.strip().casefold()
    ways = (
        [one for one in every if one["id"] == text],
        [one for one in every if name_of(one).casefold() == text],
        [one for one in every if len(text) >= 4 and one["id"].startswith(text)],
    )
    matches = next((way for way in ways if way), [])
    if len(matches) == 1:
        return matches[0]
    named = tuple(f"{one['id']} {name_of(one)}" for one in matches or every)
    if matches:
        raise Ambiguous(f"several computers are named {ref!r}", candidates=named)
    raise NotFound(f"there is no computer {ref!r}", candidates=named)
