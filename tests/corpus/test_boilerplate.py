"""Lines that many documents of one source share go; what an author wrote stays, however often he says it."""

from collections.abc import Sequence

import numpy as np
import pytest

from bench.essays import sample_documents
from corpus.cleaning import boilerplate
from corpus.cleaning.boilerplate import is_of_this_code, shared, step
from corpus.document import Document, document
from tests.corpus.made_up import prose

HEAD, FOOT = "수필마당에 오신 여러분을 환영합니다", "이 글의 저작권은 글쓴이에게 있습니다."
SITE = "https://essays.example.org/"


def page(seed: int, *, site: str = SITE, head: str = HEAD, foot: str = FOOT, between: str = "\n") -> Document:
    """A page of the site, with what stands on all of them."""
    return document(
        between.join([head, f"{prose(seed, 200)}.", f"{prose(seed + 1000, 200)}.", foot]), "", f"{site}{seed}"
    )


def cleaned(documents: Sequence[Document]) -> list[str]:
    change = step(shared(documents)).change
    return [change(one.text) for one in documents]


@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_lines_at_the_top_and_bottom_of_a_sites_pages_go(between: str) -> None:
    texts = cleaned([page(seed, between=between) for seed in range(20)])
    assert texts == [f"{prose(seed, 200)}.{between}{prose(seed + 1000, 200)}." for seed in range(20)]


def test_of_a_text_without_line_ends_the_sentences_at_its_ends_go() -> None:
    texts = cleaned([page(seed, head=f"{HEAD}.", between=" ") for seed in range(20)])
    assert texts == [f"{prose(seed, 200)}. {prose(seed + 1000, 200)}." for seed in range(20)]


def test_spaces_and_figures_do_not_count() -> None:
    documents = [page(seed, foot=f"이 글을 읽은  분은 {seed * 37}명입니다 ") for seed in range(10)]
    assert all("읽은" not in text for text in cleaned(documents))


def test_what_fewer_than_five_or_than_a_tenth_of_a_source_share_stays() -> None:
    four = [page(seed) for seed in range(4)]
    assert cleaned(four) == [one.text for one in four]
    others = [document(prose(seed), "", f"{SITE}{seed}") for seed in range(5000, 5096)]
    some = [page(seed) for seed in range(10)]
    assert cleaned([*some, *others]) == [one.text for one in (*some, *others)]
    assert HEAD not in "".join(cleaned([*some, *others[:90]]))


def test_each_source_counts_for_itself() -> None:
    """Three sites that have two pages each share the line; no site has enough."""
    documents = [page(seed, site=f"https://site{seed % 3}.example.org/") for seed in range(6)]
    assert cleaned(documents) == [one.text for one in documents]


def test_a_refrain_and_short_lines_of_dialogue_stay() -> None:
    refrain = document("\n".join([f"{prose(7)}.", *["그래도 봄은 온다고 어머니는 말했다."] * 8]), "", SITE)
    talk = [document(f'{prose(seed)}.\n"네, 알겠습니다."\n{prose(seed + 50)}.', "", SITE) for seed in range(20, 40)]
    assert cleaned([refrain, *talk]) == [one.text for one in (refrain, *talk)]


def test_copies_of_one_text_are_no_boilerplate() -> None:
    lines = [f"{prose(seed, 80)}." for seed in range(6)]
    copies = [document("\n".join([*lines, prose(seed, 40)]), "", SITE) for seed in range(100, 110)]
    assert cleaned(copies) == [one.text for one in copies]


def test_no_line_of_the_sample_is_taken_for_boilerplate() -> None:
    documents = sample_documents()
    assert cleaned(documents) == [one.text for one in documents]


def test_cleaned_again_a_text_stays_as_it_is_and_the_version_stands_for_the_lines() -> None:
    documents = [page(seed) for seed in range(20)]
    lines = shared(documents)
    once = step(lines)
    assert all(once.change(text) == text for text in cleaned(documents))
    assert once.version == step(lines.copy()).version != step(lines[:1]).version
    assert is_of_this_code(once.version) and not is_of_this_code(1)


def test_what_is_counted_in_portions_comes_out_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [page(seed, site=f"https://site{seed % 3}.example.org/") for seed in range(60)]
    whole = shared(documents)
    monkeypatch.setattr(boilerplate, "_HELD", 16)
    assert np.array_equal(shared(documents), whole) and len(whole) == 2
