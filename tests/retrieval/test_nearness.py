"""Meaning and words together, in the embedded index: every document is looked at, and what a query forbids holds."""

from pathlib import Path

import numpy as np
import pytest

from corpus.document import document
from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval import products
from retrieval.analyzers import analyzer
from retrieval.backends import open_index
from retrieval.fusion import WEIGHT, Scored, fused, most, scaled
from retrieval.hybrid import HybridIndex
from retrieval.lucene import parse
from retrieval.nearness import Bounds, EmbeddedNearness
from retrieval.passage_store import PassageStore
from retrieval.passages import TextPlace
from retrieval.query import written
from tests.retrieval.conftest import built, corpus_of
from tests.retrieval.letters import Letters

ESSAYS = [
    document(
        f"{'가나다라마바사아자차카타파하'[n % 14] * 9} {'거너더러머버서'[n % 7] * 3}. 둘째 문장이 {n}번 글에 있다.",
        f"글{n}",
    )
    for n in range(80)
]


@pytest.fixture(scope="module")
def hybrid(tmp_path_factory: pytest.TempPathFactory) -> tuple[HybridIndex, Corpus]:
    folder = tmp_path_factory.mktemp("hybrid")
    corpus = corpus_of(folder / "corpus", ESSAYS)
    vectors = PassageStore(folder / "vectors", Letters)
    index = open_index("bm25s", folder / "index", analyzer("whitespace"), corpus=corpus, vectors=vectors)
    assert isinstance(index, HybridIndex)
    with pytest.raises(GeulgamError, match="no index"):
        index.check()
    index.build(corpus)
    index.check()
    return index, corpus


def test_torch_and_numpy_give_the_same_integers() -> None:
    if not products._torch_is_exact():
        pytest.skip("torch adds bytes in 16 bits on this processor, so numpy is asked")
    random = np.random.default_rng(5)
    rows = random.integers(-127, 128, (5_000, 512), np.int8)
    for query in (*random.integers(-127, 128, (3, 512), np.int8), np.full(512, 127, np.int8)):
        exact = rows.astype(np.int64) @ query.astype(np.int64)
        assert np.array_equal(products.products(rows, query), exact)
        assert np.array_equal(products.products(rows, query, many=True), exact)


def test_the_nearest_sentence_of_every_document_is_found(tmp_path: Path) -> None:
    index = built(tmp_path, ESSAYS, analyzer("whitespace"))
    corpus, store = Corpus(tmp_path / "corpus"), PassageStore(tmp_path / "vectors", Letters)
    near = EmbeddedNearness(store, corpus, index)
    with pytest.raises(GeulgamError, match="no vectors"):
        near.check()
    store.update(corpus)
    (vector,) = Letters().encode(["다라마"])
    found = near.near(vector, 1_000, Bounds())
    assert [hit.document_id for hit in found] == [h.document_id for h in sorted(found, key=lambda h: (-h.cosine, h[0]))]
    assert near.near(vector, 7, Bounds()) == found[:7]
    by_hand = {}
    for part in store.parts():
        for number, version in enumerate(part.versions.tolist()):
            rows = part.vectors[part.rows(number)].astype(np.float64)
            cosines = rows @ vector / np.linalg.norm(rows, axis=1)
            by_hand[version] = cosines.max()
    for hit in found:
        (essay,) = corpus.get([hit.document_id])
        assert abs(hit.cosine - by_hand[bytes.fromhex(essay.version).rstrip(b"\0")]) < 0.01
    ids = [hit.document_id for hit in found[10:20]]
    assert near.near(vector, 100, Bounds(), ids) == found[10:20]
    places = near.places(vector, ids)
    assert places.keys() == set(ids)
    assert all(place in corpus.get([id_])[0].text and place for id_, place in _texts(corpus, places))


def _texts(corpus: Corpus, places: dict[str, TextPlace]) -> list[tuple[str, str]]:
    return [(id_, corpus.get([id_])[0].text[place.start : place.end]) for id_, place in places.items()]


def test_a_query_without_a_word_in_common_finds_what_is_near(hybrid: tuple[HybridIndex, Corpus]) -> None:
    index, corpus = hybrid
    hits = index.search(parse("라라라라러러", index.analyzer), 5)
    assert len(hits) == 5
    best = corpus.get([hits[0].document_id])[0]
    assert best.text.startswith("라라라")
    assert hits[0].words == 0 and hits[0].meaning is not None
    assert hits[0].score == pytest.approx(WEIGHT * hits[0].meaning)


