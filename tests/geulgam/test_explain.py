"""What the operating system refused becomes one line that says what to do."""

import errno
import os
from pathlib import Path

import pytest

from corpus.errors import GeulgamError
from geulgam.explain import explain


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "disk is full"),
        (errno.EROFS, "may not write"),
        (errno.EACCES, "may not write"),
        (errno.EIO, "error"),
        (errno.ENOTDIR, "not a directory"),
        (errno.ENAMETOOLONG, "name too long"),
    ],
)
def test_each_refusal_names_the_file_and_the_next_step(number: int, said: str) -> None:
    told = explain(OSError(number, os.strerror(number), "/contest/corpus/part"))
    assert told is not None and said in str(told) and "/contest/corpus/part" in str(told)
    assert told.hint and "\n" not in str(told)


def test_a_full_disk_is_known_from_other_libraries_words() -> None:
    rust = RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")
    assert "disk is full" in str(explain(rust))


def test_what_is_no_refusal_is_left_alone() -> None:
    assert explain(ValueError("a bug")) is None
    assert explain(GeulgamError("told already")) is None
    assert explain(BrokenPipeError(errno.EPIPE, "Broken pipe")) is None


def test_a_real_refusal_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError) as caught:
        (tmp_path / "file" / "below").mkdir()
    assert "not a directory" in str(explain(caught.value))
