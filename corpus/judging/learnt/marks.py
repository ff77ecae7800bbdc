"""The user's marks on disk: a line of JSON for each answer, which is there before the next question is asked.

{"id": "3f2a…", "essay": true, "title": "…"}
{"back": "3f2a…"}                                # the last mark that stood was taken back
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from corpus.atomic import explaining
from corpus.digests import from_hex
from corpus.errors import GeulgamError


class Marks:
    """The marks in ``path``, which need not exist yet. Lines are only appended; half a line that a kill left is none.

    One process at a time may write. Raises GeulgamError, naming the line, where one is no mark.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._marks: dict[str, bool] = {}  # in the order in which they were given
        self._end = 0  # bytes of whole lines
        data = path.read_bytes() if path.exists() else b""
        for number, line in enumerate(data.splitlines(keepends=True), start=1):
            if line.endswith(b"\n"):
                self._end += len(line)
                if line.strip():
                    self._take(line, number)

    @property
    def standing(self) -> Mapping[str, bool]:
        """Of each document that is marked its id, and whether it is an essay; the last one given is the last."""
        return MappingProxyType(self._marks)

    def add(self, id_: str, essay: bool, title: str = "") -> None:
        """Mark a document; a mark that it had is replaced."""
        self._append({"id": id_, "essay": essay, "title": title})
        self._set(id_, essay)

    def back(self) -> str | None:
        """Take the last mark back that stands, also one of a session before; its document's id, None if there is
        none."""
        if not self._marks:
            return None
        last = next(reversed(self._marks))
        self._append({"back": last})
        del self._marks[last]
        return last

    def _set(self, id_: str, essay: bool) -> None:
        self._marks.pop(id_, None)
        self._marks[id_] = essay

    def _take(self, line: bytes, number: int) -> None:
        try:
            told = json.loads(line)
            if "back" in told:
                self._marks.pop(told["back"], None)
                return
            from_hex(told["id"])
            if not isinstance(told["essay"], bool):
                raise ValueError("essay is neither true nor false")
            self._set(told["id"], told["essay"])
        except (ValueError, KeyError, TypeError) as error:
            what = f"{self.path}, line {number}: no mark ({error})"
            raise GeulgamError(what, "correct the line, or remove it") from error

    def _append(self, told: Mapping[str, object]) -> None:
        line = (json.dumps(told, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
        with explaining(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("r+b" if self.path.exists() else "wb") as file:
                file.truncate(self._end)
                file.seek(self._end)
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        self._end += len(line)
