from __future__ import annotations

import random

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from paso.tui.strips import differing

RED, BLUE = Style(color="red"), Style(color="blue")


def strip(*parts: tuple[str, Style]) -> Strip:
    return Strip([Segment(text, style) for text, style in parts])


def test_equal_lines_do_not_differ() -> None:
    assert differing(strip(("abc", RED)), strip(("abc", RED))) is None


def test_only_the_letters_that_differ_are_counted() -> None:
    assert differing(strip(("abcdef", RED)), strip(("abXdef", RED))) == (2, 3)


def test_a_style_that_differs_counts_from_its_first_cell() -> None:
    before = strip(("ab", RED), ("cd", RED), ("ef", RED))
    after = strip(("ab", RED), ("cd", BLUE), ("ef", RED))
    assert differing(before, after) == (2, 4)


def test_wide_letters_are_never_cut() -> None:
    assert differing(strip(("漢 ab", RED)), strip(("字 ab", RED))) == (0, 3)
    assert differing(strip(("a漢", RED)), strip(("a字", RED))) == (0, 3)


def test_a_letter_that_gets_an_accent_is_sent_with_it() -> None:
    before, after = strip(("ae b", RED)), strip(("ae\u0301 b", RED))
    found = differing(before, after)
    assert found is not None
    first, end = found
    assert first <= 1 and end >= 2


@pytest.mark.parametrize("cut", range(7))
def test_the_same_text_in_other_pieces_is_the_same(cut: int) -> None:
    before = strip(("abcdef", RED))
    after = strip(("abcdef"[:cut], RED), ("abcdef"[cut:], RED))
    assert differing(before, after) is None


@pytest.mark.parametrize("seed", range(200))
def test_every_cell_that_differs_is_counted(seed: int) -> None:
    chance = random.Random(seed)

    def line() -> Strip:
        cells = [(chance.choice("ab "), chance.choice([RED, BLUE])) for _ in range(8)]
        return strip(*cells)

    before, after = line(), line()
    found = differing(before, after) or (0, 0)
    for cell in range(8):
        if before.crop(cell, cell + 1) != after.crop(cell, cell + 1):
            assert found[0] <= cell < found[1]
