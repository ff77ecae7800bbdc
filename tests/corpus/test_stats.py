"""Figures of a corpus: how many, how long, from where."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from corpus.document import Document, document
from corpus.stats import Histogram, histogram, origin, stats
from corpus.store import Corpus


def test_the_real_essays(real_essays: list[Document], tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    corpus.add(real_essays)
    figures = stats(corpus)
    lengths = sorted(len(document.text) for document in corpus)
    assert (figures.documents, figures.characters) == (1259, sum(lengths))
    assert (figures.shortest, figures.median, figures.longest) == (lengths[0], lengths[629], lengths[-1])
    assert figures.sources.most_common(2) == [("brunch.co.kr", 864), ("글틴", 170)]
    assert sum(figures.lengths.counts) == 1259
    for low, high, count in zip(figures.lengths.edges, figures.lengths.edges[1:], figures.lengths.counts, strict=False):
        assert count == sum(low <= length < high for length in lengths)


def test_an_empty_corpus_has_figures_too(tmp_path: Path) -> None:
    figures = stats(Corpus(tmp_path))
    assert (figures.documents, figures.characters, figures.longest) == (0, 0, 0)
    assert (figures.lengths, figures.sources) == (Histogram((), ()), Counter())


def test_sources_are_counted_by_host_or_folder(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    sources = ["https://brunch.co.kr/@a/1", "https://brunch.co.kr/@b/2", "essays/a.txt", "essays/b.txt", "책"]
    corpus.add(document(f"글 {source}", source=source) for source in sources)
    assert stats(corpus).sources == {"brunch.co.kr": 2, "essays": 2, "책": 1}


@pytest.mark.parametrize(
    ("source", "counted_as"),
    [
        ("https://WWW.Brunch.co.kr:443/@a/1?x", "brunch.co.kr"),
        ("http://[broken", "http://[broken"),
        ("/home/a/essays/글.txt", "/home/a/essays"),
        ("a.csv", "a.csv"),
        ("", ""),
    ],
)
def test_a_source_is_a_host_or_a_folder_or_itself(source: str, counted_as: str) -> None:
    assert origin(source) == counted_as


@pytest.mark.parametrize(
    ("values", "edges", "counts"),
    [
        ([1], (0, 100), (1,)),
        ([100], (100, 250), (1,)),
        ([99, 100, 249, 700], (0, 100, 250, 500, 750), (1, 2, 0, 1)),
        ([1_000_000], (1_000_000, 1_000_001), (1,)),
        ([999_999, 9_000_000], (100_000, 1_000_000, 9_000_001), (1, 1)),
    ],
)
def test_bins_reach_from_the_first_value_to_the_last(
    values: list[int], edges: tuple[int, ...], counts: tuple[int, ...]
) -> None:
    assert histogram(np.array(values, np.int32)) == Histogram(edges, counts)
