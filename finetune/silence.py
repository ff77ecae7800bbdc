"""Quiet while transformers and peft work: their bars and warnings would break our own."""

import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

_lock = threading.Lock()
_quiet = 0  # how many blocks there are inside, in all threads
_undo = ExitStack()


@contextmanager
def quiet() -> Iterator[None]:
    """No progress bar and no warning of transformers or peft inside the block.

    Both are switched for the whole process: the first of several threads' blocks makes it quiet, the last to end
    makes it as it was.
    """
    global _quiet, _undo
    with _lock:
        if not _quiet:
            _undo = _silenced()
        _quiet += 1
    try:
        yield
    finally:
        with _lock:
            _quiet -= 1
            if not _quiet:
                _undo.close()


def _silenced() -> ExitStack:
    """Silence everything; closing what is returned undoes it."""
    from transformers.utils import logging as transformers_logging

    bars: Any = transformers_logging
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    undo = ExitStack()
    if transformers_logging.is_progress_bar_enabled():
        undo.callback(bars.enable_progress_bar)
        bars.disable_progress_bar()
    undo.callback(transformers_logging.set_verbosity, transformers_logging.get_verbosity())
    transformers_logging.set_verbosity(logging.ERROR)
    undo.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
    return undo
