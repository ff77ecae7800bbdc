"""How long something takes, for tests that hold it against something else on the same machine."""

import time
from collections.abc import Callable


def quickest(work: Callable[[], object], tries: int = 40) -> float:
    """Seconds of this process's processor that the work takes at least, of so many tries."""
    found = []
    for _ in range(tries):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)
