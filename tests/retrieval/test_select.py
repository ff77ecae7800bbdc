"""Which documents a topic has to learn from, to choose by and to measure on."""

import random
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.document import Document, document
from corpus.errors import GeulgamError
from corpus.events import On, silent
from corpus.sides import SIDES, Shares, Side, assign
from corpus.store import Corpus
from retrieval.analyzer import Analyzer
from retrieval.analyzers import analyzer
from retrieval.bm25 import Bm25Index
from retrieval.index import Built, Hit, Made, NearTerm
from retrieval.query import Query, Terms
from retrieval.select import STAND_INS, quotas, select
from retrieval.topic import Subset, Topic
from tests.retrieval.conftest import Counting, built, corpus_of

SHARES = Shares()
FOUND = Terms(("함께",))
LETTERS = "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허"


def prose(seed: int, length: int = 300) -> str:
    """Words that no other seed's prose shares by more than chance."""
    chosen = random.Random(seed)
    return "".join(chosen.choice(LETTERS) + (" " if chosen.random() < 0.3 else "") for _ in range(length))


class Library:
    """A corpus of essays that are no kin, on their sides; which of them match a query is told afterwards.

    A document's side depends on its id, which stays when its text is given the words to be found by.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self._documents = {id_: Document(id_, prose(n)) for n in range(size) for id_ in [document(str(n)).id]}
        self.sides = assign(corpus_of(folder / "bare", self._documents.values()), SHARES)

    def on(self, side: Side) -> list[str]:
        """The ids on that side, sorted."""
        return sorted(self.sides.ids(side))

    def holding(self, words: dict[str, str]) -> tuple[Bm25Index, Corpus]:
        """The index and the corpus where these documents begin with these words."""
        folder = self.folder / f"{len(list(self.folder.iterdir()))}"
        documents = [Document(d.id, f"{words.get(d.id, '')} {d.text}") for d in self._documents.values()]
        index = built(folder, documents)
        return index, Corpus(folder / "corpus")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library(tmp_path_factory.mktemp("library"), 300)


def often(ids: Sequence[str]) -> dict[str, str]:
    """The word for each of the documents, the less often the later it comes."""
    return {id_: "함께 " * (len(ids) - place) for place, id_ in enumerate(ids)}


def counts(subset: Subset) -> tuple[int, int, int]:
    train, valid, test = (len(subset.ids(side)) for side in SIDES)
    return train, valid, test


def test_forty_documents_are_32_to_train_on_3_to_choose_by_and_5_to_measure_on() -> None:
    assert quotas(40, SHARES) == {"train": 32, "valid": 3, "test": 5}
    assert quotas(500, SHARES) == {"train": 400, "valid": 40, "test": 60}


@given(st.integers(1, 3_000), st.floats(0.01, 0.4), st.floats(0.01, 0.4))
def test_the_shares_of_any_k_add_up_and_leave_no_side_empty(k: int, valid: float, test: float) -> None:
    shares = quotas(k, Shares(valid, test))
    assert min(shares.values()) >= 1
    assert sum(shares.values()) == k or shares["train"] == 1
    assert abs(shares["valid"] - valid * k) <= 1 and abs(shares["test"] - test * k) <= 1


def test_each_side_has_its_share_of_its_own_best(library: Library) -> None:
    everyone = [id_ for side in SIDES for id_ in library.on(side)]  # those to train on match best of all
    index, corpus = library.holding(often(everyone))
    subset = select(index, corpus, library.sides, Topic("함께", "함께", 40), SHARES)
    assert counts(subset) == (32, 3, 5)
    assert subset.note == ""
    for side in SIDES:
        ranked = [hit.document_id for hit in index.search(FOUND, 300)]
        own = [id_ for id_ in ranked if id_ in set(library.on(side))]
        assert subset.ids(side) == own[: len(subset.ids(side))]
    assert min(row.rank for row in subset.rows if row.side == "test") > len(library.on("train"))


def test_ranks_and_scores_are_those_of_the_whole_ranking_and_versions_those_of_the_corpus(library: Library) -> None:
    index, corpus = library.holding(often([id_ for side in SIDES[::-1] for id_ in library.on(side)]))
    subset = select(index, corpus, library.sides, Topic("함께", "함께", 60), SHARES)
    hits = {hit.document_id: hit for hit in index.search(FOUND, 300)}
    assert [row.rank for row in subset.rows] == sorted(row.rank for row in subset.rows)
    for row, found in zip(subset.rows, corpus.get(subset.ids()), strict=True):
        hit = hits[row.document_id]
        assert (row.rank, row.score, row.version) == (hit.rank, hit.score, found.version)


def test_no_document_that_is_held_out_is_ever_trained_on(library: Library) -> None:
    index, corpus = library.holding(often([*library.on("test"), *library.on("valid"), *library.on("train")]))
    for k in (1, 5, 40, 200, 5_000):
        subset = select(index, corpus, library.sides, Topic("함께", "함께", k), SHARES)
        for side in SIDES:
            assert set(subset.ids(side)) <= set(library.on(side))


def test_a_query_that_matches_fewer_yields_those_and_says_so(library: Library) -> None:
    some = [*library.on("train")[:30], *library.on("valid")[:4], *library.on("test")[:6]]
    index, corpus = library.holding(often(some))
    subset = select(index, corpus, library.sides, Topic("함께", "함께", 500), SHARES)
    assert counts(subset) == (30, 4, 6)
    assert subset.note == "40 of 500 asked: no more documents match"


def test_a_side_that_has_fewer_leaves_the_others_their_shares_and_is_told(library: Library) -> None:
    some = [*library.on("train")[:90], *library.on("valid"), *library.on("test")[:2]]
    index, corpus = library.holding(often(some))
    subset = select(index, corpus, library.sides, Topic("함께", "함께", 40), SHARES)
    assert counts(subset) == (32, 3, 2)
    assert subset.note == "37 of 40 asked: no more documents match on the side of test"


def test_where_none_of_a_held_out_side_matches_others_of_it_stand_in_and_are_told(library: Library) -> None:
    index, corpus = library.holding(often(library.on("train")[:50]))
    subset = select(index, corpus, library.sides, Topic("함께", "함께", 40), SHARES)
    assert counts(subset) == (32, STAND_INS, STAND_INS)
    assert [(row.rank, row.score) for row in subset.rows[-4:]] == [(51, 0), (52, 0), (53, 0), (54, 0)]
    assert {row.side for row in subset.rows[-4:]} == {"valid", "test"}
    assert subset.note == (
        "32 of 40 asked: no more documents match on the side of valid and test; "
        "no valid document matches, 2 others stand in; no test document matches, 2 others stand in"
    )
    assert subset == select(index, corpus, library.sides, Topic("함께", "함께", 40), SHARES)


def test_what_matches_only_held_out_documents_is_refused(library: Library) -> None:
    index, corpus = library.holding(often([*library.on("test")[:3], *library.on("valid")[:2]]))
    with pytest.raises(GeulgamError, match="all 5 documents that match are held out") as caught:
        select(index, corpus, library.sides, Topic("함께", "함께", 40), SHARES)
    assert caught.value.hint


def test_a_corpus_too_small_for_every_side_is_refused(tmp_path: Path) -> None:
    index = built(tmp_path, [document(f"함께 {prose(1)}"), document(f"함께 {prose(2)}")])
    corpus = Corpus(tmp_path / "corpus")
    with pytest.raises(GeulgamError, match="too few essays") as caught:
        select(index, corpus, assign(corpus, SHARES), Topic("함께", "함께"), SHARES)
    assert "3" in caught.value.hint


def test_three_essays_are_enough(tmp_path: Path) -> None:
    index = built(tmp_path, [document(f"함께 {prose(n)}") for n in range(3)])
    corpus = Corpus(tmp_path / "corpus")
    subset = select(index, corpus, assign(corpus, SHARES), Topic("함께", "함께"), SHARES)
    assert counts(subset) == (1, 1, 1)


def test_a_small_corpus_gives_every_topic_something_to_measure_on(tmp_path: Path) -> None:
    words = ["함께", "정치", "여행", "바다"]
    index = built(tmp_path, [document(f"{words[n % 4]} {prose(n)}") for n in range(24)])
    corpus = Corpus(tmp_path / "corpus")
    sides = assign(corpus, SHARES)
    for word in words:
        subset = select(index, corpus, sides, Topic(word, word), SHARES)
        assert min(counts(subset)) >= 1


class Ranking:
    """An index that finds these documents, best first, for any query."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._ids = ids
        self.analyzer: Analyzer = Counting()

    def search(self, query: Query, k: int, within: Collection[str] | None = None) -> list[Hit]:
        return [Hit(id_, rank, 1 / rank) for rank, id_ in enumerate(self._ids[:k], start=1)]

    def build(self, corpus: Corpus, *, on: On = silent) -> Built:
        return Built(len(self))

    def made(self) -> Made | None:
        return None

    def stale(self, corpus: Corpus) -> list[str]:
        return []

    def check(self) -> None:
        pass

    def document_frequencies(self, terms: Sequence[str]) -> list[int]:
        return [0 for _ in terms]

    def near_terms(self, term: str, limit: int = 5) -> list[NearTerm]:
        return []

    def status(self) -> dict[str, Any]:
        return {}

    def __len__(self) -> int:
        return len(self._ids)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False), st.integers(1, 300), st.integers(1, 400), st.sampled_from([0.02, 0.1, 0.3]))
