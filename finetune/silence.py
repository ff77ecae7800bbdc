"""Quiet while transformers and peft load things: their bars and warnings would break our own."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def quiet() -> Iterator[None]:
    """No progress bar and no warning of transformers or peft inside the block."""
    from transformers.utils import logging as transformers_logging

    bars: Any = transformers_logging

    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    shown = transformers_logging.is_progress_bar_enabled()
    level = transformers_logging.get_verbosity()
    bars.disable_progress_bar()
    transformers_logging.set_verbosity(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        transformers_logging.set_verbosity(level)
        if shown:
            bars.enable_progress_bar()
