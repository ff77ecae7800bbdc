"""The analyzer that knows no language: pairs of neighbouring characters."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from retrieval.analyzer import Span, clean, lower

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Bigram:
    """Pairs of neighbouring characters inside each run of letters and digits, lower case; one alone is itself.

    Needs no model, finds parts of words, is 20 times as fast as morphemes and nearly as good on questions.
    """

    name: str = "bigram"

    @property
    def fingerprint(self) -> str:
        """Changes with whatever changes the terms."""
        return f"bigram 1 unicode={unicodedata.unidata_version}"

    def __call__(self, texts: Iterable[str]) -> Iterator[list[str]]:
        """The terms of each text."""
        for text in texts:
            terms: list[str] = []
            for word in _WORD.findall(lower(clean(text))):
                terms += [word[i : i + 2] for i in range(len(word) - 1)] or [word]
            yield terms

    def spans(self, text: str) -> list[Span]:
        """The terms with their places in ``clean(text)``."""
        text = lower(clean(text))
        return [
            Span(text[i : i + 2] if len(match[0]) > 1 else match[0], i, min(i + 2, match.end()))
            for match in _WORD.finditer(text)
            for i in range(match.start(), max(match.end() - 1, match.start() + 1))
        ]
