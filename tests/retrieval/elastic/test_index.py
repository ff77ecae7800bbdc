"""The index on a real server: the embedded index's hits, whatever happens while it is built."""

import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from corpus.document import Document, document
from corpus.errors import GeulgamError
from corpus.events import Begun, Cancellable, Cancelled, Event, Finished, Progress
from corpus.store import Corpus
from retrieval.analyzers import analyzer
from retrieval.bm25 import Bm25Index
from retrieval.elastic import loading
from retrieval.elastic.analyzer import ServerAnalyzer
from retrieval.elastic.building import Building
from retrieval.elastic.index import ElasticsearchIndex
from retrieval.index import Built, Made
from retrieval.lucene import parse
from retrieval.query import Boolean, Query, Terms
from tests.elastic_server import Server
from tests.retrieval.conftest import Counting, built, corpus_of, numbered
from tests.retrieval.elastic.conftest import Make, access, builds, fill
from tests.retrieval.test_bm25 import QUERIES, agree, trees
from tests.retrieval.test_filter import LABELLED, finds_them

Pair = tuple[ElasticsearchIndex, Bm25Index]


@pytest.fixture(scope="module", params=[1, 3])
def both(
    request: pytest.FixtureRequest, essays: list[Document], make: Make, tmp_path_factory: pytest.TempPathFactory
) -> Pair:
    """250 real essays on the server, in one shard and in three, and in the embedded index."""
    folder = tmp_path_factory.mktemp("both")
    embedded = built(folder, essays[:250], analyzer("mecab"))
    server = make(embedded.analyzer, place=embedded.folder, shards=request.param)
    server.build(Corpus(folder / "corpus"))
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
    return fill(make(Counting(), shards=3), documents), built(tmp_path_factory.mktemp("small"), documents)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=trees())
def test_any_query_tree_is_scored_as_by_the_embedded_index(query: Query, small: Pair) -> None:
    server, embedded = small
    assert agree(server.search(query, 70), embedded.search(query, 70))


def test_filters_find_what_they_find_in_the_embedded_index(make: Make) -> None:
    finds_them(fill(make(analyzer("whitespace"), shards=2), LABELLED))


def test_ten_thousand_hits_are_not_the_end_and_ties_are_in_order_of_id(make: Make) -> None:
    documents = numbered(["a b"] * 12_500)
    index = fill(make(Counting(), shards=2), reversed(documents))
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
    terms = ["함께", "함꼐", "가족", "가조", "여행가", "없는말", "함께"]
    assert server.document_frequencies(terms) == embedded.document_frequencies(terms)
    assert server.document_frequencies([]) == []
    for term in terms:
        assert server.near_terms(term) == embedded.near_terms(term)


def test_words_of_any_length_and_of_any_sign_are_found(make: Make, tmp_path: Path) -> None:
    words = ["가" * 126, "가" * 300, "가" * 299 + "나", "a\\b", '"', "a\u00a0b", "😀" * 200, "*", "{}", "ａ"]
    documents = numbered([" ".join(words[: n + 1]) for n in range(len(words))])
    server, embedded = fill(make(Counting()), documents), built(tmp_path, documents)
    terms = sorted({term for document in documents for term in document.text.split()})
    for term in terms:
        assert server.search(Terms((term,)), 20) == embedded.search(Terms((term,)), 20), term


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    texts = ((f"하나 둘 {number}", f"제목 {number}") for number in range(30))
    return corpus_of(tmp_path / "corpus", (document(text, title, "어디", {"author": "누구"}) for text, title in texts))


def test_a_build_indexes_the_corpus_and_a_second_one_has_nothing_to_do(corpus: Corpus, make: Make) -> None:
    index = make(Counting(), "whole")
    assert index.stale(corpus) == ["not built yet"] and index.made() is None
    assert index.build(corpus) == Built(30) and len(index) == 30
    (before,) = builds(index)
    assert index.stale(corpus) == [] and index.build(corpus) == Built(30) and builds(index) == [before]
    made = index.made()
    assert made is not None and made.when
    expected = Made(corpus.fingerprint(), "counting 1", 1.2, 0.75, 30, made.when)
    assert made == expected == make(Counting("counting 2"), "whole", k1=2.0).made()
    again = make(Counting(), "whole")
    assert len(again.search(Terms(("둘",)), 50)) == len(again) == 30


