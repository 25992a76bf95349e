"""The control client against a real tmux, on both loops."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop

from paso.sessions.server import environment, own_socket
from paso_daemon.sessions.control import ControlClient
from paso_daemon.sessions.control_lines import Answer, Notice
from paso_daemon.sessions.deaths import Deaths
from tests.conftest import is_running
from tests.support.daemon import wait_for

pytestmark = pytest.mark.tmux

Run = Callable[[Callable[[], Coroutine[Any, Any, None]]], None]


@pytest.fixture(params=["uvloop", "asyncio"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a coroutine to its end on a loop of this kind."""
    make = uvloop.new_event_loop if request.param == "uvloop" else None

    def run_it(body: Callable[[], Coroutine[Any, Any, None]]) -> None:
        with asyncio.Runner(loop_factory=make) as runner:
            runner.run(asyncio.wait_for(body(), 20))

    return run_it


def tmux(*words: str) -> str:
    argv = ["tmux", "-f", "/dev/null", "-S", own_socket(), *words]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=10)
    return done.stdout.strip()


@pytest.fixture
def server(paso_home: Path) -> Iterator[None]:
    """A tmux server with one session, `base`."""
    tmux("new-session", "-d", "-s", "base", "sleep 1000")
    yield
    tmux("kill-server")


class Client:
    """A control client and all that it said."""

    def __init__(self, name: str = "paso-watch-test", limit_s: float = 5.0) -> None:
        self.notices: list[str] = []
        self.answers: list[Answer] = []
        self.reasons: list[str] = []
        self.deaths = Deaths(asyncio.get_running_loop(), 10)
        self.control = ControlClient(
            asyncio.get_running_loop(),
            ["tmux", "-u", "-S", own_socket()],
            name,
            deaths=self.deaths,
            env=environment(),
            notice=self._notice,
            gone=self.reasons.append,
            limit_s=limit_s,
        )

    def _notice(self, notice: Notice) -> None:
        self.notices.append(notice.name)

    async def ask(self, command: str) -> Answer:
        count = len(self.answers)
        self.control.ask(command, self.answers.append)
        await until(lambda: len(self.answers) > count)
        return self.answers[-1]

    async def end(self) -> None:
        self.control.close()
        await until(lambda: not len(self.deaths))
        wait_for(lambda: self.control.pid not in children())
        self.deaths.close()


def children() -> list[int]:
    """Our own, with those that nobody has reaped."""
    pid = os.getpid()
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(one) for one in path.read_text().split()]


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  another process makes it true
        await asyncio.sleep(0.005)


def test_questions_are_answered_in_order(server: None, run: Run) -> None:
    async def body() -> None:
        client = Client()
        for number in range(300):
            client.control.ask(f"display-message -p {number}", client.answers.append)
        await until(lambda: len(client.answers) == 300)
        assert [int(said.lines[0]) for said in client.answers] == list(range(300))
        wrong = await client.ask("no-such-command")
        assert not wrong.ok and "unknown command" in wrong.lines[0]
        await client.end()

    run(body)


def test_what_happens_elsewhere_in_the_server_is_told(server: None, run: Run) -> None:
    async def body() -> None:
        client = Client()
        await client.ask("display-message -p ready")
        client.notices.clear()
        tmux("new-session", "-d", "-s", "other", "sleep 1000")
        await until(lambda: "sessions-changed" in client.notices)
        tmux("kill-session", "-t", "=other:")
        await until(lambda: "unlinked-window-close" in client.notices)
        await client.end()

    run(body)


def test_its_session_runs_nothing_and_goes_with_it(server: None, run: Run) -> None:
    async def body() -> None:
        client = Client()
        lines = (
            await client.ask("list-panes -a -F '#{session_name} #{pane_pid}'")
        ).lines
        watching = next(line for line in lines if line.startswith("paso-watch"))
        await until(lambda: not is_running(int(watching.split()[1])))
        await client.end()
        await until(lambda: tmux("list-sessions", "-F", "#{session_name}") == "base")

    run(body)


def test_a_client_that_is_killed_leaves_no_session(server: None, run: Run) -> None:
    async def body() -> None:
        client = Client()
        await client.ask("display-message -p ready")
        os.kill(client.control.pid, signal.SIGKILL)
        await until(lambda: client.reasons)
        await until(lambda: tmux("list-sessions", "-F", "#{session_name}") == "base")
        assert client.reasons == ["tmux has gone"]
        await client.end()
        assert client.reasons == ["tmux has gone"]

    run(body)


def test_no_server_is_started(paso_home: Path, run: Run) -> None:
    async def body() -> None:
        client = Client()
        await until(lambda: client.reasons)
        assert not tmux("list-sessions")
        await client.end()

    run(body)


def test_a_server_that_is_killed_is_told_once(server: None, run: Run) -> None:
    async def body() -> None:
        client = Client()
        pid = (await client.ask("display-message -p '#{pid}'")).lines[0]
        client.control.ask("display-message -p lost", client.answers.append)
        os.kill(int(pid), signal.SIGKILL)
        await until(lambda: client.reasons)
        client.control.ask("display-message -p late", client.answers.append)
        await client.end()
        assert len(client.reasons) == 1

    run(body)


def test_a_server_that_stands_still_is_given_up_in_time(server: None, run: Run) -> None:
    async def body() -> None:
        client = Client(limit_s=0.3)
        pid = int((await client.ask("display-message -p '#{pid}'")).lines[0])
        os.kill(pid, signal.SIGSTOP)
        try:
            client.control.ask("display-message -p late", client.answers.append)
            await until(lambda: client.reasons)
        finally:
            os.kill(pid, signal.SIGCONT)
        assert "does not answer within 0.3 s" in client.reasons[0]
        await client.end()
        await until(lambda: tmux("list-sessions", "-F", "#{session_name}") == "base")

    run(body)


def test_two_clients_of_one_name_show_one_session(server: None, run: Run) -> None:
    async def body() -> None:
        first, second = Client(), Client()
        await first.ask("display-message -p ready")
        await second.ask("display-message -p ready")
        await first.end()
        assert (await second.ask("display-message -p on")).ok
        await second.end()

    run(body)


def test_a_daemon_that_is_killed_takes_its_client_along(
    server: None, paso_home: Path
) -> None:
    """The end of its input ends a control client, and so its session."""
    words = ["tmux", "-S", own_socket(), "-N", "-C", "new-session", "-s", "x"]
    code = f"import subprocess; subprocess.Popen({words}, stdin=-1); input()"
    holder = subprocess.Popen(
        ["python3", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    wait_for(lambda: "x" in tmux("list-sessions", "-F", "#{session_name}"))
    tmux("set-option", "-t", "=x:", "destroy-unattached", "on")
    holder.kill()
    holder.communicate()
    wait_for(lambda: tmux("list-sessions", "-F", "#{session_name}") == "base")
