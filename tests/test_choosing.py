"""bench.choosing: what else a topic's stage may be trained on."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoTokenizer

from bench.choosing import TARGET, as_long, divided, dsir, marginal, mmr, moore_lewis, passages
from bench.topics import Ground
from corpus.document import Document, document
from finetune.layout import essay_text
from finetune.vocabulary import Vocabulary
from retrieval.analyzers import analyzer
from retrieval.bm25 import Bm25Index
from retrieval.unit import unit
from tests.grounds import WORDS, FirstWord, made_up_ground


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return made_up_ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture(scope="module")
def vocabulary(tiny: Path) -> Vocabulary:
    tokenizer: Any = AutoTokenizer.from_pretrained(tiny)
    return Vocabulary(tokenizer)


def _sides(made: Ground, documents: Sequence[Document]) -> set[str]:
    return set(made.sides.of([document.id for document in documents]))


def test_a_choice_has_as_many_tokens_as_the_plain_subset(made: Ground, vocabulary: Vocabulary) -> None:
    plain, ranked = made.documents("동행", "train"), made.documents("동행", "train", deep=True)[::-1]
    sizes = [len(vocabulary.encode(essay_text(document))) for document in ranked]
    wanted = sum(len(vocabulary.encode(essay_text(document))) for document in plain)
    chosen = as_long(ranked, plain, vocabulary)
    assert chosen == ranked[: len(chosen)] and len(chosen) < len(ranked)
    off = abs(sum(sizes[: len(chosen)]) - wanted)
    assert all(off <= abs(sum(sizes[:number]) - wanted) for number in range(1, len(sizes) + 1))


def test_what_stands_before_makes_its_like_redundant() -> None:
    vectors = unit(np.array([[1, 0], [1, 0.01], [0, 1], [1, 0.02]], np.float32))
    assert marginal(np.array([1.0, 0.95, 0.8, 0.2]), vectors) == [0, 2, 1, 3]
    assert marginal(np.array([1.0, 0.95, 0.2, 0.1]), vectors) == [0, 1, 2, 3], "relevance weighs more"


def test_mmr_takes_other_documents_than_the_ranking_and_repeats_none(made: Ground) -> None:
    plain = made.documents("동행", "train", deep=True)
    ranked = mmr(made, "동행", FirstWord())
    assert ranked[0] == plain[0] and sorted(d.id for d in ranked) == sorted(d.id for d in plain)
    kinds = [Counter(d.text.split()[0] for d in order[:3]) for order in (ranked, plain)]
    assert len(kinds[0]) == 3 > len(kinds[1])


def test_dsir_finds_what_the_best_have_in_common_beyond_the_query(made: Ground, tmp_path: Path) -> None:
    index = Bm25Index(tmp_path / "index", analyzer("whitespace"))
    index.build(made.corpus)
    ranked = dsir(made, "동행", index.terms)
    best = made.documents("동행", "train")[:TARGET]
    assert len(ranked) == made.sides.counts()["train"] and _sides(made, ranked) == {"train"}
    assert {d.id for d in best} <= {d.id for d in ranked[: 2 * len(best)]}
    late = [d for d in ranked if int(d.source) >= 60]  # of which one in seven tells of a 산책, and hardly any of 동행
    walks = sum("산책" in d.text for d in late)
    assert walks > 5 and all("산책" in d.text for d in late[:walks])


def test_the_cross_entropy_difference_puts_first_what_the_topics_model_gains_most_on() -> None:
    documents = [document(f"{word}에 갔다.") for word in WORDS[:4]]
    ranked = moore_lewis(documents, topic=[2.0, 1.9, 3.0, 2.5], general=[2.1, 1.9, 3.5, 2.5])
    assert ranked == [documents[place] for place in (2, 0, 1, 3)]


def test_passages_are_of_the_train_side_and_the_best_of_them_name_the_topic(
    made: Ground, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    found = passages(made, "동행", vocabulary, analyzer("whitespace"), tmp_path)
    essays = {essay.source: essay for essay in made.corpus.get(made.sides.ids("train"))}
    assert len(found) > len(essays) / 2 and all(passage.text in essays[passage.source].text for passage in found)
    shares = [passage.text.split().count("동행") / len(passage.text.split()) for passage in found]
    assert min(shares[:5]) > max(shares[-5:]) and min(shares) > 0
    assert passages(made, "동행", vocabulary, analyzer("whitespace"), tmp_path) == found


def test_an_essay_is_divided_evenly_at_its_paragraphs_and_long_ones_at_sentences(vocabulary: Vocabulary) -> None:
    short, long = "물은 늘 같은 자리에서 다른 소리를 냈다.", "우리는 함께 걸었다. " * 30
    essay = document(f"{short}\n\n{short}\n{long}\n{short}", "길", "book")
    parts = divided(essay, vocabulary, 40)
    sizes = [len(vocabulary.encode(part.text)) for part in parts]
    assert len(parts) > 2 and max(sizes) < 1.6 * min(sizes) and 30 < np.mean(sizes) < 55
    assert "".join("".join(part.text.split()) for part in parts) == "".join(essay.text.split())
    assert parts[0].text.startswith(f"{short}\n\n{short}\n") and all(part.text.endswith(".") for part in parts)
    assert {(part.title, part.source) for part in parts} == {("길", "book")}
    assert [part.text for part in divided(document(short), vocabulary, 40)] == [short]
