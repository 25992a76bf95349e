"""`paso watch` and `paso log --follow`: lines as things happen."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.paso.cli.conftest import Cli


class Follower:
    """A command that goes on, and the lines it has printed."""

    def __init__(self, paso: Cli, *words: str) -> None:
        self.lines: list[str] = []
        self.talk: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "paso", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            env=paso.environ,
            cwd=paso.folder,
        )
        out, err = self.process.stdout, self.process.stderr
        assert out is not None
        assert err is not None
        self._threads = [
            threading.Thread(target=self.lines.extend, args=(out,)),
            threading.Thread(target=self.talk.extend, args=(err,)),
        ]
        for thread in self._threads:
            thread.start()

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(30)
        for thread in self._threads:
            thread.join(30)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return code


Follow = Callable[..., Follower]


@pytest.fixture
def follow(paso: Cli) -> Iterator[Follow]:
    """Starts followers on a board with a daemon; ends those that still run."""
    paso("list")
    paso("daemon", "start")
    started: list[Follower] = []

    def start(*words: str) -> Follower:
        started.append(Follower(paso, *words))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.end()


def wait_for(condition: Callable[[], object], what: object) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def added_until_seen(paso: Cli, one: Follower, title: str) -> None:
    """Add tasks until the follower shows one: it certainly follows then."""
    deadline = time.monotonic() + 30
    while not one.lines:
        assert time.monotonic() < deadline, one.talk
        paso("add", title)
        time.sleep(0.2)


def test_events_are_json_lines(paso: Cli, follow: Follow) -> None:
    watch = follow("watch", "--json")
    added_until_seen(paso, watch, "hello")
    event = watch.events()[0]
    assert event["type"] == "db_changed"
    assert event["project_id"] == 1
    assert event["change"]["first"] <= event["change"]["last"]
    assert event["entities"][0]["entity"] == "task"
    assert watch.end() == 130
    assert watch.talk == []


def test_events_in_words_tell_what_changed(paso: Cli, follow: Follow) -> None:
    watch = follow("watch")
    added_until_seen(paso, watch, "evil \x1b[31m")
    assert "created: evil \\x1b[31m" in watch.lines[0]
    paso("task", "move", "1", "next")
    wait_for(lambda: any("moved from" in line for line in watch.lines), watch.lines)


def test_only_events_of_the_named_project_are_shown(paso: Cli, follow: Follow) -> None:
    paso("project", "create", "Web", "--key", "WEB")
    watch = follow("watch", "--json", "--project", "WEB")
    deadline = time.monotonic() + 30
    while not watch.lines:
        assert time.monotonic() < deadline
        paso("add", "no", "--project", "PASO")
        paso("add", "yes", "--project", "WEB")
    assert {event["project_id"] for event in watch.events()} == {2}


def test_named_topics_come_with_their_snapshot(paso: Cli, follow: Follow) -> None:
    watch = follow("watch", "--json", "--topic", "sessions")
    wait_for(lambda: watch.lines, "a snapshot")
    assert watch.events()[0]["type"] == "sessions_initial"
    paso("add", "not a session")
    assert watch.end() == 130
    assert len(watch.lines) == 1


def test_a_command_is_run_with_the_event_on_stdin_and_in_its_environment(
    paso: Cli, follow: Follow
) -> None:
    heard = paso.folder / "heard"
    watch = follow("watch", "--exec", f'cat >> {heard}; echo "$PASO_EVENT" >> {heard}')
    added_until_seen(paso, watch, "$(touch owned); `touch owned`")
    wait_for(lambda: heard.exists() and heard.read_text().count("\n") >= 2, "two lines")
    stdin, environ = heard.read_text().splitlines()[:2]
    assert json.loads(stdin) == json.loads(environ)
    assert json.loads(stdin)["type"] == "db_changed"
    assert not (paso.folder / "owned").exists()


def test_words_after_two_dashes_are_a_program_without_a_shell(
    paso: Cli, follow: Follow
) -> None:
    heard = paso.folder / "heard"
    program = "import sys; open(sys.argv[1], 'a').write(sys.argv[2] + sys.stdin.read())"
    watch = follow(
        "watch", "--", sys.executable, "-c", program, str(heard), "$HOME;ls "
    )
    added_until_seen(paso, watch, "x")
    wait_for(lambda: heard.exists() and heard.read_text(), "what was heard")
    assert heard.read_text().startswith("$HOME;ls {")


def test_a_command_that_fails_is_told_and_does_not_end_it(
    paso: Cli, follow: Follow
) -> None:
    watch = follow("watch", "--exec", "exit 3")
    added_until_seen(paso, watch, "x")
    wait_for(lambda: any("code 3" in line for line in watch.talk), watch.talk)
    assert watch.process.poll() is None


def test_both_kinds_of_command_are_wrong_usage(paso: Cli) -> None:
    found = paso("watch", "--json", "--exec", "x", "--", "y")
    assert (found.code, found.error["code"]) == (2, "usage")


def test_it_ends_when_its_reader_goes_though_nothing_happens(
    paso: Cli, follow: Follow
) -> None:
    watch = subprocess.Popen(
        [sys.executable, "-m", "paso", "watch", "--json", "--topic", "sessions"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=paso.environ,
    )
    assert watch.stdout is not None
    assert watch.stderr is not None
    assert b"sessions_initial" in watch.stdout.readline()
    watch.stdout.close()
    assert watch.wait(30) == 141
    assert watch.stderr.read() == b""
    watch.stderr.close()


def test_without_a_daemon_it_says_so_once_and_follows(paso: Cli) -> None:
    paso("list")
    watch = Follower(paso, "watch", "--json")
    added_until_seen(paso, watch, "slowly")
    assert watch.events()[0]["type"] == "db_changed"
    assert watch.end() == 130
    assert len(watch.talk) == 1
    assert "no daemon" in watch.talk[0]


def test_the_log_is_followed_each_change_once(paso: Cli, follow: Follow) -> None:
    paso("add", "before")
    log = follow("log", "--follow", "--limit", "1", "--json")
    wait_for(lambda: log.lines, "the change before")
    assert log.events()[0]["fields"]["title"]["new"] == "before"
    for number in range(3):
        paso("add", f"after {number}")
    wait_for(lambda: len(log.lines) >= 4, log.lines)
    assert log.end() == 130
    numbers = [event["id"] for event in log.events()]
    assert numbers == list(range(numbers[0], numbers[0] + 4))
