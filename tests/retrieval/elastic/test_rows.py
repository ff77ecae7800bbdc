"""What is sent of a document."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import orjson
import pytest

from corpus.document import document
from corpus.store import Corpus
from retrieval.analyzer import Span
from retrieval.elastic.mapping import indexed
from retrieval.elastic.rows import analysed, digests
from retrieval.terms import TermStore

TEXTS = ["함께 같이", 'he "said" so', "back\\slash \\", "bell\a tab\x01 \x7f 😀", f"{'긴' * 200} 함께", "다"]


class Words:
    """Splits at blanks, and only there."""

    name = fingerprint = "words"

    def __call__(self, texts: Iterable[str]) -> Iterator[list[str]]:
        """The words of each text; none of one that is a single letter."""
        for text in texts:
            yield text.split(" ") if len(text) > 1 else []

    def spans(self, text: str) -> list[Span]:
        """Not needed here."""
        raise NotImplementedError


@pytest.mark.parametrize("wanted", [TEXTS, TEXTS[1:4], TEXTS[4:], TEXTS[-1:]])
def test_the_terms_arrive_as_they_are_but_for_those_that_are_too_long(tmp_path: Path, wanted: list[str]) -> None:
    corpus = Corpus(tmp_path / "corpus")
    corpus.add(document(text) for text in TEXTS)
    store = TermStore(tmp_path / "terms", Words())
    store.update(corpus)
    ids = {document(text).id: text for text in wanted}
    rows = list(analysed(store, corpus.get)(np.sort(digests(ids))))
    assert {row.id for row in rows} == set(ids)
    for row in rows:
        (terms,) = Words()([ids[row.id]])
        assert orjson.loads(orjson.dumps(row.terms)) == " ".join(map(indexed, terms))


def test_a_part_without_any_term(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "corpus")
    corpus.add([document("다"), document("라")])
    store = TermStore(tmp_path / "terms", Words())
    store.update(corpus)
    rows = list(analysed(store, corpus.get)(corpus.digests()))
    assert [orjson.dumps(row.terms) for row in rows] == [b'""', b'""']
