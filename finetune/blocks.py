"""Documents packed into blocks of tokens, with separators between them and no padding."""

from collections.abc import Sequence

import numpy as np
import torch

from corpus.document import Document
from finetune.vocabulary import Vocabulary


def essay_text(document: Document) -> str:
    """What the model sees of a document: its title, an empty line, its text; the text alone if it has no title."""
    return f"{document.title}\n\n{document.text}" if document.title else document.text


def pack(
    documents: Sequence[Document], vocabulary: Vocabulary, block_tokens: int, seed: int = 0
) -> torch.Tensor:
    """The documents in a shuffled order as one stream of tokens, cut into equal blocks.

    Returns (blocks, tokens) int64 trimmed ids with tokens <= ``block_tokens``: as few blocks as will hold the
    stream, each of the same length, so that fewer tokens than there are blocks are left over at its end.
    No documents give an empty tensor.
    """
    order = np.random.default_rng(seed).permutation(len(documents))
    stream: list[int] = [] if vocabulary.bos == vocabulary.eos else [vocabulary.bos]
    for ids in vocabulary.encode_all(essay_text(documents[i]) for i in order):
        stream += [*ids, *vocabulary.separator]
    if not documents:
        return torch.empty((0, 0), dtype=torch.long)
    blocks = -(-len(stream) // block_tokens)
    tokens = len(stream) // blocks
    return torch.tensor(stream[: blocks * tokens], dtype=torch.long).view(blocks, tokens)
