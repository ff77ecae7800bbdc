"""Goldfish loss: some tokens are never learnt, so that what is read often cannot be recited.

After Hans et al. 2024 (2406.10209). A hash of the 13 tokens before it decides on each, so that a passage loses the same
tokens wherever and however often it is read: a model that recites it has to guess there, and goes astray. Those 13 are
learnt text alone, by the ids of the whole vocabulary: what a model is told (bos, a title that is repeated, headers)
changes nothing, nor does another trimming. A token that has fewer before it in its portion is always learnt, as in the
paper's code. Unlike there, a hash knows the order of its tokens, the token decided on is none of them, and an essay's
end is always learnt.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from finetune.blocks import Blocks
from finetune.vocabulary import Vocabulary

CONTEXT = 13  # tokens that are hashed, the paper's h
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no token of the context is lost
_BITS = 64


def goldfish(blocks: Blocks, k: int, vocabulary: Vocabulary) -> Blocks:
    """The blocks, of whose learnt tokens one of ``k`` no longer counts in the loss; with a ``k`` of 0 as they are.

    What a larger ``k`` leaves out, a smaller one leaves out as well.
    """
    if not k:
        return blocks
    learnt = blocks.learnt.numpy().copy()
    places = np.flatnonzero(learnt)
    ids = blocks.ids.numpy().ravel()[places]
    portions = np.cumsum(blocks.positions.numpy().ravel() == 0)[places]
    hashed = _hashed(vocabulary.kept[ids].astype(np.uint64))
    within = portions[CONTEXT:] == portions[: len(hashed)]
    left_out = (hashed < np.uint64(2**_BITS // k)) & within & (ids[CONTEXT:] != vocabulary.eos)
    learnt.ravel()[places[CONTEXT:][left_out]] = False
    return replace(blocks, learnt=torch.from_numpy(learnt))


def _hashed(ids: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Of each token from the 14th on, the hash of the 13 before it: (n - 13,), evenly spread over 64 bits."""
    keys = np.zeros(max(0, len(ids) - CONTEXT), np.uint64)
    for i in range(CONTEXT):
        keys = keys * _MULTIPLIER + ids[i : i + len(keys)]
    # Low bits of a sum of products know nothing of the high ones: the finaliser of SplitMix64 (Steele et al. 2014).
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))
