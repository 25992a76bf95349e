"""Programs that Paso calls end in their time, are reaped, and say why."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from paso.errors import ToolFailed, ToolMissing, ToolTimedOut
from paso.sessions import tool
from paso.sessions.tool import run_tool
from tests.conftest import is_running
from tests.support.daemon import wait_for


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def children() -> set[int]:
    """Pids of our children, zombies too."""
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return {int(word) for word in text.split()}


def test_output_errors_and_exit_code_are_returned() -> None:
    code = "import sys; print('said'); print('cried', file=sys.stderr); sys.exit(3)"
    done = run_tool(python(code))
    assert (done.code, done.out, done.err) == (3, "said\n", "cried\n")


def test_input_is_read_and_without_one_there_is_nothing_to_read() -> None:
    echo = python("import sys; print(len(sys.stdin.read()))")
    assert run_tool(echo, input=b"x" * 200_000).out == "200000\n"
    assert run_tool(echo).out == "0\n"


def test_place_and_environment_are_the_callers_choice(tmp_path: Path) -> None:
    code = "import os; print(os.getcwd(), os.environ.get('HERE'))"
    done = run_tool(python(code), cwd=str(tmp_path), env={"HERE": "yes"})
    assert done.out == f"{tmp_path} yes\n"


def test_output_that_is_no_utf8_is_still_an_answer() -> None:
    code = "import sys; sys.stdout.buffer.write(b'a\\xffb')"
    assert run_tool(python(code)).out == "a\ufffdb"


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(ToolMissing, match="paso-no-such-tool is not installed"):
        run_tool(["paso-no-such-tool"])


def test_a_folder_that_is_not_there_is_not_taken_for_a_missing_program() -> None:
    with pytest.raises(ToolFailed, match="no folder /nowhere") as raised:
        run_tool(python(""), cwd="/nowhere")
    assert not isinstance(raised.value, ToolMissing)


def test_what_cannot_be_executed_is_a_failure(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("no program")
    with pytest.raises(ToolFailed, match="cannot start"):
        run_tool([str(plain)])


@pytest.mark.parametrize(
    "before",
    ["", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"],
    ids=["hangs", "ignores-term"],
)
def test_a_hanging_program_is_killed_reaped_and_named(before: str) -> None:
    ours = children()
    began = time.monotonic()
    with pytest.raises(ToolTimedOut) as raised:
        run_tool(
            python(f"{before}import time; time.sleep(600)"),
            timeout_s=0.5,
            operation="sleep for long",
        )
    assert time.monotonic() - began < 10
    error = raised.value
    assert (error.operation, error.limit_s) == ("sleep for long", 0.5)
    assert str(error) == "sleep for long did not end within 0.5 s"
    assert not Path(f"/proc/{error.pid}").exists(), "a zombie, or alive"
    assert children() == ours


def test_one_that_survives_is_told_after_one_more_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As one that the kernel holds: here, the signal does not reach it."""
    real = os.killpg
    monkeypatch.setattr(tool, "REAP_S", 0.1)
    monkeypatch.setattr(os, "killpg", lambda *_: None)
    began = time.monotonic()
    with pytest.raises(ToolTimedOut) as raised:
        run_tool(["sleep", "600"], timeout_s=0.1)
    assert time.monotonic() - began < 10
    assert raised.value.hint == f"process {raised.value.pid} survives SIGKILL"
    real(raised.value.pid, 9)
    raised.traceback[-1].frame.f_locals["process"].wait()


def test_one_that_is_interrupted_is_killed_and_reaped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = children()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("subprocess.Popen.communicate", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_tool(["sleep", "600"])
    assert children() == ours


def test_its_children_are_killed_with_it(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import os, time\n"
        "child = os.fork()\n"
        f"if child: open({str(note)!r}, 'w').write(str(child))\n"
        "time.sleep(600)"
    )
    with pytest.raises(ToolTimedOut):
        run_tool(python(code), timeout_s=1.5)
    child = int(note.read_text())
    wait_for(lambda: not is_running(child))


def test_a_child_that_keeps_the_pipes_open_does_not_hold_us(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import os, time\n"
        "child = os.fork()\n"
        f"if child: open({str(note)!r}, 'w').write(str(child))\n"
        "else: os.setsid(); time.sleep(600)"
    )
    began = time.monotonic()
    with pytest.raises(ToolTimedOut):
        run_tool(python(code), timeout_s=1.5)
    assert time.monotonic() - began < 15
    os.kill(int(note.read_text()), 9)


def test_many_calls_leave_no_descriptor_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        run_tool(["true"])
        with pytest.raises(ToolTimedOut):
            run_tool(["sleep", "600"], timeout_s=0.01)
    assert len(os.listdir("/proc/self/fd")) == before
