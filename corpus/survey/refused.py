"""Why rows were refused, looked up in ``rejected.jsonl`` by file and line."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from corpus.digests import DTYPE, WIDTH, Digest, DigestMap, digest

UNKNOWN = "unknown: rejected.jsonl does not say why"


class RefusedRows:
    """The file at ``path``, which need not exist; holds 32 bytes for each of its lines. A context manager."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb") if path.exists() else None
        keys, offsets = bytearray(), bytearray()
        for at, line in self._lines():
            told = _told(line)
            if told is not None:
                keys += digest(told[0], str(told[1]))
                offsets += at.to_bytes(WIDTH, "big")
        self._offsets = DigestMap(_array(keys), _array(offsets))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def reason(self, file: str, line: int) -> str:
        """The last reason for refusing that row, or :data:`UNKNOWN`."""
        offset = self._offsets.get(digest(file, str(line)))
        if offset is None or self._file is None:
            return UNKNOWN
        self._file.seek(int.from_bytes(offset, "big"))
        told = _told(self._file.readline())
        return told[2] if told is not None else UNKNOWN

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        at = 0
        for line in self._file or ():
            yield at, line
            at += len(line)


def _array(data: bytearray) -> Digest:
    return np.frombuffer(bytes(data), DTYPE)


def _told(line: bytes) -> tuple[str, int, str] | None:
    try:
        entry = json.loads(line)
        return str(entry["file"]), int(entry["line"]), str(entry["reason"])
    except (ValueError, KeyError, TypeError):
        return None  # half a line that a killed process left
