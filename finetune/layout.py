"""The text that a model reads of an essay, formed here alone: for training, measuring, the vocabulary and writing.

An essay is its title, an empty line and its text. In a block, essays stand one after the other with a separator
between them. A header is what a model is told before the essay without having to learn it: its tokens are read and do
not count in the loss.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from corpus.document import Document
from finetune.vocabulary import Vocabulary

PARAGRAPH = "\n\n"  # what stands between a title and its text, and between two paragraphs


@dataclass(frozen=True, slots=True)
class Encoded:
    """An essay's ``ids`` (trimmed), and for each of them whether it is ``learnt``: counts in the loss."""

    ids: list[int]
    learnt: list[bool]


def opening(title: str) -> str:
    """What stands before an essay's text: its title and an empty line; nothing if it has no title."""
    return f"{title}{PARAGRAPH}" if title else ""


def essay_text(document: Document) -> str:
    """What the model reads of a document: its title, an empty line, its text; the text alone if it has no title."""
    return opening(document.title) + document.text


def encoded(
    documents: Sequence[Document], vocabulary: Vocabulary, header: Callable[[Document], str] | None = None
) -> Iterator[Encoded]:
    """The documents in order, as the model reads them, without bos and separator. ``header``: what each is told."""
    headers = vocabulary.encode_all(map(header, documents)) if header else ([] for _ in documents)
    for head, ids in zip(headers, vocabulary.encode_all(map(essay_text, documents)), strict=True):
        yield Encoded(head + ids, [False] * len(head) + [True] * len(ids))


def separator(vocabulary: Vocabulary) -> list[int]:
    """What stands between two essays in a block: the end of one, the beginning of the next."""
    return [vocabulary.eos] if vocabulary.eos == vocabulary.bos else [vocabulary.eos, vocabulary.bos]


def beginning(title: str, vocabulary: Vocabulary) -> list[int]:
    """What a model has read before it writes the first word of an essay: bos, and the opening of its title."""
    return [vocabulary.bos, *vocabulary.encode(opening(title))]
