"""An address falls into its parts; no error and no text form shows the password."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paso.errors import InvalidValue
from paso.peers_file import checked_url, has_password, shown_url
from paso_daemon.peers.address import parse_address

HOST = ("h", 6379)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("redis://h", {"way": "tcp", "hosts": (HOST,), "tls": False, "db": 0}),
        ("redis://h:7/2", {"hosts": (("h", 7),), "db": 2}),
        ("redis://u:p@h", {"username": "u", "password": "p"}),
        ("redis://:p%40q%2F@h", {"username": None, "password": "p@q/"}),
        ("redis://h?db=3&username=u&password=a%25b", {"db": 3, "password": "a%b"}),
        ("rediss://h", {"tls": True, "way": "tcp"}),
        ("redis://[::1]:7/1", {"hosts": (("::1", 7),), "db": 1}),
        ("redis://[::1]", {"hosts": (("::1", 6379),)}),
        ("unix:///run/r.sock", {"way": "unix", "path": "/run/r.sock", "hosts": ()}),
        ("unix://u:p@/r.sock?db=4", {"path": "/r.sock", "db": 4, "password": "p"}),
        (
            "redis+sentinel://u:p@a,b:7/board/5",
            {
                "way": "sentinel",
                "hosts": (("a", 26379), ("b", 7)),
                "service": "board",
                "db": 5,
                "password": "p",
            },
        ),
        (
            "redis+sentinel://u:p@a/board?sentinel_username=v&sentinel_password=a%25b",
            {
                "username": "u",
                "password": "p",
                "sentinel_username": "v",
                "sentinel_password": "a%b",
            },
        ),
        ("rediss+cluster://a,b:7", {"way": "cluster", "tls": True}),
    ],
)
def test_an_address_has_these_parts(url: str, parts: dict[str, object]) -> None:
    found = parse_address(checked_url(url))._asdict()
    assert {name: found[name] for name in parts} == parts


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h",
        "http://canary@h",
        "redis://canary@h:x",
        "redis://canary@h/x",
        "unix:///r?db=canary",
        "redis://canary@[::1]:x",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_address(url)
    assert "canary" not in str(caught.value)


def test_the_text_form_shows_no_credentials() -> None:
    words = "sentinel_username=canary&sentinel_password=canary"
    for url in (
        *("redis://canary:canary@h", "redis://h?password=canary"),
        f"redis+sentinel://h/board?{words}",
    ):
        assert "canary" not in repr(parse_address(url))
        assert "canary" not in shown_url(url)
        assert has_password(url)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for url in (text, f"redis://{text}", f"redis+sentinel://{text}"):
        try:
            parse_address(url)
        except InvalidValue as error:
            assert not text or len(text) < 4 or text not in error.message
