"""What the board and the sessions view can do: a row for each action, with its keys.

The bindings of the screens, the help page, the command palette and `[keys]` of the
configuration are all made from this table.

Never: import textual, know how an action is carried out.
"""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Action(NamedTuple):
    """One thing the user can do.

    Arguments:
        id: stable name, the key in `[keys]` of config.toml.
        keys: default keys, with commas between, as Textual names them.
        method: name of the screen's method, without `action_`, with its arguments.
        title: what it does, in words.
        group: heading in the help page.
        hint: word in the bottom line; empty = not shown there.
    """

    id: str
    keys: str
    method: str
    title: str
    group: str
    hint: str = ""

    @property
    def name(self) -> str:
        """Name of the method, without its arguments."""
        return self.method.partition("(")[0]


CARDS, MOVES, COLUMNS, PROJECTS, BOARD, OTHERS, SESSIONS = (
    "Cards",
    "Moving about",
    "Columns",
    "Projects",
    "Board",
    "Sessions and computers",
    "In the list of sessions (S)",
)

ACTIONS = (
    Action("task_add", "a,n", "add_task", "Add a card", CARDS, "add"),
    Action("task_edit", "e,enter", "edit_task", "Edit the card", CARDS, "edit"),
    Action("task_view", "space", "view_task", "Show details", CARDS, "view"),
    Action("task_delete", "d", "delete_task", "Delete the card", CARDS),
    Action(
        "task_left",
        "H,shift+left",
        "move_task(-1)",
        "Move the card to the column on the left",
        CARDS,
    ),
    Action(
        "task_right",
        "L,shift+right",
        "move_task(1)",
        "Move the card to the column on the right",
        CARDS,
        "move",
    ),
    Action("task_down", "J,shift+down", "reorder_task(1)", "Move it down", CARDS),
    Action("task_up", "K,shift+up", "reorder_task(-1)", "Move it up", CARDS),
    Action("task_move", "m", "pick_column", "Move the card to a column", CARDS),
    Action("task_done", "x", "done_task", "Move the card to the done column", CARDS),
    Action("task_priority", "p", "pick_priority", "Set the priority", CARDS),
    Action("task_type", "t", "pick_type", "Set the type", CARDS),
    Action("task_labels", "b", "pick_labels", "Set the labels", CARDS),
    Action("task_comment", "c", "comment_task", "Write a comment", CARDS),
    Action("task_link", "r", "link_task", "Relate it to another card", CARDS),
    Action("task_archive", "A", "archive_task", "Archive the card", CARDS),
    Action("task_copy", "y", "copy_key", "Copy the key", CARDS),
    Action("cursor_down", "j,down", "cursor(1)", "Card below", MOVES),
    Action("cursor_up", "k,up", "cursor(-1)", "Card above", MOVES),
    Action("cursor_left", "h,left", "column(-1)", "Column on the left", MOVES),
    Action("cursor_right", "l,right", "column(1)", "Column on the right", MOVES),
    Action("cursor_first", "g,home", "cursor_edge(-1)", "First card", MOVES),
    Action("cursor_last", "G,end", "cursor_edge(1)", "Last card", MOVES),
    Action(
        "page_down", "ctrl+d,pagedown", "cursor_page(1)", "Half a screen down", MOVES
    ),
    Action("page_up", "ctrl+u,pageup", "cursor_page(-1)", "Half a screen up", MOVES),
    Action("column_add", "C", "add_column", "Add a column", COLUMNS),
    Action("column_edit", "R", "edit_column", "Rename, role, limit", COLUMNS),
    Action("column_delete", "X", "delete_column", "Delete the column", COLUMNS),
    Action(
        "column_left",
        "ctrl+left,<",
        "shift_column(-1)",
        "Shift the column to the left",
        COLUMNS,
    ),
    Action(
        "column_right",
        "ctrl+right,>",
        "shift_column(1)",
        "Shift the column to the right",
        COLUMNS,
    ),
    Action("project_add", "P", "add_project", "New project", PROJECTS),
    Action("project_edit", "E", "edit_project", "Edit the project", PROJECTS),
    Action("project_delete", "D", "delete_project", "Delete the project", PROJECTS),
    Action("project_previous", "{,[", "project(-1)", "Previous project", PROJECTS),
    Action("project_next", "},]", "project(1)", "Next project", PROJECTS),
    Action("labels_edit", "B", "edit_labels", "Edit the labels", PROJECTS),
    Action("sessions", "S", "sessions", "Show all sessions", OTHERS, "sessions"),
    Action("session_start", "s", "start_session", "Start one on the card", OTHERS),
    Action("computers", "O", "computers", "Look at another computer's board", OTHERS),
    Action("filter", "/", "filter", "Filter the cards", BOARD, "filter"),
    Action("filter_clear", "escape", "clear_filter", "Clear the filter", BOARD),
    Action("undo", "u", "undo", "Undo your last change", BOARD, "undo"),
    Action("redo", "U,ctrl+r", "redo", "Redo", BOARD),
    Action("palette", ":,ctrl+p", "palette", "All actions by name", BOARD),
    Action("theme", "T", "pick_theme", "Choose a theme", BOARD),
    Action("help", "?,f1", "help", "Help", BOARD, "help"),
    Action("quit", "q", "quit", "Leave", BOARD, "quit"),
)

