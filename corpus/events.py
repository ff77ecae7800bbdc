"""What long work tells while it goes on, and how it is broken off.

Every function that takes more than a moment has a parameter ``on`` and calls it, in the thread that called the
function, with one of five events. It draws nothing itself: the face does, or a notebook, or nobody. Whatever ``on``
raises ends the work between two steps as Ctrl-C does: nothing that is done is lost, and the same call goes on.

    job = Cancellable(print)
    threading.Thread(target=adapt, kwargs={"on": job, ...}).start()
    job.cancel()                      # from any thread; the work ends with Cancelled at its next step
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self, TypeAlias


@dataclass(frozen=True, slots=True)
class Begun:
    """A task has begun. ``total``: how much of it there is, in ``unit``s (None: not known); ``done``: of it already.

    ``why``: the reason, where there is one to tell. ``artifact``: for which artifact of a workspace, as
    "adapter 함께"; empty outside of one.
    """

    task: str
    total: int | None = None
    unit: str = ""
    done: int = 0
    why: str = ""
    artifact: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a task has come: ``done`` of ``total``, in ``unit``s. ``note``: a few words beside it ("540 tok/s")."""

    task: str
    done: int
    total: int | None = None
    unit: str = ""
    note: str = ""
    artifact: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """Something measured on the way: "valid loss" 3.41 at step 20."""

    name: str
    value: float
    step: int | None = None
    artifact: str = ""


@dataclass(frozen=True, slots=True)
class TextWritten:
    """A piece of text that was written, behind those before it."""

    text: str
    artifact: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """A task has ended: after ``seconds``, ``complete`` or broken off. ``result``: what came of it, in a line."""

    task: str
    seconds: float
    complete: bool = True
    result: str = ""
    artifact: str = ""


Event: TypeAlias = Begun | Progress | Figure | TextWritten | Finished
On: TypeAlias = Callable[[Event], None]


def silent(event: Event) -> None:
    """Nobody listens."""


def about(on: On, artifact: str) -> On:
    """``on``, told for each event which artifact it is about (unless the event says so already)."""
    return lambda event: on(event if event.artifact else replace(event, artifact=artifact))


class Task:
    """A task that tells ``on`` when it begins, how far it is, and when it ends, whole or broken off.

    with Task(on, "analysing", len(documents), "document") as task:
        for document in documents:
            task.advance()
    """

    def __init__(
        self, on: On, name: str, total: int | None = None, unit: str = "", *, done: int = 0, why: str = ""
    ) -> None:
        self.on, self.name, self.total, self.unit, self.done, self.why = on, name, total, unit, done, why
        self.result = ""
        self._began = 0.0

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self.on(Begun(self.name, self.total, self.unit, self.done, self.why))
        return self

    def advance(self, by: int = 1, note: str = "") -> None:
        """So much more is done."""
        self.reach(self.done + by, note)

    def reach(self, done: int, note: str = "") -> None:
        """So much is done in all."""
        self.done = done
        self.on(Progress(self.name, done, self.total, self.unit, note))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.on(Finished(self.name, time.monotonic() - self._began, kind is None, self.result))


class Cancelled(Exception):
    """The work was broken off by :meth:`Cancellable.cancel`; the same call goes on with it."""


class Cancellable:
    """An ``on`` that passes events on to another, until :meth:`cancel` is called from any thread."""

    def __init__(self, on: On = silent) -> None:
        self._on = on
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """End the work at its next step."""
        self._cancelled.set()

    def __call__(self, event: Event) -> None:
        """Pass the event on. Raises Cancelled where work would begin or go on, after :meth:`cancel`."""
        if self._cancelled.is_set() and isinstance(event, Begun | Progress):
            raise Cancelled("cancelled; the same call continues")
        self._on(event)
