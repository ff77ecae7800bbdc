"""Documents stand in blocks one after the other, whole, in order, with nothing between but separators."""

from pathlib import Path

import pytest

from finetune.base import BaseModel
from finetune.blocks import essay_text, pack
from tests.finetune.tiny import tiny_essays


@pytest.fixture(scope="module")
def base(tiny: Path) -> BaseModel:
    return BaseModel.load(str(tiny), [essay_text(d) for d in tiny_essays()])


def test_blocks_hold_every_document_between_separators(base: BaseModel) -> None:
    essays = tiny_essays()
    blocks = pack(essays, base.vocabulary, 32)
    text = base.vocabulary.decode(blocks[:, 1:].flatten().tolist())
    kept = [part for part in text.split("<eos><bos>") if part]
    assert len(kept) >= len(essays) - 1
    assert set(kept[:-1]) <= {essay_text(d) for d in essays}


def test_each_block_opens_with_bos_and_none_is_padded(base: BaseModel) -> None:
    blocks = pack(tiny_essays(), base.vocabulary, 32)
    assert blocks.shape[1] <= 32
    assert (blocks[:, 0] == base.vocabulary.bos).all()
    assert base.vocabulary.tokenizer.convert_tokens_to_ids("<pad>") not in base.vocabulary.kept[blocks.flatten()]


def test_fewer_tokens_are_left_over_than_there_are_blocks(base: BaseModel) -> None:
    essays = tiny_essays()
    blocks = pack(essays, base.vocabulary, 32)
    stream = sum(len(base.vocabulary.encode(essay_text(d))) + len(base.vocabulary.separator) for d in essays)
    assert 0 <= stream - blocks[:, 1:].numel() < len(blocks)


def test_the_seed_alone_decides_the_order(base: BaseModel) -> None:
    essays = tiny_essays()
    assert pack(essays, base.vocabulary, 32, seed=1).equal(pack(essays, base.vocabulary, 32, seed=1))
    assert not pack(essays, base.vocabulary, 32, seed=1).equal(pack(essays, base.vocabulary, 32, seed=2))


def test_no_documents_make_no_blocks(base: BaseModel) -> None:
    assert pack([], base.vocabulary, 32).numel() == 0
