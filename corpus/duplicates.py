"""Near-duplicates: texts that share a fifth of the shorter one's runs of letters, found in time in proportion.

Two texts are compared only if a sample of their runs (of 8 letters each) says they may be alike: of every text those
whose hash is a multiple of 1, 2, 4 or 8, so that some 130 to 260 of them are kept, and of a long text an eighth. So
the same runs are kept of both. Whether a pair is alike is then told by all runs of both.

What it does not do: among very many texts a pair that shares little more than a fifth may be missed, since a run that
many texts have counts for few pairs of them. A pair that shares a half is not.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

SHINGLE = 8  # letters; 6 to 10 give the same groups
# Of the shorter text's shingles. Of 1,259 real essays pairs of editions share 80 % or more, all other pairs under 9 %.
SHARED = 0.2
_KEPT = 256  # shingles of a text that are kept, unless one in _RAREST is more
_RAREST = 8
_FEW = 8  # texts with the same shingle of which each is paired with each; a later one with the one before it
_SLICE = 1 << 22  # shingles or pairs looked at together
_FACTOR = 0x5851F42D4C957F2D  # odd
_LAST_LETTER = 0x3FFFF  # no script has letters beyond

Hashes = NDArray[np.uint64]
Pairs = NDArray[np.int64]  # (n, 2): places of two texts, the lower first


def shingles(text: str) -> Hashes:
    """Hashes of all runs of :data:`SHINGLE` letters, in their order; of a shorter text, that of all of it.

    Spaces, punctuation and case do not count.
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    letters = _letters()[np.minimum(codes, _LAST_LETTER + 1)]
    hashes = letters[letters > 0].astype(np.uint64)
    factor, width = _FACTOR, 1
    if len(hashes) < SHINGLE:
        powers = [pow(factor, place, 1 << 64) for place in range(len(hashes))]
        hashes = (hashes * np.array(powers, np.uint64)).sum(keepdims=True) if powers else hashes
    else:
        while width < SHINGLE:  # two runs side by side make one of twice the width
            hashes = hashes[:-width] * np.uint64(factor) + hashes[width:]
            factor, width = factor * factor % (1 << 64), 2 * width
    hashes = (hashes ^ (hashes >> np.uint64(32))) * np.uint64(0xFF51AFD7ED558CCD)
    return hashes ^ (hashes >> np.uint64(32))


def share(one: Hashes, other: Hashes) -> float:
    """Which share of the shorter text's shingles stands in the longer, by the distinct shingles of both, sorted."""
    shorter, longer = sorted((one, other), key=len)
    if not len(shorter):
        return 0.0
    places = np.searchsorted(longer, shorter).clip(max=len(longer) - 1)
    return int(np.count_nonzero(longer[places] == shorter)) / len(shorter)


def alike(one: Hashes, other: Hashes) -> bool:
    """Whether two texts are near-duplicates, by their distinct shingles, sorted."""
    return share(one, other) >= SHARED


