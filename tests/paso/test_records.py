"""Our named tuples behave as those of typing do."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import typing

import pytest

from paso.records import NamedTuple


class Point(NamedTuple):
    """A place."""

    x: int
    y: int = 7
    """Up."""

    @property
    def sum(self) -> int:
        return self.x + self.y


class Reference(typing.NamedTuple):
    x: int
    y: int = 7


class Named(Point):
    """A subclass adds behaviour, no fields."""

    def hello(self) -> str:
        return f"hello {self.x}"


def test_it_is_a_tuple_with_names() -> None:
    point = Point(1, y=2)
    assert list(point) == [1, 2]
    assert tuple(point) == tuple(Reference(1, 2))
    assert (point.x, point.y, point.sum) == (1, 2, 3)
    assert point[1] == 2
    assert hash(point) == hash((1, 2))
    assert Point(5) == (5, 7)
    assert point._fields == Reference._fields
    assert point._field_defaults == Reference._field_defaults


def test_it_makes_replaces_and_tells_as_typing_does() -> None:
    point = Point._make([1, 2])
    assert point._replace(y=3) == (1, 3)
    assert point._asdict() == {"x": 1, "y": 2}
    assert repr(point) == "Point(x=1, y=2)"
    assert Point.__doc__ == "A place."
    match point:
        case Point(x, y=up):
            assert (x, up) == (1, 2)


@pytest.mark.parametrize(
    "values", [((), {}), ((1, 2, 3), {}), ((1,), {"z": 1}), ((1,), {"x": 1})]
)
def test_wrong_values_are_refused(
    values: tuple[tuple[int, ...], dict[str, int]],
) -> None:
    args, named = values
    for kind in (Point, Reference):
        with pytest.raises(TypeError):
            kind(*args, **named)


def test_wrong_making_and_replacing_are_refused() -> None:
    with pytest.raises(TypeError):
        Point._make([1])
    with pytest.raises(ValueError, match="z"):
        Point(1)._replace(z=2)  # type: ignore[call-arg]


def test_it_is_copied_and_pickled() -> None:
    point = Point(1, 2)
    assert copy.deepcopy(point) == point
    again = pickle.loads(pickle.dumps(point))
    assert again == point
    assert type(again) is Point


def test_a_subclass_keeps_the_fields() -> None:
    assert Named(1).hello() == "hello 1"
    assert Named(1).y == 7


def test_it_cannot_be_written_to() -> None:
    point = Point(1)
    with pytest.raises(AttributeError):
        point.x = 3  # type: ignore[misc]
    with pytest.raises(AttributeError):
        point.new = 3  # type: ignore[attr-defined]


def test_it_does_not_load_typing() -> None:
    code = "import sys, paso.model; sys.exit('typing' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
