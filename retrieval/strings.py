"""A sorted table of strings in two files, memory-mapped: opening it costs nothing, however many it holds."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Arrow: TypeAlias = "pa.Array[Any]"
Offsets = NDArray[np.int64]
Bytes = NDArray[np.uint8]


class Strings:
    """Distinct strings in the order of their UTF-8 bytes (which is that of their code points).

    ``offsets`` (n + 1,) int64 and ``data`` uint8: string i is ``data[offsets[i]:offsets[i + 1]]``.
    A JSON vocabulary of half a million terms takes 0.2 s to read; this takes two page faults per look-up step.
    """

    def __init__(self, offsets: Offsets, data: Bytes) -> None:
        self.offsets = offsets
        self._data = data.data
        self.data = data

    @classmethod
    def open(cls, folder: Path, name: str) -> "Strings":
        """The table saved under this name. Raises OSError or ValueError if it is not there or not whole."""
        offsets, data = (mapped(folder / f"{name}.{part}.npy") for part in ("offsets", "bytes"))
        if len(offsets) == 0 or offsets[-1] != len(data):
            raise ValueError(f"{name}: {len(data)} bytes of strings do not fit the offsets")
        return cls(offsets, data)

    @classmethod
    def of(cls, values: Arrow) -> "Strings":
        """The table of these strings, which must be sorted (``sort_indices`` of Arrow) and distinct."""
        large = values.cast(pa.large_string())
        if isinstance(large, pa.ChunkedArray):
            large = large.combine_chunks()
        if not len(large):
            return cls(np.zeros(1, np.int64), np.zeros(0, np.uint8))
        buffers: list[Any] = large.buffers()
        offsets = np.frombuffer(buffers[1], np.int64)[large.offset : large.offset + len(large) + 1]
        data = np.frombuffer(buffers[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
        return cls(offsets - offsets[0], data)

    def save(self, folder: Path, name: str) -> None:
        """Write the two files."""
        np.save(folder / f"{name}.offsets.npy", self.offsets)
        np.save(folder / f"{name}.bytes.npy", self.data)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, place: int) -> str:
        return self._at(place).decode()

    def __iter__(self) -> Iterator[str]:
        return map(self.__getitem__, range(len(self)))

    def arrow(self) -> Arrow:
        """The same strings as an Arrow array, without copying them."""
        buffers = [None, pa.py_buffer(self.offsets.data), pa.py_buffer(self.data.data)]
        return pa.Array.from_buffers(pa.large_string(), len(self), buffers)

    def place(self, value: str) -> int:
        """Where the string stands, from 0; -1 if it is not there."""
        wanted = value.encode(errors="surrogatepass")
        spot = self.first_not_below(wanted)
        return spot if spot < len(self) and self._at(spot) == wanted else -1

    def first_not_below(self, wanted: bytes) -> int:
        """The place of the first string whose bytes are not less than ``wanted``; ``len`` if there is none."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._at(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low

    def _at(self, place: int) -> bytes:
        return bytes(self._data[self.offsets[place] : self.offsets[place + 1]])


# numpy parses a file's head with `ast`, which in some releases of Python fails now and then where several threads do
# so at once (SystemError: AST constructor recursion depth mismatch; python/cpython 106905).
_reading = threading.Lock()


def mapped(path: Path, mode: Literal["r", "c"] = "r") -> NDArray[Any]:
    """The array in the file, memory-mapped for reading. Raises OSError or ValueError.

    ``mode``: "c" for libraries that take only what may be written; nothing that is written reaches the file.
    """
    with _reading:
        array: NDArray[Any] = np.load(path, mmap_mode=mode, allow_pickle=False).view(np.ndarray)
    return array  # numpy's own class for maps is slow to index


def loaded(path: Path) -> NDArray[Any]:
    """The array in the file, in memory. Raises OSError or ValueError."""
    with _reading:
        array: NDArray[Any] = np.load(path, allow_pickle=False)
    return array


def sorted_distinct(values: "pa.ChunkedArray[Any]") -> tuple[Strings, NDArray[np.int64]]:
    """The table of the strings in ``values``, and for each of the values its place there, (len(values),)."""
    encoded = values.cast(pa.large_string()).combine_chunks().dictionary_encode()
    order = pc.sort_indices(encoded.dictionary).to_numpy()
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return Strings.of(encoded.dictionary.take(pa.array(order))), places[encoded.indices.to_numpy()]
