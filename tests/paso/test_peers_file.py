"""The file of the peers: private, whole, and its secrets shown nowhere."""

from __future__ import annotations

import os
import stat
import traceback
from pathlib import Path
from typing import Any

import pytest

from paso.errors import InvalidValue, PasoError, StoreReadOnly, UnsafePath
from paso.peers_file import (
    PeersConfig,
    active_peers,
    checked_url,
    has_password,
    load_peers,
    new_key,
    peers_stamp,
    save_peers,
    shown_url,
    uses_tls,
    with_password,
)

CANARY = "s3cr3tCanary"
KEY = "ab" * 32


def config(url: str = "redis://localhost:6379/0", **more: Any) -> PeersConfig:
    return PeersConfig(url, "paso", KEY)._replace(**more)


def test_what_is_saved_is_loaded(paso_home: Path) -> None:
    kept = config(control="send", ca_file="/etc/ca.pem", network="home-1.lab")
    save_peers(str(paso_home), kept)
    assert load_peers(str(paso_home)) == kept
    assert stat.S_IMODE((paso_home / "peers.json").stat().st_mode) == 0o600
    assert os.listdir(paso_home) == ["peers.json"]


def test_no_file_means_no_peers(paso_home: Path) -> None:
    assert load_peers(str(paso_home)) is None
    assert active_peers(str(paso_home)) is None
    assert peers_stamp(str(paso_home)) is None


def test_switched_off_keeps_the_rest_and_is_not_active(paso_home: Path) -> None:
    save_peers(str(paso_home), config(enabled=False))
    assert load_peers(str(paso_home)) == config(enabled=False)
    assert active_peers(str(paso_home)) is None


def test_the_environment_wins_over_the_address_of_the_file(paso_home: Path) -> None:
    environ = {"PASO_REDIS_URL": "redis://other:1234/2"}
    assert active_peers(str(paso_home), environ) is None, "no key, nobody to join"
    save_peers(str(paso_home), config())
    assert active_peers(str(paso_home), environ) == config("redis://other:1234/2")
    with pytest.raises(InvalidValue):
        active_peers(str(paso_home), {"PASO_REDIS_URL": "http://other"})


def test_each_write_is_seen_by_the_stamp(paso_home: Path) -> None:
    stamps = set()
    for control in ("none", "send", "all"):
        save_peers(str(paso_home), config(control=control))
        stamps.add(peers_stamp(str(paso_home)))
    assert len(stamps) == 3


def test_a_link_in_its_place_is_neither_read_nor_replaced(
    paso_home: Path, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    (paso_home / "peers.json").symlink_to(target)
    with pytest.raises(UnsafePath):
        load_peers(str(paso_home))
    with pytest.raises(UnsafePath):
        save_peers(str(paso_home), config())
    assert target.read_text() == "precious"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_open_to_others_is_refused_and_the_repair_named(
    paso_home: Path, mode: int
) -> None:
    save_peers(str(paso_home), config())
    (paso_home / "peers.json").chmod(mode)
    with pytest.raises(UnsafePath, match="can be read by others") as caught:
        load_peers(str(paso_home))
    assert "chmod 600" in (caught.value.hint or "")


def test_a_pipe_or_a_folder_in_its_place_is_refused_at_once(paso_home: Path) -> None:
    os.mkfifo(paso_home / "peers.json", 0o600)
    with pytest.raises(UnsafePath):
        load_peers(str(paso_home))
    (paso_home / "peers.json").unlink()
    (paso_home / "peers.json").mkdir()
    with pytest.raises(PasoError):
        load_peers(str(paso_home))
    with pytest.raises(StoreReadOnly):
        save_peers(str(paso_home), config())
    assert os.listdir(paso_home) == ["peers.json"], "nothing half done is left"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        f'{{"url": "redis://u:{CANARY}@h", "key": ',
        f'{{"url": "redis://u:{CANARY}@h:x/0", "key": "{KEY}"}}',
        f'{{"url": "redis://h", "key": "{CANARY}"}}',
        f'{{"url": "redis://h", "key": "{KEY}", "control": "everything"}}',
        f'{{"url": "redis://h", "key": "{KEY}", "network": "a b"}}',
        f'{{"url": "redis://h", "key": "{KEY}", "network": "{{x}}"}}',
        f'{{"url": "redis://h", "key": "{KEY}", "ca_file": "not/absolute"}}',
        f'{{"url": "redis://h", "key": "{KEY}", "enabled": 1}}',
        f'{{"url": 7, "key": "{KEY}"}}',
        "\x00" * 100,
    ],
)
def test_a_wrong_file_is_told_without_its_secrets(paso_home: Path, text: str) -> None:
    path = paso_home / "peers.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(InvalidValue) as caught:
        load_peers(str(paso_home))
    told = "".join(traceback.format_exception(caught.value))
    assert CANARY not in told + (caught.value.hint or "")
    assert str(path) in caught.value.message


