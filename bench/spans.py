"""Never copied: what an index of the corpus's spans costs, to build and for each token that is drawn.

The corpus: the words of the real essays, shuffled anew and again until there are so many characters, which repeats
nothing. What is asked is what a writer asks: eight real essays, left out of the corpus, in turn, a token of two
characters further each time. Beside it stands what that adds to a step of decoding eight rows of Gemma 270M on two
cores (25 ms), and the plainest peer, ``span in corpus`` on one Python string of the same letters, for one token.

    python -m bench.spans [--characters 10000000]
"""

import argparse
import itertools
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.essays import shared_documents
from corpus.document import Document
from generate.guards.letters import letters_of
from generate.guards.spans import SHORTEST, SpanIndex

STEP, ROWS = 0.025, 8  # seconds of one step of decoding, for so many rows
WORDS = 400  # of a made-up essay, 1,500 characters
TOKEN, TOKENS = 2, 500  # characters of a token, tokens of each row


def essays(words: Sequence[str], characters: int, seed: int = 1) -> Iterator[Document]:
    """Made-up essays of these words, so many characters in all."""
    chosen, shuffled = random.Random(seed), list(words)
    done = number = 0
    while True:
        chosen.shuffle(shuffled)
        for first in range(0, len(shuffled), WORDS):
            text = " ".join(shuffled[first : first + WORDS])
            yield Document(f"{number:032x}", text)
            done, number = done + len(text), number + 1
            if done >= characters:
                return


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--characters", type=int, default=10_000_000)
    characters = parser.parse_args().characters
    real = shared_documents()
    rows = [document.text for document in real if len(document.text) >= TOKEN * TOKENS][:ROWS]
    words = [word for document in real for word in document.text.split()]
    with tempfile.TemporaryDirectory(prefix="geulgam-spans-") as folder:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began, worked = time.perf_counter(), time.process_time()
        index = SpanIndex.build(essays(words, characters), Path(folder))
        seconds, worked = time.perf_counter() - began, time.process_time() - worked
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        print(f"{characters:,} characters: {index.letters:,} letters of {index.documents:,} documents")
        print(f"  built in {seconds:.1f} s ({worked:.1f} s of one core), {size / 1e6:.0f} MB on disk")
        print(f"  {grown / 1e3:.0f} MB of memory more at most")
        ask(index, rows, "".join(letters_of(document.text) + "\n" for document in essays(words, characters)))


def ask(index: SpanIndex, rows: Sequence[str], corpus: str) -> None:
    """Time the questions of a writer, all of them and those that have to be told yes."""
    times: list[float] = []
    forbidden = 0
    for place, text in itertools.product(range(0, TOKEN * TOKENS, TOKEN), rows):
        tail, token = text[:place], text[place : place + TOKEN]
        began = time.perf_counter()
        answer = index.completes(tail, token)
        times.append(time.perf_counter() - began)
        forbidden += answer
    said = statistics.quantiles(times, n=100)
    cost = statistics.fmean(times)
    print(f"{len(times):,} tokens of {TOKEN} characters, {forbidden} forbidden:")
    print(f"  mean {cost * 1e6:.1f} µs, median {said[49] * 1e6:.1f}, 99 of 100 below {said[98] * 1e6:.1f}")
    print(f"  {ROWS} rows: {ROWS * cost / STEP:.2%} of a step of {STEP * 1e3:.0f} ms")

    copies = [corpus[place : place + 60] for place in range(0, len(corpus) - 60, len(corpus) // 500)]
    copies = [copy for copy in copies if "\n" not in copy]
    times.clear()
    for copy, place in itertools.product(copies, range(20, 40, TOKEN)):
        began = time.perf_counter()
        answer = index.completes(copy[:place], copy[place : place + TOKEN])
        times.append(time.perf_counter() - began)
        assert answer == (place + TOKEN >= SHORTEST)
    print(f"a token of a copy, its text never asked for before: mean {statistics.fmean(times) * 1e6:.1f} µs")

    peers: list[float] = []
    for text in rows:
        letters = letters_of(text)[: 2 * SHORTEST]
        began = time.perf_counter()
        found = any(
            letters[end - SHORTEST : end] in corpus for end in range(2 * SHORTEST - TOKEN + 1, 2 * SHORTEST + 1)
        )
        peers.append(time.perf_counter() - began)
        assert index.completes(letters[:-TOKEN], letters[-TOKEN:]) == found
    peer = statistics.fmean(peers)
    print(f"span in corpus, one token: {peer * 1e3:.1f} ms, {peer / cost:,.0f} times as long")

    mixed = "".join(f"{text} {copy} " for text, copy in zip(rows, copies, strict=False))
    began = time.perf_counter()
    spans = index.copied(mixed)
    print(
        f"copied() on {len(mixed):,} characters: {(time.perf_counter() - began) * 1e3:.0f} ms, {len(spans)} spans found"
    )


if __name__ == "__main__":
    main()
