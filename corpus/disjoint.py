"""Numbers that are joined into sets, two at a time."""

import numpy as np

from corpus.parts import Places


class DisjointSets:
    """Disjoint sets of the numbers from 0 to below ``size``; the root of a set is its lowest."""

    def __init__(self, size: int) -> None:
        self._above = list(range(size))

    def root(self, one: int) -> int:
        """That of the set in which the number is."""
        while self._above[one] != one:
            self._above[one] = self._above[self._above[one]]
            one = self._above[one]
        return one

    def join(self, one: int, other: int) -> None:
        """Make the two numbers' sets one."""
        one, other = self.root(one), self.root(other)
        self._above[max(one, other)] = min(one, other)

    def roots(self) -> Places:
        """That of every number, (size,)."""
        return np.fromiter(map(self.root, range(len(self._above))), np.intp, len(self._above))
