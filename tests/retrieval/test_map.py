"""A corpus as a map: its passages cut, clustered, named by its own words, and put on a plane."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from corpus.document import Document, document
from corpus.errors import GeulgamError
from corpus.events import Begun, Cancellable, Cancelled, Event
from retrieval.analyzers import analyzer
from retrieval.encoder import encoder
from retrieval.lucene import parse
from retrieval.map.clusters import grouped, usual_count
from retrieval.map.cutting import cut, excerpts
from retrieval.map.projection import chosen_way, directions, plane
from retrieval.map.themes import CorpusMap, mapped
from tests.retrieval.test_suggest import BAKING, FISHING, SNOW, essays

ENCODE = encoder("use").encode
KINDS = (FISHING, BAKING, SNOW)
HEDGEHOG = document("고슴도치를 보았다. 고슴도치가 웃었다. " + essays(FISHING, 1)[0].text, "물고기와 고슴도치")
DOCUMENTS = [HEDGEHOG, *essays(FISHING, 11, "낚시"), *essays(BAKING, 12, "빵집"), *essays(SNOW, 16)]
KIND = [0] * 12 + [1] * 12 + [2] * 16  # of each document

STUB = """
import numpy as np

class UMAP:
    def __init__(self, **options):
        assert options["random_state"] == 3 and options["metric"] == "cosine" and options["n_neighbors"] < 40
    def fit_transform(self, rows):
        return np.stack([np.arange(len(rows)), -np.arange(len(rows))], axis=1).astype(float)
