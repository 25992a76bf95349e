"""Starts the board and ends it.

Never: import textual before it is needed.
"""

from __future__ import annotations

import gc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.config import Config
    from paso.paths import Paths


def run_board(paths: Paths, config: Config, project: str | None) -> int:
    """Show the board until the user leaves it.

    Arguments:
        paths: where the board is; it is made on first use.
        config: keys, theme, actor, whether the daemon may be started.
        project: key, name or id of the project to begin with; None for the last.
    Returns:
        The exit code.
    Raises:
        PasoError: the database cannot be used, or there is no such project.
    """
    # What is made before the first paint is no garbage; collecting it would cost a
    # fifth of the time. The app turns the collector on again.
    gc.disable()
    try:
        from paso.tui.board_app import PasoApp

        app = PasoApp(paths, config, project)
        try:
            code = app.run()
        finally:
            app.store.close()
    finally:
        gc.enable()
    return app.return_code or 0 if code is None else code
