"""The form of a comment.

Never: know who may comment.
"""

from __future__ import annotations

from typing import Any

from textual.widget import Widget

from paso.commands import comments
from paso.model import Comment
from paso.text import escape
from paso.tui.screens.form import Form
from paso.tui.widgets.fields import TextBlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from paso.tui.board_app import PasoApp


class CommentForm(Form[Comment]):
    """Make one with `new` or `of`."""

    KEYS = (("^s", "save"), ("esc", "cancel"), ("^e", "editor"))

    def __init__(
        self, app: PasoApp, task_id: int, key: str, comment: Comment | None
    ) -> None:
        super().__init__(app)
        self._task_id = task_id
        self._key = key
        self.comment = comment

    @classmethod
    def new(cls, app: PasoApp, task_id: int, key: str) -> CommentForm:
        """A form for a new comment."""
        return cls(app, task_id, key, None)

    @classmethod
    def of(cls, app: PasoApp, task_id: int, key: str, comment: Comment) -> CommentForm:
        """A form for a comment that is there."""
        return cls(app, task_id, key, comment)

    def heading(self) -> str:
        if self.comment is None:
            return f"Comment on {self._key}"
        return f"Comment of {escape(self.comment.author)} on {self._key}"

    def fields(self) -> Iterable[Widget]:
        text = self.comment.body if self.comment else ""
        yield TextBlock(text, "body")

    async def save(self, values: dict[str, Any]) -> Comment:
        body = values["body"].strip()
        if self.comment is not None:
            saved: Comment = await self.paso.save(
                comments.edit_comment, self.comment.id, body
            )
            return saved
        author = self.paso.config.actor
        made: Comment = await self.paso.save(
            comments.add_comment, self._task_id, body, author=author
        )
        return made
