"""What a survey of a corpus finds, as values."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from corpus.cleaning.tally import Tally
from corpus.survey.excerpts import Shown

By = Literal["reader", "rule", "double"]
SCORES = 20  # bins from 0 to 1, in which a learnt judge's scores are counted


@dataclass(slots=True)
class Amount:
    """So many documents, or rows, with so many characters in all."""

    documents: int = 0
    characters: int = 0

    def add(self, text: str) -> None:
        """One more."""
        self.documents += 1
        self.characters += len(text)

    def less(self, other: "Amount") -> "Amount":
        """What is left without those."""
        return Amount(self.documents - other.documents, self.characters - other.characters)


@dataclass(slots=True)
class FileRows:
    """Of one file, or of all files of a folder that are one row each: rows taken, their characters, rows refused."""

    taken: int = 0
    characters: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class RefusalKind:
    """All refusals of one kind. ``by``: the reader of a file, a rule, or the search for doubles.

    ``amount``: with the characters that cleaning had left; what readers refuse has none.
    """

    kind: str
    by: By
    amount: Amount
    examples: Sequence[Shown]


@dataclass(frozen=True, slots=True)
class Repeats:
    """Rows whose text another row has. ``again``: in the same file; ``elsewhere``: in another one; ``corrected``: their
    file was read again, and said something else besides the text.

    ``most``: texts that stand there most often, each with how often.
    """

    again: int
    elsewhere: int
    corrected: int
    most: Sequence[tuple[int, Shown]]


@dataclass(frozen=True, slots=True)
class NearCopies:
    """Groups of texts that are nearly the same: ``sizes`` counts the groups by how many texts each has.

    ``pairs``: of some groups the text that stays beside one that goes, with the share that both have.
    """

    sizes: Mapping[int, int] = field(default_factory=dict)
    pairs: Sequence[tuple[Shown, Shown, float]] = ()


@dataclass(frozen=True, slots=True)
class Lengths:
    """Lengths in characters: bins as :class:`corpus.stats.Histogram` has them, of two lots of texts."""

    edges: Sequence[int]
    before: Sequence[int]
    after: Sequence[int]
    shortest: int
    median: int
    longest: int


@dataclass(frozen=True)
class Survey:
    """What came in, what became of it, and what there is.

    Of the ``rows`` that were imported ``read`` had a text, ``different`` of these are different texts; ``cleaned`` are
    these after cleaning, ``judged`` those that no rule refused, ``kept`` the corpus. ``waiting``: rows that were
    imported since the corpus was made. ``changes``: examples for each cleaning step. ``scores``: how many texts a
    learnt judge refused, by score, in :data:`SCORES` bins. ``sources``: different texts and documents of the corpus by
    origin, see :func:`corpus.stats.origin`.
    """

    rows: int
    waiting: int
    read: Amount
    different: Amount
    cleaned: Amount
    judged: Amount
    kept: Amount
    files: Mapping[str, FileRows]
    repeats: Repeats
    tally: Tally
    changes: Mapping[str, Sequence[Shown]]
    refusals: Sequence[RefusalKind]
    near: NearCopies
    scores: Sequence[int]
    lengths: Lengths
    sources: tuple[Counter[str], Counter[str]]
