"""Words and meaning on a real server: the embedded index's hits, within the rounding of a cosine."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from elasticsearch import Elasticsearch

from corpus.document import Document, document
from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval.analyzers import analyzer
from retrieval.elastic.nearness import ElasticNearness
from retrieval.encoder import encoder
from retrieval.hybrid import HybridIndex, Meaning
from retrieval.index import Hit
from retrieval.lucene import parse
from retrieval.nearness import EmbeddedNearness
from retrieval.passage_store import PassageStore
from tests.retrieval.conftest import built, corpus_of
from tests.retrieval.elastic.conftest import Make, builds
from tests.retrieval.letters import Letters

QUERIES = (
    "함께",
    "혼자 남은 저녁에 밥을 짓는다",
    "함께^2 더불어 동행 -정치",
    "+가족 어머니 아버지",
    '"가을 하늘" 바람',
    "쿼크렙톤",
)


@pytest.fixture(scope="module", params=[(1, 250, Letters), (3, 250, Letters), (2, 120, encoder)])
def both(
    request: pytest.FixtureRequest, essays: list[Document], make: Make, tmp_path_factory: pytest.TempPathFactory
) -> tuple[HybridIndex, HybridIndex]:
    """Real essays on the server, in so many shards, and in the embedded index; once with the encoder of real use."""
    shards, count, encode = request.param
    folder = tmp_path_factory.mktemp("both")
    embedded = built(folder, essays[:count], analyzer("mecab"))
    corpus, vectors = Corpus(folder / "corpus"), PassageStore(folder / "vectors", encode)
    server = make(embedded.analyzer, place=embedded.folder, shards=shards, vectors=vectors)
    one = HybridIndex(server, meaning=Meaning(vectors, ElasticNearness(vectors, server)))
    other = HybridIndex(embedded, meaning=Meaning(vectors, EmbeddedNearness(vectors, corpus, embedded)))
    for index in (one, other):
        index.build(corpus)
        assert index.stale(corpus) == []
        index.check()
    return one, other


def agree(some: list[Hit], others: list[Hit]) -> bool:
    """The same documents but for those that have, within rounding, the score of the last; and the same scores."""
    ones, twos = ({hit.document_id: hit for hit in hits} for hits in (some, others))
    last = others[-1].score
    for id_ in ones.keys() ^ twos.keys():
        assert (ones.get(id_) or twos[id_]).score == pytest.approx(last, abs=1e-5)
    for id_ in ones.keys() & twos.keys():
        assert ones[id_].score == pytest.approx(twos[id_].score, abs=1e-5)
        assert ones[id_].words == pytest.approx(twos[id_].words, abs=1e-5)
        assert ones[id_].meaning == pytest.approx(twos[id_].meaning, abs=1e-5)
    return len(some) == len(others)


@pytest.mark.parametrize("text", QUERIES)
def test_the_hundred_best_are_those_of_the_embedded_index(text: str, both: tuple[HybridIndex, HybridIndex]) -> None:
    server, embedded = both
    query = parse(text, embedded.analyzer)
    for k in (10, 100, 250):
        found = server.search(query, k)
        assert found and agree(found, embedded.search(query, k))


def test_where_few_candidates_are_asked_for_all_have_both_scores(
    both: tuple[HybridIndex, HybridIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.hybrid.DEPTH", 20)
    server, embedded = both
    for text in QUERIES:
        query = parse(text, embedded.analyzer)
        assert agree(server.search(query, 15), embedded.search(query, 15))


def test_words_and_meaning_are_asked_for_in_one_request(
    both: tuple[HybridIndex, HybridIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = Elasticsearch.perform_request

    def noted(self: Elasticsearch, method: str, path: str, **more: Any) -> Any:
        asked.append(f"{path.rpartition('/')[2]} {json.dumps(more.get('body'))}")
        return ask(self, method, path, **more)

    server, embedded = both
    query = parse("함께^2 더불어 -정치", embedded.analyzer)
    server.search(query, 10)
    monkeypatch.setattr(Elasticsearch, "perform_request", noted)
    found = server.search(query, 10)
    first, *others = asked
    assert first.startswith("_msearch") and '"knn"' in first and '"sort"' in first
    assert not any('"sort"' in other for other in others)  # words are not asked for again
    assert all(hit.words is not None and hit.meaning is not None for hit in found)


def test_what_the_server_refuses_of_either_is_told(make: Make, tmp_path: Path) -> None:
    vectors = PassageStore(tmp_path / "vectors", Letters)
    server = make(analyzer("whitespace"), "nowhere", vectors=vectors)
    index = HybridIndex(server, meaning=Meaning(vectors, ElasticNearness(vectors, server)))
    with pytest.raises(GeulgamError, match="there is no index"):
        index.search(parse("함께", server.analyzer), 10)
    server.build(corpus_of(tmp_path / "corpus", [document("함께 걷는 이야기를 적는다.", "함께")]))
    with pytest.raises(GeulgamError, match="dimension"):
        ElasticNearness(vectors, server).with_words(parse("함께", server.analyzer), np.ones(7, np.float32), 10)


def test_the_nearest_sentence_stands_in_the_same_place(both: tuple[HybridIndex, HybridIndex]) -> None:
    server, embedded = both
    query = parse(QUERIES[1], embedded.analyzer)
    ids = [hit.document_id for hit in embedded.search(query, 20)]
    places = embedded.places(query, ids)
    assert len(places) == 20 and server.places(query, ids) == places
    assert server.places(query, []) == {}


def test_an_index_without_vectors_says_so_and_is_built_anew_with_them(make: Make, tmp_path: Path) -> None:
    essays = [document(f"{word} 이야기를 오래 적어 둔다.", word) for word in ("바다", "하늘", "나무")]
    corpus, vectors = corpus_of(tmp_path / "corpus", essays), PassageStore(tmp_path / "vectors", Letters)
    words = make(analyzer("whitespace"), "late")
    words.build(corpus)
    with pytest.raises(GeulgamError, match="no vectors"):
        ElasticNearness(vectors, words).check()
    server = make(analyzer("whitespace"), "late", vectors=vectors)
    assert server.stale(corpus) == ["vectors not built yet"]
    server.build(corpus)
    assert server.stale(corpus) == words.stale(corpus) == [] and len(builds(server)) == 1
    assert server.status()["documents"] == len(server) == 3
    corpus.add([document("숲에 관한 이야기를 적는다.", "숲")])
    server.build(corpus)
    found = HybridIndex(server, meaning=Meaning(vectors, ElasticNearness(vectors, server))).search(
        parse("숲숲숲", server.analyzer), 9
    )
    assert len(found) == 4 and corpus.get([found[0].document_id])[0].title == "숲"


class OtherLetters(Letters):
    """As many dimensions, so that the server would take its vectors for those that it has."""

    name = "letters 2"


def test_vectors_of_another_encoder_are_refused_in_the_words_of_the_embedded_index(make: Make, tmp_path: Path) -> None:
    essays = [document(f"{word} 이야기를 오래 적어 둔다.", word) for word in ("바다", "하늘", "나무")]
    embedded = built(tmp_path, essays, analyzer("whitespace"))
    corpus, folder = Corpus(tmp_path / "corpus"), tmp_path / "vectors"
    stores = [PassageStore(folder, encoder) for encoder in (Letters, OtherLetters)]
    one, other = (make(embedded.analyzer, "switched", vectors=store) for store in stores)
    one.build(corpus)
    ElasticNearness(stores[0], one).check()
    with pytest.raises(GeulgamError) as there:
        EmbeddedNearness(stores[1], corpus, embedded).check()
    with pytest.raises(GeulgamError) as here:
        ElasticNearness(stores[1], other).check()
    assert (str(here.value), here.value.hint) == (str(there.value), there.value.hint)
    assert other.stale(corpus) == ["encoder changed: letters 1"]
    other.build(corpus)
    ElasticNearness(stores[1], other).check()
