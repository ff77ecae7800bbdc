"""The blocks of a training in several processes: of each step the same ones as in one process, divided among them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.utils.data import Dataset
from transformers import default_data_collator

from finetune.blocks import Blocks

_NOT_LEARNT = -100  # the label that torch's cross entropy leaves out
_Block = Mapping[str, torch.Tensor]
_Collate = Callable[[Sequence[_Block]], dict[str, Any]]


class SharedBlocks(Dataset[_Block]):
    """The blocks in the order in which one process reads them in an epoch, to be dealt out to several in turn.

    Behind them stand as many empty ones, of which nothing is learnt, as make their number a multiple of ``multiple``:
    else accelerate would fill the last step with blocks that the epoch had before, or leave a process without any.
    """

    def __init__(self, blocks: Blocks, seed: int, multiple: int) -> None:
        self._blocks, self._seed = blocks, seed
        self._length = -(-len(blocks) // multiple) * multiple
        self._empty = {name: tensor[:2] for name, tensor in blocks[0].items()}
        self._empty["labels"] = torch.full((2,), _NOT_LEARNT)
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Order them as accelerate's sampler in one process does, by seed and epoch; called where an epoch begins."""
        generator = torch.Generator().manual_seed(self._seed + epoch)
        self._order = torch.randperm(len(self._blocks), generator=generator).tolist()

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, place: int) -> _Block:
        return self._blocks[self._order[place]] if place < len(self._order) else self._empty


def without_empty(collate: _Collate) -> _Collate:
    """``collate`` of those blocks alone of which something is learnt; of one that is empty where there is no other."""

    def collated(blocks: Sequence[_Block]) -> dict[str, Any]:
        learnt = [block for block in blocks if bool((block["labels"] != _NOT_LEARNT).any())]
        return collate(learnt) if learnt else dict(default_data_collator(list(blocks[:1])))

    return collated
