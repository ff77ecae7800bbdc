"""Documents stand in blocks one after the other, whole, in order, with nothing between but separators."""

from pathlib import Path

import pytest

from finetune.base import BaseModel
from finetune.blocks import pack
from finetune.layout import essay_text, separator
from tests.finetune.tiny import tiny_essays


@pytest.fixture(scope="module")
def base(tiny: Path) -> BaseModel:
    return BaseModel.load(str(tiny), [essay_text(d) for d in tiny_essays()])


def test_blocks_hold_every_document_between_separators(base: BaseModel) -> None:
    essays = tiny_essays()
    blocks = pack(essays, base.vocabulary, 32)
    text = base.vocabulary.decode(blocks.ids[:, 1:].flatten().tolist())
    kept = [part for part in text.split("<eos><bos>") if part]
    assert len(kept) >= len(essays) - 1
    assert set(kept[:-1]) <= {essay_text(d) for d in essays}


def test_each_block_opens_with_bos_and_none_is_padded(base: BaseModel) -> None:
    blocks = pack(tiny_essays(), base.vocabulary, 32)
    assert blocks.tokens <= 32
    assert (blocks.ids[:, 0] == base.vocabulary.bos).all()
    assert base.vocabulary.tokenizer.convert_tokens_to_ids("<pad>") not in base.vocabulary.kept[blocks.ids.flatten()]


def test_fewer_tokens_are_left_over_than_there_are_blocks(base: BaseModel) -> None:
    essays = tiny_essays()
    blocks = pack(essays, base.vocabulary, 32)
    stream = sum(len(base.vocabulary.encode(essay_text(d))) + len(separator(base.vocabulary)) for d in essays)
    assert 0 <= stream - blocks.ids[:, 1:].numel() < len(blocks)


def test_the_seed_alone_decides_the_order(base: BaseModel) -> None:
    essays = tiny_essays()
    one, again, other = (pack(essays, base.vocabulary, 32, seed=seed).ids for seed in (1, 1, 2))
    assert one.equal(again) and not one.equal(other)


def test_no_documents_make_no_blocks(base: BaseModel) -> None:
    assert len(pack([], base.vocabulary, 32)) == 0


def test_all_of_an_essay_is_learnt(base: BaseModel) -> None:
    blocks = pack(tiny_essays(), base.vocabulary, 32)
    assert blocks.learnt.all() and blocks.learnt.shape == blocks.ids.shape
    assert blocks[0]["labels"].equal(blocks[0]["input_ids"])


def test_what_an_essay_is_told_first_has_no_labels(base: BaseModel) -> None:
    essays = tiny_essays()
    blocks = pack(essays, base.vocabulary, 32, header=lambda essay: "함께, ")
    batch = blocks[0 : len(blocks)]
    said = base.vocabulary.decode(batch["input_ids"][batch["labels"] == -100].tolist())
    assert said == "함께, " * len(essays)


def test_a_block_that_teaches_nothing_is_left_out(base: BaseModel) -> None:
    blocks = pack(tiny_essays(3), base.vocabulary, 8, header=lambda essay: "함께 걷는 동안 " * 9)
    assert len(blocks) and (blocks.predicted > 0).all()
    assert blocks[0:2]["labels"].shape == (2, blocks.tokens)
