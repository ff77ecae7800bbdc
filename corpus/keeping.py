"""The settings of `[corpus.deduplicate]`: which of near-duplicates stays."""

from dataclasses import dataclass
from typing import Literal

Rule = Literal["longest", "earliest"]
Keep = Literal["all", "longest", "earliest"]

_VERSION = 1  # to be raised whenever by a rule another document would stay


@dataclass(frozen=True, slots=True)
class Keeping:
    """``keep``: the longest of near-duplicates, or the earliest; "all": nothing is dropped."""

    keep: Keep = "all"

    @property
    def rule(self) -> Rule | None:
        """By which one stays; None: all stay."""
        return None if self.keep == "all" else self.keep

    def named(self) -> list[tuple[str, int]]:
        """Name and version, as the corpus notes them among the steps it was made by; empty if all stay."""
        return [(f"deduplicate {self.keep}", _VERSION)] if self.rule else []
