"""Trainings as jobs of a Ray cluster: on many machines at once, or on the GPUs of one.

The workspace lies where all nodes see it, at the same path; Ray carries who is to make what, and the events. A job
makes its artifact as any process does, under its lock and with checkpoints beside it. So a job whose worker has died is
begun again by Ray, maybe on another node, and goes on from the last whole checkpoint. Ray is imported when a cluster is
asked for, and not before.
"""

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from queue import Empty
from typing import TYPE_CHECKING, Any

from corpus.errors import GeulgamError
from corpus.events import Begun, Event, Finished, On, Task, silent
from geulgam.cluster_job import JOB, POLL, JobResult, order_of, run, wait_until_seen
from geulgam.explain import explain
from geulgam.graph import Outcome, make, order
from geulgam.stages.base import ModelNode

if TYPE_CHECKING:
    from ray import ObjectRef
    from ray.util.queue import Queue

INSTALL = 'pip install "geulgam[ray]"'
RETRIES = 3  # times that a job is begun again after its worker, or the worker's node, has died
_RAY = {  # read when Ray is imported
    "RAY_task_oom_retries": str(RETRIES),  # else it begins a job again without end that its node has no memory for
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".*",  # else it prints what becomes of workers among our results, on stdout
}
_QUEUE = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1}  # it may lose events, and must not be lost
_LESS = "lower finetune.device_batch, or set finetune.gradient_checkpointing = true"
_ENDS = 60.0  # seconds in which a cancelled job comes to its next step


