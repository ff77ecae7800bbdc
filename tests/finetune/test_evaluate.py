"""Bits per character are those of the full vocabulary, and do not depend on how a text is cut into windows."""

import math
from pathlib import Path

import pytest
import torch

from corpus.document import document
from corpus.errors import GeulgamError
from finetune import evaluate
from finetune.base import BaseModel
from finetune.blocks import essay_text
from finetune.evaluate import bits_per_character, document_bits
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


def test_every_token_of_a_long_text_is_counted_once(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "_WINDOW", 32)
    for length in (1, 2, 31, 32, 33, 48, 49, 200):
        ids = list(range(length))
        windows = list(evaluate._windows(ids))
        predicted = [i for window, new in windows for i in (window[-new:] if new else [])]
        assert predicted == ids[1:]
        assert all(len(window) <= 32 for window, _ in windows)


def test_nothing_to_measure_on_is_a_clear_line(tiny: Path) -> None:
    with pytest.raises(GeulgamError, match="no held-out essay"):
        bits_per_character(BaseModel.load(str(tiny)), [])
    base = BaseModel.load(str(tiny))
    assert bits_per_character(base, [document("가")]) > 0
