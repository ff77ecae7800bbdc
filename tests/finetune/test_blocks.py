"""Documents stand in blocks whole where they fit, cut at paragraphs where they do not, and each is read for itself."""

import random
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from corpus.document import Document, document
from finetune.base import BaseModel
from finetune.blocks import Blocks, joined, pack
from finetune.layout import Header, essay_text, header
from tests.finetune.tiny import tiny_essays

PROSE = ["아침마다 강가에 나갔다.", "물은 늘 같은 소리를 냈다!", '"함께 걷자." 그가 말했다.', "눈이 왔다…"]


@pytest.fixture(scope="module")
def base(tiny: Path) -> BaseModel:
    return BaseModel.load(str(tiny), precision="fp32")


@pytest.fixture(scope="module", params=["gemma", "gpt2"])
def model(request: Any, base: BaseModel) -> Any:
    if request.param == "gemma":
        return base.model
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=len(base.vocabulary), n_positions=256, n_embd=32, n_layer=2, n_head=2)
    other: Any = GPT2LMHeadModel(config)
    return other.eval()


def long_essay(paragraphs: int, sentences: int, title: str = "강") -> Document:
    draw = random.Random(paragraphs)
    lines = [" ".join(draw.choices(PROSE, k=sentences)) for _ in range(paragraphs)]
    return document("\n\n".join(lines), title)


def segments(blocks: Blocks) -> list[tuple[list[int], list[bool]]]:
    """The ids of every portion, and which are learnt; what fills a block is left out."""
    found = []
    for ids, learnt, positions in zip(blocks.ids, blocks.learnt, blocks.positions, strict=True):
        starts = [*torch.nonzero(positions == 0).flatten().tolist(), blocks.tokens]
        parts = [(ids[a:b].tolist(), learnt[a:b].tolist()) for a, b in pairwise(starts)]
        assert all(positions[a:b].equal(torch.arange(b - a)) for a, b in pairwise(starts))
        assert all(any(marks) for _, marks in parts[:-1])
        found += [part for part in parts if any(part[1])]
    return found


def texts(blocks: Blocks, base: BaseModel) -> list[str]:
    return [base.vocabulary.decode(ids) for ids, _ in segments(blocks)]


def test_every_document_stands_whole_in_a_block_that_holds_it(base: BaseModel) -> None:
    essays = tiny_essays()
    blocks = pack(essays, base.vocabulary, 512)
    assert sorted(texts(blocks, base)) == sorted(f"<bos>{essay_text(d)}<eos>" for d in essays)
    assert blocks.tokens <= 512 and len(blocks) < len(essays) / 2


def test_blocks_are_packed_full_and_none_is_longer_than_it_needs_to_be(base: BaseModel) -> None:
    essays = tiny_essays(60)
    blocks = pack(essays, base.vocabulary, 256)
    tokens = sum(len(ids) for ids, _ in segments(blocks))
    assert tokens > 0.97 * blocks.ids.numel()
    [one] = pack(essays[:1], base.vocabulary, 512).ids
    assert len(one) == len(base.vocabulary.encode(essay_text(essays[0]))) + 2


def test_what_fills_a_block_is_not_learnt_and_a_segment_of_its_own(base: BaseModel) -> None:
    blocks = pack([document("물이 흐르는 소리. " * 9), document("물.")], base.vocabulary, 48)
    assert len(blocks) == 2
    short = int(blocks.learnt.sum(1).argmin())
    end = int(blocks.learnt[short].nonzero().max()) + 1
    assert end < blocks.tokens and blocks.positions[short, end:].equal(torch.arange(blocks.tokens - end))
    assert (blocks.ids[short, end:] == base.vocabulary.eos).all()
    assert int(blocks.used[short]) == end and int(blocks.used.max()) == blocks.tokens


@pytest.mark.parametrize("tokens", [24, 48, 96])
def test_an_essay_that_does_not_fit_is_cut_at_paragraphs_into_portions_of_much_the_same_length(
    base: BaseModel, tokens: int
) -> None:
    essay = long_essay(40, 1)
    read = segments(pack([essay], base.vocabulary, tokens))
    said = [base.vocabulary.decode([i for i, counts in zip(*part, strict=True) if counts]) for part in read]
    opens, closes = [text for text in said if text.startswith("강\n\n")], [t for t in said if t.endswith("<eos>")]
    assert len(opens) == len(closes) == 1 and len(said) > 2
    paragraphs = sorted(line for text in said for line in text.removesuffix("<eos>").split("\n\n") if line)
    assert paragraphs == sorted(essay_text(essay).split("\n\n"))
    assert all(text.endswith("\n\n") for text in said if text not in closes)
    sizes = [len(ids) for ids, _ in read]
    assert max(sizes) <= tokens
    longest = max(len(base.vocabulary.encode(line)) for line in paragraphs)
    assert sum(sizes) / len(sizes) > max(sizes) - longest - 4


def test_a_portion_that_carries_on_is_told_the_title_and_does_not_learn_it(base: BaseModel) -> None:
    for ids, learnt in segments(pack([long_essay(16, 1)], base.vocabulary, 96)):
        told = base.vocabulary.decode([i for i, counts in zip(ids, learnt, strict=True) if not counts])
        said = base.vocabulary.decode([i for i, counts in zip(ids, learnt, strict=True) if counts])
        assert told == ("<bos>" if said.startswith("강\n\n") else "<bos>강\n\n")


def test_a_paragraph_that_does_not_fit_is_cut_at_sentences(base: BaseModel) -> None:
    essay = long_essay(1, 60, "")
    found = [text.removeprefix("<bos>") for text in texts(pack([essay], base.vocabulary, 96), base)]
    assert len(found) > 3
    assert all(text.removesuffix("<eos>").endswith((".", "!", "…")) and not text.startswith(" ") for text in found)
    pieces = sorted(word for text in found for word in text.removesuffix("<eos>").split())
    assert pieces == sorted(essay.text.split())


