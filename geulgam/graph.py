"""The graph of artifacts: what each is called, what it is made from and how; what is stale and why; making it.

Staleness, its reasons, the order of work and `status` come from here alone. The nodes themselves stand in
:mod:`geulgam.stages`, one file each.
"""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from corpus.atomic import explaining, is_recovered, recover, replace_folder, work_folder
from corpus.events import On, Task, about, silent
from geulgam import manifest
from geulgam.lock import locked
from geulgam.manifest import Manifest
from geulgam.settings import Settings
from geulgam.sweep import sweep
from geulgam.workspace import Workspace


class Node(ABC):
    """One artifact of a workspace: of a ``topic``, or shared by all ("").

    A subclass says in ``stage`` what it is, and raises ``version`` when the same inputs would give another artifact.
    Of two nodes with one name either will do.
    """

    stage: ClassVar[str]
    version: ClassVar[int] = 1
    is_source: ClassVar[bool] = False  # made by the user alone: ``make`` says how
    not_there: ClassVar[str] = "not made yet"
    shaped_by: ClassVar[str] = "settings"  # what changed settings are called

    def __init__(self, workspace: Workspace, settings: Settings, topic: str = "") -> None:
        self.workspace, self.settings, self.topic = workspace, settings, topic

    @property
    def name(self) -> str:
        """ "adapter 함께"."""
        return f"{self.stage} {self.topic}".rstrip()

    @property
    @abstractmethod
    def inputs(self) -> "tuple[Node, ...]":
        """What it is made from."""

    @property
    @abstractmethod
    def folder(self) -> Path:
        """Where the artifact lies, its manifest with it."""

    @abstractmethod
    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        """The settings that shape it, as JSON values; ``found``: what there is, for those that follow it."""

    @abstractmethod
    def make(self, now: Manifest, on: On) -> str:
        """Make it from its inputs as they are, whole or not at all, with ``now`` noted; what came of it, in a line.

        ``now`` lacks the fingerprint and the facts. Raises GeulgamError.
        """

    def found(self) -> Manifest | None:
        """What the artifact that is there was made from; None if there is none."""
        return manifest.read(self.folder)

    def size(self) -> int:
        """Its bytes on this disk."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def made_from(self, found: Manifest | None) -> Manifest:
        """What it would be made from now."""
        there = {self.called(node): node.found() for node in self.inputs}
        inputs = {stage: made.fingerprint if made else "" for stage, made in there.items()}
        return Manifest("", inputs, self.shape(found), self.version)

    def called(self, source: "Node") -> str:
        """What an input is called here: its stage, with its topic where that is another."""
        return source.stage if source.topic in ("", self.topic) else source.name

    def reasons(self, found: Manifest | None) -> list[str]:
        """Why it has to be made again, whatever becomes of its inputs; empty if it need not be."""
        if found is None:
            return [self.not_there]
        now = self.made_from(found)
        stages = {**now.inputs, **found.inputs}
        told = [f"{stage} changed" for stage in stages if now.inputs.get(stage) != found.inputs.get(stage)]
        if found.version != self.version:
            told.append("made by another version of geulgam")
        if changed := manifest.changes(found.settings, now.settings):
            told.append(f"{self.shaped_by} changed: {', '.join(changed)}")
        return told


@dataclass(frozen=True)
class State:
    """How an artifact is: ``found`` (None: there is none), and why it has to be made again.

    ``reasons``: for certain; ``depends``: the stale inputs it follows, if they come out different.
    """

    node: Node
    found: Manifest | None
    reasons: tuple[str, ...]
    depends: tuple[str, ...]

    @property
    def is_fresh(self) -> bool:
        """Whether it is what it would be if all were made now."""
        return not self.reasons and not self.depends

    @property
    def why(self) -> str:
        """Its reasons as one phrase."""
        if self.depends and not self.reasons:
            come = "come" if len(self.depends) > 1 else "comes"
            return f"if the {' or the '.join(self.depends)} {come} out different"
        return "; ".join(self.reasons)


@dataclass(frozen=True)
class Outcome:
    """What :func:`make` did: nothing (``reasons`` is empty), or the artifact anew; ``line`` tells of it."""

    node: Node
    reasons: tuple[str, ...]
    line: str

    @property
    def is_new(self) -> bool:
        """Whether it was made now."""
        return bool(self.reasons)


def order(targets: Iterable[Node]) -> list[Node]:
    """The targets and all that they are made from, each once, inputs first."""
    found: dict[str, Node] = {}

    def visit(node: Node) -> None:
        for source in node.inputs:
            visit(source)
        found.setdefault(node.name, node)

    for target in targets:
        visit(target)
    return sorted(found.values(), key=_depth)


def _depth(node: Node) -> int:
    return 1 + max(map(_depth, node.inputs), default=0)


def look(targets: Iterable[Node]) -> list[State]:
    """How the targets and all that they are made from are now, inputs first. Nothing is changed or locked."""
    states: dict[str, State] = {}
    for node in order(targets):
        found = node.found()
        stale = tuple(node.called(source) for source in node.inputs if not states[source.name].is_fresh)
        reasons = tuple(node.reasons(found))
        states[node.name] = State(node, found, reasons, stale)
    return list(states.values())


def make(
    target: Node,
    on: On = silent,
    *,
    again: str = "",
    alone: bool = False,
    told: Callable[[Outcome], None] | None = None,
) -> Outcome:
    """Make the target if it is stale, and before it what it is made from; what was done.

    ``again``: a reason to make it even if it is fresh. ``alone``: from its inputs as they are, stale or not. ``told``
    is called with each artifact that was made. While another thread or process is at one of them, it is waited for.
    Whether an artifact is stale is asked when its turn comes: a subset that came out as before costs no training.
    """
    sweep(target.workspace)
    if not alone:
        for source in order([target])[:-1]:
            outcome = _make(source, on, "")
            if told and outcome.is_new:
                told(outcome)
    outcome = _make(target, on, again)
    if told and outcome.is_new:
        told(outcome)
    return outcome


def _make(node: Node, on: On, again: str) -> Outcome:
    on = about(on, node.name)
    if not again and not node.reasons(node.found()) and is_recovered(node.folder):
        return Outcome(node, (), "up to date")
    with at_work(node.workspace, node.name, on):
        recover(node.folder)  # of what a kill has left between two renames
        found = node.found()
        reasons = tuple(node.reasons(found)) or ((again,) if again else ())
        if not reasons:  # another has made it while this waited
            return Outcome(node, (), "up to date")
        if node.is_source:
            return Outcome(node, reasons, node.make(node.made_from(found), on))
        with Task(on, "making", why="; ".join(reasons)) as task:
            task.result = node.make(node.made_from(found), on)
        return Outcome(node, reasons, task.result)


@contextmanager
def at_work(workspace: Workspace, name: str, on: On = silent) -> Iterator[None]:
    """Be the only one at work on the artifact of that name; see :func:`geulgam.lock.locked`."""
    with locked(workspace.locks, name, on):
        yield


@contextmanager
def renewed(folder: Path) -> Iterator[Path]:
    """A fresh folder beside ``folder``; on a clean exit it takes its place, so that what is there is always whole."""
    part = work_folder(folder)
    shutil.rmtree(part, ignore_errors=True)  # left by a process that was killed
    with explaining(folder):
        part.mkdir(parents=True)
    try:
        yield part
        replace_folder(part, folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def sealed(now: Manifest, fingerprint: str, seconds: float, facts: Mapping[str, Any] | None = None) -> Manifest:
    """The manifest of what was just made."""
    return Manifest(fingerprint, now.inputs, now.settings, now.version, facts or {}, round(seconds, 1))
