"""The steps on all cores of this machine: ranks of rows, done by worker processes, the same as in one.

A rank that is done stays done, whatever ends the work, and is not done again. Workers are processes of their own and
no `multiprocessing.Pool`, which waits without end for what a killed process had.
"""

import json
import os
import selectors
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from corpus.child import last_line, started
from corpus.errors import GeulgamError
from corpus.events import On, Task
from corpus.ranks import ROWS, Ranks
from corpus.step import Stepped, Work

ENOUGH = 2 * ROWS  # rows from which workers pay, if nobody says how many there are to be
LOG = "workers.log"  # in the folder of the ranks: what workers say on stderr
_LOOK = 0.5  # seconds between two looks at whether the work is to be broken off


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """An engine of so many ``workers``; None: as many as this process has cores, or for a little work none. Steps of
    which a machine may hold fewer have fewer.

    ``rows``: of a rank. Raises GeulgamError, in one line, for a step that fails and for a worker that dies; the ranks
    that are done are kept, and the same call goes on.
    """

    workers: int | None = None
    rows: int = ROWS

    def __call__(self, work: Work, on: On) -> Iterator[Stepped]:
        """What came of each row, in their order."""
        workers = cores() if self.workers is None else self.workers
        workers = min(workers, work.at_once or workers)
        if not len(work) or not work.steps or (self.workers is None and (workers < 2 or len(work) < ENOUGH)):
            return work.stepped()
        ranks = Ranks.of(work, self.rows)
        with stepping(ranks, on) as (todo, task):
            _run(ranks, todo, workers, task)
        return ranks.done(work.steps)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def stepping(ranks: Ranks, on: On) -> Iterator[tuple[list[int], Task]]:
    """The ranks that are not done yet, in their order, and the task of doing them, which counts rows."""
    todo = ranks.incomplete()
    total = sum(map(ranks.rows, range(len(ranks))))
    with Task(on, "cleaning", total, "row", done=total - sum(map(ranks.rows, todo))) as task:
        yield todo, task


def _run(ranks: Ranks, todo: list[int], workers: int, task: Task) -> None:
    """Do these ranks, by so many workers."""
    waiting = iter(todo)
    log = ranks.folder / LOG
    with log.open("wb") as said, selectors.DefaultSelector() as selector:
        threads = max(1, cores() // workers)
        hired = [_Worker(ranks.folder, threads, said) for _ in range(min(workers, len(todo)))]
        try:
            for worker in hired:
                selector.register(worker.answers, selectors.EVENT_READ, worker)
                worker.give(next(waiting, None))
            while selector.get_map():
                for key, _ in selector.select(_LOOK):
                    worker = key.data
                    task.done += ranks.rows(worker.answer(log))
                    worker.give(next(waiting, None))
                    if worker.rank is None:
                        selector.unregister(worker.answers)
                task.reach(task.done)
        finally:
            for worker in hired:
                worker.end()


class _Worker:
    """A worker process and the rank that it has; None: none."""

    def __init__(self, folder: Path, threads: int, said: IO[bytes]) -> None:
        self.rank: int | None = None
        paths = [path or str(Path.cwd()) for path in sys.path]  # steps may be anywhere
        self._process = started("corpus.rank_worker", str(folder), paths=paths, said=said, OMP_NUM_THREADS=str(threads))
        assert self._process.stdin and self._process.stdout
        self._orders, self.answers = self._process.stdin, self._process.stdout

    def give(self, rank: int | None) -> None:
        """Have it do this rank."""
        self.rank = rank
        if rank is not None:
            with suppress(BrokenPipeError):  # it is dead, which the end of its answers tells
                self._orders.write(f"{rank}\n".encode())
                self._orders.flush()

    def answer(self, log: Path) -> int:
        """The rank that it has done. Raises GeulgamError if that failed, or the worker is dead."""
        line = self.answers.readline()
        if not line.endswith(b"\n"):
            raise self._dead(log)
        told: dict[str, Any] = json.loads(line)
        if "error" in told:
            raise GeulgamError(told["error"], told["hint"])
        return int(told["rank"])

    def end(self) -> None:
        """End it, whatever it is at."""
        self._process.kill()
        self._process.wait()
        self.answers.close()
        with suppress(BrokenPipeError):
            self._orders.close()

    def _dead(self, log: Path) -> GeulgamError:
        code = self._process.wait()
        hint = "what is done is kept: the same command goes on"
        if code < 0:
            return GeulgamError(
                f"a worker was killed (signal {-code}) while it cleaned", f"is there memory enough? {hint}"
            )
        why = last_line(log) or f"it ended with status {code}"
        return GeulgamError(f"a worker failed while it cleaned: {why}", hint)
