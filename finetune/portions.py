"""Essays that are longer than a block are cut at the ends of paragraphs, into portions of much the same length."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from corpus.document import Document
from finetune.layout import Encoded, Headed, Portion, encoded, opening, whole
from finetune.vocabulary import Vocabulary

# Where a text may be cut, the best first: at the end of a line, of a sentence, of a word, anywhere.
ENDS = (re.compile(r"\n\s*"), re.compile(r"[.!?…。？！]\s+"), re.compile(r"\s+"), re.compile(r"(?<=.)"))
_TOLD = 2  # what a portion is told takes at most one half of a block; a title that takes more is none


def portions(
    documents: Sequence[Document], vocabulary: Vocabulary, most: int, headed: Headed | None = None
) -> Iterator[Encoded]:
    """The documents in order, each whole if it has at most ``most`` tokens, else in as few portions as will hold it.

    The portions of a document together are its text, but for spaces where a paragraph was cut. A title of more than
    ``most // 2`` tokens is left out where the document is cut; what then still is too long loses its end.
    """
    for document, read in zip(documents, encoded(list(map(whole, documents)), vocabulary, headed), strict=True):
        yield from [read] if len(read.ids) <= most else _cut(document, vocabulary, most, headed)


def _cut(document: Document, vocabulary: Vocabulary, most: int, headed: Headed | None) -> list[Encoded]:
    """Cut, see what the headers of the portions take, and cut again until all of them fit."""
    told = headed(document) if headed else ()  # by the document as it is: without its title it is another version
    if len(vocabulary.encode(opening(document.title))) > most // _TOLD:
        document = replace(document, title="")
    room = most - 2  # bos, eos
    while True:
        texts = _evenly(document.text, vocabulary, room)
        cut = [Portion(document, text, i, len(texts), start) for i, (start, text) in enumerate(texts, 1)]
        read = list(encoded(cut, vocabulary, lambda _: told, most // _TOLD))
        over = max(len(portion.ids) for portion in read) - most
        if over <= 0 or room == 1:
            return [Encoded(portion.ids[:most], portion.learnt[:most]) for portion in read]
        room = max(1, room - over)


def _evenly(text: str, vocabulary: Vocabulary, room: int) -> list[tuple[int, str]]:
    """The text in as few parts of at most ``room`` tokens as its paragraphs allow, the longest as short as can be.

    Each with the place where it begins.
    """
    pieces = _pieces(text, vocabulary, room)
    sizes = [size for _, size in pieces] or [0]
    number = len(_filled(sizes, room))
    low, high = max(sizes), max(room, *sizes)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if len(_filled(sizes, middle)) <= number else (middle + 1, high)
    ends = _filled(sizes, high)
    parts = ["".join(piece for piece, _ in pieces[a:b]) for a, b in zip([0, *ends], ends, strict=False)]
    starts = accumulate(map(len, parts), initial=0)
    return [(start, part.rstrip(" ")) for start, part in zip(starts, parts, strict=False)]


def _pieces(text: str, vocabulary: Vocabulary, room: int, level: int = 0) -> list[tuple[str, int]]:
    """Pieces with their numbers of tokens: paragraphs, and the sentences (or words) of those that are too long."""
    places = [match.end() for match in ENDS[level].finditer(text)]
    parts = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True) if a < b]
    found: list[tuple[str, int]] = []
    for part, ids in zip(parts, vocabulary.encode_all(parts), strict=True):
        deeper = len(ids) > room and level + 1 < len(ENDS)
        found += _pieces(part, vocabulary, room, level + 1) if deeper else [(part, len(ids))]
    return found


def _filled(sizes: Sequence[int], most: int) -> list[int]:
    """Where parts end that are filled in order up to ``most``: numbers of pieces."""
    ends, held = [], 0
    for number, size in enumerate(sizes):
        if number and held + size > most:
            ends.append(number)
            held = 0
        held += size
    return [*ends, len(sizes)]
