"""Documents packed whole into blocks of tokens, each read for itself.

Best-fit packing after Ding et al. 2024 (2404.10830): an essay that is cut wherever a block ends teaches a model to go
on from what it has not read. The longest portion goes first, each into the block with the least room that still takes
it. Positions begin again with each portion, and by that transformers' models know where another begins that may not
be looked at (:mod:`finetune.attention`).
"""

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from corpus.document import Document
from finetune.layout import Encoded, Headed
from finetune.portions import portions
from finetune.vocabulary import Vocabulary

_NOT_LEARNT = -100  # the label that torch's cross entropy leaves out


@dataclass(frozen=True, slots=True)
class Blocks:
    """Equal blocks of portions one after the other, each filled up at its end with what is not learnt.

    ``ids``: (n, tokens) int64, trimmed; ``learnt``: (n, tokens) bool: which count in the loss; ``positions``:
    (n, tokens) int64, from 0 in each portion, and in what fills the block.
    """

    ids: torch.Tensor
    learnt: torch.Tensor
    positions: torch.Tensor

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, which: int | slice | torch.Tensor) -> dict[str, torch.Tensor]:
        """A block, or several, as a model of transformers takes them: its ids, their positions, and its labels.

        To be read without a cache and without a mask, or a model takes all of a block for one text.
        """
        ids, learnt = self.ids[which], self.learnt[which]
        labels = ids.masked_fill(~learnt, _NOT_LEARNT)
        return {"input_ids": ids, "position_ids": self.positions[which], "labels": labels}

    @property
    def tokens(self) -> int:
        """Of a block."""
        return self.ids.shape[1]

    @property
    def predicted(self) -> torch.Tensor:
        """(n,) int64: of how many tokens each block's loss is the mean. The first of a block is never predicted."""
        return self.learnt[:, 1:].sum(1)

    @property
    def used(self) -> torch.Tensor:
        """(n,) int64: how many tokens of each block are of use, up to the last that is learnt; the rest fills it up."""
        return self.tokens - self.learnt.flip(1).int().argmax(1)


def joined(blocks: Sequence[Mapping[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Blocks, as they are given to a model, as a single long one without what fills them up; the loss stays as it is.

    What fills blocks up costs as much time as a text does. Only for a model that reads text by text: any other would
    weigh every token against those of all the blocks.
    """
    used = [int(torch.nonzero(block["labels"] != _NOT_LEARNT).max()) + 1 for block in blocks]
    return {
        name: torch.cat([block[name][:end] for block, end in zip(blocks, used, strict=True)])[None]
        for name in blocks[0]
    }


def pack(
    documents: Sequence[Document],
    vocabulary: Vocabulary,
    block_tokens: int,
    seed: int = 0,
    headed: Headed | None = None,
) -> Blocks:
    """The documents in blocks of at most ``block_tokens`` tokens, whole where they fit, in a shuffled order.

    Longer ones are cut as :func:`finetune.portions.portions` says; ``headed``: what each passage is told. There
    are as few blocks as best fit finds, all of the length of the fullest, and that is as short as so few allow. A
    portion that nothing is learnt from is left out. No documents give no blocks.
    """
    generator = np.random.default_rng(seed)
    read = [portion for portion in portions(documents, vocabulary, block_tokens, headed) if any(portion.learnt)]
    read = [read[i] for i in generator.permutation(len(read))]
    groups = _even([len(portion.ids) for portion in read], block_tokens)
    groups = [groups[i] for i in generator.permutation(len(groups))]
    shape = (len(groups), max((sum(len(read[i].ids) for i in group) for group in groups), default=0))
    ids, learnt = np.full(shape, vocabulary.eos, dtype=np.int64), np.zeros(shape, dtype=bool)
    positions = np.zeros(shape, dtype=np.int64)
    for row, group in enumerate(groups):
        _fill([read[i] for i in group], ids[row], learnt[row], positions[row])
    return Blocks(torch.from_numpy(ids), torch.from_numpy(learnt), torch.from_numpy(positions))


def _even(sizes: Sequence[int], most: int) -> list[list[int]]:
    """Which portions, by number, each block holds, in as few blocks as of ``most`` tokens, as short as can be."""
    groups = _best_fit(sizes, most)
    low, high = max(sizes, default=0), most
    while low < high:
        middle = (low + high) // 2
        tried = _best_fit(sizes, middle)
        low, high, groups = (low, middle, tried) if len(tried) <= len(groups) else (middle + 1, high, groups)
    return groups


def _best_fit(sizes: Sequence[int], most: int) -> list[list[int]]:
    """The same in blocks of ``most`` tokens: best fit, the longest first."""
    rooms: list[tuple[int, int]] = []  # of every block that is not full, in ascending order, with its number
    groups: list[list[int]] = []
    for i in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        place = bisect_left(rooms, (sizes[i], 0))
        if place == len(rooms):
            room, block = most, len(groups)
            groups.append([])
        else:
            room, block = rooms.pop(place)
        groups[block].append(i)
        insort(rooms, (room - sizes[i], block))
    return groups


def _fill(group: Sequence[Encoded], ids: np.ndarray, learnt: np.ndarray, positions: np.ndarray) -> None:
    """Write the portions into a block's row, and positions into the room that is left."""
    start = 0
    for portion in group:
        end = start + len(portion.ids)
        ids[start:end], learnt[start:end], positions[start:end] = portion.ids, portion.learnt, range(end - start)
        start = end
    positions[start:] = range(len(positions) - start)
