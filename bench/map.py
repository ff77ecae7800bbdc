"""The map of a corpus: how pure its themes are, how much of them its plane keeps, and how long it takes.

    python -m bench.map [--shared] [--choices]

The sample's 238 essays, whose labels name seven topics: the share of passages that are of their theme's most frequent
label (purity), and the normalised mutual information of themes and labels (arithmetic mean), for seven themes and for
as many as a map has by itself. Seven groups by chance, as large, are beside them. Near on the map: of the 10 passages
nearest to one on the plane, the share that is of its theme; with UMAP too where it is installed.

``--choices``: purity and information for other numbers of directions, the mean and deviation of ten seeds.
``--shared``: the real essays of ``GEULGAM_SHARED``: the themes' names, the seconds of each step, the page's size.
"""

import argparse
import math
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.essays import sample_documents, shared_documents
from corpus.events import Event, Finished
from geulgam.map_page.page import html
from retrieval.encoder import encoder
from retrieval.map.clusters import grouped, usual_count
from retrieval.map.cutting import excerpts
from retrieval.map.projection import directions, plane
from retrieval.map.themes import DIRECTIONS, mapped
from retrieval.vectors import KeptVectors

Labels = NDArray[np.int64]


def purity(groups: Labels, labels: Sequence[str]) -> float:
    """The share of rows whose label is the most frequent one of their group."""
    found = [
        Counter(labels[i] for i in np.flatnonzero(groups == g).tolist()).most_common(1)[0][1] for g in np.unique(groups)
    ]
    return sum(found) / len(labels)


def information(groups: Labels, labels: Sequence[str]) -> float:
    """Normalised mutual information: twice that of groups and labels, over the sum of their entropies."""
    _, other = np.unique(labels, return_inverse=True)
    both = np.zeros((int(groups.max()) + 1, int(other.max()) + 1))
    np.add.at(both, (groups, other), 1 / len(labels))

    def entropy(shares: NDArray[np.float64]) -> float:
        return -sum(share * math.log(share) for share in shares.ravel().tolist() if share > 0)

    one, two = entropy(both.sum(1)), entropy(both.sum(0))
    return 2 * (one + two - entropy(both)) / (one + two)


def kept(places: NDArray[np.float32], groups: Labels, near: int = 10) -> float:
    """Of the passages nearest on the plane, the share that is of the same theme."""
    shares = []
    for row, place in enumerate(places):
        distance = ((places - place) ** 2).sum(1)
        distance[row] = np.inf
        shares.append((groups[np.argpartition(distance, near)[:near]] == groups[row]).mean())
    return float(np.mean(shares))


def show_sample(choices: bool) -> None:
    """Purity, information and neighbours on the sample."""
    made = excerpts(sample_documents(plain=True))
    labels = [made.documents[essay].metadata["topic"] for essay in made.essay]
    essays, encoded = np.array(made.essay), encoder().encode(made.texts)
    print(f"{len(made.documents)} essays, {len(made.texts):,} passages, {len(set(labels))} labels")
    ways = ("pca", "umap") if find_spec("umap") else ("pca",)
    print(f"{'':<28}{'themes':>7}{'purity':>9}{'NMI':>8}" + "".join(f"{f'near, {way}':>13}" for way in ways))

    def line(name: str, groups: Labels, rows: NDArray[np.float32] | None = None) -> None:
        figures = f"{int(groups.max()) + 1:7}{purity(groups, labels):9.3f}{information(groups, labels):8.3f}"
        if rows is not None:
            figures += "".join(f"{kept(plane(rows, groups, way), groups):13.3f}" for way in ways)
        print(f"{name:<28}{figures}", flush=True)

    for count in (7, usual_count(len(made.texts))):
        vectors = directions(encoded, DIRECTIONS)
        groups, _ = grouped(vectors, essays, count)
        line("as it is", groups, vectors)
        line("by chance, as large", np.random.default_rng(0).permutation(groups))
    if choices:
        show_choices(encoded, essays, labels)


def show_choices(encoded: NDArray[np.float32], essays: Labels, labels: Sequence[str]) -> None:
    """The means over ten seeds for other numbers of directions, and how far one seed is from another."""
    print(f"\n{'ten seeds':<16}" + "".join(f"{count:>8} themes: purity, NMI" for count in (7, 12)))
    for number in (16, 32, 64, 128, encoded.shape[1]):
        vectors, told = directions(encoded, number), ""
        for count in (7, 12):
            found = [grouped(vectors, essays, count, seed)[0] for seed in range(10)]
            for measure in (purity, information):
                figures = [measure(groups, labels) for groups in found]
                told += f"{np.mean(figures):9.3f} ±{np.std(figures):.3f}"
        print(f"{f'{number} directions':<16}{told}", flush=True)


def show_shared() -> None:
    """Seconds of each step on the real essays, the first time and with vectors that are kept, and the themes."""
    documents = shared_documents()

    def tell(event: Event) -> None:
        if isinstance(event, Finished):
            print(f"    {event.task:<12}{event.seconds:8.1f} s", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        for again in ("the first time", "again"):
            vectors = KeptVectors(encoder(), Path(folder))
            began, used = time.perf_counter(), time.process_time()
            made = mapped(documents, lambda texts: vectors.encode(texts, on=tell), on=tell)  # noqa: B023
            page = html(made)
            seconds, busy = time.perf_counter() - began, time.process_time() - used
            print(f"{again}: {seconds:.1f} s, {busy:.1f} of the processor", flush=True)
    print(
        f"{len(made.excerpts.documents):,} essays, {len(made.theme):,} passages, page {len(page.encode()) / 1e6:.1f} MB"
    )
    print(f"near on the map: {kept(made.places, made.theme):.3f} of their theme")
    for theme in made.themes:
        print(f"{theme.name.title:<16}{theme.passages:6} of {theme.essays:5} essays  {', '.join(theme.name.keywords)}")


def main() -> None:
    """Print what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--choices", action="store_true")
    parser.add_argument("--shared", action="store_true")
    options = parser.parse_args()
    if options.shared:
        show_shared()
    else:
        show_sample(options.choices)


if __name__ == "__main__":
    main()
