"""One writing command at a time in a workspace, and a clear word on who is at it."""

import json
import os
import re
import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from corpus.atomic import write_text
from corpus.errors import GeulgamError


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold the lock in this folder; within one process it may be taken again.

    The operating system gives the lock back when its holder dies, however it dies, so a stale one cannot stand
    in the way. Raises GeulgamError naming the holder's process, machine, command and start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    holder = folder / "holder.json"
    lock = FileLock(folder / "lock", timeout=0, is_singleton=True)
    first = not lock.is_locked
    try:
        lock.acquire()
    except Timeout:
        raise _busy(holder) from None
    try:
        if first:
            write_text(holder, json.dumps(_myself(), ensure_ascii=False))
        yield
    finally:
        if first:
            holder.unlink(missing_ok=True)
        lock.release()


def _myself() -> dict[str, str | int]:
    program = Path(sys.argv[0] or "python").name.replace("__main__.py", "geulgam")
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "command": " ".join(map(_quoted, [program, *sys.argv[1:]]))[:200],
        "since": datetime.now().astimezone().isoformat(sep=" ", timespec="seconds"),
    }


def _quoted(word: str) -> str:
    """As a shell would need it; unlike shlex, Hangul needs no quotes."""
    return word if re.fullmatch(r"[\w@%+=:,./-]+", word) else shlex.quote(word)


def _busy(holder: Path) -> GeulgamError:
    hint = "wait for it to end, or stop it; it loses nothing"
    try:
        told = json.loads(holder.read_text(encoding="utf-8"))
        who = f"`{told['command']}` (process {told['pid']} on {told['host']}, since {told['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        who = "another geulgam command"
    return GeulgamError(f"the workspace is in use by {who}", hint)
