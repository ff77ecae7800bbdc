"""The text that a model reads of an essay, formed here alone: for training, measuring, the vocabulary and writing.

An essay is its title, an empty line and its text. One that does not fit a block is read in portions: each is told the
title, as a writer is who goes on with an essay, and the first alone learns it. A header is what a model is told before
a passage, "[2/3] 우산, 정류장", see :mod:`finetune.headers`. What is told is read and does not count in the loss; nor
does the bos that stands first, without which Gemma predicts far worse (4.8 against 3.2 nats per token on essays), so
that portions which carry on have it too. An essay's end is learnt where it ends.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from corpus.document import Document
from finetune.vocabulary import Vocabulary

PARAGRAPH = "\n\n"  # what stands between a title and its text, and between two paragraphs
MOST_KEYWORDS = 8  # of a header


@dataclass(frozen=True, slots=True)
class Portion:
    """A document, or what of it fits a block: the ``number``-th (from 1) of the ``of`` texts that make it up.

    ``start``: where in the document's text it begins.
    """

    document: Document
    text: str
    number: int = 1
    of: int = 1
    start: int = 0

    @property
    def opens(self) -> bool:
        """Whether the document begins with it."""
        return self.number == 1

    @property
    def closes(self) -> bool:
        """Whether the document ends with it."""
        return self.number == self.of


@dataclass(frozen=True, slots=True)
class Header:
    """What a model is told before the passage that begins at ``start`` in a document's text."""

    start: int
    text: str


Headed = Callable[[Document], Sequence[Header]]  # a document's headers, in order


@dataclass(frozen=True, slots=True)
class Encoded:
    """A portion's ``ids`` (trimmed, with bos and eos), and for each whether it is ``learnt``: counts in the loss."""

    ids: list[int]
    learnt: list[bool]


def opening(title: str) -> str:
    """What stands before an essay's text: its title and an empty line; nothing if it has no title."""
    return f"{title}{PARAGRAPH}" if title else ""


def essay_text(document: Document) -> str:
    """What the model reads of a document: its title, an empty line, its text; the text alone if it has no title."""
    return opening(document.title) + document.text


def whole(document: Document) -> Portion:
    """All of the document."""
    return Portion(document, document.text)


def header(number: int, of: int, keywords: Sequence[str]) -> str:
    """What a model is told before the ``number``-th (from 1) passage ``of`` so many, which is to name the keywords."""
    return f"[{number}/{of}] {', '.join(keywords)}".rstrip() + "\n"


def encoded(
    portions: Sequence[Portion], vocabulary: Vocabulary, headed: Headed | None = None, most_told: int | None = None
) -> Iterator[Encoded]:
    """The portions in order, as the model reads them. Of a title that is told at most the last ``most_told`` tokens."""
    parts = [list(_parts(portion, headed)) for portion in portions]
    read = vocabulary.encode_all(text for of_portion in parts for text, _ in of_portion)
    for portion, of_portion in zip(portions, parts, strict=True):
        ids, learnt = [vocabulary.bos], [False]
        for (_, is_learnt), tokens in zip(of_portion, read, strict=False):
            if not is_learnt and most_told is not None:
                tokens = tokens[max(0, len(tokens) - most_told) :]
            ids += tokens
            learnt += [is_learnt] * len(tokens)
        if portion.closes:
            ids.append(vocabulary.eos)
            learnt.append(True)
        yield Encoded(ids, learnt)


def beginning(title: str, vocabulary: Vocabulary) -> list[int]:
    """What a model has read before it writes the first word of an essay: bos, and the opening of its title."""
    return [vocabulary.bos, *vocabulary.encode(opening(title))]


def with_headers(text: str, start: int, headers: Sequence[Header]) -> Iterator[str | Header]:
    """A text, which begins at ``start`` in its document, divided by a header before each passage.

    Before it stands the header of the passage that it begins in.
    """
    end, begun = start + len(text), [header for header in headers if header.start <= start]
    begin = 0
    for header in [*begun[-1:], *(header for header in headers if start < header.start < end)]:
        place = max(0, header.start - start)
        if place > begin:
            yield text[begin:place]
        yield header
        begin = place
    yield text[begin:]


def _parts(portion: Portion, headed: Headed | None) -> Iterator[tuple[str, bool]]:
    """The texts that a portion is read as, and whether each is learnt; neighbours that are learnt are one."""
    title, headers = opening(portion.document.title), headed(portion.document) if headed else ()
    if not headers:
        yield from [(title + portion.text, True)] if portion.opens else [(title, False), (portion.text, True)]
        return
    yield title, portion.opens
    for part in with_headers(portion.text, portion.start, headers):
        yield (part.text, False) if isinstance(part, Header) else (part, True)