"""


@pytest.fixture(scope="module")
def made() -> CorpusMap:
    return mapped(DOCUMENTS, ENCODE, themes=3)


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A module `umap` that puts passages on a line, whether the real one is installed or not."""
    (tmp_path / "umap.py").write_text(STUB, encoding="utf-8")
    monkeypatch.delitem(sys.modules, "umap", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("umap", None)


def test_passages_end_with_sentences_and_lose_no_letter() -> None:
    text = "첫 문장이다. 3.5킬로를 걸었다!\n\n“둘째다.” 그가 말했다…\n" + "긴 문장이 이어진다. " * 60 + "끝."
    found = list(cut(text))
    assert len(found) == 3 and all(each[-1] in ".!…”" for each in found)
    assert "".join(" ".join(found).split()) == "".join(text.split())
    assert all(250 <= len(each) <= 250 + 15 for each in found[:-1])
    assert list(cut("짧다.")) == ["짧다."] and list(cut(" \n ")) == []
    assert list(cut("가" * 1000)) == ["가" * 500] * 2  # as a sentence is cut that is longer than an encoder reads


def test_a_corpus_that_is_too_large_is_drawn_from_whatever_its_order() -> None:
    few, turned = excerpts(DOCUMENTS, 10), excerpts(DOCUMENTS[::-1], 10)
    assert len(few.texts) == 10 and few.of == turned.of == len(DOCUMENTS)
    assert {each.id for each in few.documents} == {each.id for each in turned.documents}
    assert {each.id for each in few.documents} == set(sorted(each.id for each in DOCUMENTS)[:10])
    assert [few.documents[essay].text for essay in few.essay] == list(few.texts)


def test_what_is_alike_is_one_theme(made: CorpusMap) -> None:
    kinds = np.array([KIND[DOCUMENTS.index(made.excerpts.documents[essay])] for essay in made.excerpts.essay])
    assert len(made.themes) == 3
    assert all(len(set(kinds[made.theme == theme].tolist())) == 1 for theme in range(3))
    assert [theme.passages for theme in made.themes] == sorted((theme.passages for theme in made.themes), reverse=True)
    assert made.themes[0].essays == 16


def test_a_theme_is_named_by_words_that_the_others_have_not(made: CorpusMap) -> None:
    known = {word: kind for kind, words in enumerate(KINDS) for word in words} | {"낚시": 0, "빵집": 1}
    said = [keyword for theme in made.themes for keyword in theme.name.keywords]
    assert len(said) == len(set(said)) and len({theme.name.name for theme in made.themes}) == 3
    for number, theme in enumerate(made.themes):
        (kind,) = {KIND[DOCUMENTS.index(made.excerpts.documents[made.excerpts.essay[i]])] for i in theme.nearest}
        assert made.theme[theme.nearest[0]] == number
        assert len({made.excerpts.essay[i] for i in theme.nearest}) == len(theme.nearest) == 5
        nouns = [word for word in theme.name.keywords if word in known]
        assert len(nouns) >= 4 and {known[word] for word in nouns} == {kind}


def test_words_of_one_essay_and_words_that_stand_everywhere_are_left_out(made: CorpusMap) -> None:
    words = {each.word for each in made.words}
    assert "고슴도치" in "".join(made.excerpts.texts) and "고슴도치" not in words
    assert "엄마" in "".join(made.excerpts.texts) and "엄마" not in words
    assert {"미끼", "오븐", "썰매"} <= words
    held = {made.words[number].word for number in made.holds[0]}
    assert held and all(word[:2] in made.excerpts.texts[0] for word in held)


def test_a_theme_s_query_can_be_asked(made: CorpusMap) -> None:
    for theme in made.themes:
        assert theme.name.query.startswith(f"{theme.name.keywords[0]}^2 ")
        for name in ("kiwi", "bigram"):
            parse(theme.name.query, analyzer(name))


def test_the_same_corpus_and_seed_make_the_same_map(made: CorpusMap) -> None:
    again = mapped(DOCUMENTS, ENCODE, themes=3)
    assert np.array_equal(again.theme, made.theme) and np.array_equal(again.places, made.places)
    assert again.themes == made.themes and again.holds == made.holds and again.words == made.words


def test_the_plane_of_pca_is_the_one_that_an_eigenvector_says() -> None:
    rng = np.random.default_rng(0)
    rows = (rng.normal(size=(200, 6)) * [5, 3, 1, 1, 1, 1]).astype(np.float32)
    found = directions(rows, 2)
    left, values, _ = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    assert np.allclose(np.abs(found), np.abs((left * values)[:, :2]), atol=1e-3)
    assert directions(rows, 64).shape == (200, 6)


def test_themes_lie_apart_on_the_plane(made: CorpusMap) -> None:
    assert made.places.shape == (len(made.theme), 2) and made.places.min() >= 0 and made.places.max() <= 1
    means = np.stack([made.places[made.theme == theme].mean(0) for theme in range(3)])
    nearest = ((made.places[:, None] - means) ** 2).sum(2).argmin(1)
    assert (nearest == made.theme).mean() > 0.9


def test_what_two_essays_tell_of_is_no_theme_of_its_own() -> None:
    rng = np.random.default_rng(0)
    points = np.eye(3, 8)[[0] * 20 + [1] * 20 + [2] * 20] + rng.normal(size=(60, 8)) * 0.05
    of = np.array([*range(20), *range(20), *([40, 41] * 10)])
    labels, closeness = grouped(points.astype(np.float32), of, 3)
    assert sorted(set(labels.tolist())) == [0, 1] and closeness.shape == (60,)
    assert np.bincount(labels)[0] >= np.bincount(labels)[1]


def test_umap_is_taken_where_it_is_installed(stub: None) -> None:
    assert chosen_way(None) == "umap" and chosen_way("pca") == "pca"
    places = plane(np.eye(40, dtype=np.float32), np.zeros(40, np.int64), "umap", seed=3)
    assert (np.diff(places[:, 0]) >= 0).all() and places[0].tolist() == [0, 1] and places[-1].tolist() == [1, 0]


def test_a_way_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GeulgamError, match="'tsne'"):
        chosen_way("tsne")
    monkeypatch.setattr("retrieval.map.projection.find_spec", lambda name: None)
    assert chosen_way(None) == "pca"
    with pytest.raises(GeulgamError) as told:
        chosen_way("umap")
    assert "pip install" in str(told.value.hint)


def test_too_few_passages_are_told(made: CorpusMap) -> None:
    for few in ([], DOCUMENTS[:5], [document("가나다라마바사. " * 2000, "하나")]):
        with pytest.raises(GeulgamError, match="too few passages for a map"):
            mapped(few, ENCODE)
    for themes, needed in ((None, 20), (2, 10)):
        with pytest.raises(GeulgamError) as told:
            mapped([], ENCODE, themes=themes)
        assert told.value.hint.startswith(f"it needs {needed} of 3 essays")
    assert usual_count(20) == 4 and usual_count(8_000) == 32 and usual_count(10**6) == 48


def test_a_map_tells_how_far_it_is_and_can_be_broken_off() -> None:
    heard: list[Event] = []
    mapped(DOCUMENTS, ENCODE, themes=3, on=heard.append)
    begun = [event.task for event in heard if isinstance(event, Begun)]
    assert begun == ["cutting", "clustering", "reading", "drawing"]
    job = Cancellable(lambda event: job.cancel() if isinstance(event, Begun) and event.task == "reading" else None)
    with pytest.raises(Cancelled):
        mapped(DOCUMENTS, ENCODE, themes=3, on=job)


def test_a_document_without_text_or_title_harms_nothing() -> None:
    made = mapped([*DOCUMENTS, Document("f" * 32, "", "빈 글")], ENCODE, themes=3)
    assert len(made.excerpts.documents) == len(DOCUMENTS)
