"""`paso peers`: join this computer to others over a Redis server, look, leave.

The command line writes `peers.json` and asks the daemon what became of it; the daemon
looks at that file each second and does all that needs the network.

Never: connect to Redis, print an address with its password, start the daemon where it
is not to be started.
"""

from __future__ import annotations

import os
import sys
import time

from paso.cli.arguments import Argument, Command, Option
from paso.cli.asking import ask
from paso.cli.computer import computer_table
from paso.cli.computer_find import fetch_computers
from paso.cli.output import is_terminal
from paso.cli.peers_words import chosen, repairable
from paso.errors import (
    DaemonUnreachable,
    NoListener,
    NotFound,
    PeerUnreachable,
)
from paso.events.process import read_pid_file
from paso.peers_file import (
    CONTROLS,
    NETWORK,
    PeersConfig,
    checked_control,
    has_password,
    key_mark,
    load_peers,
    new_key,
    save_peers,
    shown_url,
)
from paso.text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from paso.cli.arguments import Arguments
    from paso.cli.context import Context

JOIN_S = 5.0
"""Seconds to wait for the news that the server was reached, or why not."""
TRIED_S = 2.0
"""Seconds of trying after which a server counts as not there."""
LOOK_S = 0.1

ANOTHER_KEY = ("presence of ", "the signature does not fit")
"""How the daemon's words for a sign of life under another key begin and end."""

SETTLED = ("live", "refused")
"""States that waiting does not change."""


def run_on(context: Context, found: Arguments) -> int:
    """Write how to join, and tell within some seconds whether it worked."""
    before = repairable(context)
    config, made = chosen(context, found, before)
    save_peers(context.paths.home, config)
    if before and before.key != config.key:
        context.out.warn(
            "this is another key than before: computers that still use the old one "
            "are not heard any more"
        )
    data = {**_shown(config), "key_made": made, "joined": False}
    try:
        peers = _wait(context, config, _is_settled)
        data |= _joined(peers)
        _warn_of_strangers(context, peers)
    except NoListener:
        context.out.say("it is kept; this computer joins when the daemon starts")
    context.out.show(data, [data["network"]], lambda: [_joined_line(data)])
    if made:
        _tell_next(context, config)
    return 0


def _shown(config: PeersConfig | None) -> dict[str, Any]:
    if config is None:
        return {"state": "off", "url": None, "network": None, "control": None}
    return {
        "state": "on" if config.enabled else "off",
        "url": shown_url(config.url),
        "network": config.network,
        "control": config.control,
    }


def _is_settled(peers: dict[str, Any]) -> bool:
    if peers.get("state") == "unreachable":
        return float(peers.get("since_s", 0)) >= TRIED_S
    return peers.get("state") in SETTLED


