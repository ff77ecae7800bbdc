"""Headers: what a model is told of each passage before it reads or writes it, and does not learn to say.

A header says which passage of how many follows, so also whether it opens or closes, and by what words it can be told
from others: "[2/3] 우산, 정류장, 비". Training with control codes (Keskar et al. 2019, 1909.05858; Madani et al.
2020, 2004.03497) is how the contest's winners of 2022 steered theirs. So that a model also writes without,
and forgives bad keywords, some essays have none, some headers no keywords, and some keywords are another passage's.
"""

import math
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from corpus.document import Document
from corpus.events import On, Task, silent
from finetune.layout import MOST_KEYWORDS, Header, header
from retrieval.keywords import content
from retrieval.kiwi import Morpheme, tagged, term

_SHORTEST, _LONGEST = 250, 1_500  # characters of a passage, drawn for each essay, each as likely on a logarithmic scale
_FEWEST = 3  # keywords
_BARE = 0.12  # of the essays: none of their passages has a header
_EMPTY = 0.1  # of the other headers: without keywords
_STRANGE = 0.05  # of the keywords: another passage's
_KINDS = {"NNG": 1.0, "NNP": 0.7, "VV": 0.4, "VA": 0.4, "MAG": 0.3}  # what a person would choose
_PARAGRAPHS = re.compile(r"\n\s*")


@dataclass(frozen=True)
class Headers:
    """The headers of the documents that they were made of, by the document's version; none of any other."""

    of_version: Mapping[str, Sequence[Header]] = field(default_factory=dict)

    def __call__(self, document: Document) -> Sequence[Header]:
        """The document's headers, in order."""
        return self.of_version.get(document.version, ())

    @classmethod
    def of(cls, documents: Sequence[Document], seed: int = 0, on: On = silent) -> "Headers":
        """Divide the documents into passages and choose each one's keywords: those that few other passages have.

        The statistics are those of these documents alone. The same documents and seed give the same headers.
        """
        divided = [list(passages(document, _chance(document, seed))) for document in documents]
        found: list[dict[str, float]] = []
        with Task(on, "choosing keywords", len(documents), "essay") as task:
            texts = [[document.text[start:end] for start, end in spans] for document, spans in _zip(documents, divided)]
            morphemes = tagged(text for of_document in texts for text in of_document)
            for number, of_document in enumerate(texts):
                for text in of_document:
                    found.append(_counted(number, text, next(morphemes)))
                task.advance()
        frequency = Counter(word for words in found for word in words)
        strange = sorted(frequency)
        rest = iter(found)
        made: dict[str, Sequence[Header]] = {}
        for document, spans in _zip(documents, divided):
            chance = _chance(document, seed, "keywords")
            own = [next(rest) for _ in spans]
            told = [
                Header(start, header(number, len(spans), _chosen(words, frequency, len(found), strange, chance)))
                for number, ((start, _), words) in enumerate(zip(spans, own, strict=True), 1)
            ]
            made[document.version] = () if chance.random() < _BARE else told
        return cls(made)


def passages(document: Document, chance: random.Random) -> Iterator[tuple[int, int]]:
    """From where to where each passage of a text goes: whole paragraphs, as many as make the length that is drawn."""
    text = document.text
    length = math.exp(chance.uniform(math.log(_SHORTEST), math.log(_LONGEST)))
    ends = [match.end() for match in _PARAGRAPHS.finditer(text)]
    start = 0
    for end in ends:
        if end - start >= length and len(text) - end >= _SHORTEST:
            yield start, end
            start = end
    yield start, len(text)


def _counted(number: int, text: str, morphemes: Sequence[Morpheme]) -> dict[str, float]:
    """The passage's words, each with its weight by kind and by how often it stands there."""
    often = Counter(map(term, morphemes))
    return {
        word: _KINDS[kind] * (1 + math.log(often[word] or often[word.removesuffix("하다")] or 1))
        for word, kind in content(number, text, morphemes).words.items()
    }


def _chosen(
    words: Mapping[str, float], frequency: Counter[str], passages: int, strange: Sequence[str], chance: random.Random
) -> list[str]:
    """Three to eight of the words that tell the passage best, in any order, with what makes a model robust."""
    number = chance.randint(_FEWEST, MOST_KEYWORDS)
    weight = {word: own * math.log(passages / frequency[word]) for word, own in words.items()}
    best = sorted(weight, key=lambda word: (-weight[word], word))[: 2 * number]
    chosen = chance.sample(best, min(number, len(best)))
    chosen = [chance.choice(strange) if chance.random() < _STRANGE else word for word in chosen]
    return [] if chance.random() < _EMPTY else chosen


def _chance(document: Document, seed: int, what: str = "") -> random.Random:
    return random.Random(f"{document.id} {seed} {what}")


def _zip(
    documents: Sequence[Document], divided: Sequence[list[tuple[int, int]]]
) -> Iterator[tuple[Document, list[tuple[int, int]]]]:
    return zip(documents, divided, strict=True)
