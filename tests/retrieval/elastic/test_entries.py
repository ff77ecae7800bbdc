"""What is sent of a document."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson
import pytest

from corpus.digests import to_hex
from corpus.document import Document, document
from corpus.store import Corpus
from retrieval.analyzer import Span
from retrieval.elastic.entries import Entry, analysed, raw
from retrieval.elastic.keys import Keyed, held
from retrieval.elastic.mapping import indexed
from retrieval.terms import TermStore
from tests.retrieval.conftest import corpus_of, numbered

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


def analysed_of(corpus: Corpus, store: TermStore, ids: Iterable[str]) -> list[Entry]:
    """The entries of these documents."""
    store.update(corpus)
    documents = Keyed.of(corpus)
    wanted = documents.keys[[id_ in set(ids) for id_ in to_hex(documents.ids)]]
    return list(analysed(store, documents, corpus.get)(wanted))


@pytest.mark.parametrize("wanted", [TEXTS, TEXTS[1:4], TEXTS[4:], TEXTS[-1:]])
def test_the_terms_arrive_as_they_are_but_for_those_that_are_too_long(tmp_path: Path, wanted: list[str]) -> None:
    corpus = corpus_of(tmp_path / "corpus", (document(text) for text in TEXTS))
    ids = {document(text).id: text for text in wanted}
    entries = analysed_of(corpus, TermStore(tmp_path / "terms", Words()), ids)
    assert {entry.id for entry in entries} == set(ids)
    for entry in entries:
        (terms,) = Words()([ids[entry.id]])
        assert orjson.loads(entry.json())["terms"] == " ".join(map(indexed, terms))


def test_a_part_without_any_term(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", [document("다"), document("라")])
    entries = analysed_of(corpus, TermStore(tmp_path / "terms", Words()), [document("다").id, document("라").id])
    assert [orjson.dumps(entry.terms) for entry in entries] == [b'""', b'""']


def test_documents_of_one_content_are_each_there_and_share_their_terms(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", numbered(["a b", "c d", "a b", "a b"]))
    entries = analysed_of(corpus, TermStore(tmp_path / "terms", Words()), [f"{number:032x}" for number in (0, 1, 3)])
    assert sorted((int(entry.id, 16), orjson.loads(entry.json())["terms"]) for entry in entries) == [
        (0, "a b"),
        (1, "c d"),
        (3, "a b"),
    ]
    assert len({entry.key for entry in entries}) == 3


def test_another_title_is_another_key_and_nothing_else_is(tmp_path: Path) -> None:
    given = [Document(f"{number:032x}", f"글 {number}", f"제목 {number}") for number in range(5)]
    changed = Document(given[2].id, given[2].text, "바른 제목")
    before = Keyed.of(corpus_of(tmp_path / "before", given))
    after = Keyed.of(corpus_of(tmp_path / "after", [*given[:2], changed, *given[3:]]))
    assert sorted(to_hex(before.ids)) == sorted(to_hex(after.ids))
    assert to_hex(before.ids[~held(before.keys, after.keys)]) == [changed.id]


def test_raw_documents_have_the_keys_of_the_corpus(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", (document(text, f"제목 {text}") for text in TEXTS))
    keys = Keyed.of(corpus).keys
    entries = list(raw(corpus)(keys[1:]))
    assert sorted(entry.key for entry in entries) == to_hex(keys[1:])
    assert all(str(entry.terms).startswith(f"{entry.title}\n") for entry in entries)
