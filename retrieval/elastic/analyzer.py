"""The server's own analyzers, as `server:NAME`: for what no analyzer here can do, such as nori's morphemes.

The server then analyses the documents itself; here only queries go through it, and what is to be highlighted.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import accumulate

from elasticsearch import Elasticsearch

from corpus.errors import GeulgamError
from retrieval.analyzer import SERVER, Span, clean
from retrieval.elastic.connection import Access, connect
from retrieval.elastic.failures import explaining

_PIECE = re.compile(r"\s*(?:\S.{0,3999}(?!\S)|\S{1,4000})", re.DOTALL)  # `_analyze` makes 10,000 tokens at most
_PLUGINS = {"nori": "analysis-nori", "kuromoji": "analysis-kuromoji", "smartcn": "analysis-smartcn"}


class ServerAnalyzer:
    """The analyzer of this name on the server, which is asked with the first text."""

    def __init__(self, name: str, access: Access | None = None) -> None:
        self.own_name = name
        self.name = f"{SERVER}{name}"
        self.fingerprint = f"{self.name} 1"
        self._access = access

    @cached_property
    def _client(self) -> Elasticsearch:
        return connect(self._access or Access.given())

    def check(self) -> None:
        """Raise GeulgamError if the server does not have it."""
        self.spans("가")

    def __call__(self, texts: Iterable[str]) -> Iterator[list[str]]:
        """The terms of each text."""
        return ([span.term for span in self.spans(text)] for text in texts)

    def spans(self, text: str) -> list[Span]:
        """The terms with their places in ``clean(text)``. Raises GeulgamError."""
        text = clean(text)
        found: list[Span] = []
        for piece in _PIECE.finditer(text):
            places = _places(piece[0])
            for token in self._tokens(piece[0]):
                start, end = (piece.start() + places[token[side]] for side in ("start_offset", "end_offset"))
                found.append(Span(str(token["token"]), start, end))
        return found

    def _tokens(self, text: str) -> list[dict[str, int]]:
        try:
            with explaining():
                return list(self._client.indices.analyze(analyzer=self.own_name, text=text)["tokens"])
        except GeulgamError as error:
            if "failed to find global analyzer" not in str(error):
                raise
            what = f"the Elasticsearch server has no analyzer called {self.own_name}"
            raise GeulgamError(what, _remedy(self.own_name)) from error


def _remedy(name: str) -> str:
    plugin = _PLUGINS.get(name)
    if plugin:
        return f"on every node: bin/elasticsearch-plugin install {plugin}, then restart it"
    return "every server has standard, simple, stop, keyword and whitespace; nori is a plugin"


def _places(text: str) -> list[int]:
    """For each UTF-16 offset, in which Java counts, the place in the text, (units + 1,)."""
    if text.isascii() or max(text) < "\U00010000":
        return list(range(len(text) + 1))
    widths = [2 if character > "\uffff" else 1 for character in text]
    places = [0] * (sum(widths) + 1)
    for place, unit in enumerate(accumulate(widths), start=1):
        places[unit] = place
        if widths[place - 1] == 2:
            places[unit - 1] = place - 1
    return places
