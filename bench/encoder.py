"""Encoders on the shared essays: speed, memory, and whether a block's vector finds the block that follows it.

A place is a block of four sentences of an essay: its cosine with the next four sentences is compared with that of four
sentences of another essay, and with that of four that stand four blocks later in the same one.

    python -m bench.encoder [--encoder use] [--places 500] [--sentences 4]
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from bench.essays import shared_documents
from generate.sentences import sentences
from retrieval.encoder import Encoder, encoder, of_blocks
from retrieval.unit import unit

Block = Sequence[str]
Vectors = NDArray[np.float32]
LATER = 5  # blocks from a place to the far one


def whole(encode: Encoder, blocks: Sequence[Block]) -> Vectors:
    """Each block encoded as one text."""
    return encode.encode([" ".join(block) for block in blocks])


def mean(encode: Encoder, blocks: Sequence[Block]) -> Vectors:
    """Each block as the mean of its sentences."""
    return unit(np.stack([encode.encode(block).mean(axis=0) for block in blocks]))


WAYS: dict[str, Callable[[Encoder, Sequence[Block]], Vectors]] = {"whole": whole, "mean": mean, "of_blocks": of_blocks}


def places(size: int, count: int, seed: int = 7) -> list[tuple[Block, Block, Block, Block]]:
    """So many places: a block, the next one, one of another essay, and one four blocks further on."""
    random = np.random.default_rng(seed)
    split = [sentences(essay.text) for essay in shared_documents()]
    essays = [
        [found[start : start + size] for start in range(0, len(found) - size + 1, size)]
        for found in split
        if len(found) >= (LATER + 1) * size
    ]
    taken = []
    for _ in range(count):
        here, other = (essays[place] for place in random.choice(len(essays), 2, replace=False))
        start = int(random.integers(len(here) - LATER))
        taken.append((here[start], here[start + 1], other[random.integers(len(other))], here[start + LATER]))
    return taken


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", default="use", help="use, or the folder of a sentence-transformers model")
    parser.add_argument("--places", type=int, default=500)
    parser.add_argument("--sentences", type=int, default=4, help="of a block")
    options = parser.parse_args()
    encode = encoder(options.encoder)
    taken = places(options.sentences, options.places)
    encode.encode(["처음"])
    texts = [sentence for place in taken for block in place for sentence in block][:5_000]
    began = time.perf_counter()
    vectors = encode.encode(texts)
    seconds = time.perf_counter() - began
    print(f"{encode.name}: {len(texts) / seconds:,.0f} sentences/s, {sum(map(len, texts)) / seconds:,.0f} characters/s")
    alone = np.concatenate([encode.encode([text]) for text in texts[:500]])
    print(f"alone or among others, a number of a vector differs by at most {np.abs(alone - vectors[:500]).max():.1e}")
    print(f"the next {options.sentences} sentences are nearer than … at so many of {len(taken)} places")
    for name, way in WAYS.items():
        here, following, other, later = (way(encode, list(blocks)) for blocks in zip(*taken, strict=True))
        near, random, far = ((here * there).sum(axis=1) for there in (following, other, later))
        print(f"{name:10} another essay's {np.mean(near > random):.1%}, later ones {np.mean(near > far):.1%}", end="; ")
        print(f"mean cosines: next {near.mean():.3f}, later {far.mean():.3f}, another's {random.mean():.3f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    print(f"peak memory {peak:,.0f} MB, the essays included")


if __name__ == "__main__":
    main()
