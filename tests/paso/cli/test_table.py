"""Tables are aligned, fit the terminal and count wide characters right."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from paso.cli.output import Output
from paso.cli.table import Head, table
from paso.text import cell_width, escape

HEADS = (
    Head("key", least=4),
    Head("title", least=12),
    Head("count", right=True, spare=1),
    Head("x", spare=2),
)


def lay(rows: list[tuple[str, str, str, str]], width: int = 80) -> list[str]:
    out = Output(color="never")
    out.width = width
    return table(out, HEADS, rows)


def test_columns_stand_below_each_other() -> None:
    assert lay([("A-1", "first", "7", "m"), ("A-10", "second one", "12", "")]) == [
        "KEY   TITLE       COUNT  X",
        "A-1   first           7  m",
        "A-10  second one     12",
    ]


def test_a_column_without_words_is_left_out() -> None:
    assert lay([("A-1", "first", "", "")]) == ["KEY  TITLE", "A-1  first"]


def test_no_rows_are_no_lines() -> None:
    assert lay([]) == []


def test_the_widest_column_gives_way() -> None:
    lines = lay([("A-1", "a very long title indeed, longer than this", "7", "m")], 40)
    assert all(cell_width(line) <= 40 for line in lines)
    assert "…" in lines[1]
    assert lines[1].endswith("7  m")


def test_wide_characters_are_counted_by_cells() -> None:
    lines = lay([("A-1", "日本語", "7", "m"), ("A-2", "plain text", "8", "n")])
    assert cell_width(lines[1][: lines[1].index("7")]) == lines[2].index("8")


@given(
    st.lists(st.tuples(*[st.text(max_size=30).map(escape)] * 4), max_size=5),
    st.integers(min_value=40, max_value=100),
)
def test_no_line_is_wider_than_the_terminal(
    rows: list[tuple[str, str, str, str]], width: int
) -> None:
    assert all(cell_width(line) <= width for line in lay(rows, width))


def test_a_narrow_terminal_leaves_the_least_needed_columns_out() -> None:
    lines = lay([("A-1", "a long title indeed", "7", "m")], 24)
    assert lines == ["KEY  TITLE         COUNT", "A-1  a long titl…      7"]
    assert lay([("A-1", "a long title indeed", "7", "m")], 20)[0] == "KEY  TITLE"


def test_a_pipe_has_no_limit() -> None:
    title = "x" * 300
    assert title in lay([("A-1", title, "", "")], 1 << 30)[1]