def test_whatever_matches_each_side_has_what_it_can_have_of_its_share(
    library: Library, chance: random.Random, matching: int, k: int, share: float
) -> None:
    ids = sorted(library.sides.ids("train") + library.sides.ids("valid") + library.sides.ids("test"))
    found = chance.sample(ids, matching)
    shares = Shares(share, share)
    corpus = Corpus(library.folder / "bare")
    sides = dict(zip(found, library.sides.of(found), strict=True))
    if "train" not in sides.values():
        with pytest.raises(GeulgamError, match="held out"):
            select(Ranking(found), corpus, library.sides, Topic("주제", "함께", k), shares)
        return
    subset = select(Ranking(found), corpus, library.sides, Topic("주제", "함께", k), shares)
    there, wanted = Counter(sides.values()), quotas(k, shares)
    for side in SIDES:
        expected = [id_ for id_ in found if sides[id_] == side][: wanted[side]]
        if not there[side]:
            expected = sorted(library.sides.ids(side))[:STAND_INS]
        assert subset.ids(side) == expected
    assert len({row.rank for row in subset.rows}) == len(subset)
    short = any(there[side] < wanted[side] for side in SIDES)
    assert bool(subset.note) == short


def test_nothing_found_suggests_near_words(library: Library) -> None:
    index, corpus = library.holding(often(library.on("train")[:12]))
    with pytest.raises(GeulgamError, match="nothing matches 함깨") as caught:
        select(index, corpus, library.sides, Topic("주제", "함깨"), SHARES)
    assert "함께 (12)" in caught.value.hint


