"""Files and folders that are either the old one or the new one, whole, whenever the process is killed."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from corpus.errors import GeulgamError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a fresh path beside ``path``; on a clean exit it is flushed to disk and takes ``path``'s place.

    If the block raises, the old file stays as it was and the new one is removed. A full disk and a read-only
    folder raise GeulgamError (see :func:`explaining`).
    """
    with explaining(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        # The kernel applies the umask. To learn it one would have to set it, which other threads would notice.
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            yield part
            with part.open("rb") as written:
                os.fsync(written.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def write_text(path: Path, text: str) -> None:
    """Replace ``path`` with ``text`` in UTF-8, atomically."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def replace_folder(new: Path, target: Path) -> None:
    """Put the finished folder ``new``, of the same file system, in the place of ``target``, which need not exist.

    Two renames, since no system lets a full folder be replaced by one: killed between them, the new folder stands
    whole under another name, where :func:`recover` finds it. What else is left in the target's :func:`work_folder`
    goes. One process at a time may do this to a target. Raises as :func:`explaining`.
    """
    recover(target)
    with explaining(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        for torn in new.glob(".*.part"):  # of a process that was killed while it wrote the last files of it
            torn.unlink()
        new.rename(_finished(target))
    recover(target)


def recover(target: Path) -> None:
    """Finish what a :func:`replace_folder` that was killed began: ``target`` is whole, and nothing else is left."""
    finished, replaced = _finished(target), _replaced(target)
    with explaining(target):
        if finished.exists():
            if (work := work_folder(target)).exists():  # before the target stands, after which nobody looks for it
                shutil.rmtree(work)
            if target.exists():
                target.rename(replaced)
            finished.rename(target)
        if replaced.exists():
            shutil.rmtree(replaced)


def is_recovered(target: Path) -> bool:
    """Whether there is nothing for :func:`recover` to finish."""
    return not _finished(target).exists() and not _replaced(target).exists()


def work_folder(target: Path) -> Path:
    """Where the folder ``target`` is made, to be put in its place once it is whole."""
    return target.with_name(f"{target.name}.part")


def _finished(target: Path) -> Path:
    """Where a folder stands that is whole and about to take the target's place."""
    return target.with_name(f".{target.name}.new")


def _replaced(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Turn the two failures of writing ``path`` that a user can mend into a GeulgamError that says so."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise GeulgamError(
                f"the disk is full: could not write {path}",
                "free some space and run the command again; what was there before is whole",
            ) from error
        if error.errno in _FORBIDDEN:
            raise GeulgamError(
                f"may not write {path}: {os.strerror(error.errno)}",
                "make the folder writable, or work in another one; nothing was changed",
            ) from error
        raise
