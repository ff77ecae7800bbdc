"""The analyzers by their names. A new one is a file with a class, and a line here."""

from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from typing import cast

from corpus.errors import GeulgamError
from retrieval.analyzer import DEFAULT, SERVER, Analyzer

# name -> module and class; the module is imported when the analyzer is first asked for.
_KNOWN = {
    "kiwi": ("retrieval.kiwi", "Kiwi"),
    "mecab": ("retrieval.mecab", "Mecab"),
    "bigram": ("retrieval.bigram", "Bigram"),
    "whitespace": ("retrieval.whitespace", "Whitespace"),
}
NAMES = tuple(_KNOWN)


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
