"""The one protocol by which text becomes index terms, for documents and queries alike.

Each analyzer is a file of its own; :mod:`retrieval.analyzers` gives them by name.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

DEFAULT = "kiwi"
SERVER = "server:"  # before the name of one that an Elasticsearch server has

_SURROGATE = re.compile("[\ud800-\udfff]")


class Span(NamedTuple):
    """A term and the part of the clean text, ``text[start:end]``, that it was made of: for highlighting."""

    term: str
    start: int
    end: int


class Analyzer(Protocol):
    """Text to terms. Equal fingerprints mean equal terms, so a cache may be kept by it.

    A term is never empty and never holds whitespace, so that a server can be given them with spaces between.
    """

    @property
    def name(self) -> str:
        """What a user calls it: one of :data:`retrieval.analyzers.NAMES`."""
        ...

    @property
    def fingerprint(self) -> str:
        """The name, the versions of the libraries and models that decide on the terms, and of our own rules."""
        ...

    def __call__(self, texts: Iterable[str]) -> Iterator[list[str]]:
        """The terms of each text, in the order in which they stand in it; lazily, a few texts ahead."""
        ...

    def spans(self, text: str) -> list[Span]:
        """The same terms of one text with their places in ``clean(text)`` (a Document's text is clean)."""
        ...


def clean(text: str) -> str:
    """The text in NFC; a lone surrogate, which the morphological analyzers cannot take, becomes U+FFFD."""
    return unicodedata.normalize("NFC", _SURROGATE.sub("�", text))


def lower(text: str) -> str:
    """Lower case of the same length, so that places stay ("İ" has a lower case of two characters)."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
