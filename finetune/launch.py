"""A program in several processes of `accelerate launch` or `torchrun`: one does it, the others train along."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from finetune.processes import connected, is_main, number

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")


def by_main(work: Callable[_Given, _Made]) -> Callable[_Given, _Made | None]:
    """``work`` as the main process does it. In another, this trains along until the main one is done, and gives None.

    Raises what ``work`` raises; in another process GeulgamError for what keeps it from training along.
    """

    @wraps(work)
    def done(*given: _Given.args, **named: _Given.kwargs) -> _Made | None:
        if number() == 1:
            return work(*given, **named)
        with connected():
            if is_main():
                return work(*given, **named)
            from finetune.alongside import train_along

            train_along()
            return None

    return done
