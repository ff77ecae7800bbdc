"""The analyzer for texts whose words are terms already."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from retrieval.analyzer import Span, clean, lower

_UNBROKEN = re.compile(r"\S+")
_BARE = re.compile(r"[^\W_](?:.*[^\W_])?")  # from its first letter or digit to its last


@dataclass(frozen=True)
class Whitespace:
    """Words as they stand between spaces, lower case, without the punctuation around them.

    In Korean a word carries its particles ("함께는"), so most of what a query means is missed: for corpora that
    are already split into morphemes, and for other languages.
    """

    name: str = "whitespace"

    @property
    def fingerprint(self) -> str:
        """Changes with whatever changes the terms."""
        return f"whitespace 1 unicode={unicodedata.unidata_version}"

    def __call__(self, texts: Iterable[str]) -> Iterator[list[str]]:
        """The terms of each text."""
        for text in texts:
            yield [span.term for span in self.spans(text)]

    def spans(self, text: str) -> list[Span]:
        """The terms with their places in ``clean(text)``."""
        text = lower(clean(text))
        bare = ((match.start(), _BARE.search(match[0])) for match in _UNBROKEN.finditer(text))
        return [Span(word[0], start + word.start(), start + word.end()) for start, word in bare if word]
