"""Files that are either the old one or the new one, whole, whenever the process is killed."""

import errno
import os
import tempfile
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
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(handle)
        part = Path(name)
        try:
            yield part
            with part.open("rb") as written:
                os.fsync(written.fileno())
            part.chmod(0o666 & ~_umask())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def write_text(path: Path, text: str) -> None:
    """Replace ``path`` with ``text`` in UTF-8, atomically."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
