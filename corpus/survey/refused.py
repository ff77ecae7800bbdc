"""Why documents were refused, looked up in ``rejected.jsonl`` by their ids."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from corpus.digests import DTYPE, WIDTH, Digest, DigestMap, from_hex

UNKNOWN = "unknown: rejected.jsonl does not say why"


class RefusedDocuments:
    """The file at ``path``, which need not exist; holds 32 bytes for each of its documents. A context manager."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb") if path.exists() else None
        keys, offsets = bytearray(), bytearray()
        for at, line in self._lines():
            told = _told(line)
            if told is not None:
                keys += told[0]
                offsets += at.to_bytes(WIDTH, "big")
        self._offsets = DigestMap(_array(keys), _array(offsets))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def reason(self, id_: str) -> str:
        """The last reason for refusing that document, or :data:`UNKNOWN`."""
        offset = self._offsets.get(from_hex(id_))
        if offset is None or self._file is None:
            return UNKNOWN
        self._file.seek(int.from_bytes(offset, "big"))
        told = _told(self._file.readline())
        return told[1] if told is not None else UNKNOWN

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        at = 0
        for line in self._file or ():
            yield at, line
            at += len(line)


def _array(data: bytearray) -> Digest:
    return np.frombuffer(bytes(data), DTYPE)


def _told(line: bytes) -> tuple[bytes, str] | None:
    """The id as 16 bytes, and the reason; None for a row without a text, or half a line that a killed process left."""
    try:
        entry = json.loads(line)
        return from_hex(entry["id"]), str(entry["reason"])
    except (ValueError, KeyError, TypeError):
        return None
