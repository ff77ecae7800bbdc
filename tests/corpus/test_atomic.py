"""A file is the old one or the new one, and what a user can mend is told to them."""

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from corpus.atomic import explaining, is_recovered, recover, replace_folder, replacing, work_folder, write_text
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


def test_a_new_file_is_as_open_as_the_umask_lets_it_and_the_umask_is_never_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = os.umask(0o027)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(os, "umask", lambda mask: pytest.fail("another thread would create its files with it"))
            write_text(tmp_path / "a.txt", "하나")
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o640


def folder(path: Path, text: str) -> Path:
    path.mkdir()
    (path / "a.txt").write_text(text, encoding="utf-8")
    (path / "b.txt").write_text(text, encoding="utf-8")
    return path


def contents(path: Path) -> set[str]:
    return {file.read_text("utf-8") for file in path.iterdir()}


def test_a_folder_takes_the_place_of_none_and_of_another(tmp_path: Path) -> None:
    target = tmp_path / "below" / "adapter"
    for text in ("하나", "둘"):
        replace_folder(folder(tmp_path / "new", text), target)
        assert contents(target) == {text}
        assert [path.name for path in target.parent.iterdir()] == ["adapter"]
        assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("steps", range(10))
def test_a_folder_is_whole_after_a_kill_at_any_step_and_the_next_call_clears_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Each rename and each removal of a file or folder is a step; the process dies before that one."""
    target, left = folder(tmp_path / "adapter", "옛"), iter(range(steps))
    work = work_folder(target)
    folder(work, "일하던")
    new = folder(work / "best", "새")

    def dying(call: Callable[..., object]) -> Callable[..., object]:
        def step(*given: object, **named: object) -> object:
            if next(left, None) is None:
                raise KeyboardInterrupt  # which nothing in between catches, as nothing would catch a kill
            return call(*given, **named)

        return step

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        for name in ("rename", "unlink", "rmdir"):
            patch.setattr(os, name, dying(getattr(os, name)))
        replace_folder(new, target)
    assert is_recovered(target) == (steps in (0, 9)), "before its first step, and after its last"
    recover(target)
    assert is_recovered(target)
    assert contents(target) == {"옛" if steps == 0 else "새"}
    assert {path.name for path in tmp_path.iterdir()} == {"adapter", *(["adapter.part"] if steps == 0 else [])}
    replace_folder(folder(tmp_path / "newer", "더 새"), target)
    assert contents(target) == {"더 새"}
    assert {path.name for path in tmp_path.iterdir()} == {"adapter"}