def test_unknown_members_are_ignored(paso_home: Path) -> None:
    path = paso_home / "peers.json"
    path.write_text(f'{{"url": "redis://h", "key": "{KEY.upper()}", "later": [1]}}')
    path.chmod(0o600)
    assert load_peers(str(paso_home)) == config("redis://h")


GOOD = [
    "redis://localhost",
    "redis://localhost:6379/0",
    "redis://user:pass@host.example:6379/3",
    "redis://:pass@10.0.0.1:6379",
    "redis://[::1]:6379/0",
    "rediss://host:6380/0?db=2",
    "unix:///run/redis/redis.sock?db=1",
    "unix://user:pass@/run/redis.sock",
    "redis+sentinel://a:26379,b:26379/mymaster/0",
    "redis+cluster://a:7000,b:7001",
    "rediss+cluster://u:p@a:7000",
]


@pytest.mark.parametrize("url", GOOD)
def test_addresses_that_work(url: str) -> None:
    assert checked_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://localhost",
        "redis://",
        "redis://:pw@",
        "redis://host:0",
        "redis://host:99999",
        "redis://host:port",
        "redis://a:1,b:2",
        "redis://h/0?ssl_cert_reqs=none",
        "rediss://h/0?ssl_check_hostname=false",
        "unix://relative/path",
        "redis+sentinel://a:26379",
        "redis+cluster://a:7000,,b:1",
        "redis://ho st",
        "redis://host\n",
        "redis://hóst",
        f"redis://u:{CANARY}@@h#x",
        f"redis://u:{CANARY}@[::1",
        f"redis://u:a[{CANARY}@h",
        f"redis://u:{CANARY}@[no-address]:1",
        "redis://" + "h" * 3000,
    ],
)
def test_addresses_that_do_not(url: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        checked_url(url)
    assert CANARY not in caught.value.message


@pytest.mark.parametrize(
    "url",
    [
        f"redis://u:{CANARY}@h:1/0",
        f"redis://:{CANARY}@h:1/0",
        f"redis://{CANARY}@h:1/0",
        f"redis://u:a/{CANARY}@h:1/0",
        f"redis://u:a?{CANARY}@h:1/0",
        f"redis://u:a#{CANARY}@h:1/0",
        f"redis://u:{CANARY}#a@h:1/0",
        f"redis://u:{CANARY}?a@h:1/0",
        f"redis://u:a@{CANARY}@h:1/0",
        f"redis://u:a@{CANARY}?x@h:1/0",
        f"unix://u:{CANARY}@/run/s.sock",
        f"unix:///run/s.sock?password={CANARY}",
        f"unix:///run/s.sock?db=1&password={CANARY}",
        f"unix:///run/s.sock?password=a@{CANARY}",
        f"redis://h?password={CANARY}&db=1",
        f"redis://h?db={CANARY}",
        f"{CANARY}@h:1",
        f"u:{CANARY}@h",
        f"redis+sentinel://u:{CANARY}@a:1,b:2/master/0",
    ],
)
def test_no_form_of_a_password_is_shown(url: str) -> None:
    assert CANARY not in shown_url(url)
    assert CANARY not in repr(config(url))
    assert CANARY not in f"{config(url)}"
    assert has_password(url)


@pytest.mark.parametrize("url", [url for url in GOOD if "@" not in url])
def test_an_address_without_password_is_shown_whole(url: str) -> None:
    assert shown_url(url) == url
    assert not has_password(url)


def test_the_key_is_not_in_the_text_of_the_settings() -> None:
    assert KEY not in repr(config()) and KEY not in str(config())


def test_keys_are_long_and_never_the_same() -> None:
    assert len({new_key() for _ in range(50)}) == 50
    assert len(new_key()) == 64


def test_a_password_from_a_file_is_put_in_escaped() -> None:
    from urllib.parse import unquote, urlsplit

    hard = "p@ss/w?rd#%:"
    for url in ("redis://h:1/0", "redis://ann@h:1/0", "rediss://ann:old@h:1/0?db=2"):
        made = with_password(url, hard)
        parts = urlsplit(made)
        assert checked_url(made) == made
        assert unquote(parts.password or "") == hard
        assert parts.hostname == "h" and parts.port == 1
        assert (parts.username or "") == ("ann" if "ann" in url else "")
    assert with_password("unix:///run/s.sock", "x") == "unix://:x@/run/s.sock"
    for wrong in ("", "two\nlines", "\x1b"):
        with pytest.raises(InvalidValue):
            with_password("redis://h", wrong)


def test_tls_is_told_by_the_scheme() -> None:
    assert uses_tls("rediss://h") and uses_tls("rediss+cluster://h")
    assert not uses_tls("redis://h") and not uses_tls("unix:///s")
