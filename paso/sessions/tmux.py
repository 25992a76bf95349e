"""Terminals of sessions in tmux: made, looked at, sent to, shown, closed.

A pane is named by its id (`%7`) and the server process that gave it: a server never
gives an id twice, another server would. Names and prefixes are never guessed.

Facts of tmux 3.3a behind odd lines here, each with a test: text pasted into a pane
whose command has ended kills the whole server; a pane whose command closed its
terminal counts as dead while the command lives; an argument that ends in `;` ends the
command; `#(…)` in a status line runs a shell; the end of an output may be lost.

Never: touch a pane that is not a session's, change a server of the user's for good,
decide what becomes of a session.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

from paso.database.sessions import BackendRef
from paso.errors import NotFound, PhaseRefused, ToolFailed
from paso.events.process import boot_id, start_ticks
from paso.model import OUTPUT_LINES
from paso.sessions.attaching import status_line, title_line
from paso.sessions.handover import Handover
from paso.sessions.input import checked_text
from paso.sessions.panes import ADOPTED, HOME, OWN, PANE_FORMAT, PaneState, read_panes
from paso.sessions.server import (
    configuration,
    environment,
    is_same_server,
    launcher_argv,
    offer_socket_again,
    own_socket,
    says_no_server,
)
from paso.sessions.tool import DEFAULT_S, QUICK_S, Output, run_tool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SIZE = (120, 40)
"""Columns and rows of a terminal that nobody looks at yet."""
START_S = 15.0
"""How long a command may take to be started, in seconds."""
TYPED_MAX = 8192
"""Bytes; a longer line is pasted, as text of several lines is."""
ENTER_PAUSE_S = 0.2
"""Between a text and its Enter, in seconds. Programs take an Enter that comes with
the text for a part of it; they allow for some 120 ms."""
LINES_MAX = 50_000
WORDS = 200
"""Characters of what tmux says that stand in an error."""
_TRIES = 4
_GONE = "paso: gone"
_READ_TO_THE_END = "exec cat >/dev/null"
"""While its output is piped to somebody, tmux 3.3a looks for more of it before it
closes the terminal of a command that ended. Else, the end of an output that comes
faster than it reads is lost in most cases: what says why a build failed."""
_PASTE, _TYPE = "-p", "-r"


class Tmux:
    """One tmux server, which need not run.

    Arguments:
        socket: its socket; absent = Paso's own server, `tmux -L paso`.
    """

    __slots__ = ("socket",)

    def __init__(self, socket: str | None = None) -> None:
        self.socket = socket or own_socket()

    def start(
        self,
        session_id: str,
        argv: Sequence[str],
        cwd: str,
        env: Mapping[str, str],
        size: tuple[int, int] | None = None,
        *,
        home: str,
        computer: str,
        title: str = "",
    ) -> BackendRef:
        """Run `argv`, exactly that and without a shell, in a new terminal.

        When this returns, the command runs: its program was found and executed.

        Arguments:
            env: its whole environment, but for what its terminal says of itself.
            size: columns and rows.
            home: the folder whose `tmux.conf` a new server reads.
            computer: id of the computer, which marks the pane as ours.
            title: for the status line.

        Raises:
            ToolFailed: tmux or the command cannot be started; the message says why.
        """
        # Where tmux has its socket, there can be sockets, and nobody else comes.
        with Handover(os.path.dirname(self.socket), session_id) as handover:
            launcher = launcher_argv(handover.place)
            commands = _making(session_id, launcher, size or SIZE, computer)
            pane = self._new_pane(commands, cwd, configuration(home))
            ref = self.ref_of(pane)
            self._say_title(pane, title)
            why = handover.give(pane.pid, argv, cwd, env, time.monotonic() + START_S)
        if why:
            with suppress(ToolFailed):
                self.kill(ref)
            raise ToolFailed(f"cannot run {argv[0]}: {why}")
        return ref

    def _new_pane(
        self, commands: list[tuple[str, ...]], cwd: str, config: str
    ) -> PaneState:
        for left in reversed(range(_TRIES)):
            done = self._call(*commands, timeout_s=DEFAULT_S, cwd=cwd, config=config)
            # A server whose last session just ended is on its way out.
            if not done.code or not left or not says_no_server(done.err):
                break
            time.sleep(0.05)
        found = read_panes(_answer(done, "make a terminal").splitlines())
        if not found:
            raise ToolFailed(f"tmux does not say what it made: {done.out[:WORDS]!r}")
        return found[0]

    def _say_title(self, pane: PaneState, title: str) -> None:
        """Give a session its title, which is decoration; it runs without one, too.

        Not in arguments: those of a client that starts the server become the
        server's own, for everybody to read.
        """
        line = title_line(pane.session, title)
        with suppress(ToolFailed):
            self._call(("source-file", "-"), input=line.encode())

    def ref_of(self, pane: PaneState) -> BackendRef:
        """Return `pane` as what is kept of it."""
        return BackendRef(
            pid=pane.pid,
            pid_ticks=start_ticks(pane.pid),
            boot_id=boot_id(),
            tmux_socket=self.socket,
            tmux_server=pane.server,
            tmux_server_ticks=start_ticks(pane.server),
            tmux_session=pane.session,
            tmux_pane=pane.pane,
        )

    def panes(self) -> list[PaneState]:
        """Return all panes of the server; none where no server runs.

        Raises:
            ToolFailed: it does not answer, so nothing is known.
        """
        done = self._call(("list-panes", "-a", "-F", PANE_FORMAT))
        if done.code and says_no_server(done.err):
            return []
        return read_panes(_answer(done, "list the panes").splitlines())

    def state(self, ref: BackendRef) -> PaneState | None:
        """Return the pane of `ref`; None when it is gone for certain.

        Raises:
            ToolFailed: its server runs and does not tell; nothing is known then.
        """
        if not is_same_server(ref):
            return None
        panes = self.panes()
        if not any(pane.server == ref.tmux_server for pane in panes):
            # Its socket may have been swept away with old files of /tmp.
            offer_socket_again(ref)
            panes = self.panes()
        theirs = [pane for pane in panes if pane.server == ref.tmux_server]
        if not theirs and is_same_server(ref):
            raise ToolFailed(f"the tmux server at {self.socket} does not answer")
        return next((pane for pane in theirs if pane.pane == ref.tmux_pane), None)

    def send(self, ref: BackendRef, text: str, enter: bool = True) -> None:
        """Type `text` exactly as it is; several lines arrive as one paste.

        Arguments:
            enter: press Enter after it; one line end at its end is that Enter.

        Raises:
            InvalidValue: the text has control characters, or is too long.
            PhaseRefused: the command has ended.
            ToolFailed: tmux cannot.
        """
        text = checked_text(text)
        if enter:
            text = text.removesuffix("\n")
        data = text.encode()
        if data:
            several = "\n" in text or "\t" in text or len(data) > TYPED_MAX
            self._paste(ref, data, _PASTE if several else _TYPE)
            if enter:
                time.sleep(ENTER_PAUSE_S)
        if enter:
            self._paste(ref, b"\r", _TYPE)

    def _paste(self, ref: BackendRef, data: bytes, how: str) -> None:
        """Write to the command by a buffer: no key names, no mode, no limit of length.

        tmux looks itself, in the same turn, whether the command is there.
        """
        buffer = f"paso-{os.urandom(8).hex()}"
        paste = f"paste-buffer {how} -d -b {buffer} -t {ref.tmux_pane}"
        gone = f"delete-buffer -b {buffer} ; display-message -p '{_GONE}'"
        done = self._call(
            ("load-buffer", "-b", buffer, "-"),
            _when(ref, "#{==:#{pane_dead},0}", paste, gone),
            input=data,
        )
        if says_no_server(done.err) or _GONE in _answer(done, "send the text"):
            raise PhaseRefused("the command has ended; there is nobody to read")

    def output(self, ref: BackendRef, lines: int = OUTPUT_LINES) -> str:
        """Return the last lines of screen and scrollback, without blank ones below.

        Raises:
            NotFound: the pane is gone.
            ToolFailed: tmux cannot.
        """
        lines = max(1, min(lines, LINES_MAX))
        capture = f"capture-pane -p -J -S -{lines} -t {ref.tmux_pane}"
        gone = f"display-message -p '{_GONE}'"
        done = self._call(_when(ref, "#{!=:#{pane_id},}", capture, gone))
        gone_too = says_no_server(done.err)
        text = "" if gone_too else _answer(done, "read the screen")
        if gone_too or text.strip() == _GONE:
            raise NotFound("its terminal is gone")
        rows = [row.rstrip() for row in text.rstrip().splitlines()]
        return "".join(f"{row}\n" for row in rows[-lines:])

    def screens(self, refs: Sequence[BackendRef]) -> list[str]:
        """Return what some panes show at the moment; "" for one that is gone.

        Raises:
            ToolFailed: tmux cannot.
        """
        mark = os.urandom(8).hex()
        commands: list[tuple[str, ...]] = []
        for ref in refs:
            capture = f"capture-pane -p -J -t {ref.tmux_pane}"
            commands += [
                _when(ref, "#{!=:#{pane_id},}", capture, ""),
                ("display-message", "-p", mark),
            ]
        text = _answer(self._call(*commands), "read the screens") if refs else ""
        return text.split(f"{mark}\n")[: len(refs)]

    def take_bells(self, refs: Sequence[BackendRef]) -> None:
        """Have the flags of bells taken back, or the next could not be told from them.

        Raises:
            ToolFailed: tmux cannot.
        """
        commands = [
            _when(
                ref,
                f"#{{!=:#{{{OWN}}},}}",
                # -C: clears the flags, and does nothing else (tmux(1)).
                f"kill-session -C -t {ref.tmux_session}",
                "",
            )
            for ref in refs
        ]
        if commands:
            _answer(self._call(*commands), "take bells back")

    def kill(self, ref: BackendRef) -> None:
        """Close a pane of ours, and whatever still runs in it.

        A pane that Paso did not make, or that is gone, is left alone.

        Raises:
            ToolFailed: tmux cannot.
        """
        if is_same_server(ref):
            mine = f"#{{!=:#{{{OWN}}},}}"
            done = self._call(_when(ref, mine, f"kill-pane -t {ref.tmux_pane}", ""))
            if not says_no_server(done.err):
                _answer(done, "close the terminal")

    def mark_adopted(self, pane: PaneState, session_id: str, computer: str) -> None:
        """Write on a pane who follows it.

        Raises:
            ToolFailed: the pane is gone, or tmux cannot.
        """
        done = self._call(
            ("set-option", "-p", "-t", pane.pane, ADOPTED, session_id),
            ("set-option", "-p", "-t", pane.pane, HOME, computer),
        )
        _answer(done, "mark the pane")

    def _call(
        self,
        *commands: Sequence[str],
        input: bytes | None = None,
        timeout_s: float | None = None,
        cwd: str | None = None,
        config: str = os.devnull,
    ) -> Output:
        words: list[str] = []
        for command in commands:
            words += [";"] if words else []
            words += [_literal(word) for word in command]
        return run_tool(
            # -u: output in UTF-8 whatever the locale, or it would be full of `_`.
            ["tmux", "-u", "-f", config, "-S", self.socket, *words],
            input=input,
            timeout_s=timeout_s or QUICK_S,
            cwd=cwd,
            env=environment(),
            operation=f"tmux {commands[0][0]}",
        )


def _making(
    session_id: str,
    launcher: Sequence[str],
    size: tuple[int, int],
    computer: str,
) -> list[tuple[str, ...]]:
    """Return the commands that make a pane of ours; the first one prints it."""
    name = f"paso-{session_id}"
    columns, rows = map(str, size)
    pane = ("set-option", "-p", "-t", f"={name}:")
    return [
        # It runs where the client runs: what `-c` says would be expanded.
        (*("new-session", "-d", "-P", "-F", PANE_FORMAT, "-s", name),
         *("-x", columns, "-y", rows, "--"), *launcher),
        ("pipe-pane", "-O", "-t", f"={name}:", _READ_TO_THE_END),
        (*pane, "remain-on-exit", "on"),
        ("set-option", "-pq", "-t", f"={name}:", "remain-on-exit-format", ""),
        (*pane, OWN, session_id),
        (*pane, HOME, computer),
        *status_line(name),
    ]  # fmt: skip


def _when(ref: BackendRef, holds: str, then: str, otherwise: str) -> tuple[str, ...]:
    """Do `then` if this is the server of `ref` and `holds` of its pane.

    tmux decides and does it in one turn, so nothing can happen in between.
    """
    condition = f"#{{&&:#{{==:#{{pid}},{ref.tmux_server}}},{holds}}}"
    commands = (then, otherwise) if otherwise else (then,)
    return ("if-shell", "-F", "-t", str(ref.tmux_pane), condition, *commands)


def _literal(word: str) -> str:
    """Keep tmux from taking a final semicolon for the end of the command."""
    return f"{word[:-1]}\\;" if word.endswith(";") else word


def _answer(done: Output, purpose: str) -> str:
    if done.code:
        words = done.err.strip()[:WORDS] or f"exit code {done.code}"
        raise ToolFailed(f"tmux cannot {purpose}: {words}")
    return done.out