def test_what_is_added_comes_beside_the_rest_and_the_old_index_is_removed(corpus: Corpus, make: Make) -> None:
    index = make(Counting())
    index.build(corpus)
    before = builds(index)
    corpus.add([document("하나 셋"), document("하나 넷")])
    assert index.stale(corpus) == ["corpus changed: 2 new documents"]
    index.build(corpus)
    assert len(index.search(Terms(("하나",)), 50)) == len(index) == 32
    assert len(builds(index)) == 1 and builds(index) != before


def test_a_document_that_left_the_corpus_leaves_the_index_and_its_statistics(
    corpus: Corpus, make: Make, tmp_path: Path
) -> None:
    index = make(Counting(), "left")
    index.build(corpus)
    smaller = corpus_of(tmp_path / "smaller", list(corpus)[:20])
    assert index.stale(smaller) == ["corpus changed"]
    index.build(smaller)
    embedded = built(tmp_path / "embedded", smaller)
    assert len(index) == 20
    assert index.search(Terms(("둘",)), 50) == embedded.search(Terms(("둘",)), 50)


def test_a_corrected_title_is_found_and_the_old_one_is_not(corpus: Corpus, make: Make, tmp_path: Path) -> None:
    index = make(Counting(), "title")
    index.build(corpus)
    first, *others = corpus
    corrected = corpus_of(tmp_path / "corrected", [replace(first, title="바른 이름"), *others])
    assert index.stale(corrected) == ["corpus changed"]
    index.build(corrected)
    embedded = built(tmp_path / "embedded", corrected)
    assert index.stale(corrected) == [] and index.status()["documents"] == 30
    for text, count in (("바른", 1), ('title:"바른 이름"', 1), (f'title:"{first.title}"', 0), ("제목", 29)):
        hits = index.search(parse(text, index.analyzer), 50)
        assert len(hits) == count
        assert hits == embedded.search(parse(text, index.analyzer), 50)


def test_a_build_tells_what_it_does_in_the_thread_that_called_it(corpus: Corpus, make: Make) -> None:
    told: list[Event] = []
    threads = set()

    def on(event: Event) -> None:
        told.append(event)
        threads.add(threading.current_thread())

    index = make(Counting())
    index.build(corpus, on=on)
    assert [(event.task, event.total, event.unit) for event in told if isinstance(event, Begun)] == [
        ("analysing", 30, "document"),
        ("indexing", 30, "document"),
    ]
    assert [event.done for event in told if isinstance(event, Progress)][-1] == 30
    assert all(event.complete for event in told if isinstance(event, Finished))
    assert threads == {threading.current_thread()}
    told.clear()
    index.build(corpus, on=on)
    assert told == []


def test_a_build_that_is_cancelled_ends_between_two_chunks_and_is_gone_on_with(
    corpus: Corpus, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "CHUNK_DOCUMENTS", 1)
    index = make(Counting())

    def ten(event: Event) -> None:
        if isinstance(event, Progress) and event.task == "indexing" and event.done >= 10:
            job.cancel()

    job = Cancellable(ten)
    with pytest.raises(Cancelled):
        index.build(corpus, on=job)
    (unfinished,) = builds(index)
    assert index.made() is None
    begun: list[Event] = []
    index.build(corpus, on=begun.append)
    (again,) = [event for event in begun if isinstance(event, Begun)]
    assert again.task == "indexing" and again.done >= 10
    assert builds(index) == [unfinished] and len(index.search(Terms(("하나",)), 50)) == 30


def test_other_settings_make_the_index_anew(corpus: Corpus, make: Make) -> None:
    make(Counting(), "settings").build(corpus)
    other = make(Counting(), "settings", k1=2.0, b=0.5)
    assert other.stale(corpus) == ["settings changed: k1 1.2, b 0.75 → k1 2, b 0.5"]
    other.build(corpus)
    wider = make(Counting(), "settings", k1=2.0, b=0.5, shards=2)
    assert wider.stale(corpus) == ["the index has 1 shards, now 2"]
    wider.build(corpus)
    status = wider.status()
    assert (status["shards"], status["documents"], status["health"]) == (2, 30, "green")
    assert wider.stale(corpus) == []


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


