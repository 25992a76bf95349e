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

WITHOUT_DESCRIPTORS = """
import logging, os, resource
from paso_daemon.lifecycle.turns import ask_for_short_turns
logging.basicConfig(level=logging.INFO)
resource.setrlimit(resource.RLIMIT_NOFILE, (os.dup(0), 4096))
print(ask_for_short_turns())
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    return done


def test_the_kernel_takes_the_wish_and_niceness_and_policy_stay() -> None:
    done = run(CODE)
    answer, nice, policy = done.stdout.split()
    assert answer in ("True", "False")
    assert (nice, policy) == ("3", "0")


def test_without_a_free_descriptor_it_is_not_granted_and_the_log_says_why() -> None:
    done = run(WITHOUT_DESCRIPTORS)
    assert done.stdout == "False\n"
    assert "no short turns" in done.stderr
    assert "Too many open files" in done.stderr
