"""The information that a passage shares with what stands before it, on a model that has learnt a few sentences."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

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
    model, vocabulary, context = practised.model, practised.vocabulary, practised.context
    together = information(model, vocabulary, PAIRS, context)
    for pair, found in zip(PAIRS, together, strict=True):
        before, passage = pair[0], f" {pair[1]}"
        assert found == pytest.approx(log_p(practised, before, passage) - log_p(practised, "", passage), abs=1e-3)
        assert information(model, vocabulary, [pair], context) == pytest.approx([found], abs=1e-3)
    assert together[2] == pytest.approx(0, abs=1e-3)
    assert information(model, vocabulary, [], context) == []


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


@pytest.fixture
def short(tiny: Path, tmp_path: Path) -> BaseModel:
    """A base of 64 positions, which cannot read a token more."""
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    tokenizer.save_pretrained(tmp_path)
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"vocab_size": len(tokenizer), "n_positions": 64, "n_embd": 32, "n_layer": 2, "n_head": 2}
    model = GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=2, eos_token_id=1))
    for weight in model.parameters():
        weight.data.add_(torch.randn_like(weight), alpha=0.3)
    model.save_pretrained(tmp_path)
    return BaseModel.load(str(tmp_path), device="cpu", precision="fp32")


def test_a_base_of_few_positions_reads_what_stands_nearest_and_how_a_passage_begins(short: BaseModel) -> None:
    before = " ".join(text for pair in PAIRS * 9 for text in pair)
    passage = " ".join([PAIRS[1][1]] * 24)
    head, text = short.vocabulary.encode(before), short.vocabulary.encode(f" {passage}")
    own = text[:32]
    near = head[len(head) - (64 - 1 - len(own)) :]
    assert len(head) > 64 and len(text) > 64 and len(near) + len(own) == 63
    with reading(short, None) as pmi, torch.inference_mode():
        (found,) = pmi([(before, passage)])
        told = []
        for ahead in (near, []):
            ids = [short.vocabulary.bos, *ahead, *own]
            log_p = short.model(input_ids=torch.tensor([ids])).logits[0].float().log_softmax(-1)
            told.append(sum(float(log_p[len(ahead) + place, token]) for place, token in enumerate(own)))
    assert found == pytest.approx((told[0] - told[1]) * len(text) / len(own), abs=1e-2)
