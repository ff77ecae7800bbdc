"""One at a time at each artifact, in all threads and processes, and a clear word on who is at it.

Readers need no lock.
"""

import json
import os
import re
import shlex
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from corpus.atomic import explaining
from corpus.events import On, Task, silent

_POLL = 0.2  # seconds between two tries; after each the waiting can be cancelled


@contextmanager
def locked(folder: Path, name: str, on: On = silent) -> Iterator[None]:
    """Be the only one at work on ``name``; while another is, wait, saying who.

    The lock is a file in ``folder``. The operating system gives it back when its holder dies, however it dies, so a
    stale one cannot stand in the way. A thread that holds it must not ask for it again.
    """
    holder = folder / f"{name}.json"
    lock = FileLock(folder / f"{name}.lock", thread_local=False)  # one object each, so that threads exclude each other
    with explaining(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            _wait(lock, holder, on)
    try:
        with suppress(OSError):  # a word for those who wait; the lock holds without it
            holder.write_text(json.dumps(_myself(), ensure_ascii=False), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _wait(lock: FileLock, holder: Path, on: On) -> None:
    with Task(on, "waiting", why=f"{_who(holder)} is at work on it") as task:
        while True:
            try:
                lock.acquire(timeout=0)
                return
            except Timeout:
                time.sleep(_POLL)
                task.advance(0)


def _myself() -> dict[str, str | int]:
    program = Path(sys.argv[0] or "python").name.replace("__main__.py", "geulgam")
    return {
        "pid": os.getpid(),
        "thread": threading.current_thread().name,
        "host": socket.gethostname(),
        "command": " ".join(map(_quoted, [program, *sys.argv[1:]]))[:200],
        "since": datetime.now().astimezone().isoformat(sep=" ", timespec="seconds"),
    }


def _quoted(word: str) -> str:
    """As a shell would need it; unlike shlex, Hangul needs no quotes."""
    return word if re.fullmatch(r"[\w@%+=:,./-]+", word) else shlex.quote(word)


def _who(holder: Path) -> str:
    try:
        told = json.loads(holder.read_text(encoding="utf-8"))
        return f"`{told['command']}` (process {told['pid']} on {told['host']}, since {told['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another geulgam command"
