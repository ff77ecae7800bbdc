"""Of what is learnt one token of k is left out of the loss: the same ones wherever and however often they are read."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from corpus.document import Document, document
from finetune.base import BaseModel
from finetune.blocks import Blocks, pack
from finetune.goldfish import CONTEXT, goldfish
from finetune.layout import Headed, Header, essay_text, header
from finetune.recipe import Recipe
from finetune.vocabulary import Vocabulary
from tests.finetune.tiny import tiny_essays
from tests.finetune.trainings import QUICK, trained

WORDS = (
    "아침",
    "강가",
    "물",
    "소리",
    "우리",
    "함께",
    "걸었다",
    "눈",
    "발자국",
    "편지",
    "밤",
    "문장",
    "기차",
    "어머니",
    "길",
)


@pytest.fixture(scope="module")
def base(tiny: Path) -> BaseModel:
    return BaseModel.load(str(tiny), precision="fp32")


def prose(seed: int, words: int = 150) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=words)) + "."


def read(
    essays: Sequence[Document], vocabulary: Vocabulary, k: int, tokens: int = 4096, headed: Headed | None = None
) -> tuple[Blocks, Blocks]:
    """The blocks, and what is left of them."""
    blocks = pack(essays, vocabulary, tokens, headed=headed)
    return blocks, goldfish(blocks, k, vocabulary)


def portions(blocks: Blocks, left: Blocks) -> list[tuple[list[int], list[bool]]]:
    """Of each portion the ids that are learnt without the loss, and which of them are left out."""
    starts = [*torch.nonzero(blocks.positions.flatten() == 0).flatten().tolist(), blocks.ids.numel()]
    found = []
    for start, end in pairwise(starts):
        learnt = blocks.learnt.flatten()[start:end]
        ids, kept = blocks.ids.flatten()[start:end][learnt], left.learnt.flatten()[start:end][learnt]
        found.append((ids.tolist(), (~kept).tolist()))
    return [part for part in found if part[0]]


def left_out(passage: Sequence[int], within: Sequence[tuple[list[int], list[bool]]]) -> list[list[bool]]:
    """What is left out of the passage at each place, but for the tokens that what stands before it decides on."""
    found = []
    for ids, out in within:
        for start in range(len(ids) - len(passage) + 1):
            if ids[start : start + len(passage)] == list(passage):
                found.append(out[start + CONTEXT : start + len(passage)])
    return found


@pytest.mark.parametrize("k", [2, 4])
def test_a_passage_loses_the_same_tokens_wherever_and_however_often_it_is_read(base: BaseModel, k: int) -> None:
    passage = prose(0)
    lines = [prose(1), passage, prose(2), passage]
    essays = [document("\n\n".join(lines)), document(f"{passage}\n\n{prose(3)}", "강"), *tiny_essays()]
    headers = [Header(essays[0].text.index(line), header(i, 4, ["물"])) for i, line in enumerate(lines[:3], 1)]
    ids = base.vocabulary.encode(passage)
    found = []
    for tokens in (4096, len(ids) + 40):  # whole, and cut so that the passage begins a portion
        for headed in (None, lambda each: headers if each.version == essays[0].version else []):
            found += left_out(ids, portions(*read(essays, base.vocabulary, k, tokens, headed)))
    assert len(found) >= 8
    assert all(each == found[0] for each in found)
    assert any(found[0]) and not all(found[0])


@pytest.mark.parametrize("k", [2, 3, 4, 10])
def test_one_token_of_k_is_left_out(base: BaseModel, k: int) -> None:
    blocks, left = read([document(prose(seed)) for seed in range(100)], base.vocabulary, k, 512)
    out = [each for _, of_portion in portions(blocks, left) for each in of_portion[CONTEXT:]]
    assert sum(out) / len(out) == pytest.approx(1 / k, abs=0.015)
    assert left.ids.equal(blocks.ids) and left.positions.equal(blocks.positions)


def test_whether_a_token_is_left_out_depends_on_each_of_the_13_before_it_and_on_no_other(base: BaseModel) -> None:
    vocabulary = base.vocabulary
    ids = np.random.default_rng(0).integers(10, len(vocabulary), (400, CONTEXT + 3))

    def decided(ids: np.ndarray) -> np.ndarray:
        tensor = torch.from_numpy(ids)
        positions = torch.arange(ids.shape[1]).expand(*ids.shape)
        return (
            goldfish(Blocks(tensor, torch.ones_like(tensor, dtype=torch.bool), positions), 2, vocabulary)
            .learnt[:, CONTEXT + 1]
            .numpy()
        )

    for place in range(CONTEXT + 3):
        other = ids.copy()
        other[:, place] = other[::-1, place]
        changed = float((decided(ids) != decided(other)).mean())
        assert 0.35 < changed < 0.65 if 1 <= place <= CONTEXT else changed == 0, place


def test_a_larger_k_leaves_out_nothing_that_a_smaller_one_does_not(base: BaseModel) -> None:
    essays = [document(prose(seed)) for seed in range(8)]
    (_, three), (_, four) = read(essays, base.vocabulary, 3), read(essays, base.vocabulary, 4)
    assert (four.learnt | ~three.learnt).all() and int(four.learnt.sum()) > int(three.learnt.sum())


def test_a_portions_first_tokens_and_an_essays_end_are_always_learnt(base: BaseModel) -> None:
    found = portions(*read([document(prose(seed, 40)) for seed in range(60)], base.vocabulary, 2))
    assert len(found) == 60
    assert not any(any(out[:CONTEXT]) or out[-1] for _, out in found)
    assert any(out[CONTEXT] for _, out in found) and any(out[-2] for _, out in found)


def test_what_is_told_stays_told(base: BaseModel) -> None:
    essay = document("\n\n".join(prose(seed, 30) for seed in range(6)), "강")
    headed: Headed = lambda _: [Header(0, "[1/1] 물\n")]  # noqa: E731
    blocks, left = read([essay], base.vocabulary, 2, 200, headed)
    assert not (left.learnt & ~blocks.learnt).any()


def test_another_trimming_of_the_vocabulary_leaves_out_the_same(tiny: Path) -> None:
    essay = document(prose(0))
    found = []
    for texts in (None, [essay.text], [essay.text, *map(essay_text, tiny_essays()), "The quick brown fox"]):
        vocabulary = BaseModel.load(str(tiny), texts, precision="fp32").vocabulary
        [(ids, out)] = portions(*read([essay], vocabulary, 3))
        found.append((vocabulary.kept[ids].tolist(), out))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("text", ["물.", ""])
def test_a_text_of_a_few_tokens_is_learnt_as_it_is(base: BaseModel, text: str) -> None:
    essays = [document(text)] if text else []
    blocks, left = read(essays, base.vocabulary, 2)
    assert left.learnt.equal(blocks.learnt)


def test_it_is_on_by_itself_where_essays_might_be_learnt_by_heart() -> None:
    assert [Recipe(epochs=epochs).goldfish_k for epochs in (1, 3.5, 4, 8)] == [0, 0, 4, 4]
    assert Recipe(method="full", epochs=1).goldfish_k == 4 and Recipe(method="freeze").goldfish_k == 0
    assert Recipe(method="full", goldfish=0).goldfish_k == 0 and Recipe(goldfish=3).goldfish_k == 3


def test_the_loss_as_it_is_makes_the_recipe_and_not_how_it_was_asked_for() -> None:
    assert Recipe(goldfish=0).fingerprint == Recipe().fingerprint != Recipe(goldfish=4).fingerprint
    assert Recipe(epochs=8, goldfish=4).fingerprint == Recipe(epochs=8).fingerprint
    assert Recipe(epochs=8, goldfish=0).fingerprint != Recipe(epochs=8).fingerprint


def test_a_training_learns_less_and_is_measured_on_all_of_the_valid_side(base: BaseModel, tmp_path: Path) -> None:
    recipe = replace(QUICK, block_tokens=128, max_steps=2, evaluations=1)
    metrics = [trained(base, tmp_path / str(k), replace(recipe, goldfish=k)).metrics for k in (0, 2)]
    assert metrics[1]["read_tokens"] < 0.9 * metrics[0]["read_tokens"]
    assert metrics[1]["valid_loss_start"] == metrics[0]["valid_loss_start"]
    assert metrics[1]["read_ends"] == metrics[0]["read_ends"]
