"""What the operating system refused, as one line for the user; the last net under :func:`corpus.atomic.explaining`."""

import errno
import re
from pathlib import Path

from corpus.atomic import explaining
from corpus.errors import GeulgamError

# Rust and C++ libraries (safetensors, Arrow, PyTorch) tell of a full disk in words of their own.
_FULL_IN_WORDS = re.compile(
    r"no space left|os error 28|StorageFull|disk quota exceeded|inline_container.*unexpected pos"
    r"|PytorchStreamWriter failed writing",
    re.IGNORECASE | re.DOTALL,
)

_OTHERS = {
    errno.ENOTDIR: "something else stands where geulgam keeps its own files; move it away",
    errno.EEXIST: "something else stands where geulgam keeps its own files; move it away",
    errno.EISDIR: "something else stands where geulgam keeps its own files; move it away",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EMFILE: "close other programs, or raise `ulimit -n`",
    errno.ENFILE: "close other programs, or raise `ulimit -n`",
    errno.ENOENT: "check the path; was it moved while the command ran?",
    errno.EIO: "the disk reports an error: check it",
}


def explain(error: BaseException) -> GeulgamError | None:
    """The error for the user, if this is one that a disk or a file system made; None for all others."""
    if isinstance(error, GeulgamError) or (isinstance(error, OSError) and error.errno == errno.EPIPE):
        return None  # EPIPE: the reader of our output left, and typer ends quietly
    if not isinstance(error, OSError) or error.errno is None:
        if _FULL_IN_WORDS.search(str(error)):
            return GeulgamError("the disk is full", "free some space and run the command again")
        return None
    name = error.filename2 or error.filename
    where = Path(name) if isinstance(name, str) and name else Path()
    try:
        with explaining(where):
            raise error
    except GeulgamError as told:
        return told
    except OSError:
        place = f": {where}" if name else ""
        reason = error.strerror or str(error)
        return GeulgamError(f"{reason[:1].lower()}{reason[1:]}{place}", _OTHERS.get(error.errno, ""))
