"""The settings of `[corpus.deduplicate]`: which of near-duplicates stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Rule = Literal["longest", "earliest", "best"]
Keep = Literal["all", "longest", "earliest", "best"]

_VERSION = 1  # to be raised whenever by a rule another document would stay


class Scores(Protocol):
    """How good documents are: what "best" goes by. That of one depends on that one alone."""

    @property
    def digest(self) -> str:
        """Changes whenever a score may."""
        ...

    def __call__(self, ids: Sequence[str], texts: Sequence[str]) -> NDArray[np.float64]:
        """Of each document, (len(ids),): the higher the better."""
        ...


@dataclass(frozen=True, slots=True)
class Keeping:
    """``keep``: the longest of near-duplicates, the earliest, or the best by scores; "all": nothing is dropped."""

    keep: Keep = "all"

    @property
    def rule(self) -> Rule | None:
        """By which one stays; None: all stay."""
        return None if self.keep == "all" else self.keep

    def named(self, scores: Scores | None = None) -> list[tuple[str, int]]:
        """Name and version, as the corpus notes them among the steps it was made by; empty if all stay.

        ``scores``: of "best", whose digest is in the name, so that the corpus is made anew when it changes.
        """
        by = f" {scores.digest}" if scores and self.rule == "best" else ""
        return [(f"deduplicate {self.keep}{by}", _VERSION)] if self.rule else []
