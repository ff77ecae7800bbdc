"""The seven topics on the shared essays: each one's best documents, by side, and excerpts of those held out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.blind import Passage
from bench.essays import QUERIES, shared_documents
from corpus.document import Document
from corpus.events import On, silent
from corpus.sides import Shares, Side, Sides, assign
from corpus.store import Corpus
from generate.sentences import ends, starts
from retrieval.analyzers import analyzer
from retrieval.bm25 import Bm25Index
from retrieval.select import select
from retrieval.topic import Subset, Topic

SHARES = Shares(valid=0.06, test=0.2)
K = 90  # documents of a topic, of which 67 are trained on
CHARACTERS = 500  # of an excerpt, behind its opening
_OPENING = 20  # characters that an opening has at least: a sentence, or two
_LONGEST_OPENING = 120
_DEEP = 4  # times K: how far down the test side is looked through


@dataclass(frozen=True)
class Ground:
    """The corpus of the shared essays, their sides, and each topic's subset of ``K`` and of ``_DEEP`` times K."""

    corpus: Corpus
    sides: Sides
    subsets: Mapping[str, Subset]
    deep: Mapping[str, Subset]

    def documents(self, topic: str, side: Side, deep: bool = False) -> list[Document]:
        """A topic's documents of one side, the best first; ``deep``: four times as many."""
        return self.corpus.get((self.deep if deep else self.subsets)[topic].ids(side))

    def unwritten(self) -> list[Document]:
        """The documents of the train side on which none of the topics' writers is trained or chosen by."""
        used = {id_ for subset in self.subsets.values() for side in ("train", "valid") for id_ in subset.ids(side)}
        return [document for document in self.corpus.get(self.sides.ids("train")) if document.id not in used]


def ground(folder: Path, k: int = K, on: On = silent) -> Ground:
    """Corpus, index and sides of the shared essays in this folder, made where they are not there yet (two minutes)."""
    corpus = Corpus(folder / "corpus")
    if not len(corpus):
        corpus.add(shared_documents())
    index = Bm25Index(folder / "index", analyzer("kiwi"))
    index.build(corpus, on=on)
    sides = assign(corpus, SHARES, on=on)
    found = [
        {name: select(index, corpus, sides, Topic(name, query, times * k), SHARES) for name, query in QUERIES.items()}
        for times in (1, _DEEP)
    ]
    return Ground(corpus, sides, *found)


def excerpts(made: Ground, per_topic: int, characters: int = CHARACTERS) -> list[Passage]:
    """The beginnings of held-out essays: of each topic its best-ranked, ended at a sentence.

    Topics take turns, so that none has all that match several, and no two excerpts are of one essay or its kin. An
    essay is left out that is too short, or whose beginning is no prose: an opening without an end, lines that are no
    sentences.
    """
    waiting = {topic: iter(made.documents(topic, "test", deep=True)) for topic in made.deep}
    chosen: dict[str, list[Passage]] = {topic: [] for topic in waiting}
    taken: set[int] = set()  # kin groups
    for _ in range(per_topic):
        for topic, documents in waiting.items():
            passage = next(_usable(made, documents, topic, taken, characters), None)
            if passage:
                chosen[topic].append(passage)
                taken.update(made.sides.kin([passage.id]))
    return [passage for passages in chosen.values() for passage in passages]


def _usable(
    made: Ground, documents: Iterator[Document], topic: str, taken: set[int], characters: int
) -> Iterator[Passage]:
    for document in documents:
        parts = beginning(document.text, characters)
        if parts and taken.isdisjoint(made.sides.kin([document.id])):
            yield Passage(document.id, topic, *parts)


def beginning(text: str, characters: int) -> tuple[str, str] | None:
    """The first sentence (with the second, if it is very short) and what follows, about that long; None: no prose."""
    text = "\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())
    places = starts(text)
    first = next((start for start in places if start >= _OPENING), None)
    if first is None:
        return None
    opening, rest = text[:first].strip(), text[first:]
    # Twice the length is looked at: an essay that ends here would lend its end to the comparison.
    near = [end for end in _ends(rest) if 0.9 * characters <= end <= 1.1 * characters]
    lines = [line for line in [*opening.splitlines(), *rest[: 2 * characters].splitlines()[:-1]] if line]
    prose = (
        all(map(ends, opening.splitlines()))
        and sum(map(ends, lines)) >= 0.8 * len(lines)
        and len(opening) < _LONGEST_OPENING
    )
    if not near or not prose or len(rest) < 1.5 * characters:
        return None
    return opening, rest[: min(near, key=lambda end: abs(end - characters))]


def _ends(text: str) -> Sequence[int]:
    ended = (len(text[:start].rstrip()) for start in starts(text)[1:])
    return [end for end in ended if ends(text[:end])]
