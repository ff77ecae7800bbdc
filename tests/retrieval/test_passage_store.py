"""Vectors of sentences on disk: made once, whoever is killed; added to; and as near to each other as before."""

import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from corpus.document import Document, document
from corpus.store import Corpus
from retrieval import passage_store
from retrieval.encoder import encoder
from retrieval.encoding import encoding, quantised
from retrieval.passage_store import TITLE, PassageStore
from retrieval.unit import unit
from tests.retrieval.conftest import corpus_of
from tests.retrieval.letters import Letters

ESSAYS = [
    document(
        f"{number}월에는 산에 갔었다. 거기에는 {'꽃이 ' * number}피어 있었다.\n내려와서는 밥을 먹었다.",
        f"산행 {number}",
    )
    for number in range(1, 31)
]


def store(folder: Path, letters: Letters | None = None) -> PassageStore:
    return PassageStore(folder, lambda: letters or Letters())


def vectors(made: PassageStore) -> dict[bytes, NDArray[np.int8]]:
    return {
        bytes(part.versions[number]): part.vectors[part.rows(number)]
        for part in made.parts()
        for number in range(len(part.versions))
    }


def test_only_what_is_new_is_encoded(tmp_path: Path) -> None:
    corpus, letters = corpus_of(tmp_path / "corpus", ESSAYS[:20]), Letters()
    made = store(tmp_path / "vectors", letters)
    assert made.stale(corpus) == ["vectors not built yet"]
    assert made.update(corpus) == 20 and made.stale(corpus) == []
    assert letters.texts.count(ESSAYS[3].title) == 1
    before = len(letters.texts)
    assert made.update(corpus) == 0 and len(letters.texts) == before
    corpus.add(ESSAYS[20:])
    assert made.stale(corpus) == ["vectors of another corpus"]
    assert made.update(corpus) == 10
    assert all("산에 갔었다" not in text or int(text.partition("월")[0]) > 20 for text in letters.texts[before:])
    assert vectors(made).keys() == {bytes.fromhex(essay.version).rstrip(b"\0") for essay in ESSAYS}


def test_a_sentence_has_its_own_vector_and_a_part_of_its_titles(tmp_path: Path) -> None:
    essay = ESSAYS[4]
    made = store(tmp_path / "vectors")
    made.update(corpus_of(tmp_path / "corpus", [essay, Document("0" * 32, "제목이 없는 글이다.")]))
    (part,) = made.parts()
    for number, version in enumerate(part.versions.tolist()):
        if version == bytes.fromhex(essay.version):
            rows = part.rows(number)
            texts = [essay.text[start:end] for start, end in part.places[rows].tolist()]
            wanted = unit(Letters().encode(texts) + TITLE * Letters().encode([essay.title]))
            found = part.vectors[rows] / part.lengths[rows, None]
            assert len(texts) == 3
            assert np.einsum("ij,ij->i", wanted, found).min() > 0.9995
        else:
            whole = part.vectors[part.rows(number)] / part.lengths[part.rows(number), None]
            assert float(whole[0] @ Letters().encode(["제목이 없는 글이다."])[0]) > 0.9995


def test_broken_off_it_goes_on_from_the_last_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passage_store, "_PART", 9)
    corpus = corpus_of(tmp_path / "corpus", ESSAYS)
    with pytest.raises(KeyboardInterrupt):
        store(tmp_path / "vectors", Letters(killed_at=ESSAYS[20].title)).update(corpus)
    again = Letters()
    made = store(tmp_path / "vectors", again)
    assert 0 < len(made.parts()) < 10 and made.stale(corpus)
    torn = made.folder / ".0123456789abcdef.part"
    torn.mkdir()
    assert made.update(corpus) == 30 - sum(title.title not in again.texts for title in ESSAYS)
    whole = store(tmp_path / "whole")
    whole.update(corpus)
    assert not torn.exists() and len(made.names()) == 10
    one, other = vectors(made), vectors(whole)
    assert one.keys() == other.keys() and all(np.array_equal(one[key], other[key]) for key in one)


def test_many_small_additions_become_one_part(tmp_path: Path) -> None:
    corpus, made = Corpus(tmp_path / "corpus"), store(tmp_path / "vectors")
    for essay in ESSAYS[:20]:
        corpus.add([essay])
        made.update(corpus)
    assert len(made.names()) < 16
    assert len(vectors(made)) == 20
    assert all(part.firsts[-1] == len(part.vectors) for part in made.parts())


def test_what_is_damaged_is_made_again_and_what_left_the_corpus_goes(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", ESSAYS[:5])
    made = store(tmp_path / "vectors")
    made.update(corpus)
    (made.folder / made.names()[0] / "places.npy").write_bytes(b"torn")
    corpus.add(ESSAYS[5:6])
    assert made.update(corpus) == 6
    shutil.rmtree(corpus.folder)
    assert made.update(corpus_of(tmp_path / "corpus", ESSAYS[8:10])) == 2
    assert len(vectors(made)) == 2


def test_rounding_to_bytes_changes_a_cosine_by_some_thousandths() -> None:
    rows = unit(np.random.default_rng(1).normal(size=(300, 512)).astype(np.float32))
    rounded, lengths = quantised(rows)
    near = (rounded.astype(np.float32) @ rounded.astype(np.float32).T) / np.outer(lengths, lengths)
    assert np.abs(near - rows @ rows.T).max() < 0.005


@pytest.mark.slow
def test_two_processes_encode_as_one_does() -> None:
    texts = [f"{number}번 문장은 {number * 7}쪽에 있다." for number in range(600)]
    make = partial(encoder, "use")
    with encoding(make, 2) as encode:
        by_two = encode(texts, lambda: None)
    assert np.abs(by_two - make().encode(texts)).max() < 1e-5
