"""The text that a model reads of an essay, formed here alone: for training, measuring, the vocabulary and writing.

An essay is its title, an empty line and its text. One that does not fit a block is read in portions: each is told the
title, as a writer is who goes on with an essay, and the first alone learns it. A header is what a model is told before
all that. What is told is read and does not count in the loss; nor does the bos that stands first, without which Gemma
predicts far worse (4.8 against 3.2 nats per token on Korean essays), so that portions which carry on have it too. An
essay's end is learnt where it ends.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from corpus.document import Document
from finetune.vocabulary import Vocabulary

PARAGRAPH = "\n\n"  # what stands between a title and its text, and between two paragraphs


@dataclass(frozen=True, slots=True)
class Portion:
    """A document, or what of it fits a block: the ``number``-th (from 1) of the ``of`` texts that make it up."""

    document: Document
    text: str
    number: int = 1
    of: int = 1

    @property
    def opens(self) -> bool:
        """Whether the document begins with it."""
        return self.number == 1

    @property
    def closes(self) -> bool:
        """Whether the document ends with it."""
        return self.number == self.of


Header = Callable[[Portion], str]  # what a model is told before a portion


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


def encoded(
    portions: Sequence[Portion], vocabulary: Vocabulary, header: Header | None = None, most_told: int | None = None
) -> Iterator[Encoded]:
    """The portions in order, as the model reads them. Of what each is told at most the last ``most_told`` tokens."""
    told = vocabulary.encode_all(_told(portion, header) for portion in portions)
    said = vocabulary.encode_all(_said(portion) for portion in portions)
    for portion, before, text in zip(portions, told, said, strict=True):
        before = before if most_told is None else before[max(0, len(before) - most_told) :]
        text = [*text, vocabulary.eos] if portion.closes else text
        yield Encoded([vocabulary.bos, *before, *text], [False] * (1 + len(before)) + [True] * len(text))


def beginning(title: str, vocabulary: Vocabulary) -> list[int]:
    """What a model has read before it writes the first word of an essay: bos, and the opening of its title."""
    return [vocabulary.bos, *vocabulary.encode(opening(title))]


def _told(portion: Portion, header: Header | None) -> str:
    head = header(portion) if header else ""
    return head if portion.opens else head + opening(portion.document.title)


def _said(portion: Portion) -> str:
    return opening(portion.document.title) + portion.text if portion.opens else portion.text
