"""`paso session`, as its users meet it, with real terminals and no daemon."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paso import model
from paso.commands import sessions as store
from paso.database.connection import Database, open_database
from tests.paso.cli.conftest import Cli
from tests.paso.sessions.screens import PASO, RUN, Screen, environment
from tests.support.daemon import wait_for
from tests.support.programs import needs

SESSION_KEYS = {*model.Session._fields, "computer_name", "source"}


@pytest.fixture
def db(paso: Cli) -> Iterator[Database]:
    opened = open_database(str(paso.home / "tasks.db"), actor="ann")
    yield opened
    opened.close()


def made(db: Database, title: str, **more: Any) -> model.Session:
    """A session that nobody runs: as a command line that reads needs it."""
    return store.create_session(
        db, argv=["make", title], cwd="/", backend="pty", title=title, **more
    )


def ended(db: Database, title: str, code: int = 0) -> model.Session:
    session = made(db, title)
    return store.session_ended(db, session.id, exit_code=code)


def long_ago(db: Database, session_id: str) -> None:
    with db.write() as conn:
        conn.execute(
            "UPDATE sessions SET ended_at = '2020-01-01T00:00:00.000Z',"
            " created_at = '2020-01-01T00:00:00.000Z' WHERE id = ?",
            (session_id,),
        )


def start(paso: Cli, *words: str, **environ: str) -> dict[str, Any]:
    found: dict[str, Any] = paso("session", "start", "--json", *words, **environ).data
    return found


# in tmux


@pytest.fixture
def tmux() -> None:
    needs("tmux")


@pytest.mark.usefixtures("tmux")
def test_a_session_from_its_start_to_its_end(paso: Cli) -> None:
    code = "echo hello; read x; echo got $x; exec sleep 600"
    started = start(paso, "--title", "build", "--", "sh", "-c", code)
    assert set(started) == SESSION_KEYS
    assert (started["phase"], started["backend"]) == ("running", "tmux")
    assert started["cwd"] == str(paso.folder)
    assert started["source"] == {"state": "fresh", "age_s": None}
    assert [one["id"] for one in paso.json("session", "list")] == [started["id"]]

    sent = paso("session", "send", "build", "some", "words")
    assert sent.code == 0, sent
    shown = wait_for(lambda: _shows(paso, started["id"], "got some words"))
    assert shown.splitlines()[0] == "hello"
    assert paso("session", "output", "build", "-n", "1").out == "got some words\n"

    done = paso.json("session", "end", started["id"][:8], "--grace", "5")
    assert (done["phase"], done["attention"]) == ("ended", "none")
    assert done["signal"] == signal.SIGHUP
    assert "got some words" in paso("session", "output", "build").out


def _shows(paso: Cli, session_id: str, text: str) -> str:
    found = paso("session", "output", session_id).out
    return found if text in found else ""


@pytest.mark.usefixtures("tmux")
def test_without_a_command_it_is_the_shell(paso: Cli) -> None:
    started = start(paso, SHELL="/bin/sh")
    assert started["argv"] == ["/bin/sh"]
    assert started["phase"] == "running"


@pytest.mark.usefixtures("tmux")
def test_words_after_the_command_are_its_own(paso: Cli) -> None:
    started = start(paso, "--cwd", "/", "sleep", "600", "--json")
    assert (started["argv"], started["cwd"]) == (["sleep", "600", "--json"], "/")


@pytest.mark.usefixtures("tmux")
def test_what_cannot_be_started_says_why_and_stands_in_the_list(paso: Cli) -> None:
    assert paso.fail(5, "session", "start", "--cwd", "/no/such", "sleep")["code"]
    error = paso("session", "start", "--json", "--", "no-such-program").error
    assert error["code"] == "tool_missing"
    (listed,) = paso.json("session", "list")
    assert (listed["phase"], listed["attention"]) == ("failed", "failed")
    assert "no-such-program" in listed["reason"]


@pytest.mark.usefixtures("tmux")
def test_a_session_of_a_task_is_called_as_the_task_and_knows_it(paso: Cli) -> None:
    task = paso.json("add", "Fix login")
    code = 'echo "$PASO_TASK"; exec sleep 600'
    started = start(paso, "--task", task["key"], "sh", "-c", code)
    assert (started["title"], started["task"]) == ("Fix login", task["key"])
    wait_for(lambda: _shows(paso, started["id"], task["key"]))
    assert paso.json("session", "list", "--task", task["key"])
    assert paso.json("task", "show", task["key"])["sessions"][0]["id"] == started["id"]


@pytest.mark.usefixtures("tmux")
def test_without_a_daemon_a_list_looks_itself_what_has_ended(paso: Cli) -> None:
    paso("session", "start", "--title", "short", "--", "sh", "-c", "exit 3")
    (listed,) = wait_for(
        lambda: [s for s in paso.json("session", "list") if s["phase"] != "running"]
    )
    assert (listed["phase"], listed["exit_code"]) == ("failed", 3)


def detach(screen: Screen) -> None:
    """As a person does; keys that come at once are a paste for tmux."""
    for key in "\x02d":
        time.sleep(0.1)
        screen.type(key)
    assert screen.end() == 0


@pytest.mark.usefixtures("tmux")
def test_attach_shows_it_here_and_detaching_leaves_it(paso: Cli) -> None:
    code = "echo here it is; exec cat"
    started = start(paso, "--title", "shown", "sh", "-c", code)
    how = paso.json("session", "attach", "shown")
    assert how["id"] == started["id"]
    assert how["argv"][0].endswith("tmux")
    env = environment(paso.home)
    with Screen([*PASO, "session", "attach", "shown"], env, paso.folder) as screen:
        screen.wait_for("here it is")
        screen.type("typed\n")
        screen.wait_for("typed")
        detach(screen)
    assert paso.json("session", "show", "shown")["phase"] == "running"


@pytest.mark.usefixtures("tmux")
def test_start_and_attach_at_once(paso: Cli) -> None:
    words = ["session", "start", "--attach", "--", "sh", "-c", "echo at once; read x"]
    with Screen([*PASO, *words], environment(paso.home), paso.folder) as screen:
        screen.wait_for("at once")
        screen.type("\n")
        detach(screen)
    (listed,) = wait_for(
        lambda: [s for s in paso.json("session", "list") if s["phase"] == "ended"]
    )
    assert listed["exit_code"] == 0


@pytest.mark.usefixtures("tmux")
def test_attaching_needs_a_terminal_and_a_session_that_runs(
    paso: Cli, db: Database
) -> None:
    assert paso.fail(2, "session", "start", "--attach", "sleep", "1")["code"] == "usage"
    ended(db, "old")
    assert paso.fail(1, "session", "attach", "old")["code"] == "refused"
    assert paso("session", "attach", "old").code == 2
    assert not paso.json("session", "list", "--live")


@pytest.mark.usefixtures("tmux")
def test_a_pane_of_the_user_is_followed_and_never_closed(paso: Cli) -> None:
    paso.json("session", "list")
    where = ["tmux", "-L", "users", "-f", "/dev/null"]
    new = [*where, "new-session", "-d", "-s", "work", "--", "sh"]
    subprocess.run(new, check=True, timeout=20, env=paso.environ)
    words = ("session", "adopt", "work:0.0", "--socket", "users", "--title", "mine")
    adopted = paso.json(*words)
    assert (adopted["adopted"], adopted["title"]) == (True, "mine")
    assert paso.fail(4, *words)["code"] == "conflict"
    assert paso.fail(3, "session", "adopt", "nowhere:", "--socket", "users")["code"]
    paso("session", "send", "mine", "echo $((20 + 22))")
    wait_for(lambda: _shows(paso, adopted["id"], "\n42"))


@pytest.mark.parametrize("said", ["", ">&2; exit 1"], ids=["made", "refused"])
def test_of_what_a_strange_tmux_says_an_error_has_the_beginning(
    paso: Cli, said: str
) -> None:
    program = paso.folder / "tmux"
    program.write_text(f"#!/bin/sh\nprintf '%099999d' 1 {said}\n")
    program.chmod(0o755)
    path = f"{paso.folder}:{os.environ['PATH']}"
    failed = paso("session", "start", "--json", "--", "true", PATH=path)
    assert (failed.code, failed.error["code"]) == (1, "tool_failed")
    assert "0000" in failed.error["message"]
    assert len(failed.error["message"]) < 400


def test_a_folder_that_is_gone_stops_no_command_but_one_that_needs_it(
    paso: Cli, db: Database
) -> None:
    folder = paso.folder / "gone"
    environ = {**paso.environ, "PASO_HOME": str(paso.home)}

    def inside_it(words: str) -> subprocess.CompletedProcess[str]:
        folder.mkdir()
        line = f'cd {folder} && rmdir {folder} && exec "$@"'
        argv = ["sh", "-c", line, "sh", *PASO, *words.split()]
        return subprocess.run(
            argv, env=environ, capture_output=True, text=True, timeout=30
        )

    started = inside_it("session start --json -- true")
    assert started.returncode == 5
    assert "the folder that we are in is gone" in started.stdout
    elsewhere = inside_it("session start --json --cwd / -- true")
    assert json.loads(elsewhere.stdout)["data"]["cwd"] == "/"
    wrapped = inside_it("run --title wrapped -- true")
    assert (wrapped.returncode, wrapped.stderr) == (0, "")
    assert {one.title for one in store.list_sessions(db)} == {"true", "wrapped"}


# looking


def test_nothing_yet_says_how_to_begin(paso: Cli) -> None:
    empty = paso("session", "list")
    assert (empty.code, empty.out) == (0, "")
    assert "paso run -- CMD" in empty.err
    assert paso.json("session", "list") == []
    assert paso("session", "list", "--needs-me").err == "no session needs you\n"
    assert paso("session", "list", "--live").err == "no session runs\n"


def test_those_that_need_the_user_come_first_and_old_ones_not(
    paso: Cli, db: Database
) -> None:
    old = ended(db, "old")
    long_ago(db, old.id)
    seen = ended(db, "seen")
    runs = made(db, "runs")
    failed = ended(db, "broken", code=2)
    asks = made(db, "asks")
    store.report(db, asks.id, "waiting", "May I?")

    def titles(*words: str) -> list[str]:
        return [one["title"] for one in paso.json("session", "list", *words)]

    assert titles() == ["asks", "broken", "runs", "seen"]
    assert titles("--all") == ["asks", "broken", "runs", "seen", "old"]
    assert titles("--live") == ["asks", "runs"]
    assert titles("--needs-me") == ["asks", "broken"]
    miss = paso.fail(3, "session", "list", "--computer", "elsewhere")
    assert [one.split()[0] for one in miss["candidates"]] == [seen.computer]
    assert titles("--computer", seen.computer) == titles()
    assert titles("--computer", seen.computer[:4]) == titles()
    quiet = paso("session", "list", "--quiet").out.split()
    assert quiet == [asks.id, failed.id, runs.id, seen.id]


def test_the_table_tells_what_each_does_in_80_columns(paso: Cli, db: Database) -> None:
    asks = made(db, "a title that is far too long to be shown in full " * 3)
    store.report(db, asks.id, "waiting", "May I delete\x1b[31m it?")
    ended(db, "broken", code=2)
    lines = paso("session", "list", COLUMNS="80").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["ID", "TITLE", "STATE", "AGE"]
    assert lines[1].startswith(f"?  {asks.id[:6]}  a title")
    assert "starting: May" in lines[1]
    assert "failed: exit 2" in lines[2]
    assert "\x1b" not in "".join(lines)


def test_a_session_is_named_by_its_id_or_its_title(paso: Cli, db: Database) -> None:
    one, other = made(db, "build web"), made(db, "build api")
    assert paso.json("session", "show", one.id[:5])["id"] == one.id
    assert paso.json("session", "show", "API")["id"] == other.id
    several = paso.fail(3, "session", "show", "build")
    assert several["code"] == "ambiguous"
    assert len(several["candidates"]) == 2
    missing = paso.fail(3, "session", "show", "nothing")
    assert missing["code"] == "not_found"
    assert f"{one.id[:6]} build web" in missing["candidates"]


def test_show_tells_all_there_is(paso: Cli, db: Database) -> None:
    task = paso.json("add", "Fix login")
    session = made(db, "build", task_id=task["id"])
    store.session_ended(db, session.id, exit_code=3, tail="one\ntwo\n", preview="two")
    shown = paso.json("session", "show", "build")
    assert set(shown) == SESSION_KEYS | {"history"}
    assert [event["phase"] for event in shown["history"]] == ["starting", "failed"]
    words = paso("session", "show", "build").out
    for text in ("failed: exit 3", f"{task['key']}  Fix login", "make build", "  two"):
        assert text in words
    assert paso.json("session", "output", "build") == {
        "id": session.id,
        "lines": ["one", "two"],
    }


def test_the_output_of_a_terminal_is_shown_and_not_obeyed(
    paso: Cli, db: Database
) -> None:
    session = made(db, "evil")
    store.session_ended(db, session.id, exit_code=0, tail="a\x1b[2Jb\nc\n")
    assert paso("session", "output", "evil").out == "a\\x1b[2Jb\nc\n"


# noting


def test_ack_takes_them_off_the_list_of_needs(paso: Cli, db: Database) -> None:
    one, other = ended(db, "one", 1), ended(db, "other", 1)
    assert [s["id"] for s in paso.json("session", "ack", "one")] == [one.id]
    assert [s["id"] for s in paso.json("session", "ack", "--all")] == [other.id]
    assert paso("session", "ack", "--all").err == "no session needed you\n"
    assert paso.fail(2, "session", "ack")["code"] == "usage"
    assert paso.fail(2, "session", "ack", "one", "--all")["code"] == "usage"


def test_link_rename_and_remove(paso: Cli, db: Database) -> None:
    task = paso.json("add", "Fix login")
    session = made(db, "one")
    linked = paso.json("session", "link", "one", "--task", task["key"])
    assert linked["task"] == task["key"]
    assert paso.json("session", "link", "one", "--none")["task"] is None
    assert paso.fail(2, "session", "link", "one")["code"] == "usage"
    assert paso.fail(3, "session", "link", "one", "--task", "X-99")["code"]
    assert paso.json("session", "rename", "one", "two")["title"] == "two"
    assert paso.fail(5, "session", "rename", "two", "")["code"] == "invalid_value"
    assert paso.fail(4, "session", "remove", "two", "--yes")["code"] == "session_phase"
    store.session_ended(db, session.id, exit_code=0)
    assert paso.fail(2, "session", "remove", "two")["code"] == "usage"
    assert paso.json("session", "remove", "two", "--yes") == [session.id]
    assert paso.json("session", "list", "--all") == []


# of the other kind


def test_a_run_elsewhere_is_ended_from_here(paso: Cli) -> None:
    run = subprocess.Popen(
        [*RUN, "sleep", "600"], env=paso.environ, stdout=subprocess.DEVNULL
    )
    try:
        wait_for((paso.home / "tasks.db").exists)
        wait_for(lambda: paso("session", "list", "--live", "--quiet").out)
        assert paso.fail(1, "session", "send", "sleep", "x")["code"] == "refused"
        assert paso.fail(1, "session", "attach", "sleep")["code"] == "refused"
        done = paso.json("session", "end", "sleep")
        assert (done["phase"], done["exit_code"]) == ("ended", 129)
        assert run.wait(20) == 129
    finally:
        run.kill()
        run.wait()


def test_a_run_that_was_killed_is_lost(paso: Cli) -> None:
    with Screen([*RUN, "sleep", "600"], environment(paso.home), paso.folder) as screen:
        wait_for((paso.home / "tasks.db").exists)
        wait_for(lambda: paso("session", "list", "--live", "--quiet").out)
        os.kill(screen.pid, signal.SIGKILL)

        def lost() -> list[Any]:
            every = paso.json("session", "list")
            return [one for one in every if one["phase"] == "lost"]

        assert wait_for(lost)[0]["attention"] == "failed"


# reports


def report(paso: Cli, session_id: str, *words: str) -> Any:
    return paso("session", "report", *words, PASO_SESSION_ID=session_id)


def test_a_report_is_believed_and_prints_nothing(paso: Cli, db: Database) -> None:
    session = made(db, "agent")
    done = report(paso, session.id, "--state", "waiting", "--message", "May I?")
    assert (done.code, done.out, done.err) == (0, "", "")
    shown = paso.json("session", "show", "agent")
    assert (shown["activity"], shown["attention"]) == ("waiting", "input")
    assert shown["reason"] == "May I?"
    assert report(paso, session.id, "--state", "working").code == 0
    assert paso.json("session", "show", "agent")["attention"] == "none"
    quiet = report(paso, session.id, "--state", "idle", "--quiet")
    assert quiet.out == f"{session.id}\n"
    named = paso.json("session", "report", "--state", "idle", "--id", "agent")
    assert set(named) == SESSION_KEYS


def test_outside_of_a_session_a_report_is_a_mistake_unless_it_may_be(
    paso: Cli, db: Database
) -> None:
    assert paso.fail(2, "session", "report", "--state", "idle")["code"] == "usage"
    able = paso("session", "report", "--state", "idle", "--if-session")
    assert (able.code, able.out, able.err) == (0, "", "")
    assert paso.json("session", "report", "--state", "idle", "--if-session") is None
    assert report(paso, "f" * 16, "--state", "idle").code == 3
    assert report(paso, "f" * 16, "--state", "idle", "--if-session").code == 0
    over = ended(db, "over")
    assert report(paso, over.id, "--state", "idle").code == 4
    assert report(paso, over.id, "--state", "idle", "--if-session").code == 0
    assert report(paso, over.id, "--state", "bored").code == 2


def test_the_first_thing_a_command_does_may_be_a_report(paso: Cli) -> None:
    done = paso("run", "--title", "agent", "--",
                *PASO, "session", "report", "--state", "waiting")  # fmt: skip
    assert (done.code, done.err) == (0, "")
    history = paso.json("session", "show", "agent")["history"]
    assert "waiting" in {event["activity"] for event in history}


# waiting


def test_waiting_for_an_end_ends_with_it(paso: Cli, db: Database) -> None:
    session = made(db, "build")
    waiting = subprocess.Popen(
        [*PASO, "session", "wait", "build", "--timeout", "30", "--json"],
        env=paso.environ,
        stdout=subprocess.PIPE,
    )
    time.sleep(0.3)
    assert waiting.poll() is None
    store.session_ended(db, session.id, exit_code=0)
    out, _ = waiting.communicate(timeout=20)
    assert waiting.returncode == 0
    assert json.loads(out)["data"]["phase"] == "ended"
    assert paso("session", "wait", "build").code == 0


def test_waiting_has_its_limit_and_knows_what_never_comes(
    paso: Cli, db: Database
) -> None:
    session = made(db, "build")
    late = paso.fail(6, "session", "wait", "build", "--timeout", "0.2")
    assert late["code"] == "timeout"
    store.report(db, session.id, "waiting")
    assert paso("session", "wait", "build", "--for", "waiting").code == 0
    store.session_ended(db, session.id, exit_code=0)
    for time_s in ("nan", "-1"):
        paso.fail(5, "session", "wait", "build", "--for", "ended", "--timeout", time_s)
    never = paso.fail(4, "session", "wait", "build", "--for", "idle")
    assert never["code"] == "session_phase"
    assert paso.fail(2, "session", "wait", "build", "--for", "ever")["code"] == "usage"


# the shell


def test_a_shell_completes_sessions(paso: Cli, db: Database) -> None:
    session = made(db, "build")
    found = paso("__complete", "fish", "paso session attach ")
    assert found.out == f"{session.id[:6]}\tbuild\n"
    states = paso("__complete", "bash", "paso session report --state ").out
    assert states.split() == ["working", "idle", "waiting"]


def test_every_verb_explains_itself_in_80_columns(paso: Cli) -> None:
    verbs = [one["command"] for one in paso.json("-h") if "session" in one["command"]]
    assert len(verbs) == 14
    for verb in (*verbs, "run"):
        lines = paso(*verb.split(), "-h").out.splitlines()
        assert max(map(len, lines)) <= 80, verb


# of the run


def test_a_run_is_tied_to_what_is_named_or_around_it(
    paso: Cli, db: Database, tmp_path: Path
) -> None:
    task = paso.json("add", "Fix login")
    paso("run", "--task", task["key"], "--", "true")
    paso("run", "--title", "around", "--", "true", PASO_TASK=task["key"])
    paso("run", "--title", "gone", "--", "true", PASO_TASK="WEB-99")
    paso("run", "--title", "none", "--", "true")
    (paso.folder / ".paso.toml").write_text(
        f'project = "{task["key"].split("-")[0]}"\n'
    )
    paso("run", "--title", "here", "--", "true")
    found = {s["title"]: s for s in paso.json("session", "list", "--all")}
    assert found["Fix login"]["task"] == task["key"]
    assert found["around"]["task"] == task["key"]
    assert (found["gone"]["task"], found["gone"]["project"]) == (None, None)
    assert (found["none"]["task"], found["none"]["project"]) == (None, None)
    assert found["here"]["project"] == task["key"].split("-")[0]


def test_a_task_that_is_not_there_is_told_before_anything_runs(paso: Cli) -> None:
    paso("add", "one")
    done = paso("run", "--task", "X-99", "--", "touch", "made")
    assert done.code == 3
    assert not (paso.folder / "made").exists()
    assert paso("run", "--title", "", "--", "touch", "made").code == 5
    assert paso("run", "--project", "NONE", "--", "touch", "made").code == 3
    assert not (paso.folder / "made").exists()


def test_the_task_is_told_to_the_command(paso: Cli) -> None:
    task = paso.json("add", "Fix login")
    code = 'printf "%s" "$PASO_TASK"'
    shown = paso("run", "--task", "1", "--", "sh", "-c", code)
    assert shown.out == task["key"]
