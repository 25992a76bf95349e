"""What is signed stays what it is: sender, receiver, kind, number and every byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paso.errors import BadEvent
from paso_daemon.peers.signing import Signed, Signer, number
from tests.support.redis import KEY

A, B = "a" * 16, "b" * 16
SAID = Signed(A, "session", 5, 7, b"body")


def test_the_signature_is_the_documented_one() -> None:
    """Of docs/peers.md, so that another implementation can check itself."""
    found = Signer("net", "00" * 32).mac(A, B, "poke", 5, 7, b"{}")
    assert found == (
        b"a7ad5136984298e42deb7940c9752c54573670b557f1928b9976986f5d5b5ab5"
    )


@pytest.mark.parametrize(
    "other",
    [
        SAID._replace(sender=B),
        SAID._replace(kind="activity"),
        SAID._replace(gen=6),
        SAID._replace(n=8),
        SAID._replace(body=b"bodY"),
        SAID._replace(body=b""),
        SAID._replace(sender=A + "\0x"),
    ],
)
def test_nothing_that_was_said_can_be_another(other: Signed) -> None:
    signer = Signer("net", KEY)
    mac = signer.mac(A, B, "session", 5, 7, b"body")
    signer.check(mac, SAID, B)
    with pytest.raises(BadEvent):
        signer.check(mac, other, B)


def test_another_receiver_network_or_key_does_not_fit() -> None:
    mac = Signer("net", KEY).mac(A, B, "session", 5, 7, b"body")
    for signer, to in [
        (Signer("net", KEY), A),
        (Signer("net", KEY), ""),
        (Signer("other", KEY), B),
        (Signer("net", "00" * 32), B),
    ]:
        with pytest.raises(BadEvent):
            signer.check(mac, SAID, to)


@given(st.binary(max_size=200), st.integers(0, 1 << 62), st.integers(0, 1 << 62))
def test_what_was_sealed_is_unsealed(body: bytes, gen: int, n: int) -> None:
    signer = Signer("net", KEY)
    value = signer.seal(A, "here", gen, n, body)
    assert signer.unseal(A, "here", value) == Signed(A, "here", gen, n, body)


@given(st.data())
def test_a_sealed_value_with_another_byte_is_refused(data: st.DataObject) -> None:
    signer = Signer("net", KEY)
    value = bytearray(signer.seal(A, "here", 5, 7, b"body"))
    place = data.draw(st.integers(0, len(value) - 1))
    value[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadEvent):
        signer.unseal(A, "here", bytes(value))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(value: bytes) -> None:
    with pytest.raises(BadEvent):
        Signer("net", KEY).unseal(A, "here", value)


@pytest.mark.parametrize(
    "text",
    [b"", b"-1", b"+1", b"01", b"1 ", b"1" * 20, b"9223372036854775808", b"\xb2"],
)
def test_what_is_no_number_of_ours_is_refused(text: bytes) -> None:
    with pytest.raises(BadEvent):
        number(text)