SESSION_ACTIONS = (
    Action("session_attach", "enter", "attach", "Attach to it", SESSIONS, "attach"),
    Action("session_new", "n", "new_session", "Start a session", SESSIONS, "start"),
    Action("session_send", "s", "send", "Send it text", SESSIONS, "send"),
    Action("session_output", "o", "output", "Show its output", SESSIONS, "output"),
    Action("session_end", "x,delete", "end", "End it", SESSIONS, "end"),
    Action("session_ack", "a", "acknowledge", "I have seen it", SESSIONS, "seen"),
    Action("session_link", "l", "link", "Link it to a card", SESSIONS),
    Action("session_remove", "d", "remove", "Remove one that is over", SESSIONS),
    Action("session_jump", "g", "jump", "Go to its card", SESSIONS, "card"),
    Action("session_tree", "t", "toggle_tree", "As a tree or a list", SESSIONS, "tree"),
    Action("session_filter", "/", "filter", "Filter by words", SESSIONS, "filter"),
    Action("session_fold", "space", "fold", "Open or close a part", SESSIONS),
    Action("session_close", "left,h", "unfold(False)", "Close a part", SESSIONS),
    Action("session_open", "right", "unfold(True)", "Open a part", SESSIONS),
    Action("session_down", "j,down", "cursor(1)", "Next one", SESSIONS),
    Action("session_up", "k,up", "cursor(-1)", "Previous one", SESSIONS),
    Action("session_first", "home", "cursor_edge(-1)", "First one", SESSIONS),
    Action("session_last", "G,end", "cursor_edge(1)", "Last one", SESSIONS),
    Action(
        "session_page_down",
        "ctrl+d,pagedown",
        "cursor_page(1)",
        "Half a screen down",
        SESSIONS,
    ),
    Action(
        "session_page_up",
        "ctrl+u,pageup",
        "cursor_page(-1)",
        "Half a screen up",
        SESSIONS,
    ),
    Action("session_palette", ":,ctrl+p", "palette", "All actions by name", SESSIONS),
    Action("session_help", "?,f1", "help", "Help", SESSIONS, "help"),
    Action("session_leave", "escape,q,S", "leave", "Back", SESSIONS, "back"),
)
"""Of the list of sessions; its keys may mean something else on the board."""

ALWAYS = (
    Action("leave", "ctrl+c", "quit", "Leave, whatever is open", BOARD),
    Action("suspend", "ctrl+z", "suspend_process", "Back to the shell", BOARD),
)
"""Keys of every screen."""

VIEWS = (ACTIONS + ALWAYS, SESSION_ACTIONS + ALWAYS)
"""Within one view each key has one meaning."""

IDS = frozenset(action.id for view in VIEWS for action in view)

_SHOWN = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}


def show_key(key: str) -> str:
    """Name one key for a person: `ctrl+d` is `^d`, `question_mark` is `?`."""
    head, plus, last = key.rpartition("+")
    shown = _SHOWN.get(last, last)
    prefix = "^" if head == "ctrl" else head + plus
    return prefix + shown


def keys_of(action: Action, keymap: dict[str, str]) -> tuple[str, ...]:
    """Keys of an action after the user's own keymap."""
    chosen = keymap.get(action.id, action.keys)
    return tuple(key.strip() for key in chosen.split(",") if key.strip())


def key_for(action_id: str, keymap: dict[str, str]) -> str:
    """The key to name for an action; empty where the user has left it without one."""
    action = next(at for view in VIEWS for at in view if at.id == action_id)
    keys = keys_of(action, keymap)
    return show_key(keys[0]) if keys else ""


def hints_of(
    actions: tuple[Action, ...], keymap: dict[str, str]
) -> list[tuple[str, str]]:
    """Keys and words for the bottom line."""
    hints = [(key_for(action.id, keymap), action.hint) for action in actions]
    return [(key, hint) for key, hint in hints if key and hint]


def key_problems(keymap: dict[str, str]) -> list[str]:
    """What is wrong with the user's own keys, in words."""
    problems = []
    for name in keymap.keys() - IDS:
        from difflib import get_close_matches

        near = get_close_matches(name, IDS, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        problems.append(f"[keys] has no action {name}{hint}")
    for view in VIEWS:
        problems += [at for at in _clashes(view, keymap) if at not in problems]
    return problems


def _clashes(view: tuple[Action, ...], keymap: dict[str, str]) -> Iterator[str]:
    taken: dict[str, str] = {}
    for action in view:
        for key in keys_of(action, keymap):
            other = taken.setdefault(key, action.id)
            if other != action.id:
                yield f"[keys] {key} is bound to {other} and {action.id}"
