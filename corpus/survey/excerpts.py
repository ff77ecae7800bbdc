"""Which examples are shown of many, chosen by a hash, and how much of each."""

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from rapidfuzz.distance import Postfix, Prefix

from corpus.cleaning.marks import AROUND, Stretch, marks, shortened
from corpus.digests import digest

_WINDOW = 600  # characters of a text that are compared
_SHOWN = 180  # characters of a change that are shown
_BEGINNING, _LINES = 200, 5

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shown:
    """A stretch of a text that is shown. ``line``: in its file, from 1; 0: the whole file.

    ``text``: its beginning; where it is shown for what differs, empty, and ``marks`` say it.
    """

    file: str
    line: int
    title: str
    text: str = ""
    marks: tuple[Stretch, ...] = ()
    reason: str = ""


class Chosen(Generic[T]):
    """The ``count`` that have the lowest hashes of all that were offered: the same ones in whatever order they come."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._found: list[tuple[bytes, T]] = []

    def offer(self, key: str, make: Callable[[], T]) -> None:
        """Take it if it is one of them; only then it is made."""
        rank = digest(key)
        if len(self._found) < self._count or rank < self._found[-1][0]:
            insort(self._found, (rank, make()), key=lambda one: one[0])
            del self._found[self._count :]

    def found(self) -> tuple[T, ...]:
        """Those that were taken."""
        return tuple(item for _, item in self._found)


def beginning(text: str, limit: int = _BEGINNING) -> str:
    """The first characters of a text, in a few lines, with … if there are more."""
    lines = [line for line in text[: 4 * limit].splitlines() if line.strip()]
    shown = "\n".join(lines[:_LINES])[:limit].strip()
    return shown if len(shown) == len(text.strip()) else f"{shown}…"


def difference(before: str, after: str, step: str = "") -> tuple[Stretch, ...]:
    """Where the one text first differs from the other, marked as :func:`corpus.cleaning.marks.marks` does.

    What stands behind it is shown as far as there is room. Empty for two texts that are the same.
    """
    if before == after:
        return ()
    start = max(0, int(Prefix.similarity(before, after)) - AROUND)
    same_end = min(int(Postfix.similarity(before, after)), min(len(before), len(after)) - start)
    ends = [len(text) - max(0, same_end - AROUND) for text in (before, after)]
    cut = max(ends) > start + _WINDOW
    old, new = (
        text[start : min(end, start + _WINDOW) if cut else end] for text, end in zip((before, after), ends, strict=True)
    )
    found = marks(old, [(step, old, new)])
    kept = [place for place, stretch in enumerate(found) if stretch.kind == "kept"]
    if cut and kept and any(stretch.kind != "kept" for stretch in found[: kept[-1]]):
        found = found[: kept[-1] + 1]  # what differs behind it may do so only because the window ends there
    if start:
        found[0] = replace(found[0], text="…" + found[0].text)
    if cut or max(0, same_end - AROUND):
        found.append(Stretch("kept", "…"))
    return tuple(_as_much_as_is_shown(shortened(_joined(found))))


def _joined(found: list[Stretch]) -> list[Stretch]:
    """The … at the end is part of what is kept before it."""
    if len(found) > 1 and found[-1].kind == found[-2].kind == "kept":
        return [*found[:-2], Stretch("kept", found[-2].text + found[-1].text)]
    return found


def _as_much_as_is_shown(found: list[Stretch]) -> list[Stretch]:
    shown: list[Stretch] = []
    left = _SHOWN
    for stretch in found:
        if left <= 0:
            break
        text = stretch.text if len(stretch.text) <= left else stretch.text[:left] + "…"
        shown.append(replace(stretch, text=text))
        left -= len(stretch.text)
    return shown