def test_a_score_is_the_share_of_what_the_words_could_score_and_its_cosine(hybrid: tuple[HybridIndex, Corpus]) -> None:
    index, _ = hybrid
    query = parse("가가가가가가가가가 글3", index.analyzer)
    hits, all_words = index.search(query, 80), most(index, query)
    assert len(hits) == len({hit.document_id for hit in hits}) == 80
    assert 0 < max(hit.words or 0 for hit in hits) < all_words
    for hit in hits:
        assert hit.words is not None and hit.meaning is not None
        assert hit.score == pytest.approx((hit.words / all_words) ** 2 + WEIGHT * hit.meaning)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    few = index.search(parse("가가가가가가가가가 글3", index.analyzer), 5, [hit.document_id for hit in hits[40:]])
    assert [hit.document_id for hit in few] == [hit.document_id for hit in hits[40:45]]
    assert [hit.score for hit in few] == pytest.approx([hit.score for hit in hits[40:45]])


def test_what_a_query_demands_and_forbids_holds_for_what_is_near(hybrid: tuple[HybridIndex, Corpus]) -> None:
    index, corpus = hybrid
    titles = {essay.title for essay in ESSAYS}
    for text, fit in (
        ("라라라 -글3", titles - {"글3"}),
        ("+글3 라라라", {"글3"}),
        ('라라라 +title:"글31"', {"글31"}),
    ):
        found = corpus.get([hit.document_id for hit in index.search(parse(text, index.analyzer), 80)])
        assert {essay.title for essay in found} == fit


def test_it_goes_stale_with_the_corpus_and_is_added_to(tmp_path: Path) -> None:
    corpus, letters = corpus_of(tmp_path / "corpus", ESSAYS[:10]), Letters()
    vectors = PassageStore(tmp_path / "vectors", lambda: letters)
    index = open_index("bm25s", tmp_path / "index", analyzer("whitespace"), corpus=corpus, vectors=vectors)
    assert index.stale(corpus) == ["not built yet", "vectors not built yet"]
    index.build(corpus)
    made = index.made()
    assert index.stale(corpus) == [] and made is not None and made.encoder == Letters.name
    corpus.add(ESSAYS[10:12])
    assert len(index.stale(corpus)) == 2
    before = len(letters.texts)
    assert "2 encoded" in index.build(corpus).notes
    assert len(letters.texts) - before == 2 * 3
    assert len(index.search(parse("라라라", index.analyzer), 50)) == 12


def test_the_scores_are_added_and_equal_ones_ordered_by_id() -> None:
    words, near = {"a": 6.0, "b": 3.0}, {"a": 0.1, "b": 0.6, "c": 0.6}
    assert fused("cba", [scaled(words, 6.0), Scored(near, 0.5)]) == pytest.approx({"a": 1.05, "b": 0.55, "c": 0.3})
    assert list(fused("cab", [scaled({}, 0.0), Scored({}, 1.0)])) == ["a", "b", "c"]


def test_the_most_that_a_query_can_score_counts_all_its_words_found_or_not(hybrid: tuple[HybridIndex, Corpus]) -> None:
    index, _ = hybrid

    def all_of(text: str) -> float:
        return most(index, parse(text, index.analyzer))

    one, other = all_of("글3"), all_of("없는말")
    assert other > one > 0  # what no document has would say the most
    assert all_of("글3 없는말") == pytest.approx(one + other)
    assert all_of("글3^2 글3") == pytest.approx(3 * one)
    assert all_of('+"글3 없는말" -가가가') == pytest.approx(one + other)
    assert all_of("(글3 없는말)^0.5 +source:x") == pytest.approx((one + other) / 2)


def test_the_words_of_a_query_are_kept_as_they_were_written() -> None:
    kiwi = analyzer("bigram")
    assert written(parse('혼자 남은^2 (저녁 "집에 온 날") -정치 +source:김', kiwi)) == "혼자 남은 저녁 집에 온 날"
    assert written(parse("+돌아왔다 누구", kiwi)) == "돌아왔다 누구"
