"""The way into a session from any terminal, and the line that shows which it is."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from paso.database.sessions import BackendRef
from paso.sessions.attaching import attach_argv, shown_title
from paso.sessions.tmux import Tmux
from tests.paso.sessions.terminals import Terminals, tmux, until

pytestmark = pytest.mark.tmux

REF = BackendRef(tmux_socket="/run/t/paso", tmux_session="$3", tmux_pane="%7")


class Screen:
    """A terminal of the user's, as far as its bytes tell."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.seen = b""

    def read(self) -> bytes:
        while select.select([self.fd], [], [], 0.05)[0]:
            try:
                self.seen += os.read(self.fd, 65536)
            except OSError:
                break
        return self.seen

    def wait_for(self, text: bytes) -> None:
        until(lambda: text in self.read())

    def type(self, keys: bytes) -> None:
        os.write(self.fd, keys)


@contextmanager
def user(argv: list[str], **environ: str) -> Iterator[Screen]:
    """Run `argv` in a new terminal of 100 columns."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(environ, TERM="xterm-256color")
        os.execvp(argv[0], argv)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("4H", 20, 100, 0, 0))
    try:
        yield Screen(fd)
    finally:
        os.close(fd)
        deadline = time.monotonic() + 10
        while os.waitpid(pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > deadline:
                with suppress(ProcessLookupError):
                    os.kill(pid, 9)
            time.sleep(0.01)


def test_outside_of_tmux_it_is_attached() -> None:
    argv = attach_argv(REF, environ={})
    assert argv == ["tmux", "-S", "/run/t/paso", "attach-session", "-t", "$3"]


def test_inside_of_another_tmux_it_is_nested_without_the_variable() -> None:
    inside = {"TMUX": "/run/u/default,12,0", "TMUX_PANE": "%1"}
    argv = attach_argv(REF, environ=inside)
    assert argv[:5] == ["env", "-u", "TMUX", "-u", "TMUX_PANE"]
    assert argv[5:] == attach_argv(REF, environ={})


def test_inside_of_the_same_server_the_terminal_goes_over() -> None:
    inside = {"TMUX": "/run/t/paso,12,0"}
    argv = attach_argv(REF, environ=inside)
    assert argv == ["tmux", "-S", "/run/t/paso", "switch-client", "-t", "$3"]


def test_of_an_adopted_one_the_very_pane_is_shown() -> None:
    argv = attach_argv(REF, adopted=True, environ={})
    assert argv[3:] == ["select-window", "-t", "%7", ";", "select-pane", "-t", "%7",
                        ";", "attach-session", "-t", "$3"]  # fmt: skip


def test_a_user_sees_the_session_types_and_comes_back(terminals: Terminals) -> None:
    ref = terminals.start("cat", title="WEB-12  Fix login")
    other = terminals.start("cat", title="the other one")
    with user(attach_argv(ref, environ={})) as screen:
        screen.wait_for(b"WEB-12  Fix login")
        screen.wait_for(b"detach: C-b d")
        screen.type(b"typed by hand\r")
        terminals.shows(ref, "typed by hand\ntyped by hand")
        screen.type(b"\x02d")
        screen.wait_for(b"[detached (from session paso-")
    pane = terminals.tmux.state(ref)
    assert pane is not None and (pane.dead, pane.attached) == (False, 0)
    assert "typed" not in terminals.tmux.output(other)


def test_the_end_stays_on_the_screen_while_somebody_looks(terminals: Terminals) -> None:
    ref = terminals.start("sh", "-c", "read x; echo last words; exit 3")
    with user(attach_argv(ref, environ={})) as screen:
        screen.wait_for(b"detach")
        screen.type(b"\r")
        screen.wait_for(b"last words")
        screen.wait_for(b"(ended)")
        pane = terminals.ended(ref)
        assert (pane.status, pane.attached) == (3, 1)
        terminals.tmux.kill(ref)
        screen.wait_for(b"[exited]")


HOSTILE = [
    "#(touch {}) %H:%M #{{pid}}",
    "##(touch {}) #[fg=red]x",
    "#{{E:@paso_title}}#(touch {})",
    "a;",
    'it\'s "so" \\ $HOME ~ {{ %if 1',
    "'; kill-server ; '",
    "-x \x1b]0;hit\x07 \n b",
]


@pytest.mark.parametrize("title", HOSTILE)
def test_a_title_is_shown_and_never_obeyed(
    terminals: Terminals, tmp_path: os.PathLike[str], title: str
) -> None:
    mark = os.path.join(tmp_path, "hit")
    title = title.format(mark)[:80]
    ref = terminals.start("cat", title=title)
    wanted = shown_title(title).replace("##", "#").encode()
    with user(attach_argv(ref, environ={})) as screen:
        screen.wait_for(wanted[:60])
    assert not os.path.exists(mark)


def test_an_adopted_pane_is_the_one_that_is_shown(users: str) -> None:
    tmux(users, "new-window", "-d", "-t", "=work:", "-n", "logs", "--", "sh", "-c",
         "echo these are logs; sleep 600")  # fmt: skip
    server = Tmux(users)
    pane = next(one for one in server.panes() if one.window_name == "logs")
    argv = attach_argv(server.ref_of(pane), adopted=True, environ={})
    with user(argv) as screen:
        screen.wait_for(b"these are logs")


def test_from_the_same_server_the_terminal_goes_over_to_it(
    terminals: Terminals,
) -> None:
    first = terminals.start("sh", title="the first")
    second = terminals.start("cat", title="the second")
    inside = {"TMUX": f"{first.tmux_socket},{first.tmux_server},0"}
    argv = attach_argv(second, environ=inside)
    with user(attach_argv(first, environ={})) as screen:
        screen.wait_for(b"the first")
        terminals.tmux.send(first, " ".join(argv).replace("$", "\\$"))
        screen.wait_for(b"the second")
