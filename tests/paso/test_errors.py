"""paso/errors.py: the drawing in its docstring is the tree itself."""

from __future__ import annotations

import re

import pytest

from paso import errors
from paso.errors import ChangedMeanwhile, PasoError

LINE = re.compile(r"^ {4}( *)([A-Z]\w+) +([a-z_]+)(?: +exit (\d+))?$", re.MULTILINE)


def drawn() -> dict[str, tuple[str | None, str, int]]:
    """Class to (parent, code, exit code), as the docstring draws it."""
    tree: dict[str, tuple[str | None, str, int]] = {}
    above: list[str] = []
    for indent, name, code, given in LINE.findall(errors.__doc__ or ""):
        above[len(indent) // 2 :] = [name]
        parent = above[-2] if len(above) > 1 else None
        inherited = tree[parent][2] if parent else 1
        tree[name] = (parent, code, int(given) if given else inherited)
    return tree


def real() -> dict[str, tuple[str | None, str, int]]:
    tree: dict[str, tuple[str | None, str, int]] = {}
    waiting: list[tuple[type[PasoError], str | None]] = [(PasoError, None)]
    while waiting:
        kind, parent = waiting.pop()
        if kind.__module__ == errors.__name__:
            tree[kind.__name__] = (parent, kind.code, kind.exit_code)
            waiting += [(child, kind.__name__) for child in kind.__subclasses__()]
    return tree


def test_the_drawing_is_the_tree() -> None:
    assert len(drawn()) > 30
    assert drawn() == real()


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [code for _, code, _ in real().values()]
    assert len(codes) == len(set(codes))


def test_every_error_is_defined_in_the_tree() -> None:
    classes = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    assert classes == set(real())


CARRY_MORE = {"ChangedMeanwhile", "ToolTimedOut"}


@pytest.mark.parametrize("name", sorted(set(real()) - CARRY_MORE))
def test_an_error_carries_message_hint_and_candidates(name: str) -> None:
    error = getattr(errors, name)("it failed", hint="do that", candidates=("a",))
    assert (str(error), error.message) == ("it failed", "it failed")
    assert (error.hint, error.candidates) == ("do that", ("a",))
    assert (error.__doc__ or "").strip()


def test_a_tool_that_timed_out_is_named_with_its_limit_and_process() -> None:
    error = errors.ToolTimedOut("late", operation="ask", limit_s=5.0, pid=7)
    assert (error.operation, error.limit_s, error.pid) == ("ask", 5.0, 7)
    assert (error.message, error.hint) == ("late", None)


def test_a_change_meanwhile_carries_both_values() -> None:
    error = ChangedMeanwhile("changed", fields={"title": ("mine", "theirs")}, version=3)
    assert error.fields == {"title": ("mine", "theirs")}
    assert (error.version, error.exit_code) == (3, 4)
    assert error.hint
