"""A file is the old one or the new one, and what a user can mend is told to them."""

import errno
from pathlib import Path

import pytest

from corpus.atomic import explaining, replacing, write_text
from corpus.errors import GeulgamError


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    write_text(tmp_path / "below" / "a.txt", "하나")
    write_text(tmp_path / "below" / "a.txt", "둘")
    assert [path.read_text("utf-8") for path in (tmp_path / "below").iterdir()] == ["둘"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_a_block_that_raises_leaves_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    write_text(tmp_path / "a.txt", "하나")
    with pytest.raises(error), replacing(tmp_path / "a.txt") as part:
        part.write_text("반쪽", encoding="utf-8")
        raise error
    assert [path.read_text("utf-8") for path in tmp_path.iterdir()] == ["하나"]


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "the disk is full: could not write a.txt"),
        (errno.EDQUOT, "the disk is full: could not write a.txt"),
        (errno.EROFS, "may not write a.txt: Read-only file system"),
        (errno.EACCES, "may not write a.txt: Permission denied"),
    ],
)
def test_what_a_user_can_mend_is_an_error_for_the_user(number: int, message: str) -> None:
    with pytest.raises(GeulgamError) as caught, explaining(Path("a.txt")):
        raise OSError(number, "whatever")
    assert str(caught.value) == message
    assert caught.value.hint


def test_any_other_failure_stays_what_it_is() -> None:
    with pytest.raises(OSError, match="whatever"), explaining(Path("a.txt")):
        raise OSError(errno.EIO, "whatever")