def test_a_build_that_was_killed_when_all_was_sealed_is_gone_on_with_though_the_corpus_has_grown(
    corpus: Corpus, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = make(Counting())

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as last_step:
        last_step.setattr(Building, "_put_in_place", dies)
        with pytest.raises(KeyboardInterrupt):
            index.build(corpus)
    (sealed,) = builds(index)
    corpus.add([document("하나 셋")])
    index.build(corpus)
    assert builds(index) == [sealed] and len(index.search(Terms(("하나",)), 50)) == 31


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
    told = index.build(corpus_of(tmp_path / "corpus", [*numbered(["a", "a c"]), bad]))
    (note,) = told.notes
    assert note.startswith(f"1 refused by the server (such as {bad.id}: ") and "rejected.jsonl" in note
    made = index.made()
    assert made is not None and (told.documents, made.documents, made.refused) == (2, 2, 1)
    assert len(index) == len(index.search(Terms(("a",)), 5)) == 2
    (line,) = (tmp_path / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    refused = json.loads(line)
    assert (refused["id"], refused["title"], refused["source"]) == (bad.id, "제목", "어디")
    assert "reserved character" in refused["reason"]


def test_another_analyzers_index_is_not_searched(corpus: Corpus, make: Make) -> None:
    make(Counting("counting 1"), "analyzer").build(corpus)
    with pytest.raises(GeulgamError, match="another analyzer") as caught:
        make(Counting("counting 2"), "analyzer").check()
    assert "geulgam index build" in caught.value.hint
    assert make(Counting("counting 2"), "analyzer").stale(corpus) == ["analyzer changed: counting 1 → counting 2"]


def test_an_index_of_another_version_is_not_searched_and_is_built_anew(corpus: Corpus, make: Make) -> None:
    index = make(Counting(), "version")
    index.build(corpus)
    index.client.indices.put_mapping(index=index.alias, meta={"geulgam": {"format": 99, "more": 1}})
    with pytest.raises(GeulgamError, match="another version of geulgam") as caught:
        index.check()
    assert "geulgam index build" in caught.value.hint
    assert index.stale(corpus) == ["made by another version of geulgam"] and index.made() is None
    index.build(corpus)
    assert len(index) == 30 and len(builds(index)) == 1


def test_an_index_where_the_alias_should_be_is_left_alone(corpus: Corpus, make: Make) -> None:
    index = make(Counting())
    index.client.indices.create(index=index.alias)
    for attempt in (lambda: index.build(corpus), index.check):
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
    for attempt in (index.check, lambda: index.search(Terms(("a",)), 5), lambda: index.document_frequencies(["a"])):
        with pytest.raises(GeulgamError, match="there is no index") as caught:
            attempt()
        assert caught.value.hint == "geulgam index build"
    assert len(index) == 0 and index.status() == {} and index.made() is None


def test_an_empty_corpus_is_refused(make: Make, tmp_path: Path) -> None:
    with pytest.raises(GeulgamError, match="no documents"):
        make(Counting()).build(Corpus(tmp_path / "empty"))


def test_the_servers_own_analyzer_finds_what_it_finds(elasticsearch_server: Server, make: Make) -> None:
    tool = ServerAnalyzer("standard", access(elasticsearch_server))
    index = make(tool)
    fill(index, [document("Running: 함께 걷는 길!", "The Title"), document("함께. 걷는 사람 😀"), document("길")])

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
        fill(make(tool), numbered(["a"]))
    assert "elasticsearch-plugin install analysis-nori" in caught.value.hint


def test_replicas_follow_the_settings_even_where_there_is_no_node_for_them(corpus: Corpus, make: Make) -> None:
    for replicas in (0, 7):
        index = make(Counting(), "replicas", replicas=replicas)
        index.build(corpus)
        assert index.status()["replicas"] == replicas
    corpus.add([document("하나 다섯")])
    index.build(corpus)
    assert len(index.search(Terms(("하나",)), 50)) == 31