def _wait(
    context: Context, config: PeersConfig, done: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """What the daemon says of its peers, once it follows `config`.

    Raises:
        NoListener: no daemon runs, and none is to be started.
        DaemonUnreachable: it does not answer.
    """
    deadline = time.monotonic() + JOIN_S
    peers = _ask(context, start=config.enabled)
    while time.monotonic() < deadline:
        if _follows(peers, config) and done(peers):
            break
        time.sleep(LOOK_S)
        try:
            peers = _ask(context, start=False)
        except DaemonUnreachable:
            # For TLS it begins anew; should it not come back, the end tells.
            peers = {}
    return peers


def _ask(context: Context, *, start: bool) -> dict[str, Any]:
    status = ask(context, "status", {}, start=start)
    peers: dict[str, Any] = status.get("peers") or {"state": "off"}
    return peers


def _follows(peers: dict[str, Any], config: PeersConfig) -> bool:
    """Whether the daemon has seen the file as it is now."""
    if os.environ.get("PASO_REDIS_URL"):
        return True
    told = [peers.get(name) for name in ("url", "network", "control", "key_mark")]
    wanted = [shown_url(config.url), config.network, config.control]
    return not config.enabled or told == [*wanted, key_mark(config.key)]


def _joined(peers: dict[str, Any]) -> dict[str, Any]:
    """Raises PeerUnreachable: the server was not reached in time, and why."""
    state = peers.get("state")
    if state != "live":
        reason = peers.get("reason") or f"no answer within {JOIN_S:g} s"
        raise PeerUnreachable(
            f"not joined: {reason}",
            hint="it is kept, and the daemon goes on trying: paso peers status",
        )
    return {"state": state, "joined": True}


def _joined_line(data: dict[str, Any]) -> str:
    what = "joined" if data["joined"] else "will join"
    return (
        f"{what} the network {escape(data['network'])} at {escape(data['url'])}, "
        f"control {data['control']}"
    )


def _tell_next(context: Context, config: PeersConfig) -> None:
    """How the second computer joins; the key goes through a pipe, not by hand."""
    network = "" if config.network == NETWORK else f" --network {config.network}"
    url = "-" if has_password(config.url) else shown_url(config.url)
    context.out.say("a new key was made; to join another computer:")
    if url != "-":
        context.out.say(
            f"  paso peers key | ssh OTHER paso peers on {url}{network} --key-file -"
        )
        return
    context.out.say("  paso peers key | ssh OTHER 'umask 077; cat > paso.key'")
    context.out.say(f"  there: paso peers on -{network} --key-file paso.key")


def run_off(context: Context, found: Arguments) -> int:
    """Leave the network; address and key are kept for the next `on`."""
    config = load_peers(context.paths.home)
    was_on = config is not None and config.enabled
    if config is not None and was_on:
        save_peers(context.paths.home, config._replace(enabled=False))
        try:
            _wait(
                context,
                config._replace(enabled=False),
                lambda peers: peers.get("state") == "off",
            )
        except DaemonUnreachable:
            context.out.say("no daemon answers; the next one joins nobody")
    data = {"state": "off", "was_on": was_on}
    context.out.show(data, [], lambda: ["left the network"] if was_on else [])
    if not was_on:
        context.out.say("this computer had joined no network")
    return 0


def run_control(context: Context, found: Arguments) -> int:
    """Say what other computers may do to the sessions here."""
    level = checked_control(found.word("LEVEL"))
    config = _there(context)
    changed = config._replace(control=level)
    save_peers(context.paths.home, changed)
    if config.enabled and read_pid_file(context.paths) is not None:
        _wait(context, changed, _is_settled)
    data = {"control": level, "was": config.control}
    context.out.show(data, [level], lambda: [f"control {level}: {MEANING[level]}"])
    return 0


MEANING = {
    "none": "other computers see this one's sessions and boards, and can do nothing",
    "send": "other computers may also read the output of sessions and send them text",
    "all": "other computers may also end sessions",
}


def _there(context: Context) -> PeersConfig:
    config = load_peers(context.paths.home)
    if config is None:
        raise NotFound(
            "this computer has joined no network", hint="paso peers on redis://HOST"
        )
    return config


def run_key(context: Context, found: Arguments) -> int:
    """Print the key, for a pipe to another computer."""
    config = _there(context)
    if found.has("new"):
        config = config._replace(key=new_key())
        save_peers(context.paths.home, config)
        context.out.say("a new key: computers with the old one are not heard any more")
    data = {"key": config.key, "network": config.network}
    context.out.show(data, [config.key], lambda: [config.key])
    if is_terminal(sys.stdout):
        context.out.say("whoever has it can read this network's boards and sessions")
    return 0


def run_status(context: Context, found: Arguments) -> int:
    """Say how the way to the other computers is; exit 6 without a daemon."""
    config = load_peers(context.paths.home)
    data: dict[str, Any] = _shown(config)
    if data["state"] == "on":
        peers = _ask(context, start=True)
        data |= peers
        data["computers"] = fetch_computers(context)
    else:
        data["computers"] = []
    names = [one["id"] for one in data["computers"] if not one.get("this")]
    context.out.show(data, names, lambda: _status_lines(context, data))
    return 0


def _status_lines(context: Context, data: dict[str, Any]) -> Iterator[str]:
    if data["state"] == "off":
        yield "off"
        if data["url"]:
            yield f"paso peers on joins {escape(data['url'])} again"
        return
    for name, value in data.items():
        if name not in ("computers", "refusals") and value not in (None, ""):
            yield f"{name:18} {escape(str(value))}"
    yield from _refusals(data.get("refusals") or {})
    yield ""
    yield from computer_table(context.out, data["computers"])


def _refusals(found: dict[str, int]) -> Iterator[str]:
    """Who was not heard and why; another key is what happens most."""
    strangers = _strangers(found)
    if strangers:
        yield f"{'not heard':18} {_counted(strangers)} with another key"
    for where, count in found.items():
        if where not in strangers:
            yield f"{'not heard':18} {escape(where)} ({count} times)"


def _strangers(found: dict[str, int]) -> list[str]:
    begin, end = ANOTHER_KEY
    return [one for one in found if one.startswith(begin) and one.endswith(end)]


def _counted(strangers: list[str]) -> str:
    count = len(strangers)
    return "1 computer signs" if count == 1 else f"{count} computers sign"


def _warn_of_strangers(context: Context, peers: dict[str, Any]) -> None:
    strangers = _strangers(peers.get("refusals") or {})
    if strangers:
        context.out.warn(
            f"{_counted(strangers)} with another key and cannot be seen; "
            "there: paso peers key | ssh HERE paso peers on --key-file -"
        )


COMMANDS = (
    Command(
        "peers on",
        run_on,
        "Join this computer to others over a Redis server.",
        (
            Argument(
                "URL",
                "redis://, rediss:// (TLS), unix://, redis+sentinel:// or "
                "redis+cluster://; - reads it from stdin; absent = the one of before",
                "?",
            ),
        ),
        (
            Option("--network", f"its name; else as before, at first {NETWORK}", "N"),
            Option("--key-file", "the key of the network; - for stdin", "F"),
            Option(
                "--control",
                "what others may do here; else as before, at first none",
                "LEVEL",
                complete="|".join(CONTROLS),
            ),
            Option("--ca-file", "who signed the server's certificate, PEM", "F"),
            Option("--password-file", "the password of the server; - for stdin", "F"),
        ),
        (
            "paso peers on rediss://redis.example:6380",
            "paso peers key | ssh laptop paso peers on redis://desk --key-file -",
        ),
        "The first computer makes the key, all others are given it. A password in URL\n"
        "can be seen by others: give the address on stdin, or use --password-file.\n"
        "Exit 6 when the server is not reached within 5 s; the daemon goes on trying.",
    ),
    Command(
        "peers status",
        run_status,
        "Say how the way to other computers is, and which are there.",
        notes="Exit 6 when this computer has joined and its daemon does not answer.",
    ),
    Command("peers off", run_off, "Leave; address and key are kept for the next `on`."),
    Command(
        "peers control",
        run_control,
        "Say what other computers may do to the sessions of this one.",
        (
            Argument(
                "LEVEL",
                "none: see lists; send: also read output and send text; all: also end",
                complete="|".join(CONTROLS),
            ),
        ),
    ),
    Command(
        "peers key",
        run_key,
        "Print the key of the network, for a pipe to another computer.",
        options=(Option("--new", "make a new one; all others need it, too"),),
        examples=(
            "paso peers key | ssh laptop paso peers on redis://desk --key-file -",
        ),
    ),
)
