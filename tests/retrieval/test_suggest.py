"""A query out of one word: which words the corpus offers for it, what they change, and what parts it finds."""

import random
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest

from corpus.document import Document, document
from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval.analyzers import analyzer
from retrieval.bm25 import Bm25Index
from retrieval.encoder import encoder
from retrieval.hybrid import HybridIndex
from retrieval.index import Hit, SearchIndex
from retrieval.lucene import parse
from retrieval.query import Query
from retrieval.suggest.evidence import CandidateWord, gathered, offered, seed_words, terms_of_words, tree
from retrieval.suggest.expansion import added, nearness, weights
from retrieval.suggest.suggestion import Suggestion, suggest
from tests.retrieval.conftest import corpus_of

# Three things that essays tell of. "낚시" stands in half of the first kind's only; 엄마 everywhere.
FISHING = ("물고기", "미끼", "어망", "낚싯대", "저수지", "붕어", "바늘", "뜰채")
BAKING = ("밀가루", "오븐", "반죽", "효모", "식빵", "버터", "설탕", "앞치마")
SNOW = ("눈사람", "썰매", "장갑", "고드름", "털모자", "스키", "얼음판", "함박눈")
ENCODE = encoder("use").encode


def essays(words: tuple[str, ...], count: int, named: str = "", sentences: int = 8) -> list[Document]:
    made = []
    for number in range(count):
        chance = random.Random(f"{words[0]} {number}")
        said = []
        for _ in range(sentences):
            one, two = chance.sample(words, 2)
            said.append(f"엄마는 {one}를 들고 {two}도 챙겼다.")
        if named and number % 2 == 0:
            said[3:3] = [f"우리는 {named}를 하러 갔다.", f"{named}는 오래 기다리는 일이다."]
        if named and number == 1:
            said.append("외딴섬은 이 글에만 있다. 외딴섬을 보았다.")
        made.append(document(" ".join(said), f"{words[0]} {number}", "made up"))
    return made


DOCUMENTS = [*essays(FISHING, 12, "낚시"), *essays(BAKING, 12, "빵집"), *essays(SNOW, 40)]
FISHERS = {essay.id for essay in DOCUMENTS[:12]}


def indexed(folder: Path, documents: list[Document], name: str = "kiwi") -> tuple[SearchIndex, Corpus]:
    corpus = corpus_of(folder / "corpus", documents)
    index = Bm25Index(folder / "index", analyzer(name), corpus=corpus)
    index.build(corpus)
    return index, corpus


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[SearchIndex, Corpus]:
    return indexed(tmp_path_factory.mktemp("suggest"), DOCUMENTS)


@pytest.fixture(scope="module")
def fishing(made: tuple[SearchIndex, Corpus]) -> Suggestion:
    return suggest(*made, "낚시", encode=ENCODE, top=12)


def hits(index: SearchIndex, query: str, k: int) -> list[str]:
    return [hit.document_id for hit in index.search(parse(query, index.analyzer), k)]


def test_the_query_finds_what_the_word_alone_does_not(made: tuple[SearchIndex, Corpus], fishing: Suggestion) -> None:
    assert len(FISHERS & set(hits(made[0], "낚시", 12))) == 6
    assert set(hits(made[0], fishing.query, 12)) == FISHERS
    assert list(fishing.hits) == hits(made[0], fishing.query, 12)


def test_its_keywords_are_words_of_the_thing_by_falling_weight(fishing: Suggestion) -> None:
    words = {keyword.word for keyword in fishing.keywords}
    assert len(words & set(FISHING)) >= 6 and not words & {*BAKING, *SNOW}
    weighed = [keyword.weight for keyword in fishing.keywords]
    assert weighed == sorted(weighed, reverse=True) and weighed[0] == 1 and min(weighed) >= 0.1


def test_words_that_stand_everywhere_or_in_one_essay_are_left_out(
    made: tuple[SearchIndex, Corpus], fishing: Suggestion
) -> None:
    assert not {keyword.word for keyword in fishing.keywords} & {"엄마", "외딴섬", "낚시", "들다"}
    evidence = gathered(*made, "낚시", 12)
    assert any("엄마" in told.counts for told in evidence.told)
    assert "엄마" not in {word.word for word in offered(made[0], evidence)}


