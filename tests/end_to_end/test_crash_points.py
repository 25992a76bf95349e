"""A write that was acknowledged survives a crash at any system call of any writer.

Faults come from strace (`inject`, strace(1)): the Nth call of a kind is the last, or
fails. Where strace is not installed, a fault of the same kind is made by a kill.
"""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

import pytest

from tests.end_to_end.harness import PASO, Home, kill
from tests.end_to_end.test_database_faults import copy_of, replace_database
from tests.support.programs import needs

CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate", "unlink", "write")


def injected(call: str, number: int, fault: str, *arguments: str) -> list[str]:
    return [
        *("strace", "-f", "-o", "/dev/null", "-e", f"trace={call}"),
        *("-e", f"inject={call}:{fault}:when={number}"),
        *(*PASO, *arguments),
    ]


def crash_while_adding(home: Home, title: str, call: str, number: int) -> bool:
    """Run `paso add` that dies at the given call; True when it was acknowledged."""
    if not shutil.which("strace"):
        process = home.spawn([*PASO, "add", title])
        time.sleep(0.004 * number)
        kill(process.pid)
        return process.wait(20) == 0
    process = home.spawn(injected(call, number, "signal=KILL", "add", title))
    return process.wait(30) == 0


def sweep(home: Home, points: list[tuple[str, int]]) -> None:
    home.environ["PASO_AUTO_START"] = "0"
    acknowledged = set(home.titles())
    for call, number in points:
        title = f"{call} {number}"
        if crash_while_adding(home, title, call, number):
            acknowledged.add(title)
        assert acknowledged <= home.titles(), title
    home.assert_sound()
    home.add("after all crashes")
    with home.sql() as connection:
        [(ids, newest)] = connection.execute("SELECT count(*), max(id) FROM change_log")
        assert ids == newest, "the numbers of changes are not dense"
        [(orphans,)] = connection.execute(
            "SELECT count(*) FROM tasks WHERE id NOT IN"
            " (SELECT entity_id FROM change_log WHERE entity = 'task')"
        )
        assert orphans == 0, "a change without its row in the change log"


def test_a_crash_at_a_chosen_point_loses_nothing_acknowledged(board: Home) -> None:
    sweep(board, [("pwrite64", 1), ("pwrite64", 4), ("fdatasync", 1), ("write", 1)])


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_crash_at_any_point_loses_nothing_acknowledged(board: Home) -> None:
    sweep(board, [(call, number) for call in CALLS for number in range(1, 9)])
    sweep(board, [("pwrite64", number) for number in range(9, 90)])


@pytest.mark.parametrize("fault", ["ENOSPC", "EIO", "EDQUOT"])
def test_an_error_of_the_disk_is_said_in_words_and_writes_nothing(
    board: Home, fault: str
) -> None:
    board.environ["PASO_AUTO_START"] = "0"
    needs("strace")
    head = board.head()
    prefix = injected("pwrite64", 1, f"error={fault}", "add", "lost?")
    result = board.paso(*prefix[-2:], prefix=tuple(prefix[: -len(PASO) - 2]))
    assert result.code == 1, result
    assert result.err.startswith("paso: "), result
    assert board.head() == head
    board.assert_sound()


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_flipped_byte_anywhere_is_no_crash_and_never_made_worse(board: Home) -> None:
    """Not every damage can be noticed; none may end in a traceback."""
    board.environ["PASO_AUTO_START"] = "0"
    for number in range(40):
        board.add(f"task {number}")
    sound = copy_of(board, "sound.db").read_bytes()
    dice = random.Random(64)
    for number in range(150):
        damaged = bytearray(sound)
        damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
        other = Path(board.path.parent / "damaged.db")
        other.write_bytes(damaged)
        other.chmod(0o600)
        replace_database(board, other)
        for command in (("list",), ("add", "one more")):
            result = board.paso(*command)
            assert result.code in {0, 1}, (number, result)
