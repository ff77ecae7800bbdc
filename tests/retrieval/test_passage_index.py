"""An essay is ranked by its best passage as much as by all of it."""

from pathlib import Path

import pytest

from corpus.document import document
from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval.analyzers import analyzer
from retrieval.backends import open_index
from retrieval.fusion import most
from retrieval.hybrid import HybridIndex
from retrieval.index import SearchIndex
from retrieval.lucene import parse
from retrieval.passage_index import optional
from retrieval.passages import PASSAGE
from retrieval.query import Boolean, Filter, Terms
from tests.retrieval.conftest import corpus_of

FILLER = "\n\n".join(f"{number}번째 문단은 다른 이야기를 길게 하고 있다. " * 4 for number in range(100))
ESSAYS = [
    document(f"{FILLER}\n\n파도 소리가 갈매기 소리보다 컸다. 파도는 갈매기를 쫓았다.\n\n{FILLER}", "긴 글"),
    document("파도 이야기는 아니다. " * 12, "짧은 글"),
    document("아무 상관이 없는 글이다. " * 12, "다른 글"),
    document("갈매기 한 마리가 있었다.\n\n" + "비가 왔다. " * 40 + "\n\n파도 하나", "흩어진 글", "", {"author": "김"}),
]


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> tuple[SearchIndex, SearchIndex, Corpus]:
    folder = tmp_path_factory.mktemp("passages")
    corpus = corpus_of(folder / "corpus", ESSAYS)
    words = open_index("bm25s", folder / "index", analyzer("bigram"), corpus=corpus)
    both = open_index("bm25s", folder / "index", analyzer("bigram"), corpus=corpus, passages=True)
    assert both.stale(corpus) == ["not built yet", "passages not built yet"]
    both.build(corpus)
    assert both.stale(corpus) == [] and len(both) == len(words) == 4
    return words, both, corpus


def titles(index: SearchIndex, corpus: Corpus, text: str) -> list[str]:
    hits = index.search(parse(text, index.analyzer), 10)
    return [essay.title for essay in corpus.get([hit.document_id for hit in hits])]


def test_a_long_essay_is_found_by_the_passage_that_is_about_it(
    indexed: tuple[SearchIndex, SearchIndex, Corpus],
) -> None:
    words, both, corpus = indexed
    assert titles(words, corpus, "파도 소리 갈매기")[0] == "흩어진 글"
    assert titles(both, corpus, "파도 소리 갈매기")[0] == "긴 글"


def test_the_score_is_half_of_each_as_the_square_of_its_share_of_the_most_there_can_be(
    indexed: tuple[SearchIndex, SearchIndex, Corpus],
) -> None:
    words, both, _ = indexed
    query = parse("파도", both.analyzer)
    scores = {hit.document_id: hit.score for hit in both.search(query, 10)}
    best, all_words = words.search(query, 10), most(words, query)
    assert scores.keys() == {hit.document_id for hit in best}
    for hit in best:
        assert 0 <= 2 * scores[hit.document_id] - (hit.score / all_words) ** 2 <= 1


def test_what_is_demanded_and_forbidden_counts_for_the_whole_essay(
    indexed: tuple[SearchIndex, SearchIndex, Corpus],
) -> None:
    _, both, corpus = indexed
    assert sorted(titles(both, corpus, "+파도 +갈매기")) == ["긴 글", "흩어진 글"]
    assert titles(both, corpus, "파도 -갈매기") == ["짧은 글"]
    assert titles(both, corpus, "파도 +metadata.author:김") == ["흩어진 글"]
    a, b, mine = Terms(("a",)), Terms(("b",)), Filter("source", "x")
    assert optional(Boolean(must=(a, mine), should=(b,), must_not=(a,))) == Boolean(must=(mine, Boolean(should=(a, b))))
    assert optional(a) == a


def test_what_of_an_essay_matches_is_told_and_the_best_of_it_shown(
    indexed: tuple[SearchIndex, SearchIndex, Corpus],
) -> None:
    _, both, _ = indexed
    assert isinstance(both, HybridIndex)
    query = parse("파도 갈매기", both.analyzer)
    ids = [essay.id for essay in ESSAYS]
    parts, shown = both.parts(query, ids), both.places(query, ids)
    texts = {essay.id: [essay.text[start:end] for start, end in parts.get(essay.id, [])] for essay in ESSAYS}
    long, short, other, scattered = (texts[id_] for id_ in ids)
    assert len(long) == 1 and "파도 소리가" in long[0] and len(long[0]) <= PASSAGE
    assert short == [ESSAYS[1].text.strip()] and other == []
    assert scattered == [ESSAYS[3].text]  # both of its passages, which follow one another
    assert shown.keys() == parts.keys() and len(ESSAYS[3].text[slice(*shown[ids[3]])]) <= PASSAGE
    scores = {hit.document_id: hit.passage for hit in both.search(query, 10)}
    assert scores.keys() == parts.keys() and all(scores.values())


def test_an_essay_that_is_added_is_found_by_its_passages(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", ESSAYS[1:])
    index = open_index("bm25s", tmp_path / "index", analyzer("bigram"), corpus=corpus, passages=True)
    index.build(corpus)
    corpus.add(ESSAYS[:1])
    assert "passages of another corpus" in index.stale(corpus)
    index.build(corpus)
    assert titles(index, corpus, "파도 소리 갈매기")[0] == "긴 글"


def test_without_an_essay_it_says_what_an_index_of_essays_says(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "corpus")
    said = []
    for passages in (False, True):
        index = open_index("bm25s", tmp_path / "index", analyzer("bigram"), corpus=corpus, passages=passages)
        with pytest.raises(GeulgamError, match="no documents in") as caught:
            index.build(corpus)
        said.append((str(caught.value), caught.value.hint))
    assert said[0] == said[1] and not (tmp_path / "index").exists()
