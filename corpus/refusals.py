"""What was not taken: how often for which reason, and ``rejected.jsonl``, where each such row stands once."""

import json
import os
from collections import Counter
from pathlib import Path

import numpy as np

from corpus.atomic import explaining
from corpus.digests import DTYPE, Digests, array, digest
from corpus.document import Rejected

_PENDING = 10_000  # lines held before they are written


class Reasons:
    """Counts reasons. A reason is ``kind: particulars``; where a kind's differ, the kind alone is counted."""

    def __init__(self) -> None:
        self._kinds: Counter[str] = Counter()
        self._only: dict[str, str] = {}  # the reason of a kind, or "" once it has several

    def add(self, reason: str) -> None:
        """One more."""
        kind = reason.partition(":")[0]
        self._kinds[kind] += 1
        if self._only.setdefault(kind, reason) != reason:
            self._only[kind] = ""

    def total(self) -> int:
        """How many there were."""
        return self._kinds.total()

    def counts(self) -> dict[str, int]:
        """How often each reason came, most frequent first."""
        return {self._only[kind] or kind: count for kind, count in self._kinds.most_common()}


class Refusals:
    """Appends to the file at ``path``; what stands there already is read when the first refusal comes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written: Digests | None = None
        self._end = 0
        self._pending: list[bytes] = []

    def add(self, rejected: Rejected, id_: str = "") -> None:
        """Remember its line unless the file has it. ``id_``: of its document, if the row has a text to make one of."""
        entry = {"file": rejected.file, "line": rejected.line, "reason": rejected.reason} | ({"id": id_} if id_ else {})
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        if self._written is None:
            self._written = self._read()
        if self._written.add(digest(line)):
            self._pending.append(line.encode(errors="backslashreplace"))
            if len(self._pending) >= _PENDING:
                self.write()

    def write(self) -> None:
        """Append what is pending; if that fails the file is what it was. Raises as `atomic.explaining`."""
        if not self._pending:
            return
        data = b"".join(self._pending)
        with explaining(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                try:
                    file.truncate(self._end)  # without the half line that a killed process may have left
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    os.truncate(self.path, self._end)
                    raise
        self._end += len(data)
        self._pending.clear()

    def _read(self) -> Digests:
        """The lines that stand in the file; leaves at ``_end`` where the last whole one ends."""
        digests: list[bytes] = []
        if self.path.exists():
            with self.path.open("rb") as file:
                for line in file:
                    if line.endswith(b"\n"):
                        digests.append(digest(line.decode(errors="replace")))
                        self._end += len(line)
        return Digests(np.sort(array(digests)) if digests else np.empty(0, DTYPE))
