"""The index on a real server: the embedded index's hits, whatever happens while it is built."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from corpus.document import Document, document
from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval.analyzers import analyzer
from retrieval.bm25 import Bm25Index
from retrieval.elastic import loading
from retrieval.elastic.analyzer import ServerAnalyzer
from retrieval.elastic.index import ElasticsearchIndex
from retrieval.lucene import parse
from retrieval.query import Boolean, Query, Terms
from tests.elastic_server import Server
from tests.retrieval.conftest import Counting, numbered
from tests.retrieval.elastic.conftest import Make, access
from tests.retrieval.test_bm25 import QUERIES, agree, trees
from tests.retrieval.test_filter import LABELLED, finds_them

Pair = tuple[ElasticsearchIndex, Bm25Index]


@pytest.fixture(scope="module", params=[1, 3])
def both(
    request: pytest.FixtureRequest, essays: list[Document], make: Make, tmp_path_factory: pytest.TempPathFactory
) -> Pair:
    """250 real essays on the server, in one shard and in three, and in the embedded index."""
    tool = analyzer("mecab")
    folder = tmp_path_factory.mktemp("index")
    server = make(tool, place=folder, shards=request.param)
    server.add(essays[:250])
    embedded = Bm25Index(folder, tool)
    embedded.add(essays[:250])
    return server, embedded


@pytest.mark.parametrize("text", QUERIES)
def test_real_essays_are_found_as_by_the_embedded_index(text: str, both: Pair) -> None:
    server, embedded = both
    query = parse(text, embedded.analyzer)
    found = server.search(query, 250)
    assert found
    assert agree(found, embedded.search(query, 250))


def test_a_plain_query_has_the_embedded_indexs_scores_to_the_last_digit(both: Pair) -> None:
    server, embedded = both
    for text in ("함께", "함께^2 더불어 동행", "+함께 -정치", '"가을 하늘"', "봄 여름 가을 겨울"):
        query = parse(text, embedded.analyzer)
        assert server.search(query, 250) == embedded.search(query, 250)


@pytest.fixture(scope="module")
def small(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """60 documents of 0 to 90 letters in three shards."""
    random = np.random.default_rng(3)
    documents = numbered(" ".join(random.choice(list("aaaabbbccdef"), n)) for n in random.integers(0, 90, 60))
    server, embedded = make(Counting(), shards=3), Bm25Index(tmp_path_factory.mktemp("small"), Counting())
    server.add(documents)
    embedded.add(documents)
    return server, embedded


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=trees())
def test_any_query_tree_is_scored_as_by_the_embedded_index(query: Query, small: Pair) -> None:
    server, embedded = small
    assert agree(server.search(query, 70), embedded.search(query, 70))


def test_filters_find_what_they_find_in_the_embedded_index(make: Make) -> None:
    index = make(analyzer("whitespace"), shards=2)
    index.add(LABELLED)
    finds_them(index)


def test_ten_thousand_hits_are_not_the_end_and_ties_are_in_order_of_id(make: Make) -> None:
    index = make(Counting(), shards=2)
    documents = numbered(["a b"] * 12_500)
    index.add(reversed(documents))
    for k in (9_999, 10_001, 20_000):
        hits = index.search(Terms(("a",)), k)
        assert [hit.document_id for hit in hits] == [document.id for document in documents[:k]]
        assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))


def test_two_thousand_words_are_looked_for_and_what_is_too_many_is_said(small: Pair) -> None:
    server, embedded = small
    words = Boolean(should=tuple(Terms((word,)) for word in [*"abc", *(f"w{number}" for number in range(2_000))]))
    assert agree(server.search(words, 70), embedded.search(words, 70))
    with pytest.raises(GeulgamError, match="too many words") as caught:
        server.search(Terms(tuple(f"w{number}" for number in range(200_000))), 10)
    assert caught.value.hint == "use fewer words"


def test_a_query_of_too_many_levels_is_refused_in_one_line(small: Pair) -> None:
    query: Query = Terms(("a",))
    for _ in range(40):
        query = Boolean(must=(query, Terms(("b",))))
    with pytest.raises(GeulgamError, match="too deeply nested"):
        small[0].search(query, 10)


def test_terms_that_are_near_and_how_many_documents_hold_them_are_the_embedded_indexs(both: Pair) -> None:
    server, embedded = both
    for term in ("함께", "함꼐", "가족", "가조", "여행가", "없는말"):
        assert server.document_frequency(term) == embedded.document_frequency(term)
        assert server.near_terms(term) == embedded.near_terms(term)


def test_words_of_any_length_and_of_any_sign_are_found(make: Make, tmp_path: Path) -> None:
    words = ["가" * 126, "가" * 300, "가" * 299 + "나", "a\\b", '"', "a\u00a0b", "😀" * 200, "*", "{}", "ａ"]
    server, embedded = make(Counting()), Bm25Index(tmp_path, Counting())
    documents = numbered([" ".join(words[: n + 1]) for n in range(len(words))])
    embedded.add(documents)
    server.add(documents)
    terms = sorted({term for document in documents for term in document.text.split()})
    for term in terms:
        assert server.search(Terms((term,)), 20) == embedded.search(Terms((term,)), 20), term


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    made = Corpus(tmp_path / "corpus")
    made.add(document(f"하나 둘 {number}", f"제목 {number}", "어디", {"author": "누구"}) for number in range(30))
    return made


def test_a_build_indexes_the_corpus_and_a_second_one_has_nothing_to_do(corpus: Corpus, make: Make) -> None:
    index = make(Counting(), "whole")
    assert "no index" in index.stale(corpus)
    loaded = index.build(corpus)
    assert loaded is not None and loaded.documents == len(index) == 30
    assert index.build(corpus) is None and index.stale(corpus) == ""
    again = make(Counting(), "whole")
    assert len(again.search(Terms(("둘",)), 50)) == len(again) == 30


def builds(index: ElasticsearchIndex) -> list[str]:
    return list(index.client.indices.get(index=f"{index.alias}-*").body)


def test_what_is_added_comes_beside_the_rest_and_the_old_index_is_removed(corpus: Corpus, make: Make) -> None:
    index = make(Counting())
    index.build(corpus)
    before = builds(index)
    corpus.add([document("하나 셋"), document("하나 넷")])
    assert index.stale(corpus) == "the corpus has changed"
    index.build(corpus)
    assert len(index.search(Terms(("하나",)), 50)) == len(index) == 32
    assert len(builds(index)) == 1 and builds(index) != before


def test_a_document_that_left_the_corpus_leaves_the_index_and_its_statistics(
    corpus: Corpus, make: Make, tmp_path: Path
) -> None:
    index = make(Counting(), "left")
    index.build(corpus)
    smaller = Corpus(tmp_path / "smaller")
    smaller.add(list(corpus)[:20])
    index.build(smaller)
    embedded = Bm25Index(tmp_path / "embedded", Counting())
    embedded.add(smaller)
    assert len(index) == 20
    assert index.search(Terms(("둘",)), 50) == embedded.search(Terms(("둘",)), 50)


def test_other_settings_make_the_index_anew(corpus: Corpus, make: Make) -> None:
    make(Counting(), "settings").build(corpus)
    other = make(Counting(), "settings", k1=2.0, b=0.5)
    assert "other settings" in other.stale(corpus)
    assert other.build(corpus)
    wider = make(Counting(), "settings", k1=2.0, b=0.5, shards=2)
    assert "2" in wider.stale(corpus)
    assert wider.build(corpus)
    state = wider.state()
    assert state is not None and (state.shards, state.documents, state.health) == (2, 30, "green")


class Breaking(Corpus):
    """Breaks down when documents are asked for the second time, as Ctrl-C does."""

    asked = 0

    def get(self, ids: Sequence[str]) -> list[Document]:
        self.asked += 1
        if self.asked == 2:
            raise KeyboardInterrupt
        return super().get(ids)


def test_a_build_that_was_broken_off_is_not_seen_and_is_gone_on_with(
    corpus: Corpus, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "CHUNK_DOCUMENTS", 2)
    monkeypatch.setattr(loading, "ROUTED_AT_ONCE", 2)
    index = make(Counting())
    index.build(corpus)
    (live,) = builds(index)
    for number in (1, 2):  # two parts of cached terms
        corpus.add(document(f"하나 {name} {number}") for name in "가나다라마")
        index.terms.update(corpus)
    with pytest.raises(KeyboardInterrupt):
        index.build(Breaking(corpus.folder))
    assert len(index.search(Terms(("하나",)), 50)) == 30
    (unfinished,) = {*builds(index)} - {live}
    watched = Watched(corpus.folder)
    index.build(watched)
    assert builds(index) == [unfinished]
    assert len(index.search(Terms(("하나",)), 50)) == 40
    assert watched.read < 10  # the documents that had arrived are not sent again


class Watched(Corpus):
    """Counts the documents that are asked for."""

    read = 0

    def get(self, ids: Sequence[str]) -> list[Document]:
        self.read += len(ids)
        return super().get(ids)


def test_what_a_build_of_other_settings_left_is_removed(corpus: Corpus, make: Make) -> None:
    index = make(Counting(), "swept")
    index.terms.update(corpus)
    corpus.add([document("하나")])
    index.terms.update(corpus)
    with pytest.raises(KeyboardInterrupt):
        index.build(Breaking(corpus.folder))
    assert len(builds(index)) == 1
    make(Counting(), "swept", k1=0.9).build(corpus)
    assert len(builds(index)) == 1 and len(make(Counting(), "swept", k1=0.9)) == 31


def test_a_document_that_the_server_refuses_is_written_down_with_its_reason(make: Make, tmp_path: Path) -> None:
    index = make(Counting(), place=tmp_path)
    bad = Document(f"{7:032x}", "a b", "제목", "어디", {"nul\0": "x"})
    index.add([*numbered(["a", "a c"]), bad])
    assert len(index) == len(index.search(Terms(("a",)), 5)) == 2
    (line,) = (tmp_path / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    told = json.loads(line)
    assert (told["id"], told["title"], told["source"]) == (bad.id, "제목", "어디")
    assert "reserved character" in told["reason"]


def test_another_analyzers_index_is_not_searched(corpus: Corpus, make: Make) -> None:
    make(Counting("counting 1"), "analyzer").build(corpus)
    with pytest.raises(GeulgamError, match="another analyzer") as caught:
        make(Counting("counting 2"), "analyzer").manifest()
    assert "geulgam index build" in caught.value.hint


def test_an_index_of_another_version_is_not_searched_and_is_built_anew(corpus: Corpus, make: Make) -> None:
    index = make(Counting(), "version")
    index.build(corpus)
    index.client.indices.put_mapping(index=index.alias, meta={"geulgam": {"format": 99, "more": 1}})
    with pytest.raises(GeulgamError, match="another version of geulgam") as caught:
        index.manifest()
    assert "geulgam index build" in caught.value.hint
    assert index.build(corpus)
    assert len(index) == 30 and len(builds(index)) == 1


def test_an_index_where_the_alias_should_be_is_left_alone(corpus: Corpus, make: Make) -> None:
    index = make(Counting())
    index.client.indices.create(index=index.alias)
    for attempt in (lambda: index.build(corpus), index.manifest):
        with pytest.raises(GeulgamError, match="not an alias") as caught:
            attempt()
        assert "retrieval.elasticsearch_index" in caught.value.hint
    assert index.client.indices.exists(index=index.alias)


def test_an_alias_of_somebody_elses_index_is_left_alone(corpus: Corpus, make: Make) -> None:
    index = make(Counting())
    index.client.indices.create(index=f"{index.alias}-mine", aliases={index.alias: {}})
    with pytest.raises(GeulgamError, match="geulgam did not make"):
        index.build(corpus)
    assert index.client.indices.exists(index=f"{index.alias}-mine")


def test_without_an_index_it_is_said_how_to_build_one(make: Make) -> None:
    index = make(Counting())
    for attempt in (index.manifest, lambda: index.search(Terms(("a",)), 5), lambda: index.document_frequency("a")):
        with pytest.raises(GeulgamError, match="there is no index") as caught:
            attempt()
        assert caught.value.hint == "geulgam index build"
    assert len(index) == 0 and index.state() is None


def test_an_empty_corpus_is_refused(make: Make, tmp_path: Path) -> None:
    with pytest.raises(GeulgamError, match="no documents"):
        make(Counting()).build(Corpus(tmp_path / "empty"))


def test_the_servers_own_analyzer_finds_what_it_finds(elasticsearch_server: Server, make: Make, tmp_path: Path) -> None:
    tool = ServerAnalyzer("standard", access(elasticsearch_server))
    corpus = Corpus(tmp_path)
    corpus.add([document("Running: 함께 걷는 길!", "The Title"), document("함께. 걷는 사람 😀"), document("길")])
    index = make(tool)
    index.build(corpus)

    def found(text: str) -> int:
        return len(index.search(parse(text, tool), 5))

    assert [found(text) for text in ("함께", "running", "title", "😀", "+길 -함께")] == [2, 1, 1, 1, 1]
    assert [found(text) for text in ('"함께 걷는 길"', '"걷는 길 함께"')] == [1, 0]


def test_places_of_the_servers_terms_are_those_in_the_text(elasticsearch_server: Server) -> None:
    tool = ServerAnalyzer("standard", access(elasticsearch_server))
    text = "😀 함께 " + "걷는 길 " * 6_000 + "😀끝"
    spans = tool.spans(text)
    assert len(spans) > 12_000
    assert all(text[span.start : span.end] == span.term for span in spans)
    assert spans[-1].term == "끝"


def test_an_analyzer_that_the_server_lacks_says_how_to_get_it(elasticsearch_server: Server, make: Make) -> None:
    tool = ServerAnalyzer("nori", access(elasticsearch_server))
    with pytest.raises(GeulgamError, match="no analyzer called nori") as caught:
        make(tool).add(numbered(["a"]))
    assert "elasticsearch-plugin install analysis-nori" in caught.value.hint


def test_replicas_follow_the_settings_even_where_there_is_no_node_for_them(corpus: Corpus, make: Make) -> None:
    for replicas in (0, 7):
        index = make(Counting(), "replicas", replicas=replicas)
        index.build(corpus)
        state = index.state()
        assert state is not None and state.replicas == replicas
    corpus.add([document("하나 다섯")])
    assert index.build(corpus)
    assert len(index.search(Terms(("하나",)), 50)) == 31


def test_what_is_added_one_by_one_is_not_taken_for_the_corpus(corpus: Corpus, make: Make) -> None:
    index = make(Counting())
    index.build(corpus)
    index.add(numbered(["새 것"]))
    assert len(index) == 31 and index.stale(corpus) == "the corpus has changed"
    index.build(corpus)
    assert len(index) == 30 and index.stale(corpus) == ""
