"""Everything about one card, live: facts, description, relations, comments, history.

Never: write by itself; its keys open the forms.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from paso.commands import comments, relations, tasks
from paso.errors import NotFound, PasoError
from paso.model import (
    BLOCKS,
    LIVE_PHASES,
    PARENT,
    Comment,
    Relation,
    Session,
    SessionEvent,
    TaskDetails,
)
from paso.text import cut, escape
from paso.tui.screens.details_text import details_text
from paso.tui.screens.dialog import Dialog
from paso.tui.session_words import phase_words
from paso.tui.step import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.app import ComposeResult

    from paso.tui.board_app import PasoApp
    from paso.tui.board_data import News

KEYS = "e edit · c comment · r relate · o open related · ? more · esc close"
SESSION_KEYS = "enter attach · e edit · c comment · r relate · ? more · esc close"
MORE_KEYS = (
    "C edit a comment · X delete a comment · R remove a relation · s start a session"
)
MOST_SESSIONS = 50


class Details(Dialog[None]):
    """What `space` opens."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape,q,space", "close", show=False),
        Binding("j,down", "scroll(1)", show=False, priority=True),
        Binding("k,up", "scroll(-1)", show=False, priority=True),
        Binding("ctrl+d,pagedown", "scroll(10)", show=False, priority=True),
        Binding("ctrl+u,pageup", "scroll(-10)", show=False, priority=True),
        Binding("e", "edit", show=False),
        Binding("enter", "attach", show=False),
        Binding("s", "start_session", show=False),
        Binding("S", "sessions", show=False),
        Binding("c", "comment", show=False),
        Binding("C", "edit_comment", show=False),
        Binding("X", "delete_comment", show=False),
        Binding("r", "relate", show=False),
        Binding("R", "unrelate", show=False),
        Binding("o", "open_related", show=False),
        Binding("question_mark", "say_keys", show=False),
    ]
    DEFAULT_CSS = """
    Details > .dialog--frame {
        width: 90; height: 90%; padding: 0 2; scrollbar-size-vertical: 1;
    }
    """

    def __init__(self, app: PasoApp, task_id: int) -> None:
        super().__init__()
        self.paso = app
        self.task_id = task_id
        self.details: TaskDetails | None = None
        self.sessions: list[Session] = []
        self._histories: list[list[SessionEvent]] = []
        self._gone = ""

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog--frame") as frame:
            frame.border_subtitle = KEYS
            yield Static("", id="details", markup=False)

    def on_mount(self) -> None:
        self._read()

    def on_resize(self) -> None:
        self._show()

    # reading

    def news_came(self, news: News) -> None:
        """Read the card again when it is the one that changed."""
        if news.whole or news.sessions or self.task_id in news.tasks:
            self._read()

    def _read(self) -> None:
        try:
            self.details = tasks.task_details(self.paso.data.db, self.task_id)
            self._read_sessions()
            self._gone = ""
        except NotFound:
            self._gone = "Somebody deleted this card. This is how it was."
        except PasoError as error:
            self._gone = error.message
        self._show()

    def _read_sessions(self) -> None:
        if not self.paso.data.seen_sessions:
            return
        from paso.commands.session_reading import list_sessions, session_history
        from paso.tui.screens.details_sessions import SHOWN

        db = self.paso.data.db
        with db.read():
            found = list_sessions(db, task_id=self.task_id, limit=MOST_SESSIONS)
            histories = [session_history(db, at.id) for at in found[:SHOWN]]
        self.sessions, self._histories = found, histories

    def _session_parts(self) -> list[Content | str]:
        if not self.sessions:
            return []
        from datetime import UTC, datetime

        from paso.tui.screens.details_sessions import session_parts

        return session_parts(self.sessions, self._histories, datetime.now(UTC))

    def _show(self) -> None:
        frame = self.query_one(".dialog--frame")
        if self.details is None:
            self.query_one("#details", Static).update(Content(self._gone))
            return
        frame.border_title = Content(self.details.task.key)
        width = max(min(86, self.app.size.width * 96 // 100 - 4) - 4, 30)
        frame.border_subtitle = SESSION_KEYS if self.sessions else KEYS
        text = details_text(
            self.details,
            width,
            self.paso.data.today(),
            self._gone,
            sessions=self._session_parts(),
        )
        self.query_one("#details", Static).update(text)

    # keys

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_close(self) -> None:
        self.dismiss(None)

    def action_say_keys(self) -> None:
        self.query_one(".dialog--frame").border_subtitle = MORE_KEYS

    def action_edit(self) -> None:
        if not self._gone:
            self.paso.board.edit_task(self.task_id)

    def action_attach(self) -> None:
        """Attach to a session of the card; without one, edit the card."""
        live = [at for at in self.sessions if at.phase in LIVE_PHASES]
        if not self.sessions:
            self.action_edit()
        elif not live:
            self.paso.say("its sessions are over: S shows what they left", "warning")
        elif len(live) == 1:
            self.paso.calls.attach(live[0])
        else:
            options = [
                (at, f"{cut(escape(at.title), 40)}  {phase_words(at)}") for at in live
            ]
            self._pick("Attach to", options, self.paso.calls.attach)

    def action_sessions(self) -> None:
        self.paso.show_sessions()

    def action_start_session(self) -> None:
        card = self.paso.state.cards.get(self.task_id)
        if card is None:
            self.paso.say("that card is not on this board", "warning")
        else:
            self.paso.board.start_session(card, self.paso.board.say_started)

    def action_comment(self) -> None:
        if self.details is not None and not self._gone:
            from paso.tui.screens.comment_form import CommentForm

            key = self.details.task.key
            self.app.push_screen(CommentForm.new(self.paso, self.task_id, key))

    def action_edit_comment(self) -> None:
        self._pick_comment("Edit which comment?", self._edit_comment)

    def _edit_comment(self, comment: Comment) -> None:
        from paso.tui.screens.comment_form import CommentForm

        assert self.details is not None
        key = self.details.task.key
        self.app.push_screen(CommentForm.of(self.paso, self.task_id, key, comment))

    def action_delete_comment(self) -> None:
        self._pick_comment("Delete which comment?", self._delete_comment)

    def _delete_comment(self, comment: Comment) -> None:
        from paso.tui.screens.confirm import Confirm

        def decide(yes: bool | None) -> None:
            if yes:
                self.paso.write(lambda: Step(comments.delete_comment, (comment.id,)))

        text = cut(escape(comment.body), 200)
        question = f"Delete the comment of {escape(comment.author)}?"
        self.app.push_screen(Confirm(question, text, "y", "delete it"), decide)

    def _pick_comment(self, title: str, then: Callable[[Comment], object]) -> None:
        if self.details is not None:
            options = [
                (comment, f"{escape(comment.author)}: {cut(escape(comment.body), 50)}")
                for comment in reversed(self.details.comments)
            ]
            self._pick(title, options, then)

    def action_relate(self) -> None:
        self.paso.board.link_task(self.task_id)

    def action_unrelate(self) -> None:
        def remove(relation: Relation) -> None:
            ends = ends_of(self.task_id, relation)
            self.paso.write(lambda: Step(relations.unlink, ends))

        self._pick("Remove which relation?", self._relations(), remove)

    def action_open_related(self) -> None:
        def show(relation: Relation) -> None:
            self.task_id = relation.task_id
            self.query_one(VerticalScroll).scroll_home(animate=False)
            self._read()

        self._pick("Open", self._relations(), show)

    def _relations(self) -> list[tuple[Any, str]]:
        found: Iterable[Relation] = self.details.relations if self.details else ()
        return [
            (r, f"{r.kind.replace('_', ' ')} {r.key} {cut(escape(r.title), 44)}")
            for r in found
        ]

    def _pick(
        self,
        title: str,
        options: list[tuple[Any, str]],
        then: Callable[[Any], object],
    ) -> None:
        if not options:
            self.paso.say("there is none", "warning")
            return
        if len(options) == 1 and title == "Open":
            then(options[0][0])
            return
        from paso.tui.screens.picker import Picker

        def done(value: Any) -> None:
            if value is not None:
                then(value)

        self.app.push_screen(Picker(title, options, None), done)


def ends_of(task_id: int, relation: Relation) -> tuple[int, int, str]:
    """From, to and kind of a relation that is seen from `task_id`."""
    other = relation.task_id
    if relation.kind == "blocked_by":
        return other, task_id, BLOCKS
    if relation.kind == "child":
        return task_id, other, PARENT
    if relation.kind == PARENT:
        return other, task_id, PARENT
    return task_id, other, relation.kind
