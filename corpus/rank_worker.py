"""A process that does ranks for :mod:`corpus.engine`: numbers come on its stdin, a line of JSON for each goes back.

When the stdin ends, because the process that it works for was ended however, it ends too, whatever it is at.
"""

import json
import os
import queue
import sys
import threading
from pathlib import Path

from corpus.child import answers
from corpus.errors import GeulgamError


def main() -> None:
    """Work on the folder that the command line names."""
    with answers() as out:
        numbers: queue.Queue[int] = queue.Queue()
        threading.Thread(target=_listen, args=(numbers,), daemon=True).start()
        from corpus.pipeline import Executor

        executor = Executor(Path(sys.argv[1]))
        while True:
            told: dict[str, object] = {"rank": (rank := numbers.get())}
            try:
                executor.run_rank(rank)
            except GeulgamError as error:
                told |= {"error": str(error), "hint": error.hint}
            print(json.dumps(told), file=out)


def _listen(numbers: "queue.Queue[int]") -> None:
    for line in sys.stdin:
        numbers.put(int(line))
    os._exit(0)
