"""Filters of board and lists: one language, one meaning, run by SQLite.

The language is in `filter_terms.py`, its meaning in `filter_sql.py`.

Never: write, or know who shows the tasks.
"""

from __future__ import annotations

from paso.commands.filter_sql import Context, condition
from paso.commands.filter_terms import WORD, Term, parse_terms
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date

    from paso.database.connection import Database


class Filter(NamedTuple):
    """A filter that has been read; make one with `parse_filter`."""

    text: str
    terms: tuple[Term, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """What was searched for in the text, to be marked on screen."""
        return tuple(
            value.text
            for term in self.terms
            if term.field in (WORD, "title", "description") and not term.negated
            for value in term.values
        )

    @property
    def names_archived(self) -> bool:
        """It says itself whether archived tasks are meant; else they are not."""
        return any(
            term.field == "is" and any(v.text == "archived" for v in term.values)
            for term in self.terms
        )

    @property
    def names_project(self) -> bool:
        """It names its projects, and so takes the place of the current one."""
        return any(term.field == "project" and not term.negated for term in self.terms)

    def sql(
        self, project_id: int | None, me: str, today: date | str
    ) -> tuple[str, list[object]]:
        """The condition for WHERE, on the aliases t, c and p, and its parameters.

        It says nothing of archived tasks unless the filter does (`names_archived`).

        Arguments:
            project_id: the current project; None for all that are not archived. A
                filter with `project:` goes by that instead.
            me: who `assignee:me` and `is:mine` are.
            today: the user's day, as a date or `YYYY-MM-DD`.
        """
        where, params = condition(self.terms, Context(me, str(today)))
        if self.names_project:
            return where, params
        if project_id is None:
            return f"p.archived_at IS NULL AND {where}", params
        return f"t.project_id = ? AND {where}", [project_id, *params]


def parse_filter(text: str) -> Filter:
    """Read a filter; the empty one lets everything through.

    Raises:
        InvalidValue: it cannot be read; the message has the position, the hint the
            nearest known word.
    """
    return Filter(text, parse_terms(text))


def matching_ids(
    db: Database,
    project_id: int | None,
    filter: Filter,
    *,
    me: str,
    today: date | str,
) -> set[int]:
    """Ids of the tasks that pass; archived ones only where the filter names them."""
    where, params = filter.sql(project_id, me, today)
    if not filter.names_archived:
        where = f"t.archived_at IS NULL AND {where}"
    rows = db.rows(
        "SELECT t.id FROM tasks t JOIN columns c ON c.id = t.column_id"
        f" JOIN projects p ON p.id = t.project_id WHERE {where}",
        params,
    )
    return {row[0] for row in rows}
