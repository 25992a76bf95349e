"""Colours where the terminal has them, and nowhere else."""

from __future__ import annotations

import pytest

from paso.cli.colors import BASIC, NONE, TRUE, Palette, color_depth

COLORED = {"TERM": "xterm-256color"}


@pytest.mark.parametrize(
    ("when", "terminal", "environ", "depth"),
    [
        ("auto", True, COLORED, BASIC),
        ("auto", True, COLORED | {"COLORTERM": "truecolor"}, TRUE),
        ("auto", False, COLORED, NONE),
        ("auto", True, COLORED | {"NO_COLOR": "1"}, NONE),
        ("auto", True, COLORED | {"NO_COLOR": ""}, BASIC),
        ("auto", True, {"TERM": "dumb"}, NONE),
        ("auto", True, {}, NONE),
        ("always", False, {"NO_COLOR": "1", "TERM": "dumb"}, BASIC),
        ("always", False, {"COLORTERM": "24bit"}, TRUE),
        ("never", True, COLORED, NONE),
    ],
)
def test_the_depth_is_what_is_asked_for_and_possible(
    when: str, terminal: bool, environ: dict[str, str], depth: int
) -> None:
    assert color_depth(when, terminal, environ) == depth


def test_each_depth_writes_its_own_codes() -> None:
    assert Palette(NONE).color("x", "#F97316") == "x"
    assert Palette(TRUE).color("x", "#F97316") == "\x1b[38;2;249;115;22mx\x1b[0m"
    assert Palette(BASIC).color("x", "#FF0000") == "\x1b[91mx\x1b[0m"
    assert Palette(BASIC).color("", "#FF0000") == ""


@pytest.mark.parametrize("depth", [BASIC, TRUE])
def test_paint_is_always_taken_off_again(depth: int) -> None:
    palette = Palette(depth)
    for painted in (palette.bold("x"), palette.dim("x"), palette.color("x", "#3B82F6")):
        assert painted.endswith("x\x1b[0m")
