"""Terms of a vocabulary that are spelt nearly like another: what to suggest when a query finds nothing."""

import unicodedata
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from retrieval.index import NearTerm
from retrieval.strings import Strings

_LETTERS = 2  # of a decomposed word that may be wrong
_ENDING = 2  # characters that may follow


def near(term: str, vocabulary: Strings, frequencies: NDArray[np.integer], limit: int) -> list[NearTerm]:
    """The terms within two letters, or that begin with the term or begin it; never the term itself.

    Letters are those of Unicode's decomposition (NFD): the jamo of Hangul, and marks above and below Latin ones. Two
    letters only if some character is the same, and one in a single one. Nearest first, of equally near ones the one in
    more documents. ``frequencies``: documents of each term of the vocabulary, (len(vocabulary),). Compares every term
    of about this length: 0.1 s for half a million.
    """
    if not term or not len(vocabulary):
        return []
    costs: dict[int, float] = {}
    for kind in (_misspelt, _shortened, _continued):
        for place, cost in kind(term, vocabulary).items():
            costs[place] = min(cost, costs.get(place, cost))
    found = sorted((cost, -int(frequencies[place]), place) for place, cost in costs.items() if frequencies[place])
    return [NearTerm(vocabulary[place], -frequency) for _, frequency, place in found[:limit]]


def _misspelt(term: str, vocabulary: Strings) -> dict[int, float]:
    """The places of terms with other letters, and how many."""
    letters = unicodedata.normalize("NFD", term)
    words: Any = pc.utf8_normalize(vocabulary.arrow(), form="NFD")  # type: ignore[attr-defined]
    longer = pc.utf8_length(words).to_numpy() - len(letters)
    places = np.flatnonzero(np.abs(longer) <= _LETTERS)
    compared = words.take(places).to_pylist()
    distances = cdist([letters], compared, scorer=Levenshtein.distance, score_cutoff=_LETTERS, dtype=np.uint8)[0]
    costs: dict[int, float] = {}
    for spot in np.flatnonzero((distances > 0) & (distances <= _LETTERS)).tolist():
        place, distance = int(places[spot]), int(distances[spot])
        word = vocabulary[place]
        alike = any(one == other for one, other in zip(term, word, strict=False))
        if abs(len(word) - len(term)) <= 1 and (distance == 1 or alike):
            costs[place] = distance
    return costs


def _shortened(term: str, vocabulary: Strings) -> dict[int, float]:
    """The place of the term without its last character, which is nearer than two letters and less near than one."""
    place = vocabulary.place(term[:-1])
    return {place: 1.5} if place >= 0 else {}


def _continued(term: str, vocabulary: Strings) -> dict[int, float]:
    """The places of terms that go on where the term ends; two characters more are as near as another letter."""
    start, end = (vocabulary.first_not_below(term.encode(errors="surrogatepass") + after) for after in (b"\0", b"\xff"))
    endings = ((place, len(vocabulary[place]) - len(term)) for place in range(start, end))
    return {place: length / 2 for place, length in endings if length <= _ENDING}
