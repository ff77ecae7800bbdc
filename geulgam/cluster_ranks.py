"""Cleaning and judging on the nodes of a Ray cluster, a rank of rows in each job, as :mod:`corpus.engine` does here.

The workspace lies where all nodes see it, at the same path; Ray carries the ranks' numbers and nothing else. A job
whose worker has died, or its node, is begun again by Ray, maybe on another node.
"""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.engine import stepping
from corpus.errors import GeulgamError
from corpus.events import On, Task
from corpus.ranks import ROWS, Ranks
from corpus.step import Stepped, Work
from geulgam.cluster import RETRIES, cancel, failure, resources
from geulgam.cluster_job import POLL, SEEN, not_shared
from geulgam.distribution import version

if TYPE_CHECKING:
    from ray import ObjectRef

_LESS = "lend fewer cores of that node: ray start --num-cpus"


@dataclass(frozen=True, slots=True)
class RayEngine:
    """An engine on the cluster that this process is connected to, see :func:`geulgam.cluster.connected`.

    ``rows``: of a rank. Raises GeulgamError, in one line, for a step that fails and for a node that differs; the ranks
    that are done are kept, and the same call goes on, here or on a cluster.
    """

    rows: int = ROWS

    def __call__(self, work: Work, on: On) -> Iterator[Stepped]:
        """What came of each row, in their order."""
        if not len(work) or not work.steps:
            return work.stepped()
        ranks = Ranks.of(work, self.rows)
        with stepping(ranks, on) as (todo, task):
            _run(ranks, todo, task, is_large=work.at_once is not None)
        return ranks.done(work.steps)


def _run(ranks: Ranks, todo: Sequence[int], task: Task, *, is_large: bool) -> None:
    """Do these ranks, each in a job of one core, or where a step holds much, as a training's."""
    import ray
    from ray.exceptions import RayError

    lent = [node["Resources"] for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
    asked = resources(lent, "auto") if is_large else {"num_cpus": 1}
    job: Any = ray.remote(run_rank).options(max_retries=RETRIES, **asked)
    jobs: dict[ObjectRef[None], int] = {job.remote(ranks.folder, rank, version()): rank for rank in todo}
    try:
        while jobs:
            done, _ = ray.wait(list(jobs), num_returns=len(jobs), timeout=POLL)
            for ref in done:
                rank = jobs.pop(ref)
                try:
                    ray.get(ref)
                except Exception as error:
                    raise failure(error, f"rows from {rank * ranks.rows(0) + 1:,} on", _LESS) from error
                _seen(partial(ranks.is_seen, rank), ranks.folder)
                task.done += ranks.rows(rank)
            task.reach(task.done)
    except RayError as error:
        raise failure(error, "the Ray cluster") from error
    finally:
        cancel(list(jobs))


def run_rank(folder: Path, rank: int, of: str) -> None:
    """On its node: do a rank of the work in the folder, by geulgam of that version. Raises GeulgamError."""
    host = socket.gethostname()
    if version() != of:
        raise GeulgamError(f"{host} has geulgam {version()}, not {of}", "install the same on all nodes")
    _seen(lambda: (folder / "work.json").exists(), folder)
    from corpus.pipeline import Executor

    Executor(folder).run_rank(rank)


def _seen(is_there: Callable[[], bool], folder: Path) -> None:
    """Wait until something is seen from here, since a network's file system may keep old listings."""
    end = time.monotonic() + SEEN
    while not is_there():
        if time.monotonic() > end:
            raise not_shared(folder, socket.gethostname())
        time.sleep(POLL)
