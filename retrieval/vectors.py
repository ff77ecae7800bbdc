"""Vectors that an encoder has made, kept on disk: encoding a corpus takes minutes, reading them takes none.

    folder/use-multilingual-3-0.2.1/       one folder for each encoder
        <random>.vectors.npy               (n, d); memory-mapped, never changed
        <random>.keys.npy                  (n,) digests of the texts; row i is text i's vector

A part exists once its keys do, and those are renamed into place last: whenever the process is killed, every part is
whole, and the same call goes on from there. Any number of processes may read and write at once; a text that two of
them encode stands there twice, which harms nothing.
"""

import re
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus import digests
from corpus.atomic import replacing
from corpus.digests import Digest
from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from retrieval.encoder import Encoder
from retrieval.strings import mapped

PART = 4_096  # texts: what a killed process loses at most, a few seconds' work
_BATCH = 256  # texts: after so many, progress is told, and the work can be broken off
_OLD = 3_600  # seconds
_SMALL_PARTS = 16  # so many smaller than PART are joined into one


@dataclass(frozen=True, slots=True)
class _Part:
    """Vectors in the order in which they came, so that texts that were encoded together are read together."""

    keys: Digest  # (n,), sorted
    rows: NDArray[np.intp]  # (n,); of the vectors of these keys
    vectors: NDArray[np.float32]  # (n, d)

    @classmethod
    def of(cls, keys: Digest, vectors: NDArray[np.float32]) -> "_Part":
        rows = np.argsort(keys)
        return cls(keys[rows], rows, vectors)


class KeptVectors:
    """An encoder like the one given, which computes only what ``folder``, which need not exist, does not hold yet.

    It keeps what was computed as it came: 2 KB for a text with USE.
    """

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self.encoder = encoder
        self.folder = folder / re.sub(r"[^\w.]+", "-", f"{encoder.name} float32")
        self._parts: dict[str, _Part] = {}
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The encoder's."""
        return self.encoder.name

    @property
    def dimensions(self) -> int:
        """The encoder's."""
        return self.encoder.dimensions

    def encode(self, texts: Sequence[str], *, on: On = silent) -> NDArray[np.float32]:
        """The vectors of the texts, (len(texts), dimensions), each of length 1; what was missing is kept from now on.

        Raises GeulgamError if what is kept cannot be read, or the folder not be written.
        """
        keys = digests.array(digests.digest(text) for text in texts)
        with self._lock:
            self._refresh()
            missing = np.flatnonzero(~self._held(keys))
            _, first = np.unique(keys[missing], return_index=True)
            missing = missing[np.sort(first)]
            if len(missing):
                self._sweep()
                with Task(on, "encoding", len(missing), "text") as task:
                    for start in range(0, len(missing), PART):
                        places = missing[start : start + PART]
                        self._add(keys[places], self._encoded([texts[place] for place in places], task))
                self._join()
            return self._taken(keys)

    def _encoded(self, texts: Sequence[str], task: Task) -> NDArray[np.float32]:
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            vectors[start : start + _BATCH] = self.encoder.encode(batch)
            task.advance(len(batch))
        return vectors

    def _places(self, keys: Digest) -> Iterator[tuple[NDArray[np.intp], _Part, NDArray[np.intp]]]:
        """For each part that holds some of the keys: which of them, and in which rows. Each key is found once."""
        left = np.arange(len(keys))
        for part in self._parts.values():
            spots, found = digests.find(keys[left], part.keys)
            yield left[found], part, part.rows[spots[found]]
            left = left[~found]

    def _held(self, keys: Digest) -> NDArray[np.bool_]:
        held = np.zeros(len(keys), np.bool_)
        for places, _, _ in self._places(keys):
            held[places] = True
        return held

    def _taken(self, keys: Digest) -> NDArray[np.float32]:
        vectors = np.empty((len(keys), self.dimensions), np.float32)
        for places, part, rows in self._places(keys):
            vectors[places] = part.vectors[rows]
        return vectors

    def _add(self, keys: Digest, vectors: NDArray[np.float32]) -> None:
        """One more part, on disk and here."""
        name = secrets.token_hex(8)
        with replacing(self._vectors(name)) as path:
            _save(path, vectors)
        with replacing(self._keys(name)) as path:
            _save(path, keys)
        self._parts[name] = _Part.of(keys, vectors)
        self._open(name)  # mapped, it takes no memory; another process may have joined it already

    def _join(self) -> None:
        """Make one part of many small ones, which calls for a few texts leave behind.

        Of those of about one size (16 times as much is another), so that a vector is written again three times.
        """
        sizes: dict[int, list[str]] = {}
        for name, part in self._parts.items():
            if len(part.keys) < PART:
                sizes.setdefault((len(part.keys).bit_length() - 1) // 4, []).append(name)
        for names in [names for names in sizes.values() if len(names) >= _SMALL_PARTS]:
            self._join_all(names)

    def _join_all(self, names: Sequence[str]) -> None:
        small = {name: self._parts[name] for name in names}
        keys = np.concatenate([part.keys for part in small.values()])
        vectors = np.concatenate([part.vectors[part.rows] for part in small.values()])
        keys, first = np.unique(keys, return_index=True)
        self._add(keys, vectors[first])
        for name in small:  # who has them open reads on
            del self._parts[name]
            self._keys(name).unlink(missing_ok=True)
            self._vectors(name).unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what killed processes left unfinished; what is young may be in the making."""
        kept = set(self._names())
        for path in (*self.folder.glob(".*.part"), *self.folder.glob("*.vectors.npy")):
            with suppress(FileNotFoundError):
                if path.name.partition(".")[0] not in kept and time.time() - path.stat().st_mtime > _OLD:
                    path.unlink()

    def _refresh(self) -> None:
        """Open the parts that have come since, and let go of those that were joined."""
        there = set(self._names())
        for name in self._parts.keys() - there:
            del self._parts[name]
        for name in there - self._parts.keys():
            self._open(name)

    def _names(self) -> Iterator[str]:
        return (path.name.partition(".")[0] for path in self.folder.glob("[0-9a-f]*.keys.npy"))

    def _open(self, name: str) -> None:
        try:
            keys, vectors = mapped(self._keys(name)), mapped(self._vectors(name))
        except FileNotFoundError:
            return  # joined meanwhile by another process
        except (OSError, ValueError, EOFError) as error:
            raise self._damaged(name, str(error)) from error
        fits = keys.dtype == digests.DTYPE and vectors.dtype == np.float32
        if not fits or vectors.shape != (len(keys), self.dimensions):
            raise self._damaged(name, "its files do not fit together")
        self._parts[name] = _Part.of(keys, vectors)

    def _damaged(self, name: str, reason: str) -> GeulgamError:
        return GeulgamError(
            f"cannot read the vectors in {self._vectors(name)}: {reason.partition(chr(10))[0]}",
            f"remove {self._keys(name).name} beside it; what is missing is computed again",
        )

    def _keys(self, name: str) -> Path:
        return self.folder / f"{name}.keys.npy"

    def _vectors(self, name: str) -> Path:
        return self.folder / f"{name}.vectors.npy"


def _save(path: Path, array: NDArray[Any]) -> None:
    with path.open("wb") as file:  # np.save would add .npy to a path
        np.save(file, array, allow_pickle=False)
