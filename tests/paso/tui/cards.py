"""Makes cards, columns and labels for tests that need no database."""

from __future__ import annotations

from typing import Any

from paso.model import Card, Column, Label


def card(id: int, column_id: int = 1, rank: str = "", **fields: Any) -> Card:
    values: dict[str, Any] = {
        "id": id,
        "uid": f"u{id:03}",
        "number": id,
        "column_id": column_id,
        "rank": rank or f"a{id:03}",
        "title": f"title {id}",
        "type": "task",
        "priority": "medium",
        "label_ids": "",
        "blocked": 0,
        "due": None,
        "assignee": None,
        "comments": 0,
        "children": 0,
        "children_done": 0,
        "parent": None,
        "has_description": 0,
        "version": 1,
        "completed_at": None,
    }
    return Card(**{**values, **fields})


def column(id: int, name: str = "", **fields: Any) -> Column:
    values: dict[str, Any] = {
        "id": id,
        "uid": f"c{id}",
        "project_id": 1,
        "name": name or f"column {id}",
        "role": None,
        "wip_limit": None,
        "position": id,
        "count": 0,
    }
    return Column(**{**values, **fields})


def label(id: int, name: str, color: str = "#FF0000") -> Label:
    return Label(id, f"l{id}", 1, name, color, 0)
