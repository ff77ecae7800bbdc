"""The information that a passage shares with what stands before it, on a model that has learnt a few sentences."""

import pytest
import torch

from corpus.errors import GeulgamError
from finetune.base import BaseModel
from generate.review.information import information, reading

PAIRS = [
    ("기차가 역을 떠날 때 어머니는 손을 흔들었다.", "여행은 그렇게 시작되었고, 길은 바다까지 이어졌다."),
    ("우리는 함께 걸었다.", "함께 걷는 동안 아무도 먼저 말하지 않았고, 그래서 오래 걸을 수 있었다."),
    ("", "물은 늘 같은 자리에서 다른 소리를 냈다."),
]


def log_p(base: BaseModel, before: str, passage: str) -> float:
    """One text, read by itself, a token at a time."""
    vocabulary = base.vocabulary
    ids, total = [vocabulary.bos, *vocabulary.encode(before)], 0.0
    for token in vocabulary.encode(passage):
        with torch.inference_mode():
            total += float(base.model(input_ids=torch.tensor([ids])).logits[0, -1].float().log_softmax(-1)[token])
        ids.append(token)
    return total


def test_it_is_what_a_naive_reader_finds_however_many_are_read_at_once(practised: BaseModel) -> None:
    together = information(practised.model, practised.vocabulary, PAIRS)
    for pair, found in zip(PAIRS, together, strict=True):
        before, passage = pair[0], f" {pair[1]}"
        assert found == pytest.approx(log_p(practised, before, passage) - log_p(practised, "", passage), abs=1e-3)
        assert information(practised.model, practised.vocabulary, [pair]) == pytest.approx([found], abs=1e-3)
    assert together[2] == pytest.approx(0, abs=1e-3)
    assert information(practised.model, practised.vocabulary, []) == []


def test_what_goes_on_has_more_of_it_than_what_was_taken_from_elsewhere(practised: BaseModel) -> None:
    (first, goes_on), (other, elsewhere) = PAIRS[:2]
    with reading(practised, None) as pmi:
        straight = pmi([(first, goes_on), (other, elsewhere)])
        crossed = pmi([(other, goes_on), (first, elsewhere)])
    assert all(a > b + 1 for a, b in zip(straight, crossed, strict=True))


def test_memory_that_runs_out_is_told_with_what_to_do(practised: BaseModel) -> None:
    with pytest.raises(GeulgamError, match="memory") as caught, reading(practised, None):
        raise torch.OutOfMemoryError("it is full")
    assert "--pmi" in caught.value.hint
