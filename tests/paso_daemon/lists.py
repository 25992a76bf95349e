"""Lists of other computers, taken as their boards are.

Never: stand in for another computer.
"""

from __future__ import annotations

from paso_daemon.directory import Directory


def take_tasks(
    directory: Directory, owner: str, project_uid: str, *uids: str, **more: object
) -> None:
    """These are all tasks of a project; they come in one part."""
    records = [{"uid": uid, **more} for uid in uids]
    news = directory.put_part(owner, project_uid, records)
    directory.end_parts(owner, project_uid, uids, changed=news > 0)
