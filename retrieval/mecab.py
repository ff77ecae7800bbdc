"""The other morphological analyzer: mecab-ko with its dictionary, compounds split into their parts.

It keeps the same kinds of words as the default (:mod:`retrieval.kiwi`). Its dictionary is fixed and knows fewer
new words; on KorQuAD's encyclopaedia it does slightly better, on one core it is as fast as Kiwi on two.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

from retrieval.analyzer import Span, clean

_NOMINAL = "NNG NNP NNB NNBC NR NP MM MAG MAJ IC XR SL SH SN"
_CONTENT = dict.fromkeys(_NOMINAL.split(), "") | dict.fromkeys(["VV", "VA", "VCN"], "다")
_AUXILIARY = _CONTENT | {"VX": "다"}
_LINE = 10_000  # characters given to mecab at once: its lattice grows with the text


class Mecab:
    """python-mecab-ko, on one core. The dictionary is opened with the first text."""

    name = "mecab"

    @property
    def fingerprint(self) -> str:
        """Changes with whatever changes the terms."""
        return f"mecab 1 python-mecab-ko={version('python-mecab-ko')} dic={version('python-mecab-ko-dic')}"

    def __call__(self, texts: Iterable[str]) -> Iterator[list[str]]:
        """The terms of each text."""
        for text in texts:
            yield [span.term for span in self.spans(text)]

    def spans(self, text: str) -> list[Span]:
        """The terms with their places in ``clean(text)``."""
        text = clean(text).replace("\0", " ")
        lines = list(_lines(text))
        # An auxiliary verb counts only where there is nothing else: a query's word taken for one (싶다).
        return [span for start, line in lines for span in _line(line, start, _CONTENT)] or [
            span for start, line in lines for span in _line(line, start, _AUXILIARY)
        ]


def _line(line: str, offset: int, kept: Mapping[str, str]) -> Iterator[Span]:
    for morpheme in _loaded().parse(line):
        start, end = offset + morpheme.span.start, offset + morpheme.span.end
        feature = morpheme.feature
        if feature.type in ("Inflect", "Compound") and feature.expression:
            # 가/VV/*+아/EC/*
            pieces = [piece.split("/") for piece in feature.expression.split("+")]
            parts = [(piece[0], piece[1]) for piece in pieces if len(piece) > 1]
        else:
            parts = [(morpheme.surface, feature.pos.split("+")[0])]
        for form, tag in parts:
            if tag in kept:
                yield Span((form + kept[tag]).lower(), start, end)


@cache
def _loaded() -> Any:
    from mecab import MeCab

    return MeCab()


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of the text with their places; a very long one is cut at a space, or where it must be."""
    start = 0
    while start < len(text):
        newline = text.find("\n", start, start + _LINE)
        end = newline + 1 or min(len(text), start + _LINE)
        if not newline + 1 and end < len(text):
            end = text.rfind(" ", start, end) + 1 or end
        yield start, text[start:end]
        start = end
