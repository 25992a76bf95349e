"""tmux as it is: exact commands, exact text, exact panes, and its own traps."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from paso.errors import InvalidValue, NotFound, PhaseRefused, ToolFailed, ToolTimedOut
from paso.events.process import start_ticks
from paso.sessions.server import own_socket
from paso.sessions.tmux import Tmux
from tests.conftest import is_running
from tests.paso.sessions.terminals import Terminals, python, tmux, until
from tests.support.daemon import wait_for

pytestmark = pytest.mark.tmux


def hexed(first: str) -> list[str]:
    """A command that shows the bytes it reads, in raw mode as editors have it."""
    return python(
        "import os, sys, tty\n"
        "tty.setraw(0)\n"
        f"sys.stdout.write({first!r}); sys.stdout.flush()\n"
        "while data := os.read(0, 65536):\n"
        "  sys.stdout.write('[' + data.hex() + ']'); sys.stdout.flush()\n"
    )


# starting -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["a b", "", "q\"'", "$HOME", "*"],
        ["ends;", ";", "\\;", "a;b", "back\\"],
        ["#{pid}", "#(touch x)", "%1", "~", "-t"],
        ["ü€😀", "line\nbreak", "tab\t", "\x1b[31m"],
        ["x" * 100_000],
    ],
    ids=["shell", "semicolons", "formats", "characters", "long"],
)
def test_a_command_runs_exactly_as_given(
    terminals: Terminals, tmp_path: Path, words: list[str]
) -> None:
    note = tmp_path / "argv"
    code = f"import sys; open({str(note)!r}, 'w').write(repr(sys.argv[1:]))"
    ref = terminals.start(*python(code), *words)
    terminals.ended(ref)
    assert note.read_text() == repr(words)


def test_one_word_with_blanks_and_quotes_is_a_program_not_a_line_for_a_shell(
    terminals: Terminals, tmp_path: Path
) -> None:
    program = tmp_path / "my 'own'; $tool"
    program.write_text("#!/bin/sh\necho it is me\n")
    program.chmod(0o700)
    ref = terminals.start(str(program))
    terminals.shows(ref, "it is me")


def test_the_command_is_the_process_of_the_pane_and_leads_its_group(
    terminals: Terminals,
) -> None:
    ref = terminals.start("sleep", "600")
    assert ref.pid is not None
    words = Path(f"/proc/{ref.pid}/cmdline").read_bytes()
    assert words == b"sleep\x00600\x00"
    assert os.getpgid(ref.pid) == os.getsid(ref.pid) == ref.pid
    assert ref.pid_ticks == start_ticks(ref.pid)
    assert ref.tmux_socket == own_socket() == terminals.tmux.socket


def test_the_environment_is_the_one_given_and_never_in_an_argument_list(
    terminals: Terminals, tmp_path: Path
) -> None:
    env = {"PATH": os.environ["PATH"], "TOKEN": "canary\nof=two lines", "E": ""}
    ref = terminals.start("sleep", "600", env=env, title="canary of the title")
    pairs = Path(f"/proc/{ref.pid}/environ").read_bytes().rstrip(b"\0").split(b"\0")
    found = dict(pair.split(b"=", 1) for pair in pairs)
    told = {b"TMUX", b"TMUX_PANE", b"TERM_PROGRAM", b"TERM_PROGRAM_VERSION"}
    assert {n: v for n, v in found.items() if n not in told} == {
        os.fsencode(name): os.fsencode(value) for name, value in env.items()
    }
    assert found[b"TMUX_PANE"] == os.fsencode(str(ref.tmux_pane))
    assert b"canary" not in Path(f"/proc/{ref.tmux_server}/cmdline").read_bytes()
    left = os.listdir(terminals.home) + os.listdir(os.path.dirname(own_socket()))
    assert left == ["paso"], "nothing is left of the handing over"


def test_the_environment_is_not_that_of_a_server_started_long_ago(
    terminals: Terminals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROM", "the first")
    terminals.start("sleep", "600")
    path = os.environ["PATH"]
    second = terminals.start("sleep", "600", env={"PATH": path, "FROM": "the second"})
    third = terminals.start("sleep", "600", env={"PATH": path})
    assert b"FROM=the second" in Path(f"/proc/{second.pid}/environ").read_bytes()
    assert b"FROM=" not in Path(f"/proc/{third.pid}/environ").read_bytes()


def test_it_runs_where_it_should_whatever_the_folder_is_called(
    terminals: Terminals, tmp_path: Path
) -> None:
    folder = tmp_path / "#{pid} #(touch hit); ü"
    folder.mkdir()
    ref = terminals.start("pwd", cwd=str(folder))
    terminals.ended(ref)
    assert terminals.tmux.output(ref).replace("\n", "").endswith("; ü")
    assert list(folder.iterdir()) == []


def test_nothing_of_python_is_left_in_the_command(terminals: Terminals) -> None:
    code = "grep -E 'Sig(Ign|Blk)' /proc/self/status; ls /proc/self/fd | wc -l"
    ref = terminals.start("sh", "-c", code)
    terminals.ended(ref)
    lines = terminals.tmux.output(ref).split()
    assert lines[:3] == ["SigBlk:", "0" * 16, "SigIgn:"]
    # posix_spawn of glibc ignores its own two, 32 and 33; no child can undo that.
    assert int(lines[3], 16) & ~(0b11 << 31) == 0
    # Its terminal three times, and the folder that `ls` reads.
    assert lines[4] == "4"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda folder: "paso-no-such-program", "No such file"),
        (lambda folder: str(folder), "Permission denied|Is a directory"),
        (lambda folder: _script(folder, "no format"), "Exec format error"),
        (lambda folder: _script(folder, "#!/no/such/shell\n"), "No such file"),
    ],
    ids=["absent", "folder", "no-format", "no-interpreter"],
)
def test_what_cannot_be_executed_fails_at_once_and_leaves_nothing(
    terminals: Terminals, tmp_path: Path, make: object, why: str
) -> None:
    assert callable(make)
    keeper = terminals.start("sleep", "600")
    program = make(tmp_path)
    with pytest.raises(ToolFailed, match=f"cannot run .*({why})"):
        terminals.start(program)
    until(lambda: len(terminals.tmux.panes()) == 1)
    assert terminals.tmux.state(keeper) is not None


def _script(folder: Path, text: str) -> str:
    place = folder / "script"
    place.write_text(text)
    place.chmod(0o700)
    return str(place)


def test_a_folder_that_is_gone_is_a_failure_not_another_folder(
    terminals: Terminals,
) -> None:
    with pytest.raises(ToolFailed, match="no folder /nowhere/at/all"):
        terminals.start("pwd", cwd="/nowhere/at/all")


def test_many_start_at_once_while_the_server_comes_and_goes(
    terminals: Terminals,
) -> None:
    """Each end of the only session ends the server; starting waits for a new one."""
    for _ in range(8):
        ref = terminals.start("sleep", "600")
        terminals.tmux.kill(ref)
    assert terminals.tmux.state(ref) is None


def test_start_is_quick(terminals: Terminals) -> None:
    terminals.start("true")
    took = []
    for _ in range(5):
        began = time.perf_counter()
        terminals.start("true")
        took.append(time.perf_counter() - began)
    # 20 ms where nothing else runs; the limit allows for a machine that is busy.
    assert min(took) < 0.25


def test_the_configuration_of_the_user_is_not_read_but_that_of_the_home_is(
    terminals: Terminals,
) -> None:
    Path(os.environ["HOME"], ".tmux.conf").write_text("set -g prefix C-x\n")
    (terminals.home / "tmux.conf").write_text("set -g prefix C-a\n")
    ref = terminals.start("sleep", "600")
    found = tmux(str(ref.tmux_socket), "show-options", "-gv", "prefix")
    assert found == "C-a\n"


# how it ended -------------------------------------------------------------------


@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_the_exit_code_is_known(terminals: Terminals, code: int) -> None:
    pane = terminals.ended(terminals.start("sh", "-c", f"exit {code}"))
    assert (pane.status, pane.signal, pane.dead) == (code, None, True)


def test_a_command_that_ends_before_anybody_looks_has_its_code(
    terminals: Terminals,
) -> None:
    refs = [terminals.start("sh", "-c", f"exit {code}") for code in range(8)]
    assert [terminals.ended(ref).status for ref in refs] == list(range(8))


@pytest.mark.parametrize("sign", [signal.SIGHUP, signal.SIGTERM, signal.SIGKILL])
def test_the_signal_that_ended_it_is_known(terminals: Terminals, sign: int) -> None:
    for _ in range(5):
        ref = terminals.start("sleep", "600")
        assert ref.pid is not None
        os.kill(ref.pid, sign)
        pane = terminals.ended(ref)
        assert (pane.status, pane.signal) == (None, sign)


def test_a_command_that_closed_its_terminal_is_not_taken_for_ended(
    terminals: Terminals,
) -> None:
    code = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "os.closerange(0, 3)\n"
        "time.sleep(1.5)\n"
        "os._exit(5)"
    )
    ref = terminals.start(*python(code))
    until(lambda: (pane := terminals.tmux.state(ref)) and pane.dead)
    pane = terminals.tmux.state(ref)
    assert pane is not None and ref.pid is not None
    assert (pane.ended, is_running(ref.pid)) == (False, True)
    assert terminals.ended(ref).status == 5


# what is there ------------------------------------------------------------------


def test_panes_of_ours_bear_the_session_and_the_computer(terminals: Terminals) -> None:
    ref = terminals.start("sleep", "600")
    tmux(terminals.tmux.socket, "new-session", "-d", "-s", "stranger")
    panes = {pane.pane: pane for pane in terminals.tmux.panes()}
    ours = panes.pop(str(ref.tmux_pane))
    (other,) = panes.values()
    assert (ours.owner, ours.home, ours.adopted) == ("0" * 15 + "1", "ab" * 8, "")
    assert (other.owner, other.home, other.session_name) == ("", "", "stranger")
    assert terminals.tmux.state(ref) == ours


def test_without_a_server_there_are_no_panes(terminals: Terminals) -> None:
    assert terminals.tmux.panes() == []
    ref = terminals.start("sleep", "600")
    tmux(terminals.tmux.socket, "kill-server")
    assert terminals.tmux.state(ref) is None
    assert terminals.tmux.panes() == []
    with pytest.raises(NotFound):
        terminals.tmux.output(ref)
    with pytest.raises(PhaseRefused):
        terminals.tmux.send(ref, "x")


def test_the_same_ids_on_another_server_are_another_pane(terminals: Terminals) -> None:
    old = terminals.start("sleep", "600")
    tmux(terminals.tmux.socket, "kill-server")
    until(lambda: not is_running(old.tmux_server or 0))
    new = terminals.start("sh")
    assert (new.tmux_session, new.tmux_pane) == (old.tmux_session, old.tmux_pane)
    assert terminals.tmux.state(old) is None
    with pytest.raises(PhaseRefused):
        terminals.tmux.send(old, "echo wrong")
    with pytest.raises(NotFound):
        terminals.tmux.output(old)
    terminals.tmux.kill(old)
    pane = terminals.tmux.state(new)
    assert pane is not None and not pane.dead
    assert "wrong" not in terminals.tmux.output(new)


def test_a_pid_that_was_given_out_again_is_not_the_server(terminals: Terminals) -> None:
    ref = terminals.start("sleep", "600")
    assert ref.tmux_server_ticks is not None
    other = ref._replace(tmux_server_ticks=ref.tmux_server_ticks - 1)
    assert terminals.tmux.state(other) is None
    assert terminals.tmux.state(ref._replace(boot_id="another")) is None


def test_a_socket_that_was_swept_away_is_made_again(terminals: Terminals) -> None:
    ref = terminals.start("sleep", "600")
    os.unlink(terminals.tmux.socket)
    assert terminals.tmux.panes() == []
    assert terminals.tmux.state(ref) is not None
    assert os.path.exists(terminals.tmux.socket)


def test_a_server_that_hangs_is_unknown_not_gone(
    terminals: Terminals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paso.sessions.tmux.QUICK_S", 0.4)
    ref = terminals.start("sleep", "600")
    assert ref.tmux_server is not None
    os.kill(ref.tmux_server, signal.SIGSTOP)
    try:
        with pytest.raises(ToolTimedOut) as raised:
            Tmux().state(ref)
        assert raised.value.operation == "tmux list-panes"
        assert not is_running(raised.value.pid)
    finally:
        os.kill(ref.tmux_server, signal.SIGCONT)
    assert wait_for(lambda: terminals.tmux.state(ref)) is not None


def test_only_the_pane_itself_is_closed(terminals: Terminals) -> None:
    ref = terminals.start("sleep", "600")
    socket = terminals.tmux.socket
    tmux(socket, "split-window", "-t", str(ref.tmux_pane), "--", "sleep", "601")
    tmux(socket, "new-session", "-d", "-s", "paso-", "--", "sleep", "602")
    terminals.tmux.kill(ref)
    assert terminals.tmux.state(ref) is None
    assert len(terminals.tmux.panes()) == 2


def test_a_pane_that_is_not_ours_is_never_closed(users: str) -> None:
    server = Tmux(users)
    (pane,) = server.panes()
    ref = server.ref_of(pane)
    server.kill(ref)
    server.mark_adopted(pane, "ab" * 8, "cd" * 8)
    server.kill(ref)
    found = server.state(ref)
    assert found is not None
    assert (found.adopted, found.home, found.owner) == ("ab" * 8, "cd" * 8, "")


# text ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Enter",
        "C-c",
        "-x",
        "--",
        "ends;",
        ";",
        "a ; kill-server ; b",
        "\\;",
        "#{pid} #(ls) $HOME `id` %%",
        "'\"\\",
        "äöü € 😀 日本語",
        " blanks  ",
        "x" * 20_000,
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_text_arrives_as_it_is(terminals: Terminals, text: str) -> None:
    ref = terminals.start(*hexed("ready "))
    terminals.shows(ref, "ready")
    terminals.tmux.send(ref, text)
    wanted = (text.encode() + b"\r").hex()

    def read() -> str:
        screen = terminals.tmux.output(ref, 5000).replace("\n", "")
        return screen.partition("ready ")[2].replace("][", "").strip("[]")

    wait_for(lambda: read() == wanted)


def test_several_lines_arrive_as_one_paste(terminals: Terminals) -> None:
    code = (
        "import os, sys, tty\n"
        "tty.setraw(0)\n"
        "sys.stdout.write('\\x1b[?2004hready '); sys.stdout.flush()\n"
        "got = b''\n"
        "while not got.endswith(b'~\\r'): got += os.read(0, 65536)\n"
        "print(repr(got))"
    )
    ref = terminals.start(*python(code))
    terminals.shows(ref, "ready")
    terminals.tmux.send(ref, "one\ntwo;\n\tEnter\n")
    shown = terminals.shows(ref, "~").replace("\n", "")
    assert "b'\\x1b[200~one\\rtwo;\\r\\tEnter\\x1b[201~\\r'" in shown


def test_a_hundred_thousand_bytes_arrive(terminals: Terminals, tmp_path: Path) -> None:
    note = tmp_path / "text"
    code = (
        "import os, tty\n"
        "tty.setraw(0)\n"
        "print('ready', flush=True)\n"
        "got = b''\n"
        "while not got.endswith(b'.\\r'): got += os.read(0, 65536)\n"
        f"open({str(note)!r}, 'wb').write(got)"
    )
    ref = terminals.start(*python(code))
    terminals.shows(ref, "ready")
    text = "".join(f"line {n} ü;\n" for n in range(9_000)) + "."
    assert len(text.encode()) > 100_000
    terminals.tmux.send(ref, text)
    terminals.ended(ref)
    assert note.read_bytes().decode() == text.replace("\n", "\r") + "\r"


def test_without_enter_nothing_is_entered(terminals: Terminals) -> None:
    ref = terminals.start(*hexed("ready "))
    terminals.shows(ref, "ready")
    terminals.tmux.send(ref, "y", enter=False)
    terminals.tmux.send(ref, "", enter=False)
    terminals.shows(ref, "[79]")
    terminals.tmux.send(ref, "")
    assert "[79][0d]" in terminals.shows(ref, "[0d]")


def test_text_is_no_key_for_somebody_who_scrolls(terminals: Terminals) -> None:
    """In copy mode, keys are commands of tmux; the text is for the program."""
    ref = terminals.start(*hexed("ready "))
    terminals.shows(ref, "ready")
    tmux(terminals.tmux.socket, "copy-mode", "-t", str(ref.tmux_pane))
    terminals.tmux.send(ref, "q")
    pane = terminals.tmux.state(ref)
    assert pane is not None and pane.in_mode
    tmux(terminals.tmux.socket, "send-keys", "-t", str(ref.tmux_pane), "-X", "cancel")
    assert "[71][0d]" in terminals.shows(ref, "[0d]")


@pytest.mark.parametrize("text", ["a\0b", "\x1b[201~rm", "\x03"], ids=ascii)
def test_what_is_no_text_is_refused(terminals: Terminals, text: str) -> None:
    ref = terminals.start("cat")
    with pytest.raises(InvalidValue):
        terminals.tmux.send(ref, text)
    assert terminals.tmux.output(ref) == ""


def test_text_for_a_command_that_ended_is_refused_and_the_server_lives(
    terminals: Terminals,
) -> None:
    """tmux 3.3a itself dies of text that is pasted into a dead pane."""
    other = terminals.start("sleep", "600")
    ref = terminals.start("true")
    terminals.ended(ref)
    for text in ("x", "two\nlines"):
        with pytest.raises(PhaseRefused, match="has ended"):
            terminals.tmux.send(ref, text)
    assert terminals.tmux.state(other) is not None
    terminals.tmux.kill(ref)
    with pytest.raises(PhaseRefused):
        terminals.tmux.send(ref, "x")
    buffers = tmux(terminals.tmux.socket, "list-buffers")
    assert buffers == "", "no text is left behind in the server"


def test_two_who_send_at_once_do_not_mix(terminals: Terminals) -> None:
    import threading

    ref = terminals.start("cat")
    texts = [f"{name}1\n{name}2\n{name}3" for name in "abcd"]
    threads = [
        threading.Thread(target=terminals.tmux.send, args=(ref, text)) for text in texts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: terminals.tmux.output(ref).count("3") >= 8)
    shown = terminals.tmux.output(ref).replace("\n", "")
    for name in "abcd":
        assert f"{name}1" in shown and f"{name}3" in shown


# output -------------------------------------------------------------------------


def test_the_last_lines_are_told_without_what_is_blank(terminals: Terminals) -> None:
    code = "for n in range(300): print('line', n)\nprint('end  ')\nprint(); print()"
    ref = terminals.start(*python(code))
    terminals.ended(ref)
    lines = terminals.tmux.output(ref, 5).splitlines()
    assert lines == ["line 296", "line 297", "line 298", "line 299", "end"]
    assert terminals.tmux.output(ref, 1) == "end\n"
    everything = terminals.tmux.output(ref, 10_000).splitlines()
    assert everything == [f"line {n}" for n in range(300)] + ["end"]


def test_the_end_of_an_output_is_there(terminals: Terminals) -> None:
    """tmux 3.3a alone loses it in most of these, and hardly ever as we ask it."""
    whole = 0
    for _ in range(12):
        ref = terminals.start("seq", "1", "20000")
        terminals.ended(ref)
        whole += terminals.tmux.output(ref, 3) == "19998\n19999\n20000\n"
        terminals.tmux.kill(ref)
    assert whole >= 9


def test_a_long_line_is_one_line_and_colours_are_none(terminals: Terminals) -> None:
    code = "print('\\x1b[31m' + 'w' * 500 + '\\x1b[0m'); print('ü€日')"
    ref = terminals.start(*python(code))
    terminals.ended(ref)
    assert terminals.tmux.output(ref) == "w" * 500 + "\nü€日\n"


def test_a_terminal_that_said_nothing_is_empty(terminals: Terminals) -> None:
    ref = terminals.start("sleep", "600")
    assert terminals.tmux.output(ref) == ""
    terminals.tmux.kill(ref)
    with pytest.raises(NotFound):
        terminals.tmux.output(ref)


def test_output_does_not_depend_on_the_locale(
    terminals: Terminals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    ref = terminals.start("printf", "ü€\\n")
    terminals.ended(ref)
    assert terminals.tmux.output(ref) == "ü€\n"


def test_a_folder_for_sockets_that_is_open_to_others_is_refused(
    terminals: Terminals,
) -> None:
    from paso.errors import UnsafePath

    folder = os.path.dirname(own_socket())
    os.chmod(folder, 0o755)
    with pytest.raises(UnsafePath):
        Tmux()
    shutil.rmtree(folder)


def test_several_screens_are_read_in_one_call(terminals: Terminals) -> None:
    one = terminals.start("sh", "-c", "echo first; sleep 600")
    gone = terminals.start("sh", "-c", "echo second; sleep 600")
    other = terminals.start("sh", "-c", "printf 'a\\n\\nthird'; sleep 600")
    for ref, text in ((one, "first"), (gone, "second"), (other, "third")):
        terminals.shows(ref, text)
    terminals.tmux.kill(gone)
    texts = terminals.tmux.screens([one, gone, other])
    assert [text.split() for text in texts] == [["first"], [], ["a", "third"]]
    assert terminals.tmux.screens([]) == []


def test_a_bell_that_was_taken_back_can_ring_again(terminals: Terminals) -> None:
    ref = terminals.start("sh", "-c", r"while read _; do printf '\a'; done")

    def rings() -> bool:
        pane = terminals.tmux.state(ref)
        return pane is not None and pane.bell

    for _ in range(2):
        terminals.tmux.send(ref, "x")
        until(rings)
        terminals.tmux.take_bells([ref])
        assert not rings()
    terminals.tmux.take_bells([])
