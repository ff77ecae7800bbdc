"""A text before and after its cleaning in one: what stayed, what went and what came, and by which step."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from rapidfuzz.distance import Indel

Kind = Literal["kept", "removed", "added"]
AROUND = 30  # characters shown before and behind a change
_TOKEN = re.compile(r"\w+|[^\w]")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of text and what became of it; ``step``: by which step, "" for what stayed."""

    kind: Kind
    text: str
    step: str = ""


_Cell = tuple[str, Kind, str]  # a character, and what became of it


def marks(text: str, changes: Sequence[tuple[str, str, str]]) -> list[Stretch]:
    """The text with what each step did to it: (its name, before, after), one after the other, words compared.

    What is kept and removed is the text; what is kept and added, what came out. What one step puts in and another takes
    away again is not told.
    """
    cells: list[_Cell] = [(character, "kept", "") for character in text]
    for step, before, after in changes:
        cells = _changed(cells, step, _TOKEN.findall(before), _TOKEN.findall(after))
    return [
        Stretch(kind, "".join(character for character, _, _ in group), step)
        for (kind, step), group in groupby(cells, key=lambda cell: (cell[1], cell[2]))
    ]


def shortened(found: Sequence[Stretch], around: int = AROUND) -> list[Stretch]:
    """The same; of what stayed between two changes its ends alone, where it is long."""
    return [
        replace(stretch, text=_ends(stretch.text, place > 0, place + 1 < len(found), around))
        if stretch.kind == "kept"
        else stretch
        for place, stretch in enumerate(found)
    ]


def _ends(text: str, after_change: bool, before_change: bool, around: int) -> str:
    if len(text) <= 2 * around + 1:
        return text
    first = text[:around] if after_change else ""
    last = text[-around:] if before_change else ""
    between = "…\n…" if first and last else "…"
    return first + between + last


def _changed(cells: Sequence[_Cell], step: str, before: Sequence[str], after: Sequence[str]) -> list[_Cell]:
    made: list[_Cell] = []
    left = iter(cells)

    def pass_on(characters: int, is_removed: bool) -> None:
        while characters:
            character, kind, by = next(left)
            if kind == "removed":
                made.append((character, kind, by))
                continue
            characters -= 1
            if not is_removed:
                made.append((character, kind, by))
            elif kind == "kept":
                made.append((character, "removed", step))

    for is_same, group in groupby(Indel.opcodes(before, after), key=lambda code: code.tag == "equal"):
        codes = list(group)
        pass_on(sum(map(len, before[codes[0].src_start : codes[-1].src_end])), is_removed=not is_same)
        if not is_same:
            new = "".join(after[codes[0].dest_start : codes[-1].dest_end])
            made += [(character, "added", step) for character in new]
    return [*made, *left]
