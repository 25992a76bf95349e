"""The daemon on plain asyncio keeps what it keeps on uvloop: they fail differently.

Asyncio pauses at EMFILE where uvloop accepts and closes; their transports buffer and
report errors in ways of their own.
"""

from __future__ import annotations

import signal

import pytest

from tests.end_to_end import (
    test_guarantee,
    test_hostile_frames,
    test_limits,
    test_protocol,
    test_slow_clients,
    test_stopping,
)
from tests.end_to_end.harness import Home


@pytest.fixture(autouse=True)
def plain_asyncio(home: Home) -> None:
    home.environ["PASO_LOOP"] = "asyncio"


@pytest.mark.timeout(120)
def test_64_descriptors(board: Home) -> None:
    test_limits.test_five_hundred_clients_of_a_daemon_with_64_descriptors(board)


def test_a_slow_client(home: Home) -> None:
    test_slow_clients.test_a_client_that_reads_again_gets_resync_and_then_everything_new(
        home
    )


def test_traps(home: Home) -> None:
    test_hostile_frames.test_each_trap_is_answered_to_its_sender_and_reaches_nobody_else(
        home
    )


def test_a_line_without_end(home: Home) -> None:
    test_hostile_frames.test_a_line_that_never_ends_is_cut_off_and_held_in_bounded_memory(
        home
    )


def test_sigterm(board: Home) -> None:
    test_stopping.test_a_signal_under_two_thousand_events_a_second_loses_nothing(
        board, signal.SIGTERM
    )


def test_one_order(board: Home) -> None:
    test_protocol.test_seq_counts_up_by_one_and_all_see_one_order_the_sender_too(board)


def test_a_big_transaction(board: Home) -> None:
    test_guarantee.test_a_big_transaction_is_announced_whole_and_says_what_it_cut(board)
