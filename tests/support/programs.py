"""Programs that a test drives and that a machine may not have.

Never: hide that something was not tested; the run's summary names each.
"""

from __future__ import annotations

import shutil

import pytest


def needs(*programs: str) -> None:
    """Skip the test, and say so, where one of the programs is not installed."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
