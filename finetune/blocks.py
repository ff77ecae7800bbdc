"""Documents packed into blocks of tokens, with separators between them and no padding."""

from collections.abc import Sequence

import numpy as np
import torch

from corpus.document import Document
from finetune.layout import essay_text
from finetune.vocabulary import Vocabulary


def pack(documents: Sequence[Document], vocabulary: Vocabulary, block_tokens: int, seed: int = 0) -> torch.Tensor:
    """The documents in a shuffled order as one stream of tokens, cut into equal blocks, each opened by bos.

    Without a bos at its first position Gemma predicts far worse (4.8 against 3.2 nats per token on Korean essays),
    and an adapter would spend itself on learning that. Returns (blocks, tokens) int64 trimmed ids with tokens <=
    ``block_tokens``: as few blocks as will hold the stream, all of one length, so that fewer tokens than there
    are blocks are left over at its end and nothing is padded. No documents give an empty tensor.
    """
    order = np.random.default_rng(seed).permutation(len(documents))
    stream: list[int] = []
    for ids in vocabulary.encode_all(essay_text(documents[i]) for i in order):
        stream += [*ids, *vocabulary.separator]
    if not stream:
        return torch.empty((0, 0), dtype=torch.long)
    blocks = -(-len(stream) // (block_tokens - 1))
    tokens = len(stream) // blocks
    cut = torch.tensor(stream[: blocks * tokens], dtype=torch.long).view(blocks, tokens)
    return torch.cat([torch.full((blocks, 1), vocabulary.bos), cut], dim=1)
