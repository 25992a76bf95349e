"""The id of this computer: made once, kept, private."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from paso.computer import this_computer
from paso.errors import UnsafePath


def test_the_id_is_made_once_and_kept(paso_home: Path) -> None:
    first = this_computer(str(paso_home))
    assert len(first.id) == 16
    assert first.name == os.uname().nodename
    assert this_computer(str(paso_home)) == first
    assert (paso_home / "computer.id").stat().st_mode & 0o777 == 0o600


def test_a_known_id_is_read_where_nothing_can_be_written(
    paso_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, unsealed = this_computer(str(paso_home)), os.open

    def sealed(path: str, flags: int, mode: int = 0o777) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
        return unsealed(path, flags, mode)

    monkeypatch.setattr(os, "open", sealed)
    assert this_computer(str(paso_home)) == known


def test_two_homes_have_two_ids(paso_home: Path, tmp_path: Path) -> None:
    assert this_computer(str(paso_home)).id != this_computer(str(tmp_path)).id


@pytest.mark.parametrize("text", ["", "short", "X" * 16, "\x00" * 50, "é" * 16])
def test_a_damaged_id_is_made_anew(paso_home: Path, text: str) -> None:
    (paso_home / "computer.id").write_text(text)
    made = this_computer(str(paso_home)).id
    assert this_computer(str(paso_home)).id == made


def test_a_link_in_its_place_is_not_followed(paso_home: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    (paso_home / "computer.id").symlink_to(target)
    with pytest.raises(UnsafePath):
        this_computer(str(paso_home))
    assert target.read_text() == "precious"