class Sample:
    """Of ``count`` texts, given one after the other, the shingles that are kept: some 1.5 kB a text.

    ``shared``: which share of the shorter one's shingles near-duplicates are to have in common.
    """

    def __init__(self, count: int, shared: float = SHARED) -> None:
        self.sizes = np.zeros(count, np.int64)  # shingles of each text
        self._distinct = np.zeros(count, np.int64)  # the same, each once, reckoned by those that are kept
        self._least = shared
        self._steps = np.ones(count, np.uint64)  # of which one in so many is kept
        self._bits = max(1, count - 1).bit_length()  # of a text's place
        # Hashes, with the place of the text in their low bits: sorting brings together all that have the same shingle.
        self._kept = np.empty(1 << 16, np.uint64)
        self._filled = self._texts = 0

    def add(self, text: str) -> None:
        """The next text."""
        hashes = shingles(text)
        step = 1
        while step < _RAREST and len(hashes) > _KEPT * step:
            step *= 2
        kept, bits = hashes[hashes & np.uint64(step - 1) == 0], np.uint64(self._bits)
        kept = np.unique(kept >> bits) << bits | np.uint64(self._texts)
        end = self._filled + len(kept)
        if end > len(self._kept):
            self._kept.resize(max(end, len(self._kept) * 3 // 2), refcheck=False)  # in place, if it is large
        self._kept[self._filled : end] = kept
        self.sizes[self._texts], self._steps[self._texts] = len(hashes), step
        self._distinct[self._texts] = len(kept) * step
        self._filled, self._texts = end, self._texts + 1

    def renumber(self, ranks: NDArray[np.int64]) -> None:
        """Call each text by its rank instead of its place, (n,): what comes before another is then told by that."""
        numbers, place = ranks.astype(np.uint64), np.uint64((1 << self._bits) - 1)
        for low in range(0, self._filled, _SLICE):
            kept = self._kept[low : min(low + _SLICE, self._filled)]
            kept[:] = kept & ~place | numbers[kept & place]
        order = np.argsort(ranks)
        self.sizes, self._steps, self._distinct = self.sizes[order], self._steps[order], self._distinct[order]

    def candidates(self) -> Pairs:
        """The pairs that may be alike, in ascending order: those that share half as many kept shingles as they should.

        Whether two texts are a pair depends on them and on those before them alone, so what comes later takes none
        away. The sample can be asked once: this empties it.
        """
        keys, found, low = self._pairs(), [np.empty((0, 2), np.int64)], 0
        keys.sort()
        while low < len(keys):
            last = keys[min(low + _SLICE, len(keys)) - 1]
            high = int(np.searchsorted(keys, last, side="right"))
            found.append(self._likely(keys[low:high]))
            low = high
        return np.concatenate(found)

    def _likely(self, keys: NDArray[np.int64]) -> Pairs:
        """Of pairs, sorted, each as often as it shares a shingle, those that share enough."""
        first = np.flatnonzero(np.diff(keys, prepend=-1))
        shared = np.diff(first, append=len(keys))
        pairs = np.stack(np.divmod(keys[first], len(self.sizes)), axis=1)
        fewest = self._distinct[pairs].min(axis=1) / self._steps[pairs].max(axis=1)
        enough: NDArray[np.bool_] = shared >= np.maximum(1, self._least / 2 * fewest)
        return pairs[enough]

    def _pairs(self) -> NDArray[np.int64]:
        """For each kept shingle who shares it, as ``one * count + other``, in any order."""
        owners, ranks = self._shared()
        pairing = [(ranks >= distance) & ((ranks < _FEW) | (distance == 1)) for distance in range(1, _FEW)]
        keys = np.empty(sum(map(np.count_nonzero, pairing)), np.int64)
        end = 0
        for distance, paired in enumerate(pairing, start=1):
            places = np.flatnonzero(paired)
            part = keys[end : end + len(places)]
            part[:] = owners[places - distance]
            part *= len(self.sizes)
            part += owners[places]
            end += len(places)
        return keys

    def _shared(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Of each shingle that several texts have, their places, ascending; and how many of them stand before each."""
        kept, place = self._kept[: self._filled], np.uint64((1 << self._bits) - 1)
        kept.sort()
        same = np.zeros(len(kept) + 1, np.bool_)  # the same shingle as the one before
        for low in range(1, len(kept), _SLICE):
            high = min(low + _SLICE, len(kept))
            same[low:high] = kept[low:high] ^ kept[low - 1 : high - 1] <= place
        held = same[:-1] | same[1:]
        pieces = [np.empty(0, np.int32)]
        for low in range(0, len(kept), _SLICE):
            piece = kept[low : low + _SLICE][held[low : low + _SLICE]]
            pieces.append((piece & place).astype(np.int32))
        starts = ~same[:-1][held]
        self._kept, self._filled = np.empty(0, np.uint64), 0
        del kept, same, held
        ranks = np.arange(len(starts), dtype=np.int32)
        ranks -= np.maximum.accumulate(np.where(starts, ranks, np.int32(0)))
        return np.concatenate(pieces), ranks


@cache
def _letters() -> NDArray[np.uint32]:
    """For each code point the letter or digit in lower case that it stands for, 0 if for none."""
    letters = np.zeros(_LAST_LETTER + 2, np.uint32)
    for code in range(_LAST_LETTER + 1):
        if chr(code).isalnum():
            lower = chr(code).lower()
            letters[code] = ord(lower) if len(lower) == 1 else code
    return letters
