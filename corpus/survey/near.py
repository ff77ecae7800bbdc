"""Groups of near-copies, as ``duplicates.jsonl`` lists them, with pairs to be looked at."""

from collections import Counter

from corpus.deduplicate import duplicates
from corpus.document import Raw
from corpus.store import Corpus
from corpus.survey.excerpts import Chosen, Shown, difference
from corpus.survey.surveyed import NearCopies

_PAIRS = 6
_LONGEST = 20_000  # characters of a text that is kept to be compared

_Pair = tuple[str, str, float]


class NearGroups:
    """Those of a corpus, none where nothing was dropped; ``look`` at each text, then ``found`` has the pairs."""

    def __init__(self, corpus: Corpus) -> None:
        self._sizes: Counter[int] = Counter()
        chosen: Chosen[_Pair] = Chosen(_PAIRS)
        for each in duplicates(corpus):
            self._sizes[1 + len(each.dropped)] += 1
            last = each.dropped[-1]  # the least alike is what one wants to see
            chosen.offer(each.kept, lambda kept=each.kept, last=last: (kept, last.id, last.shared))  # type: ignore[misc]
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
