"""Terms of a vocabulary that are spelt nearly like another: what to suggest when a query finds nothing."""

import numpy as np
from numpy.typing import NDArray

from retrieval.index import NearTerm
from retrieval.strings import Strings

_SLOTS = 3  # a Hangul syllable is an initial, a vowel and a final (0 if it has none)
_HANGUL, _SYLLABLES = 0xAC00, 11_172


def near(term: str, vocabulary: Strings, frequencies: NDArray[np.integer], limit: int) -> list[NearTerm]:
    """The terms within two letters (jamo), or that begin with the term or begin it; never the term itself.

    Two letters only if some syllable is the same, and one in a single syllable. Nearest first, of equally near
    ones the one in more documents. ``frequencies``: documents of each term of the vocabulary,
    (len(vocabulary),). Looks at every term of about this length: 0.2 s for half a million.
    """
    if not term or not len(vocabulary):
        return []
    width = len(term) + 2
    sizes = np.diff(vocabulary.offsets)
    places = np.flatnonzero((sizes <= 4 * width) & (np.asarray(frequencies) > 0))
    strings = np.array(vocabulary.arrow().take(places).to_pylist(), dtype=str)
    lengths = np.char.str_len(strings)
    kept = (lengths <= width) & (strings != term)
    places, strings, lengths = places[kept], strings[kept], lengths[kept]
    if not len(strings):
        return []
    codes = strings.view(np.uint32).reshape(len(strings), -1)[:, :width]

    cost = np.full(len(strings), np.inf)
    close = np.abs(lengths - len(term)) <= 1
    cost[close] = _distances(_letters(term), codes[close], lengths[close])
    same = sum((codes[:, i] == ord(c)).astype(int) for i, c in enumerate(term) if i < codes.shape[1])
    cost[cost > np.where(np.asarray(same) > 0, 2, 1)] = np.inf
    missing = np.abs(lengths - len(term))
    begins = np.array([term.startswith(other) for other in strings.tolist()])
    cost = np.where(begins & (missing == 1), np.minimum(cost, 1.5), cost)
    cost = np.where(np.char.startswith(strings, term), np.minimum(cost, 0.5 * missing), cost)

    order = np.lexsort((places, -np.asarray(frequencies)[places], cost))[:limit]
    return [NearTerm(str(strings[i]), int(frequencies[places[i]])) for i in order if np.isfinite(cost[i])]


def _letters(term: str) -> list[int]:
    codes = np.array([term], dtype=str).view(np.uint32).reshape(1, -1)
    return [int(letter) for letter in _split(codes)[0]]


def _split(codes: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Code points (n, characters) as letters (n, 3 · characters); what is not Hangul is its own initial."""
    wide = codes.astype(np.int64)
    syllable = wide - _HANGUL
    hangul = (syllable >= 0) & (syllable < _SYLLABLES)
    initial = np.where(hangul, 0x1100 + syllable // 588, wide)
    vowel = np.where(hangul, 0x1161 + syllable % 588 // 28, 0)
    final = np.where(hangul, syllable % 28, 0)
    return np.stack([initial, vowel, final], axis=2).reshape(len(codes), -1)


def _distances(term: list[int], codes: NDArray[np.uint32], lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """Levenshtein's distance in letters from the term to each string, (n,): one row of its table at a time."""
    letters = _split(codes)
    columns = letters.shape[1]
    row = np.tile(np.arange(columns + 1), (len(letters), 1))
    for step, letter in enumerate(term, start=1):
        above, row = row, np.empty_like(row)
        row[:, 0] = step
        for column in range(columns):
            replaced = above[:, column] + (letters[:, column] != letter)
            row[:, column + 1] = np.minimum(np.minimum(above[:, column + 1], row[:, column]) + 1, replaced)
    return np.take_along_axis(row, (_SLOTS * lengths)[:, None], axis=1)[:, 0].astype(np.float64)
