"""What goes on, for people and for programs: the only place where bars are drawn.

In a terminal each task has a bar; elsewhere (a log file) a line every half minute, so that hours are not silent.
With ``GEULGAM_EVENTS=FILE`` every event is also appended to the file as a line of JSON.
"""

import dataclasses
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from corpus.errors import GeulgamError
from corpus.events import Begun, Event, Finished, On, Progress

if TYPE_CHECKING:
    from tqdm import tqdm

MAKING = "making"  # the task of an artifact as a whole, see geulgam.graph
_LINES = 30.0  # seconds between two lines of a task, where no bar can be drawn
_JSON = 0.2  # seconds between two events of a task's progress in the file
_SHORT = 0.5  # seconds that a task takes before it has a bar

Key = tuple[str, str]  # artifact, task


@contextmanager
def showing(note: Callable[[str], None], stream: IO[str] | None = None) -> Iterator[On]:
    """An ``on`` that shows all on stderr (or ``stream``), and writes to ``GEULGAM_EVENTS``. Threads may share it.

    ``note``: prints a line, such as why an artifact is made.
    """
    stream = stream or sys.stderr
    shown: Bars | Log = Bars(note, stream) if stream.isatty() else Log(note)
    path = os.environ.get("GEULGAM_EVENTS")
    with Record.opened(path) if path else _nowhere() as record:
        lock = threading.Lock()

        def on(event: Event) -> None:
            with lock:
                record(event)
                if isinstance(event, Begun) and event.why:
                    note(f"{event.artifact or event.task}: {event.why}")
                shown(event)

        try:
            yield on
        finally:
            shown.close()


class Bars:
    """A tqdm bar for each task at work."""

    def __init__(self, note: Callable[[str], None], stream: IO[str]) -> None:
        self._stream = stream
        self._bars: dict[Key, tqdm[Any]] = {}

    def __call__(self, event: Event) -> None:
        """Draw."""
        from tqdm import tqdm

        if isinstance(event, Begun) and event.task != MAKING and event.unit:
            self._bars[_key(event)] = tqdm(
                desc=_label(event),
                total=event.total,
                initial=event.done,
                unit=event.unit,
                unit_scale=event.unit == "B",
                delay=_SHORT,
                file=self._stream,
            )
        elif isinstance(event, Progress) and (bar := self._bars.get(_key(event))):
            if event.note:
                bar.set_postfix_str(event.note, refresh=False)
            if event.total is not None:
                bar.total = event.total
            bar.update(event.done - bar.n)
        elif isinstance(event, Finished) and (bar := self._bars.pop(_key(event), None)):
            bar.close()

    def close(self) -> None:
        """Leave the terminal as it was."""
        for bar in self._bars.values():
            bar.close()


class Log:
    """A line for a task that has gone on for half a minute, and for each half minute more."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._last: dict[Key, float] = {}

    def __call__(self, event: Event) -> None:
        """Say how far it is, if it is time."""
        now = time.monotonic()
        if isinstance(event, Begun):
            self._last[_key(event)] = now
        elif isinstance(event, Progress) and now - self._last.setdefault(_key(event), now) >= _LINES:
            self._last[_key(event)] = now
            of = f" of {event.total:,}" if event.total is not None else ""
            beside = f", {event.note}" if event.note else ""
            self._note(f"  {_label(event)}: {event.done:,}{of} {event.unit}s{beside}")
        elif isinstance(event, Finished):
            self._last.pop(_key(event), None)

    def close(self) -> None:
        """Nothing to be done."""


class Record:
    """Events as lines of JSON: ``{"event": "progress", "time": 1764000000.0, "task": "training", "done": 12, …}``."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._last: dict[Key, float] = {}

    @classmethod
    @contextmanager
    def opened(cls, path: str) -> Iterator["Record"]:
        """Appending to the file. Raises GeulgamError if it cannot be written."""
        try:
            file = open(path, "a", encoding="utf-8", buffering=1)  # noqa: PTH123, SIM115 - may be /dev/stderr or a pipe
        except OSError as error:
            raise GeulgamError(f"cannot write events to {path}: {error.strerror}", "check GEULGAM_EVENTS") from error
        with file:
            yield cls(file)

    def __call__(self, event: Event) -> None:
        """Write it, unless it is progress of a task that has just been told."""
        now = time.monotonic()
        if isinstance(event, Progress):
            if now - self._last.get(_key(event), 0.0) < _JSON and event.done != event.total:
                return
            self._last[_key(event)] = now
        values = {name: value for name, value in dataclasses.asdict(event).items() if value not in (None, "")}
        name = "".join(f"_{c.lower()}" if c.isupper() else c for c in type(event).__name__).lstrip("_")
        self._file.write(json.dumps({"event": name, "time": time.time(), **values}, ensure_ascii=False) + "\n")


@contextmanager
def _nowhere() -> Iterator[Callable[[Event], None]]:
    yield lambda event: None


def _key(event: Begun | Progress | Finished) -> Key:
    return event.artifact, event.task


def _label(event: Begun | Progress) -> str:
    """ "training 함께"."""
    return " ".join((event.task, *event.artifact.split(" ", 1)[1:]))