@pytest.mark.parametrize("text", ["끝없이이어지는말" * 40, "물 " * 300, ""])
@pytest.mark.parametrize("title", ["", "강", "아침마다 강가에 나가 물이 흐르는 것을 보았다 " * 6])
def test_whatever_it_is_given_no_block_is_too_long(base: BaseModel, text: str, title: str) -> None:
    blocks = pack([document(text, title)], base.vocabulary, 16, headed=lambda _: [Header(0, "[1/1] 물\n")])
    assert blocks.tokens <= 16
    assert bool(len(blocks)) == bool(text or title) or not text


def test_the_seed_alone_decides_the_order(base: BaseModel) -> None:
    essays = [*tiny_essays(), long_essay(16, 1)]
    one, again, other = (pack(essays, base.vocabulary, 128, seed=seed) for seed in (1, 1, 2))
    assert one.ids.equal(again.ids) and one.positions.equal(again.positions) and not one.ids.equal(other.ids)


def test_no_documents_make_no_blocks(base: BaseModel) -> None:
    assert len(pack([], base.vocabulary, 32)) == 0


def test_headers_fit_beside_the_portions_that_they_stand_in(base: BaseModel) -> None:
    essay = long_essay(40, 1)
    places = [match.end() for match in re.finditer(r"\n\s*", essay.text)][::3]
    headers = [Header(place, header(i, 99, ["물"])) for i, place in enumerate([0, *places], 1)]
    blocks = pack([essay], base.vocabulary, 96, headed=lambda _: headers)
    found = texts(blocks, base)
    assert blocks.tokens <= 96 and len(found) > 3
    assert all(text.removeprefix("<bos>강\n\n").startswith("[") for text in found)
    assert set(re.findall(r"\[\d+/99\] 물\n", "".join(found))) == {each.text for each in headers}


def test_what_counts_is_what_has_a_label(base: BaseModel) -> None:
    blocks = pack(tiny_essays(), base.vocabulary, 128)
    batch = blocks[0 : len(blocks)]
    assert ((batch["labels"] != -100) == blocks.learnt).all()
    assert batch["labels"][blocks.learnt].equal(batch["input_ids"][blocks.learnt])
    assert blocks.predicted.equal(blocks.learnt.sum(1))  # the first of each portion is bos, which is not learnt


def test_a_portion_in_a_block_is_read_as_if_it_stood_alone(base: BaseModel, model: Any) -> None:
    blocks = pack(tiny_essays(24), base.vocabulary, 256)  # beyond the window of 64 of the tiny Gemma
    assert (blocks.positions == 0).sum() > 2 * len(blocks)
    batch = blocks[:]
    with torch.inference_mode():
        packed = model(input_ids=batch["input_ids"], position_ids=batch["position_ids"], use_cache=False).logits
        for row, positions in enumerate(blocks.positions):
            starts = [*torch.nonzero(positions == 0).flatten().tolist(), blocks.tokens]
            for start, end in pairwise(starts):
                alone = model(input_ids=blocks.ids[row : row + 1, start:end], use_cache=False).logits[0]
                torch.testing.assert_close(packed[row, start:end], alone, atol=1e-4, rtol=1e-4)


def test_joined_blocks_have_the_same_loss_without_what_fills_them_up(base: BaseModel, model: Any) -> None:
    essays = [document("물이 흐르는 소리. " * number, "강") for number in (9, 5, 7)]
    blocks = pack(essays, base.vocabulary, 48)
    one = joined([blocks[i] for i in range(len(blocks))])
    assert one["input_ids"].shape == one["position_ids"].shape == (1, int(blocks.used.sum()))
    assert one["input_ids"].numel() < blocks.ids.numel()
    with torch.inference_mode():
        losses = [float(model(**batch, use_cache=False).loss) for batch in (blocks[:], one)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)


def test_the_loss_of_a_block_is_that_of_its_portions_alone(base: BaseModel, model: Any) -> None:
    blocks = pack(tiny_essays(8), base.vocabulary, 256)
    one = replace(blocks, ids=blocks.ids[:1], learnt=blocks.learnt[:1], positions=blocks.positions[:1])
    with torch.inference_mode():
        loss = float(model(**one[:], use_cache=False).loss)
        total = 0.0
        for ids, learnt in segments(one):
            tokens = torch.tensor([ids])
            labels = tokens.masked_fill(~torch.tensor([learnt]), -100)
            total += float(model(input_ids=tokens, labels=labels, use_cache=False).loss) * sum(learnt)
    assert loss == pytest.approx(total / int(one.predicted.sum()), rel=1e-5)


def test_a_title_that_fills_a_block_does_not_multiply_its_essay(base: BaseModel) -> None:
    essay = long_essay(12, 3, "끝없이 이어지는 제목 " * 12)
    plain = long_essay(12, 3, "")
    assert len(pack([essay], base.vocabulary, 96)) == len(pack([plain], base.vocabulary, 96))


def test_headers_stay_where_a_title_is_too_long_to_be_told(base: BaseModel) -> None:
    essay = document("물과 산과 들. " * 60, "아주 긴 제목 " * 30)
    told = [Header(0, header(1, 1, ["물"]))]
    blocks = pack([essay], base.vocabulary, 96, headed=lambda each: told if each.version == essay.version else [])

    found = [base.vocabulary.decode(ids) for ids in blocks.ids.tolist()]
    assert len(found) > 1 and all("[1/1] 물\n" in text for text in found)
    assert not any("제목" in text for text in found)
