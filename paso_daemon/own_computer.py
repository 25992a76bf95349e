"""What this computer says of itself before anything was measured.

Never: do I/O but for the name of the system.
"""

from __future__ import annotations

import os

from paso import __version__
from paso_daemon.cache import LIVE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.computer import Computer
    from paso_daemon.shelf import Record


def own_record(own: Computer) -> Record:
    """Return the record that clients see; peers add to it."""
    system = os.uname()
    return {
        "id": own.id,
        "name": own.name,
        "state": LIVE,
        "this": True,
        "version": __version__,
        "os": f"{system.sysname} {system.release}",
    }
