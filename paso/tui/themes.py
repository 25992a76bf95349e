"""Paso's own two themes; those of Textual come beside them.

Never: choose a theme; the configuration does.
"""

from __future__ import annotations

from textual.theme import Theme

DEFAULT = "paso"

THEMES = (
    Theme(
        name="paso",
        primary="#7AA2F7",
        secondary="#89DDFF",
        accent="#E0AF68",
        foreground="#C8D0E0",
        background="#10131A",
        surface="#181C26",
        panel="#242A38",
        success="#7BC47F",
        warning="#E5B567",
        error="#F2708A",
        dark=True,
    ),
    Theme(
        name="paso-light",
        primary="#2F5FD0",
        secondary="#0E7490",
        accent="#9A6700",
        foreground="#1F2430",
        background="#F4F5F8",
        surface="#FFFFFF",
        panel="#E1E5EE",
        success="#1A7F37",
        warning="#9A6700",
        error="#C62A4B",
        dark=False,
    ),
)
