"""Headers: what a model is told of each passage before it reads or writes it, and does not learn to say.

A header says which passage of how many follows, so also whether it opens or closes, and by what words it can be told
from others: "[2/3] 우산, 정류장, 비". Training with control codes (Keskar et al. 2019, 1909.05858; Madani et al.
2020, 2004.03497) is how the contest's winners of 2022 steered theirs. So that a model also writes without,
and forgives bad keywords, some essays have none, some headers no keywords, and some keywords are another passage's.
"""

import json
import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.atomic import write_text
from corpus.document import Document
from corpus.events import On, Task, silent
from finetune.layout import MOST_KEYWORDS, Header, header
from finetune.portions import ENDS
from retrieval.keywords import content
from retrieval.kiwi import Morpheme, tagged, term

_SHORTEST, _LONGEST = 250, 3_000  # characters of a passage, drawn for each essay, each as likely on a logarithmic scale
_FEWEST = 3  # keywords
_BARE = 0.12  # of the essays: none of their passages has a header
_EMPTY = 0.1  # of the other headers: without keywords
_STRANGE = 0.05  # of the keywords: another passage's
_KINDS = {"NNG": 1.0, "NNP": 0.7, "VV": 0.4, "VA": 0.4, "MAG": 0.3}  # what a person would choose
_LINE, _SENTENCE, *_ = ENDS
_FILE = "keywords.json"  # in an adapter's folder


@dataclass(frozen=True)
class Frequencies:
    """In how many of so many ``passages`` each word stands; a word that is not in ``of_word`` in one of them."""

    passages: int
    of_word: Mapping[str, int]

    def rarity(self, word: str) -> float:
        """How well a word tells a passage from others: its inverse document frequency."""
        return math.log(self.passages / self.of_word.get(word, 1))

    def save(self, folder: Path) -> None:
        """Keep them in an adapter's folder."""
        often = {word: number for word, number in self.of_word.items() if number > 1}
        told = {"passages": self.passages, "of_word": often}
        write_text(folder / _FILE, json.dumps(told, ensure_ascii=False, sort_keys=True))

    @classmethod
    def of_adapter(cls, folder: Path | None) -> "Frequencies | None":
        """Those that an adapter was trained with; None if it has none."""
        if folder is None or not (file := folder / _FILE).exists():
            return None
        return cls(**json.loads(file.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Headers:
    """The headers of the documents that they were made of, by the document's version; none of any other.

    ``frequencies``: by what they were chosen.
    """

    of_version: Mapping[str, Sequence[Header]]
    frequencies: Frequencies = Frequencies(1, {})

    def __call__(self, document: Document) -> Sequence[Header]:
        """The document's headers, in order."""
        return self.of_version.get(document.version, ())

    @classmethod
    def of(
        cls, documents: Sequence[Document], seed: int = 0, known: Frequencies | None = None, on: On = silent
    ) -> "Headers":
        """Divide the documents into passages and choose each one's keywords: those that few other passages have.

        ``known``: in how many; else in how many of these documents'. A topic's essays all have the topic's words, which
        are told only where the whole corpus is ``known``. The same documents and seed give the same headers.
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
        own = Counter(word for words in found for word in words)
        frequencies, strange = known or Frequencies(len(found), own), sorted(own)
        rest = iter(found)
        made: dict[str, Sequence[Header]] = {}
        for document, spans in _zip(documents, divided):
            chance = _chance(document, seed, "keywords")
            told = [
                Header(start, header(number, len(spans), _chosen(next(rest), frequencies, strange, chance)))
                for number, (start, _) in enumerate(spans, 1)
            ]
            made[document.version] = () if chance.random() < _BARE else told
        return cls(made, frequencies)


def passages(document: Document, chance: random.Random) -> Iterator[tuple[int, int]]:
    """From where to where each passage of a text goes: whole lines, as many as make the length that is drawn.

    Where a line would make it twice as long, it ends with a sentence.
    """
    text = document.text
    length = math.exp(chance.uniform(math.log(_SHORTEST), math.log(_LONGEST)))
    lines, sentences = ({match.end() for match in ends.finditer(text)} for ends in (_LINE, _SENTENCE))
    start = 0
    for end in sorted(lines | sentences):
        enough = length if end in lines else min(2 * length, _LONGEST)
        if end - start >= enough and len(text) - end >= _SHORTEST:
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
    words: Mapping[str, float], frequencies: Frequencies, strange: Sequence[str], chance: random.Random
) -> list[str]:
    """Three to eight of the words that tell the passage best, in any order, with what makes a model robust."""
    number = chance.randint(_FEWEST, MOST_KEYWORDS)
    weight = {word: own * frequencies.rarity(word) for word, own in words.items()}
    mixed = chance.sample(sorted(weight), len(weight))  # of words that weigh the same, any
    best = sorted(mixed, key=lambda word: -weight[word])[: 2 * number]
    chosen = chance.sample(best, min(number, len(best)))
    chosen = [chance.choice(strange) if chance.random() < _STRANGE else word for word in chosen]
    return [] if chance.random() < _EMPTY else chosen


def _chance(document: Document, seed: int, what: str = "") -> random.Random:
    return random.Random(f"{document.id} {seed} {what}")


def _zip(
    documents: Sequence[Document], divided: Sequence[list[tuple[int, int]]]
) -> Iterator[tuple[Document, list[tuple[int, int]]]]:
    return zip(documents, divided, strict=True)
