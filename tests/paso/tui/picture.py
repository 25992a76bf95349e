"""Draws the picture of the README: `python -m tests.paso.tui.picture > docs/board.svg`.

Never: use the user's home; the board is that of `paso demo`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile

from paso.cli.demo import KEY, fill
from paso.config import load_config
from paso.events.launcher import call
from paso.paths import Paths
from paso.store import close_store, open_store
from paso.tui.board_app import PasoApp
from tests.paso.tui.conftest import connection_of, until

SIZE = (110, 30)


async def draw(paths: Paths) -> str:
    """Return the board of the demo, live, the second card chosen, as SVG."""
    app = PasoApp(paths, load_config(paths), KEY)
    try:
        async with app.run_test(size=SIZE) as pilot:
            await until(lambda: connection_of(app) == "live", "the daemon")
            await pilot.press("l")
            await pilot.pause()
            return app.export_screenshot(title="paso", simplify=True)
    finally:
        app.store.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ["PASO_HOME"] = home
        paths = Paths(home)
        db = open_store(paths, load_config(paths), client="demo")
        fill(db)
        close_store(db)
        sys.stdout.write(asyncio.run(draw(paths)))
        call(paths, "shutdown", {}, timeout_s=10)


if __name__ == "__main__":
    main()
