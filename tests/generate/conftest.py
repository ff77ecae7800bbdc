"""A tiny model that has learnt to write sentences: a few seconds of training on a handful of lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from finetune.base import BaseModel
from finetune.blocks import pack
from finetune.layout import essay_text
from tests.finetune.tiny import tiny_essays


@pytest.fixture(scope="session")
def practised(tiny: Path) -> BaseModel:
    """The tiny model after 150 steps on the tiny essays: most of its sentences end."""
    words = [f" {word}" for essay in tiny_essays(24) for word in essay_text(essay).split()]  # no token spans two
    base = BaseModel.load(str(tiny), words, device="cpu", precision="fp32")
    blocks = pack(tiny_essays(24), base.vocabulary, 96)
    torch.manual_seed(0)
    base.model.requires_grad_(True).train()
    optimizer = torch.optim.AdamW(base.model.parameters(), lr=5e-3)
    with _one_thread():
        for step in range(150):
            rows = blocks[torch.arange(step * 8, step * 8 + 8) % len(blocks)]
            loss = base.model(**rows, use_cache=False).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    base.model.requires_grad_(False).eval()
    return base


@pytest.fixture(autouse=True)
def _one_thread_in_tests() -> Iterator[None]:
    with _one_thread():
        yield


@contextmanager
def _one_thread() -> Iterator[None]:
    """So small a model is faster on one thread, and much faster where other processes want the cores as well."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