class Cluster:
    """The Ray cluster that this process is connected to, see :func:`connected`."""

    def make(
        self,
        targets: Sequence[ModelNode],
        on: On = silent,
        *,
        again: str = "",
        told: Callable[[Outcome], None] | None = None,
    ) -> list[Outcome]:
        """As :func:`geulgam.graph.make` of each target, all of them at once, if there is room: each is a job.

        What they are made from is made first: in a job if it is trained, else here. A job that fails does not keep
        the others from being done; its GeulgamError is raised at the end. What ``on`` raises cancels all jobs.
        """

        def tell(outcome: Outcome) -> None:
            if told and outcome.is_new:
                told(outcome)

        names = {target.name for target in targets}
        for node in order(targets):
            if isinstance(node, ModelNode) and node.name not in names:
                self._jobs([node], on, "", tell)
            elif node.name not in names:
                tell(make(node, on, alone=True))
        return self._jobs(targets, on, again, tell)

    def _jobs(self, nodes: Sequence[ModelNode], on: On, again: str, tell: Callable[[Outcome], None]) -> list[Outcome]:
        """Each of the nodes that is stale made in a job."""
        import ray
        from ray.exceptions import RayError
        from ray.util.queue import Queue

        outcomes = {node.name: Outcome(node, (), "up to date") for node in nodes}
        stale = [node for node in nodes if again or node.reasons(node.found())]
        if not stale:
            return list(outcomes.values())
        lent = [node["Resources"] for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
        asked = resources(lent, nodes[0].settings.finetune.execution.device)
        events, listener = Queue(actor_options=_QUEUE), _Listener(on)
        job: Any = ray.remote(run).options(max_retries=RETRIES, **asked)
        jobs: dict[ObjectRef[JobResult], ModelNode] = {
            job.remote(order_of(node, again), events): node for node in stale
        }
        failed: list[GeulgamError] = []
        try:
            with Task(on, "on the cluster", len(stale), "job") as task:
                while jobs:
                    done, _ = ray.wait(list(jobs), num_returns=1, timeout=POLL)
                    for event in _put_so_far(events):
                        listener(event)
                    for ref in done:
                        node = jobs.pop(ref)
                        try:
                            result = ray.get(ref)
                            wait_until_seen(node, result.fingerprint)
                        except Exception as error:
                            listener.left(node.name)
                            failed.append(failure(error, node.name))
                        else:
                            outcomes[node.name] = Outcome(node, result.reasons, result.line)
                            tell(outcomes[node.name])
                    task.advance(len(done), f"{len(jobs)} at work or waiting")
        except RayError as error:
            raise GeulgamError(f"the Ray cluster failed: {_first_line(error)}", "the same command goes on") from error
        finally:
            cancel(list(jobs))
        _raise(failed)
        return list(outcomes.values())


@contextmanager
def connected(address: str | None = None) -> Iterator[Cluster]:
    """The cluster at ``address``, such as "10.0.0.1:6379"; else at RAY_ADDRESS, else the one that this machine is of.

    Where there is none of these, one of this machine alone, which ends with the block. Raises GeulgamError if Ray is
    not installed or no cluster answers.
    """
    if find_spec("ray") is None:
        raise GeulgamError("a Ray cluster needs Ray, which is not installed", INSTALL)
    for name, value in _RAY.items():
        os.environ.setdefault(name, value)
    import ray

    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    except Exception as error:  # Ray's own are of many kinds, down to a plain Exception
        where = address or os.environ.get("RAY_ADDRESS") or "this machine"
        raise GeulgamError(
            f"cannot join a Ray cluster at {where}: {_first_line(error)}",
            "is it up? `ray status` tells; this machine has to be one of its nodes: ray start --address HOST:6379",
        ) from error
    try:
        yield Cluster()
    finally:
        ray.shutdown()


def resources(nodes: Sequence[Mapping[str, float]], device: str) -> dict[str, float]:
    """What a job asks of its node: a GPU, where the cluster has one and it may be used, else all cores of a node.

    ``nodes``: what each has. Of cores it asks so many that no node has room for two jobs, whose memory might not
    suffice; nodes with half as many as the largest, or fewer, have no part. Raises GeulgamError for a device that no
    node has.
    """
    if ":" in device:
        raise GeulgamError(f"finetune.device is {device}, but Ray chooses each job's GPU", "set it to auto or cuda")
    if device in ("auto", "cuda") and any(node.get("GPU", 0) >= 1 for node in nodes):
        return {"num_gpus": 1, "num_cpus": 1}
    if device == "cuda":
        raise GeulgamError("no node of the cluster has a GPU", "set finetune.device to auto or cpu")
    cores = [int(node.get("CPU", 0)) for node in nodes]
    if not max(cores, default=0):
        raise GeulgamError("no node of the cluster lends a core", "ray start --address HOST:6379, without --num-cpus=0")
    return {"num_cpus": min(n for n in cores if 2 * n > max(cores))}


class _Listener:
    """Passes events of jobs on to ``on``, and ends the tasks that a dead worker has left open."""

    def __init__(self, on: On) -> None:
        self._on = on
        self._open: dict[str, dict[str, float]] = {}  # of each artifact the tasks that have begun, and when

    def __call__(self, event: Event) -> None:
        if isinstance(event, Begun):
            if event.task == JOB and self.left(event.artifact):
                event = replace(event, why=f"its worker died; begun again {event.why}")
            self._open.setdefault(event.artifact, {})[event.task] = time.monotonic()
        elif isinstance(event, Finished):
            self._open.get(event.artifact, {}).pop(event.task, None)
        self._on(event)

    def left(self, artifact: str) -> bool:
        """End what is open of the artifact's tasks, innermost first; whether there was any."""
        tasks = self._open.pop(artifact, {})
        for task, began in reversed(tasks.items()):
            self._on(Finished(task, time.monotonic() - began, False, "its worker died", artifact))
        return bool(tasks)


def _put_so_far(events: "Queue") -> list[Event]:
    try:
        return list(events.get_nowait_batch(events.qsize()))
    except Empty:  # it was begun again in between
        return []


def cancel(jobs: "Sequence[ObjectRef[Any]]") -> None:
    """End the jobs at their next step, as Ctrl-C does; those that do not come to one, at once."""
    import ray

    for job in jobs:
        ray.cancel(job)
    late = ray.wait(list(jobs), num_returns=len(jobs), timeout=_ENDS)[1] if jobs else []
    for job in late:
        ray.cancel(job, force=True)


def failure(error: Exception, name: str, less: str = _LESS) -> GeulgamError:
    """What became of a job of that name that failed, for the user; ``less``: how it would need less memory."""
    from ray.exceptions import NodeDiedError, OutOfMemoryError, RayTaskError, WorkerCrashedError

    cause = error.cause if isinstance(error, RayTaskError) else error
    if told := cause if isinstance(cause, GeulgamError) else explain(cause):
        return GeulgamError(f"{name}: {told}", told.hint)
    logs = "what it said stands in /tmp/ray/session_latest/logs of its node; the same command goes on"
    if isinstance(cause, OutOfMemoryError):
        return GeulgamError(f"{name}: the memory of its node does not suffice", less)
    if isinstance(cause, WorkerCrashedError | NodeDiedError):
        return GeulgamError(f"{name}: its worker died {RETRIES + 1} times", logs)
    return GeulgamError(f"{name}: {type(cause).__name__}: {_first_line(cause)}", logs)


def _raise(failed: Sequence[GeulgamError]) -> None:
    if len(failed) == 1:
        raise failed[0]
    if failed:
        lines = "; ".join(_first_line(error) for error in failed)
        raise GeulgamError(f"{len(failed)} jobs failed: {lines}", "mend them, then the same command again")


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
