"""Bits per character are those of the full vocabulary, and do not depend on how a text is cut into windows."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from corpus.document import document
from corpus.errors import GeulgamError
from corpus.events import Begun, Cancelled, Event, Finished, Progress
from finetune import evaluate
from finetune.base import BaseModel
from finetune.evaluate import (
    Bits,
    bits_by_position,
    bits_per_character,
    by_position,
    document_bits,
    gain_interval,
    measured_bits,
)
from finetune.layout import Header, essay_text, header
from tests.finetune.tiny import tiny_essays


def test_trimmed_and_untrimmed_bases_report_the_same_bits(tiny: Path) -> None:
    essays = tiny_essays(4)
    few = BaseModel.load(str(tiny), ["함께"], precision="fp32")
    many = BaseModel.load(str(tiny), None, precision="fp32")
    assert len(few.vocabulary) < len(many.vocabulary)
    assert bits_per_character(few, essays) == pytest.approx(bits_per_character(many, essays), rel=1e-5)


def test_bits_are_those_of_the_models_own_loss(tiny: Path) -> None:
    essay = tiny_essays(1)[0]
    base = BaseModel.load(str(tiny), None, precision="fp32")
    ids = torch.tensor([[base.vocabulary.bos, *base.vocabulary.encode(essay_text(essay))]])
    with torch.inference_mode():
        loss = float(base.model(input_ids=ids, labels=ids).loss)
    bits = loss * (ids.shape[1] - 1) / math.log(2)
    assert document_bits(base, [essay])[0] == pytest.approx(bits, rel=1e-5)


def test_every_token_of_a_long_text_is_counted_once() -> None:
    for length in (1, 2, 31, 32, 33, 48, 49, 200):
        ids = list(range(length))
        windows = list(evaluate._windows(ids, ids, 32))
        assert [i for _, targets in windows for i in targets] == ids[1:]
        assert all(len(window) <= 32 and window[len(window) - len(targets) :] == targets for window, targets in windows)


def test_bits_by_position_are_those_of_the_tokens_there(tiny: Path) -> None:
    essays = [document(" ".join(essay.text for essay in tiny_essays(40)), "강"), *tiny_essays(2)]
    base = BaseModel.load(str(tiny), ["함께"], precision="fp32")
    base.context = 10_000
    measured = measured_bits(base, essays)
    assert [bits.total for bits in measured] == pytest.approx(document_bits(base, essays))
    full = BaseModel.load(str(tiny), None, precision="fp32")
    ids = torch.tensor([[full.vocabulary.bos, *full.vocabulary.encode(essay_text(essays[0]))]])
    assert 512 < ids.shape[1] < 1024
    with torch.inference_mode():
        nats = torch.nn.functional.cross_entropy(full.model(ids).logits[0, :-1], ids[0, 1:], reduction="none")
    expected = [float(part.sum()) / math.log(2) for part in (nats[:256], nats[256:512], nats[512:])]
    assert measured[0].bits[:3] == pytest.approx(expected, rel=1e-4) and measured[0].bits[3:] == (0.0, 0.0)
    assert all(bits.bits[1:] == (0.0,) * 4 and bits.characters[1:] == (0,) * 4 for bits in measured[1:])
    characters = [sum(bits.characters) for bits in measured]
    assert characters == [len(essay_text(essay)) for essay in essays]
    assert essay_text(essays[0]).startswith(full.vocabulary.decode(ids[0, 1:257].tolist()))
    assert measured[0].characters[0] == len(full.vocabulary.decode(ids[0, 1:257].tolist()))


def test_bits_by_position_are_over_all_essays_and_none_where_there_is_no_text(tiny: Path) -> None:
    measured = [Bits((30.0, 8.0, 0.0, 0.0, 0.0), (10, 4, 0, 0, 0)), Bits((10.0, 0.0, 0.0, 0.0, 0.0), (10, 0, 0, 0, 0))]
    assert by_position(measured) == (2.0, 2.0, None, None, None)
    base, essays = BaseModel.load(str(tiny), precision="fp32"), tiny_essays(3)
    first, *rest = bits_by_position(base, essays)
    assert first == pytest.approx(bits_per_character(base, essays)) and rest == [None] * 4


def test_no_more_is_seen_at_once_than_the_models_context(tiny: Path) -> None:
    essay = document(" ".join(essay.text for essay in tiny_essays(20)))
    base = BaseModel.load(str(tiny), precision="fp32")
    seen: list[int] = []
    base.model.model.register_forward_pre_hook(
        lambda module, given, named: seen.append(named["input_ids"].shape[1]), with_kwargs=True
    )
    document_bits(base, [essay])
    assert max(seen) == base.context - 1 and len(seen) > 1


def test_a_header_is_read_and_costs_no_bits(tiny: Path) -> None:
    essays, base = tiny_essays(2), BaseModel.load(str(tiny), precision="fp32")
    alone = measured_bits(base, essays)
    told = Header(0, header(1, 1, ["함께"]))
    behind = measured_bits(base, essays, headed=lambda essay: [told])
    totals = [[bits.total for bits in measured] for measured in (alone, behind)]
    assert totals[0] != totals[1]  # the model has read it
    assert totals[1] == pytest.approx(totals[0], rel=0.1)  # some twelve tokens more would be more by a tenth and above
    assert [sum(bits.characters) for bits in behind] == [sum(bits.characters) for bits in alone]


def test_measuring_tells_of_each_essay(tiny: Path) -> None:
    told: list[Event] = []
    document_bits(BaseModel.load(str(tiny)), tiny_essays(3), on=told.append)
    assert told[0] == Begun("measuring", 3, "essay")
    assert [event.done for event in told if isinstance(event, Progress)] == [1, 2, 3]
    assert isinstance(told[-1], Finished) and told[-1].complete


def test_measuring_can_be_broken_off_and_leaves_the_base_as_it_was(tiny: Path) -> None:
    base = BaseModel.load(str(tiny), ["함께"])
    before = len(base.vocabulary)

    def after_one(event: Event) -> None:
        if isinstance(event, Progress):
            raise Cancelled

    with pytest.raises(Cancelled):
        document_bits(base, tiny_essays(3), on=after_one)
    assert len(base.model.get_input_embeddings().weight) == len(base.vocabulary) == before


def test_too_little_memory_for_measuring_is_a_clear_line(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: Any) -> float:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity")

    monkeypatch.setattr(evaluate, "_nats", full)
    with pytest.raises(GeulgamError) as caught:
        document_bits(BaseModel.load(str(tiny)), tiny_essays(1))
    assert str(caught.value) == "the memory ran out while measuring: CUDA out of memory. Tried to allocate 2.00 GiB"
    assert "finetune.device" in caught.value.hint


def test_the_interval_of_a_gain_holds_the_gain_and_is_wider_on_fewer_essays() -> None:
    generator = np.random.default_rng(1)
    before = generator.uniform(500, 1500, 200)
    after = before * generator.normal(0.95, 0.05, 200)

    def interval(number: int) -> tuple[float, float]:
        found = gain_interval(before[:number].tolist(), after[:number].tolist())
        assert found is not None and found == gain_interval(before[:number].tolist(), after[:number].tolist())
        return found

    (few_low, few_high), (low, high) = interval(5), interval(200)
    assert low < 100 * (1 - after.sum() / before.sum()) < high
    assert high - low < 2 and few_high - few_low > 2 * (high - low)


def test_an_interval_needs_two_essays_that_are_not_kin() -> None:
    assert gain_interval([100.0], [90.0]) is None
    assert gain_interval([100.0, 90.0], [90.0, 80.0], kin=[4, 4]) is None
    assert gain_interval([100.0, 90.0], [90.0, 80.0], kin=[4, 7]) is not None


def test_parts_of_one_essay_are_drawn_together_so_that_they_do_not_feign_certainty() -> None:
    before, after = [100.0] * 8, [90.0] * 4 + [99.0] * 4
    alone, together = gain_interval(before, after), gain_interval(before, after, kin=[0] * 4 + [1] * 4)
    assert alone and together
    assert together[1] - together[0] > alone[1] - alone[0]


def test_nothing_to_measure_on_is_a_clear_line(tiny: Path) -> None:
    with pytest.raises(GeulgamError, match="no held-out essay"):
        bits_per_character(BaseModel.load(str(tiny)), [])
    base = BaseModel.load(str(tiny))
    assert bits_per_character(base, [document("가")]) > 0
