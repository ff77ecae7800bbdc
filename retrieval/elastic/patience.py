"""Waiting for a server, or a node of it, that is away or busy, and the end of waiting."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from elastic_transport import TransportError
from elasticsearch import ApiError

from corpus.errors import GeulgamError
from retrieval.elastic.failures import explained, passing

PATIENCE = 300.0  # seconds for which a node may be away
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds between two attempts

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

    def wait(self, error: Exception, pause: float) -> float:
        """Pause after a passing failure; the next pause, twice as long. Raises Away when it has been too long."""
        if time.monotonic() - self._last > self.seconds:
            raise Away(error if isinstance(error, GeulgamError) else explained(error))
        self.stop.wait(pause)
        return min(2 * pause, LONGEST_PAUSE)

    def until_done(self, work: Callable[[], Result]) -> Result:
        """The result of the work, tried again while it fails for a passing reason. Raises Away and GeulgamError."""
        self.answered()
        pause = FIRST_PAUSE
        while True:
            try:
                return work()
            except (ApiError, TransportError) as error:
                if not passing(error):
                    raise explained(error) from error
                pause = self.wait(error, pause)
            except GeulgamError as error:  # one that was explained already
                if not isinstance(error.__cause__, (ApiError, TransportError)) or not passing(error.__cause__):
                    raise
                pause = self.wait(error, pause)
