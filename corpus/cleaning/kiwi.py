"""Kiwi's model for the two steps that need it, loaded with the first text (0.5 GB of memory, 2 seconds)."""

from functools import cache
from typing import Any


@cache
def model() -> Any:
    """The model, once per process; kiwipiepy's own threads."""
    from kiwipiepy import Kiwi

    return Kiwi(num_workers=-1, model_type="cong")