def test_each_keyword_shows_where_it_stands_and_what_it_changes(
    made: tuple[SearchIndex, Corpus], fishing: Suggestion
) -> None:
    corpus = made[1]
    for keyword in fishing.keywords:
        assert 0 < len(keyword.contexts) <= 2
        for context in keyword.contexts:
            (text,) = corpus.get([context.document_id])
            assert context.match in keyword.word or keyword.word in context.match or context.match[:-1] in keyword.word
            shown = f"{context.before.strip('…')}{context.match}{context.after.strip('…')}"
            assert shown in text.text or shown in text.title
        (documents,) = made[0].document_frequencies([keyword.word])
        assert keyword.documents == documents
        rest = [other.word for other in fishing.keywords if other is not keyword]
        without = hits(made[0], fishing.with_keywords(rest), 12)
        assert set(keyword.gains) == set(fishing.hits) - set(without)
        assert set(keyword.losses) == set(without) - set(fishing.hits)


def test_what_a_keyword_changes_is_told_by_words_alone_since_meaning_reads_all_sentences(
    made: tuple[SearchIndex, Corpus], fishing: Suggestion
) -> None:
    class Counted(HybridIndex):
        searches = 0

        def search(self, query: Query, k: int, within: Collection[str] | None = None) -> list[Hit]:
            self.searches += 1
            return super().search(query, k, within)

    index = Counted(made[0])
    told = suggest(index, made[1], "낚시", encode=ENCODE, top=12)
    assert index.searches == 3 < len(told.keywords)  # for the name, the parts and the hits
    assert told.hits == fishing.hits and told.keywords == fishing.keywords


def test_without_any_keyword_the_query_is_the_word(fishing: Suggestion) -> None:
    assert fishing.with_keywords([]) == "낚시^4"
    assert fishing.with_keywords([keyword.word for keyword in fishing.keywords]) == fishing.query


def test_what_is_searched_is_what_is_written(made: tuple[SearchIndex, Corpus], fishing: Suggestion) -> None:
    asked = [("낚시", 4.0), *((keyword.word, keyword.weight) for keyword in fishing.keywords)]
    index = made[0]
    built = index.search(tree(asked, terms_of_words(index, dict(asked))), 30)
    assert built == index.search(parse(fishing.query, index.analyzer), 30)


def test_a_sentence_asks_for_what_it_says(made: tuple[SearchIndex, Corpus]) -> None:
    assert seed_words(made[0], "나는 어제 오븐에 반죽을 넣고 있었다") == (("오븐", "반죽"), ("나",))
    suggested = suggest(*made, "어제 오븐에 반죽을 구웠다", encode=ENCODE, top=12)
    assert set(suggested.hits) == {essay.id for essay in DOCUMENTS[12:24]}


def test_a_word_that_no_essay_has_is_told_with_near_ones(made: tuple[SearchIndex, Corpus]) -> None:
    with pytest.raises(GeulgamError, match="눈사랑") as caught:
        suggest(*made, "눈사랑", encode=ENCODE)
    assert "눈사람 (" in caught.value.hint
    with pytest.raises(GeulgamError, match="nothing to look for"):
        suggest(*made, "…", encode=ENCODE)


@pytest.mark.parametrize(
    "seed", ["+낚시 -미끼", "낚시 AND NOT 미끼", "낚시^2", "title:낚시", '낚시 -"큰 미끼"', "!미끼 낚시"]
)
def test_a_query_is_no_seed(made: tuple[SearchIndex, Corpus], seed: str) -> None:
    with pytest.raises(GeulgamError, match="is an operator") as caught:
        suggest(*made, seed, encode=ENCODE)
    assert "--query" in caught.value.hint and "\n" not in str(caught.value)


def test_spellings_of_a_word_are_one_keyword(tmp_path: Path) -> None:
    told = "우리는 낚시를 갔다. {}가 웃었다. {}의 손을 잡았다. 저수지에 {}와 앉았다."
    documents = [document(told.format(*["할머니"] * 3) + f" {number}번째다.") for number in range(6)]
    documents += [document("낚시를 갔다. 할머님이 오셨다. 할머님께 물었다."), *essays(BAKING, 20)]
    index, corpus = indexed(tmp_path, documents)
    keyword = next(k for k in suggest(index, corpus, "낚시", encode=ENCODE).keywords if k.word == "할머니")
    assert keyword.spellings == ("할머님",)
    assert f"할머님^{keyword.weight:g}" in suggest(index, corpus, "낚시", encode=ENCODE).query or keyword.weight == 1


