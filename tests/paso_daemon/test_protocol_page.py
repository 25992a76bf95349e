"""docs/protocol.md and the code name the same frames, events, codes and limits."""

from __future__ import annotations

import re
from typing import Any, get_type_hints

from paso import errors, model
from paso.errors import PasoError, WireError
from paso.events import types
from paso_daemon import (
    cache,
    coalescer,
    connection,
    intake,
    methods,
    own_actions,
    pressure,
    replies,
    server,
    session_methods,
)
from paso_daemon.settings import Settings
from tests.support.daemon import ROOT

PAGE = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_cells(text: str, column: int = 0) -> set[str]:
    """The words in backquotes of one column of the tables of a section."""
    rows = [line.strip("|").split("|") for line in text.splitlines() if line[:1] == "|"]
    return {
        word
        for row in rows
        if len(row) > column
        for word in re.findall(r"`([a-z_]+)`", row[column])
    }


def test_the_frames_a_client_may_send_are_those_that_are_understood() -> None:
    handlers = set(
        re.findall(r'^            "([a-z]+)": self\._', _source(server), re.M)
    )
    assert first_cells(section("From client to daemon")) == handlers


def test_the_frames_of_the_daemon_are_all_on_the_page() -> None:
    told = first_cells(section("From daemon to client"))
    said = set(
        re.findall(r'"type": "([a-z_]+)"', _source(server) + _source(connection))
    )
    assert said <= told
    assert {f"{topic}_initial" for topic in types.SNAPSHOT_TOPICS} <= told
    assert {"event", "reply"} <= told


def test_the_events_and_their_topics_agree() -> None:
    events = section("Events")
    for line in events.splitlines():
        if line.startswith("| `"):
            topic, names = re.findall(r"`([a-z_]+)`", line)[0], line.split("|")[2]
            for name in re.findall(r"`([a-z_]+)`", names):
                assert types.TOPIC_OF_EVENT[name] == topic
    assert first_cells(events, 1) == set(types.TOPIC_OF_EVENT)


def test_the_error_codes_agree_and_say_which_are_fatal() -> None:
    table = PAGE.split("| `code` | meaning | fatal |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `([a-z_]+)` \|.*\| (yes|no) \|$", table, re.M)
    page = {code: fatal == "yes" for code, fatal in rows}
    kinds: list[type[WireError]] = [WireError, *WireError.__subclasses__()]
    ours = {kind.code: kind.fatal for kind in kinds}
    answers = (errors.NotFound, errors.Refused, errors.TimedOut, errors.PeerUnreachable)
    others = {kind.code: False for kind in answers} | {"internal": True}
    assert page == ours | others


def test_the_methods_agree() -> None:
    assert first_cells(section("Methods")) == set(methods.METHODS)


def test_the_counters_agree() -> None:
    line = next(line for line in PAGE.splitlines() if line.startswith("- `counters`"))
    named = set(re.findall(r"`([a-z_]+)`", line)) - {"counters"}
    source = _source(methods)
    block = source.split('"counters": {')[1].split("}")[0]
    assert named == set(re.findall(r'"([a-z_]+)":', block))


def test_the_limits_are_those_of_the_code() -> None:
    limits = Settings()
    assert f"{limits.max_frame:,} bytes" in PAGE
    assert f"nested at most {types.MAX_DEPTH} deep" in PAGE
    assert f"at most {types.MAX_ENTITIES} of" in PAGE
    slow = section("Clients that are slow, silent or wrong")
    assert limits.send_buffer == 1024 * 1024
    assert "up to 1 MiB (`send_buffer`)" in slow
    for sentence in (
        f"takes nothing for {limits.slow_s:g} s",
        f"{pressure.HOLD_S * 1000:g} ms at a time at most",
        f"{limits.ping_s:g} s after the last frame",
        f"{limits.silence_s:g} s after it",
        f"{connection.MAX_ERRORS}th within {connection.ERRORS_WITHIN_S:g} s",
        f"{limits.max_clients:,} clients",
        f"{limits.spare_fds} descriptors are kept spare",
    ):
        assert sentence in slow, sentence
    assert f"1 to {intake.NAME_MAX} characters" in PAGE
    assert f"every {limits.poll_s * 1000:g} ms" in PAGE


def test_what_is_said_of_snapshots_and_requests_is_so() -> None:
    ttl = cache.TTL_S
    assert f"fresh for {ttl['computers']:g} s, projects and tasks for" in PAGE
    assert f"projects and tasks for {ttl['projects']:g} s" in PAGE
    assert ttl["projects"] == ttl["tasks"]
    assert f"at most {1 / coalescer.WINDOW_S:g} times a second" in PAGE
    assert f"{replies.MAX_ASKED} requests of a client" in PAGE
    methods_page = section("Methods")
    grace, most = model.GRACE_S, model.REMOTE_GRACE_MAX_S
    assert f"`grace_s`? (0 to {most:g}, else {grace:g})" in methods_page
    lines, most = model.OUTPUT_LINES, session_methods.OUTPUT_LINES_MAX
    assert f"`lines`? (1 to {most:,}, else {lines})" in methods_page
    assert f"{own_actions.OUTPUT_MAX // 1024} Ki characters" in methods_page


def test_the_members_of_the_status_are_on_the_page() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| `status`"))
    source = _source(methods).split("def _status")[1].split("\n\n\n")[0]
    told = set(re.findall(r'^        "([a-z_]+)":', source, re.M))
    assert told <= set(re.findall(r"`([a-z_]+)`", row))


def test_the_fields_of_the_welcome_are_on_the_page() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| `welcome`"))
    names = set(re.findall(r"`([a-z_]+)`", row))
    source = _source(server).split("def _welcome")[1].split("def ")[0]
    assert set(re.findall(r'"([a-z_]+)":', source)) - {"type"} <= names


def test_every_setting_has_a_type_and_a_variable_on_the_operations_page() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for name in get_type_hints(Settings):
        assert f"PASO_{name.upper()}" in page, name


def test_codes_of_errors_are_words() -> None:
    kinds: list[type[PasoError]] = [PasoError]
    while kinds:
        kind = kinds.pop()
        assert re.fullmatch(r"[a-z_]+", kind.code)
        kinds += kind.__subclasses__()


def _source(module: Any) -> str:
    with open(module.__file__, encoding="utf-8") as file:
        return file.read()
