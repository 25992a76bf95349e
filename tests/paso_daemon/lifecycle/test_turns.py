"""Short turns are asked for, in a process of their own."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import os
from paso_daemon.lifecycle.turns import ask_for_short_turns
os.nice(3)
answer = ask_for_short_turns()
print(answer, os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0))
"""


def test_the_kernel_takes_the_wish_and_niceness_and_policy_stay() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    answer, nice, policy = done.stdout.split()
    assert answer in ("True", "False")
    assert (nice, policy) == ("3", "0")