def test_the_parts_of_a_topic_are_what_its_essays_tell_of(tmp_path: Path) -> None:
    both = [
        document(f"주말 이야기 {one.title}.\n\n주말이다. {one.text}\n\n주말이다. {other.text}", one.title)
        for one, other in zip(essays(FISHING, 12, sentences=20), essays(BAKING, 12, sentences=20), strict=True)
    ]
    index, corpus = indexed(tmp_path, [*both, *essays(SNOW, 60)])
    suggested = suggest(index, corpus, "주말", encode=ENCODE, most_parts=2)
    parts = suggested.parts
    assert len(parts) == 2
    _look_at_frames(suggested)
    found = sorted(parts, key=lambda part: len({*part.keywords} & {*BAKING}))
    assert len({*found[0].keywords} & {*FISHING}) > 3 and len({*found[1].keywords} & {*BAKING}) > 3
    assert not {*found[0].keywords} & {*BAKING} and not {*found[1].keywords} & {*FISHING}
    for part in parts:
        assert part.title and len(part.documents) >= 2
        assert set(part.documents) <= {essay.id for essay in both}
        assert hits(index, part.query, 3)
    assert suggest(index, corpus, "주말", encode=ENCODE, most_parts=0).parts == ()


def _look_at_frames(suggested: Suggestion) -> None:
    """What is taken out of the topic's query is not in the frame of its parts either; the next best is."""
    all_words = [keyword.word for keyword in suggested.keywords]
    assert suggested.parts_with(all_words) == tuple(part.query for part in suggested.parts)
    for part, query in zip(suggested.parts, suggested.parts_with(all_words[1:]), strict=True):
        frame, own = query.split(")^0.5 ")
        assert frame == f"+({suggested.with_keywords(all_words[1:6])}" and own == part.query.split(")^0.5 ")[1]


def test_any_analyzers_index_is_asked_in_its_own_terms(tmp_path: Path) -> None:
    index, corpus = indexed(tmp_path, DOCUMENTS, "bigram")
    suggested = suggest(index, corpus, "낚시", encode=ENCODE, top=12)
    assert len({k.word for k in suggested.keywords} & {*FISHING}) >= 5
    assert len(FISHERS & set(hits(index, suggested.query, 12))) == 12


def test_a_name_of_several_words_is_looked_for_as_a_whole(tmp_path: Path) -> None:
    song = [document(f"{essay.text} 이별의 부산 정거장을 들었다.") for essay in essays(FISHING, 4)]
    index, corpus = indexed(tmp_path, [*song, *essays(BAKING, 20, "부산"), *essays(SNOW, 20, "이별")])
    suggested = suggest(index, corpus, "이별의 부산 정거장", encode=ENCODE, top=4)
    assert suggested.query.startswith('"이별의 부산 정거장"^4 ')
    assert set(hits(index, suggested.query, 4)) == set(suggested.hits) == {essay.id for essay in song}


def test_a_corpus_of_one_essay_suggests_nothing_and_does_not_fail(tmp_path: Path) -> None:
    index, corpus = indexed(tmp_path, DOCUMENTS[:1])
    suggested = suggest(index, corpus, "낚시", encode=ENCODE)
    assert suggested.keywords == () and suggested.parts == () and suggested.query == "낚시^4"


def test_weights_are_in_proportion_to_the_best() -> None:
    assert weights({"가": 2.0, "나": 1.0, "다": 0.02, "라": 1.5}, 3) == {"가": 1.0, "라": 0.8, "나": 0.5}
    assert weights({"가": 2.0, "다": 0.02}) == {"가": 1.0}
    assert weights({}) == {} and weights({"가": 0.0}) == {}
    assert added({"가": 2.0, "나": 1.0}, {"가": 0.0, "나": 4.0}) == {"가": 1.0, "나": 1.5}


def test_nearness_is_the_cosine_and_never_below_nothing() -> None:
    def encode(texts: object) -> np.ndarray:
        return np.array([[1, 0], [-1, 0], [0.6, 0.8], [1, 0], [1, 0]], np.float32)

    words = [CandidateWord(word, (), 2, (1,)) for word in ("서로", "혼자", "같이", "손")]
    assert nearness("함께", words, encode) == pytest.approx({"서로": 1.0, "혼자": 0.0, "같이": 0.6, "손": 1.0})
