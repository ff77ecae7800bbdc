"""A process of its own for a part of the work: it is told on stdin what to do, and answers on stdout in lines of JSON.

When its stdin ends, because the process that it works for was ended however, it ends too.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TextIO


def started(module: str, *words: str, paths: Sequence[str], said: IO[bytes], **more: str) -> "subprocess.Popen[bytes]":
    """The process that runs ``main`` of this module, with both pipes open.

    ``words``: its command line. ``paths``: where it looks for modules first; ``said``: where its stderr goes;
    ``more``: environment variables, where there are none of these names.
    """
    # By -c, so that what the module defines is not defined a second time, as `__main__`'s.
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", f"from {module} import main; main()", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
        env={**more, **os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        start_new_session=True,  # Ctrl-C is for the process that it works for
    )
    assert process.stdin and process.stdout
    return process


def last_line(log: Path) -> str:
    """The last that it said on stderr, which is an error's message; empty if it said nothing."""
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1].strip().removeprefix("corpus.errors.GeulgamError: ") if lines else ""


def answers() -> TextIO:
    """In the child: where answers go. Whatever else prints goes to stderr from now on."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    return channel
