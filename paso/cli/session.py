"""`paso session`: the table of its verbs.

Looking is in session_list.py, acting in session_act.py, notes in session_note.py, what
hooks and scripts use in session_report.py.

Never: hold a rule about phases.
"""

from __future__ import annotations

from paso.cli import session_act, session_list, session_note, session_report

COMMANDS = (
    session_act.START,
    session_list.LIST,
    session_list.SHOW,
    session_act.ATTACH,
    session_act.SEND,
    session_list.OUTPUT,
    session_act.END,
    session_note.ACK,
    session_note.LINK,
    session_note.RENAME,
    session_act.ADOPT,
    session_report.REPORT,
    session_report.WAIT,
    session_note.REMOVE,
)
