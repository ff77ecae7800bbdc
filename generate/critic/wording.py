"""How people write: which words they use, and which two morphemes they put side by side.

Counted once in human essays; a writer that puts together what nobody has put together is seldom understood, and one
that says over and over what people say seldom is soon known.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from corpus.atomic import replacing
from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from generate.korean import Word, words
from generate.phrases import Gram

_FILE = "wording.npz"


class Wording:
    """Pairs of neighbouring morphemes, and content words, that stand in essays, as sorted hashes: 8 bytes each.

    ``times``: how often each pair does, (pairs,) uint32. ``tokens``: morphemes of all the essays. ``fingerprint``
    changes with them.
    """

    def __init__(
        self, pairs: npt.NDArray[np.uint64], times: npt.NDArray[np.uint32], known: npt.NDArray[np.uint64], tokens: int
    ) -> None:
        self._pairs, self._times, self._known, self.tokens = pairs, times, known, tokens
        told = pairs.tobytes() + times.tobytes() + known.tobytes() + str(tokens).encode()
        self.fingerprint = hashlib.sha256(told).hexdigest()[:16]

    @classmethod
    def of(cls, documents: Sequence[Document], on: On = silent) -> "Wording":
        """Of these essays: every pair that stands in one, and every content word that stands in two or more."""
        pairs: Counter[int] = Counter()
        essays: Counter[int] = Counter()
        tokens = 0
        with Task(on, "counting words", len(documents), "essay") as task:
            for document in documents:
                found = words(document.text)
                pairs.update(map(_key, _pairs(found)))
                essays.update({_key(word.surface) for word in found if word.content})
                tokens += len(found)
                task.advance()
            task.result = f"{len(pairs):,} pairs of morphemes"
        keys = _sorted(pairs)
        times = np.fromiter((pairs[key] for key in keys.tolist()), np.uint32, len(keys))
        return cls(keys, times, _sorted(word for word, count in essays.items() if count > 1), tokens)

    @classmethod
    def load(cls, folder: Path) -> "Wording":
        """What :meth:`save` wrote into the folder. Raises GeulgamError where there is nothing of it."""
        try:
            with np.load(folder / _FILE, allow_pickle=False) as saved:
                return cls(saved["pairs"], saved["times"], saved["known"], int(saved["tokens"]))
        except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
            raise GeulgamError(f"no wording in {folder}: {error}", f"remove {folder}, then geulgam run") from error

    def save(self, folder: Path) -> None:
        """Write it into the folder, atomically."""
        with replacing(folder / _FILE) as part, part.open("wb") as file:
            np.savez(file, pairs=self._pairs, times=self._times, known=self._known, tokens=self.tokens)

    def share_of_pairs(self, text: Sequence[Word]) -> float:
        """Which share of the text's neighbouring morphemes, from 0 to 1, people have put side by side; 1 for none."""
        return _share(self._pairs, list(map(_key, _pairs(text))))

    def share_of_words(self, text: Sequence[Word], besides: frozenset[str] = frozenset()) -> float:
        """Which share of its content words stands in two human essays or more, or ``besides``; 1 for none."""
        content = [word.surface for word in text if word.content]
        if not content:
            return 1.0
        own = sum(surface in besides for surface in content)
        rest = [_key(surface) for surface in content if surface not in besides]
        return (own + _share(self._known, rest) * len(rest)) / len(content)

    def most(self, gram: Gram) -> int:
        """How often people use a phrase of two or more morphemes, at most: as often as the rarest pair in it."""
        asked = np.array([_key(f"{first}\0{second}") for first, second in pairwise(gram)], np.uint64)
        if not len(self._pairs):
            return 0
        found = np.minimum(np.searchsorted(self._pairs, asked), len(self._pairs) - 1)
        return int(np.where(self._pairs[found] == asked, self._times[found], 0).min())


def _pairs(text: Sequence[Word]) -> Iterable[str]:
    return (f"{first.surface}\0{second.surface}" for first, second in pairwise(text))


def _key(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


def _sorted(keys: Iterable[int]) -> npt.NDArray[np.uint64]:
    return np.sort(np.fromiter(keys, np.uint64))


def _share(keys: npt.NDArray[np.uint64], asked: Sequence[int]) -> float:
    """Which share of those asked for is among the sorted keys."""
    if not len(asked):
        return 1.0
    if not len(keys):
        return 0.0
    wanted = np.array(asked, np.uint64)
    found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return float((keys[found] == wanted).mean())
