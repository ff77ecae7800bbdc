"""Cleaning and judging on the nodes of a Ray cluster, a rank of rows in each job, as :mod:`corpus.engine` does here.

The workspace lies where all nodes see it, at the same path; Ray carries the ranks' numbers and nothing else. A job
whose worker has died, or its node, is begun again by Ray, maybe on another node.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.engine import stepping
from corpus.events import On, Task
from corpus.ranks import ROWS, Ranks
from corpus.step import Stepped, Work
from geulgam.cluster import RETRIES, cancel, failure, resources
from geulgam.cluster_job import POLL, check_version, wait_for
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
            _run(ranks, todo, task, work.at_once)
        return ranks.done(work.steps)


def _run(ranks: Ranks, todo: Sequence[int], task: Task, at_once: int | None) -> None:
    """Do these ranks, each in a job of one core; where a node may do but so many at once, of so much as that leaves."""
    import ray
    from ray.exceptions import RayError

    lent = [node["Resources"] for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
    asked = asking(lent, at_once)
    job: Any = ray.remote(run_rank).options(max_retries=RETRIES, **asked)
    jobs: dict[ObjectRef[None], int] = {job.remote(ranks.folder, rank, version(), Path.cwd()): rank for rank in todo}
    try:
        while jobs:
            done, _ = ray.wait(list(jobs), num_returns=len(jobs), timeout=POLL)
            for ref in done:
                rank = jobs.pop(ref)
                try:
                    ray.get(ref)
                except Exception as error:
                    raise failure(error, f"rows from {rank * ranks.rows(0) + 1:,} on", _LESS) from error
                wait_for(partial(ranks.is_seen, rank), ranks.folder)
                task.done += ranks.rows(rank)
            task.reach(task.done)
    except RayError as error:
        raise failure(error, "the Ray cluster") from error
    finally:
        cancel(list(jobs))


def asking(nodes: Sequence[Mapping[str, float]], at_once: int | None) -> dict[str, float]:
    """What a rank's job asks of its node, of which each has what stands in ``nodes``."""
    if at_once == 1:
        return resources(nodes, "auto")
    most = max((int(node.get("CPU", 0)) for node in nodes), default=0)
    return {"num_cpus": max(1, -(-most // at_once)) if at_once else 1}


def run_rank(folder: Path, rank: int, of: str, begun_in: Path) -> None:
    """On its node: do a rank of the work in the folder, by geulgam of that version. Raises GeulgamError."""
    check_version(of)
    wait_for((folder / "work.json").exists, folder)
    if begun_in.is_dir():  # a base, or an encoder, may be named from there
        os.chdir(begun_in)
    from corpus.pipeline import Executor

    Executor(folder).run_rank(rank)
