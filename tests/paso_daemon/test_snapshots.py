"""Lists as frames and as pages: nothing lost, nothing longer than allowed."""

from __future__ import annotations

import json
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from paso_daemon.snapshots import ENVELOPE, PIECE, frames, page

SOURCES = {"me": {"state": "fresh"}}


def shown(records: list[bytes], max_frame: int = 1 << 20) -> list[dict[str, Any]]:
    found = list(
        frames("sessions", records, seq=7, sources=SOURCES, max_frame=max_frame)
    )
    assert all(line.endswith(b"\n") and len(line) <= max_frame for line in found)
    return [json.loads(line) for line in found]


def test_a_short_list_is_one_frame() -> None:
    assert shown([b'{"id":"a"}']) == [
        {
            "type": "sessions_initial",
            "seq": 7,
            "sources": SOURCES,
            "data": [{"id": "a"}],
        }
    ]
    assert [frame["data"] for frame in shown([])] == [[]]


def test_all_but_the_last_frame_say_that_there_is_more() -> None:
    records = [b'"%d-%b"' % (n, b"x" * 1000) for n in range(1000)]
    found = shown(records)
    assert len(found) > 1_000_000 // PIECE
    assert [frame.get("more") for frame in found] == [True] * (len(found) - 1) + [None]
    whole = [record for frame in found for record in frame["data"]]
    assert whole == [json.loads(record) for record in records]


def test_frames_are_made_when_they_are_asked_for() -> None:
    asked = []

    def records() -> Any:
        for number in range(1000):
            asked.append(number)
            yield b"1" * 1000

    made = frames("tasks", records(), seq=1, sources={}, max_frame=1 << 20)
    next(made)
    assert len(asked) < 200


@given(
    st.lists(st.integers(1, 700)),
    st.integers(200, 900),
)
def test_whatever_its_size_a_frame_fits_and_records_keep_their_order(
    sizes: list[int], max_frame: int
) -> None:
    records = [b"1" * size for size in sizes]
    told = len(orjson.dumps(SOURCES))
    found = shown(records, max_frame)
    data = [str(number) for frame in found for number in frame["data"]]
    room = max_frame - told - ENVELOPE
    assert [len(text) for text in data] == [size for size in sizes if size <= room]


def paged(
    records: list[tuple[str, bytes]], limit: int, max_bytes: int
) -> list[list[Any]]:
    found, after = [], ""
    while True:
        part = page(records, limit=limit, after=after, max_bytes=max_bytes)
        data = orjson.dumps(part["data"])
        assert len(data) <= max_bytes + 2
        found.append(json.loads(data))
        if "next" not in part:
            return found
        assert part["next"] > after
        after = part["next"]


@given(st.lists(st.integers(1, 50)), st.integers(1, 5), st.integers(60, 200))
def test_pages_joined_are_the_list(sizes: list[int], limit: int, most: int) -> None:
    records = [(f"{n:04}", b"1" * size) for n, size in enumerate(sizes)]
    pages = paged(records, limit, most)
    assert all(len(part) <= limit for part in pages)
    joined = [len(str(one)) for part in pages for one in part]
    assert joined == sizes


def test_a_record_that_fits_nowhere_is_left_out() -> None:
    records = [("a", b"1" * 10), ("b", b"2" * 500), ("c", b"3" * 10)]
    assert paged(records, 10, 100) == [[1111111111, 3333333333]]