def test_words_that_are_there_but_never_together_are_told(library: Library) -> None:
    ids = library.on("train")
    index, corpus = library.holding(dict.fromkeys(ids[:12], "함께") | dict.fromkeys(ids[20:25], "정치"))
    with pytest.raises(GeulgamError, match="nothing matches") as caught:
        select(index, corpus, library.sides, Topic("주제", "+함께 +정치"), SHARES)
    assert "함께 (12 documents), 정치 (5 documents)" in caught.value.hint


def test_a_document_that_left_the_corpus_is_a_clear_error(library: Library, tmp_path: Path) -> None:
    index, _ = library.holding(often(library.on("train") + library.on("valid") + library.on("test")))
    other = corpus_of(tmp_path / "other", [document(prose(7))])
    with pytest.raises(GeulgamError, match="no document") as caught:
        select(index, other, library.sides, Topic("함께", "함께"), SHARES)
    assert caught.value.hint


def test_of_real_essays_no_kin_are_on_two_sides(tmp_path: Path, essays: list[Document]) -> None:
    index = built(tmp_path, essays, analyzer("bigram"))
    corpus = Corpus(tmp_path / "corpus")
    sides = assign(corpus, SHARES)
    topic = Topic("민들레", "민들레 귀향 어머니 근본 감꽃", 300)
    subset = select(index, corpus, sides, topic, SHARES)
    assert counts(subset) == (240, 24, 36)
    by_kin: dict[int, set[Side]] = {}
    for row, kin in zip(subset.rows, sides.kin(subset.ids()), strict=True):
        by_kin.setdefault(kin, set()).add(row.side)
    assert len(by_kin) < len(subset)  # some are kin of one another
    assert all(len(on) == 1 for on in by_kin.values())
    subset.save(tmp_path / "subset.parquet")
    assert Subset.load(tmp_path / "subset.parquet") == subset
