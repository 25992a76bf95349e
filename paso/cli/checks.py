"""What the doctor looks at, one function for each thing.

Never: change anything, or stop at the first problem.
"""

from __future__ import annotations

import os
import stat
import sys

from paso import __version__
from paso.errors import DaemonUnreachable, PasoError
from paso.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from paso.cli.context import Context
    from paso.paths import Paths

ANSWER_S = 1.0
"""Seconds the daemon has to answer the doctor."""
OLDEST_TMUX = 3
"""First release with options of a pane, by which a session is known (its CHANGES)."""


class Check(NamedTuple):
    name: str
    state: str
    """`ok`, `note` or `problem`."""
    message: str
    hint: str | None = None


def every_check(context: Context) -> Iterator[Check]:
    """Look at one thing after another; an error of ours is a finding, too."""
    looks: tuple[tuple[str, Callable[[Context], Iterator[Check]]], ...] = (
        ("versions", _versions),
        ("home", _home),
        ("config", _config),
        ("database", _database),
        ("daemon", _daemon),
        ("sessions", _sessions),
        ("peers", _peers),
        ("files", _leftovers),
        ("terminal", _terminal),
    )
    for name, look in looks:
        try:
            yield from look(context)
        except PasoError as error:
            yield Check(name, "problem", error.message, error.hint)


def _bare_paths() -> Paths:
    from paso.paths import Paths

    return Paths()


def _paths(context: Context) -> Paths:
    """The paths as configured, or the plain ones when the file is broken."""
    try:
        return context.paths
    except PasoError:
        return _bare_paths()


def _versions(context: Context) -> Iterator[Check]:
    import sqlite3

    text = f"Paso {__version__}, Python {_python()}, SQLite {sqlite3.sqlite_version}"
    yield Check("versions", "ok", text)


def _python() -> str:
    return ".".join(str(part) for part in sys.version_info[:3])


def _home(context: Context) -> Iterator[Check]:
    from paso.paths import check_private_dir

    paths = _paths(context)
    if not os.path.lexists(paths.home):
        yield Check("home", "note", f"{paths.home} does not exist yet", "paso list")
        return
    check_private_dir(paths.home)
    if not os.access(paths.home, os.W_OK):
        yield Check(
            "home",
            "problem",
            f"{paths.home} cannot be written",
            f"chmod u+w {paths.home}",
        )
        return
    yield Check("home", "ok", paths.home)
    for name in ("database", "config", "pid_file", "daemon_log"):
        yield from _private(getattr(paths, name))


def _private(path: str) -> Iterator[Check]:
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if stat.S_IMODE(mode) & 0o077 and not stat.S_ISLNK(mode):
        yield Check(
            "permissions",
            "problem",
            f"{path} can be read by others (mode {stat.S_IMODE(mode):04o})",
            f"chmod 600 {path}",
        )


def _config(context: Context) -> Iterator[Check]:
    from paso.config import check_config

    paths = _bare_paths()
    problems = check_config(paths)
    for problem in problems:
        yield Check("config", "problem", problem, "paso config edit")
    if not problems:
        there = paths.config if os.path.exists(paths.config) else "none, which is fine"
        yield Check("config", "ok", there)


def _database(context: Context) -> Iterator[Check]:
    if not os.path.lexists(_paths(context).database):
        yield Check("database", "note", "there is none yet", "paso list makes it")
        return
    from paso.commands.health import database_problems

    found = database_problems(context.db)
    for problem in found:
        yield Check("database", "problem", problem, "paso backup, then restore a copy")
    if not found:
        from paso.database.identity import SCHEMA

        size = os.path.getsize(context.db.path)
        text = f"whole, schema {SCHEMA}, {size // 1024} KiB, {context.db.path}"
        yield Check("database", "ok", text)


def _daemon(context: Context) -> Iterator[Check]:
    from paso.events.dialer import NoListener
    from paso.events.launcher import call
    from paso.events.process import read_pid_file

    paths = _paths(context)
    paths.check_socket_length()
    process = read_pid_file(paths)
    try:
        status = call(paths, "status", {}, timeout_s=ANSWER_S)
    except NoListener:
        if process is None:
            text = "does not run; live updates look each second"
            yield Check("daemon", "note", text, "paso daemon start")
        else:
            text = f"process {process.pid} holds the home and does not listen"
            yield Check("daemon", "problem", text, "paso daemon restart")
        return
    except DaemonUnreachable as error:
        yield Check("daemon", "problem", error.message, "paso daemon restart")
        return
    yield Check("daemon", "ok", f"pid {status['pid']}")
    if status["version"] != __version__:
        text = f"is Paso {status['version']}, this is {__version__}"
        yield Check("daemon", "problem", text, "paso daemon restart")


def _sessions(context: Context) -> Iterator[Check]:
    """tmux holds the terminals of sessions; `paso run` does without it."""
    from shutil import which

    from paso.sessions.tool import run_tool

    if which("tmux") is None:
        text = "tmux is not installed: `paso session start` and `adopt` cannot work"
        yield Check("sessions", "note", text, "install tmux")
        return
    version = run_tool(["tmux", "-V"], timeout_s=ANSWER_S).out.strip()
    if _is_old(version):
        text = f"{version} is too old: `paso session start` and `adopt` cannot work"
        yield Check("sessions", "note", text, f"install tmux {OLDEST_TMUX} or later")
        return
    yield Check("sessions", "ok", version)


