"""Where a text's sentences and passages stand in it: what is encoded, and what is ranked and shown.

A sentence here is what an encoder is given, so the rule is a plain one: it ends at a full stop, a question or
exclamation mark or dots that whitespace follows, and at a line's end. A passage is paragraphs, whole where they can be,
together a few hundred characters.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

SHORTEST = 12  # characters: a shorter sentence ("그랬다.") is encoded with the next one of its paragraph
LONGEST = 500  # characters of a sentence; a longer one is cut between words
PASSAGE = 200  # characters that paragraphs are grouped to
_GAP = 2  # characters between two passages that follow one another: a space, or an empty line
_END = re.compile(r"(?:[!?…。？！]|(?<!\d)\.)+[\"'”’」』》〉)\]]*(?=\s)|\n+")
_PARAGRAPH = re.compile(r"[^\n]*\S[^\n]*")


class TextPlace(NamedTuple):
    """Characters ``start`` to ``end`` of a text."""

    start: int
    end: int


def sentences(text: str) -> list[TextPlace]:
    """Where the sentences of a text stand, in order, without the whitespace between them; none of an empty text."""
    found: list[TextPlace] = []
    for paragraph in _PARAGRAPH.finditer(text):
        begun = paragraph.start()
        for end in (*(match.end() for match in _END.finditer(text, *paragraph.span())), paragraph.end()):
            place = _stripped(text, begun, end)
            if place.end - place.start >= SHORTEST or (end == paragraph.end() and place.end > place.start):
                found += _cut(text, place, LONGEST)
                begun = end
    return found


def passages(text: str, size: int = PASSAGE) -> list[TextPlace]:
    """Where the passages of a text stand: one after another all of its paragraphs, about ``size`` characters each.

    A paragraph is put to those before it while they are together no longer than that; of one that is longer alone the
    sentences are.
    """
    found: list[TextPlace] = []
    for part in _pieces(text, size):
        if found and part.end - found[-1].start <= size:
            found[-1] = TextPlace(found[-1].start, part.end)
        else:
            found.append(part)
    return found


def joined(places: Iterable[TextPlace]) -> list[TextPlace]:
    """Those with nothing but a space or a line's end between them as one; in the order of the text, as they come."""
    found: list[TextPlace] = []
    for place in places:
        if found and place.start - found[-1].end <= _GAP:
            found[-1] = TextPlace(found[-1].start, place.end)
        else:
            found.append(place)
    return found


def at(places: Sequence[TextPlace], start: int) -> TextPlace:
    """The place, of such as follow one another, that the character at ``start`` is in, or the one before it."""
    return places[max(0, bisect_right(places, (start, 1 << 62)) - 1)]


def _pieces(text: str, size: int) -> Iterator[TextPlace]:
    """Paragraphs; of those that are longer than ``size`` their sentences."""
    for match in _PARAGRAPH.finditer(text):
        paragraph = _stripped(text, *match.span())
        if paragraph.end - paragraph.start <= size:
            yield paragraph
        else:
            begun = paragraph.start
            for end in (*(m.end() for m in _END.finditer(text, *paragraph)), paragraph.end):
                if (place := _stripped(text, begun, end)).end > place.start:
                    yield from _cut(text, place, size)
                begun = end


def _cut(text: str, place: TextPlace, longest: int) -> Iterator[TextPlace]:
    """The place, in pieces that end between words if it is too long."""
    start, end = place
    while end - start > longest:
        space = text.rfind(" ", start + longest // 2, start + longest)
        at_word = space if space > 0 else start + longest
        yield _stripped(text, start, at_word)
        start = at_word
    if (rest := _stripped(text, start, end)).end > rest.start:
        yield rest


def _stripped(text: str, start: int, end: int) -> TextPlace:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return TextPlace(start, end)
