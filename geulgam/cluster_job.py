"""A job of a Ray cluster, as its node sees it: what it is to make, making it, and telling of it.

The workspace lies on a file system that all nodes see at the same path; a job makes sure of it before it works.
"""

import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import GeulgamError
from corpus.events import Event, Progress, Task
from geulgam.distribution import version
from geulgam.graph import Node, make
from geulgam.settings import Settings
from geulgam.stages.base import ModelNode
from geulgam.workspace import Workspace

if TYPE_CHECKING:
    from ray.util.queue import Queue

JOB = "job"  # the task of a job as a whole, on its node
POLL = 0.2  # seconds between two looks at what goes on elsewhere
SEEN = 60.0  # seconds after which a node sees what another has written: a network's file system may keep old listings


@dataclass(frozen=True, slots=True)
class Order:
    """What a job is to make, and what its node has to have for it: the same geulgam, the same ``inputs``."""

    kind: type[ModelNode]
    workspace: Workspace
    settings: Settings
    topic: str
    again: str
    inputs: Mapping[str, str]
    folder: Path  # the current one, where a base may be named from
    version: str


@dataclass(frozen=True, slots=True)
class JobResult:
    """What came of a job: why and how, as of an Outcome, and the fingerprint of what now has to be seen."""

    reasons: tuple[str, ...]
    line: str
    fingerprint: str


def order_of(node: ModelNode, again: str) -> Order:
    """To make the node from its inputs as they are here; ``again`` as in :func:`geulgam.graph.make`."""
    there = {source.name: source.found() for source in node.inputs}
    inputs = {name: found.fingerprint for name, found in there.items() if found}
    return Order(type(node), node.workspace, node.settings, node.topic, again, inputs, Path.cwd(), version())


def run(order: Order, events: "Queue") -> JobResult:
    """On its node: make the artifact from its inputs as they are, and tell of it. Raises GeulgamError."""
    host = socket.gethostname()
    check_version(order.version)
    if not order.workspace.settings_file.exists():
        raise not_shared(order.workspace.folder, host)
    if order.folder.is_dir():
        os.chdir(order.folder)
    node = order.kind(order.workspace, order.settings, order.topic)
    with Task(_Sender(events, node.name), JOB, why=f"on {host}") as task:
        for source in node.inputs:
            wait_until_seen(source, order.inputs.get(source.name))
        outcome = make(node, task.on, again=order.again, alone=True)
        made = node.found()
        return JobResult(outcome.reasons, outcome.line, made.fingerprint if made else "")


class _Sender:
    """An ``on`` that puts events into the queue: of a task's progress as many as one can look at."""

    def __init__(self, events: "Queue", artifact: str) -> None:
        self._events, self._artifact = events, artifact
        self._last: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        if isinstance(event, Progress) and event.done != event.total:
            now = time.monotonic()
            if now - self._last.get(event.task, 0.0) < POLL:
                return
            self._last[event.task] = now
        self._events.put(event if event.artifact else replace(event, artifact=self._artifact))


def wait_until_seen(node: Node, fingerprint: str | None) -> None:
    """Until the artifact of this fingerprint is seen from here. Raises GeulgamError if it is another one for long."""
    wait_for(lambda: (found := node.found()) is not None and found.fingerprint == fingerprint, node.folder)


def check_version(wanted: str) -> None:
    """Raise GeulgamError where this node has another geulgam."""
    if version() != wanted:
        what = f"{socket.gethostname()} has geulgam {version()}, and this machine {wanted}"
        raise GeulgamError(what, "install the same on all nodes")


def wait_for(is_there: Callable[[], bool], folder: Path) -> None:
    """Until something in the folder is seen from here, since a network's file system may keep old listings.

    Raises GeulgamError if it is not for long.
    """
    end = time.monotonic() + SEEN
    while not is_there():
        if time.monotonic() > end:
            raise not_shared(folder, socket.gethostname())
        time.sleep(POLL)


def not_shared(folder: Path, host: str) -> GeulgamError:
    """That a node sees another folder there, or another state of it."""
    what = f"{host} does not see in {folder} what the other nodes see there"
    return GeulgamError(what, "put the workspace on a file system that all nodes mount at the same path")
