"""The one protocol by which text becomes index terms, for documents and queries alike."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import NamedTuple, Protocol, cast

from corpus.errors import GeulgamError

DEFAULT = "kiwi"
SERVER = "server:"  # before the name of one that an Elasticsearch server has

# name -> module and class; the module is imported when the analyzer is first asked for.
_KNOWN = {
    "kiwi": ("retrieval.kiwi", "Kiwi"),
    "mecab": ("retrieval.mecab", "Mecab"),
    "bigram": ("retrieval.analyzer", "Bigram"),
    "whitespace": ("retrieval.analyzer", "Whitespace"),
}
NAMES = tuple(_KNOWN)

_SURROGATE = re.compile("[\ud800-\udfff]")
_WORD = re.compile(r"[^\W_]+")
_UNBROKEN = re.compile(r"\S+")
_BARE = re.compile(r"[^\W_](?:.*[^\W_])?")  # from its first letter or digit to its last


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
        """What a user calls it: one of :data:`NAMES`."""
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


def analyzer(name: str = DEFAULT) -> Analyzer:
    """The analyzer of this name; its model is loaded with the first text. Raises GeulgamError.

    ``server:NAME`` is one of an Elasticsearch server's own (:mod:`retrieval.elastic.analyzer`).
    """
    if name.startswith(SERVER):
        from retrieval.elastic.analyzer import ServerAnalyzer

        return ServerAnalyzer(name.removeprefix(SERVER))
    if name not in _KNOWN:
        near = get_close_matches(name, NAMES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"the analyzers are {', '.join(NAMES)}"
        raise GeulgamError(f"no analyzer called {name!r}", hint)
    module, class_name = _KNOWN[name]
    return cast(Callable[[], Analyzer], getattr(import_module(module), class_name))()


def clean(text: str) -> str:
    """The text in NFC; a lone surrogate, which the morphological analyzers cannot take, becomes U+FFFD."""
    return unicodedata.normalize("NFC", _SURROGATE.sub("�", text))


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
            for word in _WORD.findall(_lower(clean(text))):
                terms += [word[i : i + 2] for i in range(len(word) - 1)] or [word]
            yield terms

    def spans(self, text: str) -> list[Span]:
        """The terms with their places in ``clean(text)``."""
        text = _lower(clean(text))
        return [
            Span(text[i : i + 2] if len(match[0]) > 1 else match[0], i, min(i + 2, match.end()))
            for match in _WORD.finditer(text)
            for i in range(match.start(), max(match.end() - 1, match.start() + 1))
        ]


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
        text = _lower(clean(text))
        bare = ((match.start(), _BARE.search(match[0])) for match in _UNBROKEN.finditer(text))
        return [Span(word[0], start + word.start(), start + word.end()) for start, word in bare if word]


def _lower(text: str) -> str:
    """Lower case of the same length, so that places stay ("İ" has a lower case of two characters)."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
