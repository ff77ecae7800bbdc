"""Groups of near-copies, as ``duplicates.jsonl`` lists them, with pairs to be looked at."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from corpus.document import Raw
from corpus.survey.excerpts import Chosen, Shown, difference
from corpus.survey.surveyed import NearCopies

FILE = "duplicates.jsonl"  # a line for each group: {"kept": ID, "dropped": [{"id": ID, "shared": 0.83}, …]}
_PAIRS = 6
_LONGEST = 20_000  # characters of a text that is kept to be compared

_Pair = tuple[str, str, float]


class NearGroups:
    """The groups listed in ``path``, which need not exist; ``look`` at each text, then ``found`` has the pairs."""

    def __init__(self, path: Path) -> None:
        self._sizes: Counter[int] = Counter()
        chosen: Chosen[_Pair] = Chosen(_PAIRS)
        for kept, dropped in _groups(path):
            self._sizes[1 + len(dropped)] += 1
            first = min(dropped, key=lambda one: one[1])  # the least alike is what one wants to see
            chosen.offer(kept, lambda kept=kept, first=first: (kept, *first))  # type: ignore[misc]
        self._pairs = chosen.found()
        self._wanted = {id_ for kept, dropped, _ in self._pairs for id_ in (kept, dropped)}
        self._texts: dict[str, tuple[Raw, str]] = {}

    def look(self, id_: str, row: Raw, cleaned: str) -> None:
        """Keep the text if one of the pairs has it."""
        if id_ in self._wanted:
            self._texts[id_] = row, cleaned[:_LONGEST]

    def found(self) -> NearCopies:
        """The groups' sizes, and the pairs of which both texts came by."""
        pairs = []
        for kept, dropped, shared in self._pairs:
            if kept in self._texts and dropped in self._texts:
                (one, text), (other, another) = self._texts[kept], self._texts[dropped]
                marks = difference(text, another)
                stays = Shown(one.file, one.line, one.title, marks=marks)
                pairs.append((stays, Shown(other.file, other.line, other.title), shared))
        return NearCopies(dict(sorted(self._sizes.items())), pairs)


def _groups(path: Path) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                told = json.loads(line)
                kept, dropped = str(told["kept"]), [(str(d["id"]), float(d["shared"])) for d in told["dropped"]]
            except (ValueError, KeyError, TypeError):
                continue  # half a line that a killed process left
            if dropped:
                yield kept, dropped
