"""What a setting of training may be, and the line for the user where it is something else."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from corpus.errors import GeulgamError

Limit: TypeAlias = tuple[Callable[[Any], bool], str]  # whether a value is within it, and what to give instead


def check(values: object, limits: Mapping[str, Limit], table: str = "finetune") -> None:
    """Raise GeulgamError for the first attribute of ``values`` outside of its limit. ``table``: of the settings."""
    for name, (allows, advice) in limits.items():
        value = getattr(values, name)
        if not allows(value):
            raise GeulgamError(f"{table}.{name} is {value}", advice)


def whole(least: int, most: float = math.inf) -> Limit:
    """A whole number from ``least`` to ``most``."""
    upward = f"give a whole number, {least} or more"
    return (
        lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most,
        upward if most == math.inf else f"give a whole number from {least} to {most:.0f}",
    )


def number(least: float = 0.0, most: float = math.inf, *, above: bool = False, below: bool = False) -> Limit:
    """A finite number from ``least`` to ``most``; ``above``: not ``least`` itself, ``below``: not ``most`` itself."""

    def allows(value: Any) -> bool:
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            return False
        return (value > least if above else value >= least) and (value < most if below else value <= most)

    low = f"above {least:g}" if above else f"{least:g} or more"
    return allows, f"give a number, {low}" + (
        "" if most == math.inf else f" and {'below' if below else 'up to'} {most:g}"
    )


def one_of(values: Sequence[object]) -> Limit:
    """One of these."""
    return lambda value: any(value is v or (type(value) is type(v) and value == v) for v in values), (
        f"choose one of {', '.join(map(str, values))}"
    )


def or_none(limit: Limit) -> Limit:
    """What the limit allows, or None."""
    allows, advice = limit
    return lambda value: value is None or allows(value), f"{advice}, or leave it out"


def divisors(number: int) -> str:
    """The whole numbers that divide it, to choose from: "1, 2, 4"."""
    return ", ".join(str(n) for n in range(1, number + 1) if number % n == 0)
