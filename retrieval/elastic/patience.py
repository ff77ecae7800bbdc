"""Waiting for a server, or a node of it, that is away or busy, and the end of waiting."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TypeVar

from elastic_transport import TransportError
from elasticsearch import ApiError

from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from retrieval.elastic.failures import explained, passing

PATIENCE = 300.0  # seconds for which a node may be away
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds between two attempts
STEP = 1.0  # seconds after which whoever waits is asked whether to go on

Result = TypeVar("Result")


class Away(Exception):
    """Nothing has been answered for longer than one waits; ``error`` tells the user what was answered last."""

    def __init__(self, error: GeulgamError) -> None:
        super().__init__(str(error))
        self.error = error


class Patience:
    """Counts from the last answer, whichever thread had it. ``stop``: set it to end all waiting."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.stop = threading.Event()
        self.answered()

    def answered(self) -> None:
        """The server is there."""
        self._last = time.monotonic()

    def wait(self, error: Exception, pause: float, step: Callable[[], object] = lambda: None) -> float:
        """Pause after a passing failure; the next pause, twice as long. Raises Away when it has been too long.

        ``step`` is called every second of it, and ends it with whatever it raises.
        """
        if time.monotonic() - self._last > self.seconds:
            raise Away(_told(error))
        end = time.monotonic() + pause
        while (left := end - time.monotonic()) > 0 and not self.stop.wait(min(left, STEP)):
            step()
        return min(2 * pause, LONGEST_PAUSE)

    def until_done(self, work: Callable[[], Result], on: On = silent) -> Result:
        """The result of the work, tried again while it fails for a passing reason. Raises Away and GeulgamError."""
        self.answered()
        pause, waiting = FIRST_PAUSE, None
        with ExitStack() as told:
            while True:
                try:
                    return work()
                except (ApiError, TransportError, GeulgamError) as error:
                    cause = error.__cause__ if isinstance(error, GeulgamError) else error
                    if not isinstance(cause, (ApiError, TransportError)) or not passing(cause):
                        raise _told(error) from cause
                    failure = error
                if waiting is None:
                    waiting = told.enter_context(Task(on, "waiting", unit="attempt", why=str(_told(failure))))
                pause = self.wait(failure, pause, partial(waiting.advance, 0))
                waiting.advance()


def _told(error: Exception) -> GeulgamError:
    return error if isinstance(error, GeulgamError) else explained(error)