def _is_old(version: str) -> bool:
    """Of `tmux 2.9a`; a build between releases calls itself `tmux next-3.4`."""
    number = version.removeprefix("tmux ").partition(".")[0]
    return number.isdecimal() and int(number) < OLDEST_TMUX


def _peers(context: Context) -> Iterator[Check]:
    """The file is checked here, the way to Redis by the daemon, which has it open."""
    from paso.peers_file import load_peers, shown_url

    paths = _paths(context)
    config = load_peers(paths.home)
    if config is None or not config.enabled:
        yield Check("peers", "ok", "off: this computer has joined no network")
        return
    where = f"network {config.network} at {shown_url(config.url)}"
    if config.ca_file and not os.access(config.ca_file, os.R_OK):
        text = f"cannot read the certificates in {config.ca_file}"
        yield Check("peers", "problem", text, "paso peers on --ca-file FILE")
    yield _way_to_redis(paths, where)


def _way_to_redis(paths: Paths, where: str) -> Check:
    from paso.events.launcher import call

    try:
        status = call(paths, "status", {}, timeout_s=ANSWER_S)
    except DaemonUnreachable:
        text = f"{where}: no daemon that could tell"
        return Check("peers", "note", text, "paso daemon start")
    peers = status.get("peers") or {}
    state = peers.get("state", "off")
    if state == "live":
        others = f"{peers.get('live', 0)} other computers live"
        return Check("peers", "ok", f"{where}, {others}, control {peers['control']}")
    reason = peers.get("reason") or "not yet"
    return Check("peers", "problem", f"{where}: {state}, {reason}", "paso peers status")


def _leftovers(context: Context) -> Iterator[Check]:
    """Files that a killed process left: harmless, healed at the next start."""
    from paso.events.process import read_pid_file

    paths = _paths(context)
    names = sorted(os.listdir(paths.home)) if os.path.isdir(paths.home) else []
    odd = [name for name in names if name.endswith((".part", ".tmp"))]
    if read_pid_file(paths) is None:
        odd += [name for name in ("paso.sock", "paso.pid") if name in names]
    for name in odd:
        text = f"{os.path.join(paths.home, name)} was left by a killed process"
        yield Check("files", "note", text, "the next daemon clears it away")
    if not odd:
        yield Check("files", "ok", "nothing left behind")


def _terminal(context: Context) -> Iterator[Check]:
    environ = os.environ
    term = environ.get("TERM") or "none"
    depth = {0: "no colours", 16: "16 colours"}.get(
        context.out.palette.depth, "24-bit colours"
    )
    encoding = sys.stdout.encoding or "unknown"
    if encoding.lower().replace("-", "") != "utf8":
        text = f"its encoding is {encoding}, the board needs UTF-8"
        yield Check("terminal", "note", text, "export LC_ALL=C.UTF-8")
    yield Check("terminal", "ok", f"TERM {term}, {depth}, {encoding}")


def information(context: Context) -> dict[str, dict[str, Any]]:
    """Every path, version and count, by kind."""
    import sqlite3

    paths, db = context.paths, context.db
    return {
        "versions": {
            "paso": __version__,
            "python": _python(),
            "sqlite": sqlite3.sqlite_version,
            "interpreter": sys.executable,
        },
        "paths": {
            "home": paths.home,
            "database": paths.database,
            "config": paths.config,
            "socket": paths.socket,
            "pid_file": paths.pid_file,
            "daemon_log": paths.daemon_log,
            "backups": paths.backups,
            "code": os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
        },
        "board": _counts(context) | {"changes": db.change_head()},
        "daemon": _daemon_facts(paths),
        "peers": _peers_facts(paths),
        "user": {
            "actor": context.config.actor,
            "auto_start": context.config.auto_start,
        },
    }


def _counts(context: Context) -> dict[str, int]:
    from paso.commands.projects import list_projects

    every = [*list_projects(context.db)]
    return {
        "projects": len(every),
        "open": sum(project.counts.open for project in every),
        "completed": sum(project.counts.completed for project in every),
        "archived": sum(project.counts.archived for project in every),
    }


def _daemon_facts(paths: Paths) -> dict[str, Any]:
    from paso.events.process import read_pid_file

    process = read_pid_file(paths)
    return {
        "running": process is not None,
        "pid": process.pid if process else None,
        "version": process.version if process else None,
    }


def _peers_facts(paths: Paths) -> dict[str, Any]:
    """Whether this computer has joined others; a file that is wrong is for doctor."""
    from paso.peers_file import load_peers, peers_file, shown_url

    try:
        config = load_peers(paths.home)
    except PasoError as error:
        return {"file": peers_file(paths.home), "problem": error.message}
    on = config is not None and config.enabled
    return {
        "file": peers_file(paths.home),
        "joined": on,
        "url": shown_url(config.url) if config else None,
        "network": config.network if config else None,
        "control": config.control if config else None,
    }
