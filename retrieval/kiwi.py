"""The default analyzer: the content morphemes that Kiwi finds.

Kept is every word that can stand for something by itself: nouns of all kinds (pronouns and dependent nouns too,
since a topic may be 우리, and a phrase 세 번), verbs and adjectives in their dictionary form (가는 → 가다),
determiners, adverbs, interjections, roots, numerals, foreign and Chinese letters. Left out are particles,
endings, affixes, auxiliary verbs and punctuation. ``bench/retrieval.py`` tells what else was tried.

Every text is analysed as one that may go on (``open_ending``): a title or a query is seldom a sentence, and as a
sentence's end 봄 is 보다, 기쁨 is 기쁘다 and 해 is 하다.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import version
from typing import Any, Protocol

from retrieval.analyzer import Span, clean

_MODEL = "cong"  # cong-global: nDCG@10 on KorQuAD higher by 0.001 to 0.002, at half the speed

_NOMINAL = "NNG NNP NNB NR NP MM MAG MAJ IC XR SL SH SN"
_VERBAL = "VV VV-R VV-I VA VA-R VA-I VCN"
# tag -> what makes the dictionary form of a morpheme
_CONTENT = dict.fromkeys(_NOMINAL.split(), "") | dict.fromkeys(_VERBAL.split(), "다")
_AUXILIARY = _CONTENT | {"VX": "다", "VX-R": "다", "VX-I": "다"}


class Morpheme(Protocol):
    """What is used of ``kiwipiepy.Token``: the form, Kiwi's tag, and the place in the clean text.

    ``typo_cost``: above 0 where another form is written, see :func:`corrected`.
    """

    form: str
    tag: str
    start: int
    end: int
    typo_cost: float


class Kiwi:
    """kiwipiepy on all cores. The model (0.5 GB of memory, 2 seconds) is loaded with the first text."""

    name = "kiwi"

    @property
    def fingerprint(self) -> str:
        """Changes with whatever changes the terms."""
        library, model = version("kiwipiepy"), version("kiwipiepy_model")
        return f"kiwi 1 kiwipiepy={library} kiwipiepy_model={model} {_MODEL}"

    def __call__(self, texts: Iterable[str]) -> Iterator[list[str]]:
        """The terms of each text."""
        # An iterable is analysed by all threads, and only a few texts ahead of the one taken.
        kiwi, match = _loaded()
        tokens = kiwi.tokenize(map(clean, texts), match_options=match, open_ending=True, echo=True)
        for found, text in tokens:
            yield _terms(found, _CONTENT) or [term for term, _, _ in self._alone(text)]

    def spans(self, text: str) -> list[Span]:
        """The terms with their places in ``clean(text)``."""
        text = clean(text)
        kiwi, match = _loaded()
        found = kiwi.tokenize(text, match_options=match, open_ending=True)
        return _spans(found, _CONTENT) or self._alone(text)

    def _alone(self, text: str) -> list[Span]:
        """A text of which nothing was kept, mostly a query's word: 비 taken for a prefix, 있다 for an auxiliary."""
        if not text.strip():
            return []
        kiwi, match = _loaded()
        return _spans(kiwi.tokenize(text, match_options=match), _AUXILIARY)


def tagged(texts: Iterable[str]) -> Iterator[list[Morpheme]]:
    """Every morpheme of each text, particles, endings and punctuation among them, lazily and by all cores."""
    kiwi, match = _loaded()
    yield from kiwi.tokenize(map(clean, texts), match_options=match)


def corrected(texts: Iterable[str]) -> Iterator[list[Morpheme]]:
    """The same, but a common misspelling (어재, 문안하다) is taken for what it was meant to be."""
    kiwi, match = _loaded()
    yield from kiwi.tokenize(map(clean, texts), match_options=match, typos="basic")


def spaced(texts: Iterable[str]) -> Iterator[str]:
    """Each text with the spaces that Kiwi would write; where both are usual, it leaves what is there."""
    kiwi, _ = _loaded()
    yield from kiwi.space(map(clean, texts))


def term(morpheme: Morpheme) -> str:
    """The term that the morpheme is to the analyzer; "" for one that is left out."""
    return _term(morpheme, _CONTENT) if morpheme.tag in _CONTENT else ""


@cache
def _loaded() -> tuple[Any, int]:
    """The model, once per process, and what it takes for one token: #함께 is 함께, 2021-03-04 three numbers."""
    from kiwipiepy import Kiwi as Model
    from kiwipiepy import Match

    return Model(num_workers=-1, model_type=_MODEL), int(Match.ALL & ~Match.HASHTAG & ~Match.SERIAL)


def _terms(tokens: Iterable[Morpheme], kept: Mapping[str, str]) -> list[str]:
    return [_term(token, kept) for token in tokens if token.tag in kept]


def _spans(tokens: Iterable[Morpheme], kept: Mapping[str, str]) -> list[Span]:
    return [Span(_term(token, kept), token.start, token.end) for token in tokens if token.tag in kept]


def _term(token: Morpheme, kept: Mapping[str, str]) -> str:
    """The dictionary form in lower case; a name of several words (이별의 부산 정거장) with _ between them."""
    form = token.form if token.form.isalnum() else "_".join(token.form.split())
    return (form + kept[token.tag]).lower()
