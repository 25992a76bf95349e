"""Any bytes, cut anywhere, yield lines, or lines and the one error."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paso.errors import BadJson, FrameTooLarge
from paso.events.wire import LineSplitter, decode, encode, encode_part

LIMIT = 20

streams = st.lists(
    st.one_of(
        st.binary(max_size=30), st.sampled_from([b"\n", b"\n\n", b"a\n", b"{}\n"])
    )
).map(b"".join)


def expected(stream: bytes) -> tuple[list[bytes], bool]:
    """What a splitter must find: the lines before the first that is too long."""
    *lines, rest = stream.split(b"\n")
    for index, line in enumerate(lines):
        if len(line) > LIMIT:
            return lines[:index], True
    return lines, len(rest) > LIMIT


@given(streams, st.lists(st.integers(min_value=0, max_value=200)))
def test_any_bytes_cut_anywhere_yield_the_same_lines(
    stream: bytes, cuts: list[int]
) -> None:
    splitter = LineSplitter(LIMIT)
    found: list[bytes] = []
    places = [0, *sorted(cut for cut in cuts if cut <= len(stream)), len(stream)]
    for start, end in zip(places, places[1:], strict=False):
        found += splitter.feed(stream[start:end])
    lines, failed = expected(stream)
    assert found == lines
    assert (splitter.failed is not None) is failed


@pytest.mark.parametrize("size", [LIMIT - 1, LIMIT])
def test_a_line_up_to_the_limit_is_a_line(size: int) -> None:
    splitter = LineSplitter(LIMIT)
    assert splitter.feed(b"x" * size + b"\n") == [b"x" * size]
    assert splitter.failed is None


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_over_the_limit_is_the_end(end: bytes) -> None:
    splitter = LineSplitter(LIMIT)
    assert splitter.feed(b"ok\n" + b"x" * (LIMIT + 1) + end) == [b"ok"]
    assert isinstance(splitter.failed, FrameTooLarge)
    assert splitter.feed(b"ok\n") == []
    assert splitter.pending == 0


def test_a_long_line_in_single_bytes_takes_linear_time() -> None:
    def seconds(size: int) -> float:
        splitter = LineSplitter(1 << 20)
        begin = time.process_time()
        for _ in range(size):
            splitter.feed(b"x")
        return time.process_time() - begin

    seconds(1000)
    small, large = min(seconds(20_000) for _ in range(3)), seconds(160_000)
    assert large < 8 * small * 4


def test_only_the_byte_newline_ends_a_line() -> None:
    line = '{"a":"\u2028\u2029\x85\x0b\x0c"}'.encode()
    assert LineSplitter().feed(line + b"\n") == [line]


def test_what_is_kept_of_a_line_is_told() -> None:
    splitter = LineSplitter()
    splitter.feed(b"abc")
    assert splitter.pending == 3
    assert splitter.feed(b"d\n") == [b"abcd"]
    assert splitter.pending == 0


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b'"text"',
        b"1",
        b"{",
        b"{'a':1}",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\xff"}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":1}{"b":2}',
        b'{"a":' + b"[" * 32 + b"]" * 32 + b"}",
        b'{"a":' * 33 + b"1" + b"}" * 33,
        b'{"a":' + b"[" * 100_000,
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=lambda line: repr(line[:20]),
)
def test_a_line_that_is_no_object_within_the_rules_is_refused(line: bytes) -> None:
    with pytest.raises(BadJson):
        decode(line)


def test_an_object_of_the_deepest_nesting_is_taken() -> None:
    assert decode(b'{"a":' + b"[" * 31 + b"]" * 31 + b"}")


def test_many_small_lists_are_not_deep() -> None:
    assert len(decode(b'{"a":[' + b"[]," * 99 + b"[]]}")["a"]) == 100


def test_brackets_inside_of_text_do_not_count() -> None:
    assert decode(b'{"a":"' + b"[" * 100 + b'"}') == {"a": "[" * 100}


@given(st.binary(max_size=200))
def test_any_line_yields_a_frame_or_the_one_error(line: bytes) -> None:
    try:
        frame = decode(line)
    except BadJson:
        return
    assert decode(encode(frame)) == frame


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), json_values))
def test_a_frame_comes_back_as_it_was_in_one_line(frame: dict[str, object]) -> None:
    line = encode(frame)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert line == encode_part(frame) + b"\n"
    [found] = LineSplitter().feed(line)
    assert decode(found) == frame
