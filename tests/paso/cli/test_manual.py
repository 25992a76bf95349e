"""docs/cli.md says what the code does: commands, codes, shapes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from paso import errors, model
from paso.cli.catalog import every_command
from paso.commands.import_json import Report
from paso.commands.undo import Undone
from tests.paso.cli.manual import MANUAL, reference, split

TEXT = MANUAL.read_text(encoding="utf-8")


def test_the_reference_is_that_of_the_code() -> None:
    """`python -m tests.paso.cli.manual` writes it anew."""
    assert split()[1] == reference()


def _leaves(kind: type[errors.PasoError]) -> Iterator[type[errors.PasoError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _leaves(child)


def test_every_error_code_stands_at_its_exit_code() -> None:
    told: dict[str, int] = {}
    for line in TEXT.splitlines():
        row = re.match(r"\| (\d+) \|[^|]*\|(.*)\|$", line)
        if row:
            told |= dict.fromkeys(re.findall(r"`(\w+)`", row[2]), int(row[1]))
    assert told == {kind.code: kind.exit_code for kind in _leaves(errors.PasoError)}


def _shape(name: str) -> set[str]:
    """The keys of the outermost braces of a shape of the manual."""
    found = re.search(rf"^- {name}[^{{]*`\{{(.*?)\}}`", TEXT, re.M | re.S)
    assert found, name
    flat = found[1]
    for _ in range(3):
        flat = re.sub(r"\{[^{}]*\}|\[[^\[\]]*\]|\([^()]*\)", "", flat)
    return {word.strip() for word in flat.split(",")}


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("project", model.Project),
        ("column", model.Column),
        ("label", model.Label),
        ("task", model.Task),
        ("session", model.Session),
        ("event of a session", model.SessionEvent),
        ("comment", model.Comment),
        ("relation", model.Relation),
        ("change", model.Change),
        ("undone", Undone),
        ("`import`: ", Report),
    ],
)
def test_a_shape_has_the_fields_of_its_record(name: str, record: type) -> None:
    fields = record._fields  # type: ignore[attr-defined]
    assert _shape(name) == set(fields)


def test_every_example_calls_a_command_that_exists() -> None:
    names = {command.name for command in every_command()}
    for command in every_command():
        for example in command.examples:
            for call in re.findall(r"\bpaso ([a-z-]+(?: [a-z-]+)?)", example):
                first = call.split()[0]
                assert call in names or first in names, example
