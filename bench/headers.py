"""What headers do: a model that was trained with them, told the right one, another essay's, and none.

    python -m bench.headers FOLDER [--headed NAME] [--plain NAME] [--essays 40] [--rows 2] [--tokens 200]

Held-out real essays of ``GEULGAM_SHARED``. FOLDER is that of ``bench.recipes``, NAMEs are of adapters in it: one that
was trained with headers (``--recipes shared --headers``), and one without.

- Bits per character over the trimmed vocabulary, of whole essays, what is told counts nothing.
- Behind title, header and first sentence of an essay some tokens are drawn (temperature 0.9, top-p 0.95, no critic and
  no plan: nothing but the model has read the header), ``--rows`` times each. Recall is the share of the right header's
  keywords that what was drawn has; keywords in title or first sentence are left out, with any header.
- Coherence of what was drawn with the first sentence before it (:mod:`bench.coherence`), the essay's own beside it.
"""

import argparse
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
import torch

from bench.coherence import Coherence
from bench.topics import beginning, ground
from corpus.document import Document
from finetune.base import BaseModel
from finetune.evaluate import document_bits, gain_interval
from finetune.headers import Headers
from finetune.layout import Header, essay_text, header, opening
from finetune.silence import quiet
from generate.merging import merged
from geulgam.show import showing
from retrieval.kiwi import tagged, term

HEADED, PLAIN = "shared-0.0001-1ep-r16-a32-4x256-headers", "shared-0.0001-1ep-r16-a32-4x256"


@dataclass(frozen=True)
class Told:
    """An essay that is gone on with: what it is told rightly, and from which words of that its recall is taken."""

    document: Document
    begun: str
    follows: str
    headers: tuple[Header, ...]
    keywords: tuple[tuple[str, ...], ...]  # of each header
    sought: frozenset[str]  # of the first, but for those in title and beginning


def essays(documents: Sequence[Document], count: int) -> list[Told]:
    """Essays whose passages all have keywords; the statistics are those of all the documents."""
    headers, found = Headers.of(documents), list[Told]()
    for document in random.Random(0).sample(documents, len(documents)):
        own = tuple(headers(document))
        keywords = tuple(_keywords(each.text) for each in own)
        begun = beginning(document.text, 400)
        if not own or not all(keywords) or begun is None:
            continue
        known = _terms(f"{document.title}. {begun[0]}")
        first = document.text[: own[1].start] if len(own) > 1 else document.text
        sought = (set(keywords[0]) & _terms(first)) - known
        if sought:
            found.append(Told(document, begun[0], begun[1], own, keywords, frozenset(sought)))
        if len(found) == count:
            break
    return found


def _keywords(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.partition("]")[2].strip().split(", ")))


def _terms(text: str) -> set[str]:
    return {term(morpheme) for of_text in tagged([text]) for morpheme in of_text}


def strange(own: Told, other: Told) -> tuple[Header, ...]:
    """The essay's headers with the other's keywords."""
    of = len(own.headers)
    return tuple(
        Header(each.start, header(place + 1, of, other.keywords[place % len(other.keywords)]))
        for place, each in enumerate(own.headers)
    )


def drawn(
    base: BaseModel, adapter: Path | None, asked: Sequence[tuple[Told, str]], rows: int, tokens: int
) -> Iterator[list[str]]:
    """What the model writes behind each essay's title, a header, and its first sentence."""
    vocabulary = base.vocabulary
    torch.manual_seed(1)
    with merged(base, adapter) as model:
        for told, before in asked:
            parts = (opening(told.document.title), before, f"{told.begun} ")
            ids = [vocabulary.bos, *(i for part in parts if part for i in vocabulary.encode(part))]
            with quiet(), torch.inference_mode():
                found = model.generate(
                    torch.tensor([ids]),
                    max_new_tokens=tokens,
                    do_sample=True,
                    temperature=0.9,
                    top_k=0,
                    top_p=0.95,
                    num_return_sequences=rows,
                    suppress_tokens=[vocabulary.eos],
                    eos_token_id=vocabulary.eos,
                    pad_token_id=vocabulary.eos,
                )
            yield [vocabulary.decode(row[len(ids) :].tolist()) for row in found]


def interval(values: Sequence[float]) -> str:
    """The mean, and where it lies with 95 % confidence by a bootstrap over essays."""
    chance = np.random.default_rng(0)
    means = np.array(values)[chance.integers(len(values), size=(10_000, len(values)))].mean(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return f"{fmean(values):.3f} ({low:.3f} to {high:.3f})"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--headed", default=HEADED)
    parser.add_argument("--plain", default=PLAIN)
    parser.add_argument("--essays", type=int, default=40)
    parser.add_argument("--rows", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=200)
    options = parser.parse_args()
    made = ground(options.folder)
    base = BaseModel.load(texts=(essay_text(document) for document in made.corpus))
    chosen = essays(made.corpus.get(made.sides.ids("test")), options.essays)
    documents = [told.document for told in chosen]
    others = {id(told): strange(told, chosen[place - 1]) for place, told in enumerate(chosen)}
    headed, plain = options.folder / options.headed, options.folder / options.plain

    right = {told.document.version: told.headers for told in chosen}
    wrong = {told.document.version: others[id(told)] for told in chosen}
    told_of: Mapping[str, tuple[Path | None, Mapping[str, Sequence[Header]]]] = {
        "base": (None, {}),
        "trained without, none": (plain, {}),
        "trained with, none": (headed, {}),
        "trained with, another's": (headed, wrong),
        "trained with, the right ones": (headed, right),
    }
    characters = sum(len(essay_text(document)) for document in documents)
    print(f"{len(documents)} held-out essays, bits per character, and less than without headers at all")
    without: list[float] = []
    with showing(print) as on:
        for name, (adapter, known) in told_of.items():
            bits = document_bits(base, documents, adapter, trimmed=True, headed=Headers(known), on=on)
            without = bits if adapter == plain else without
            gain = gain_interval(without, bits) if without else None
            less = f"{100 * (1 - sum(bits) / sum(without)):+.2f} % ({gain[0]:.2f} to {gain[1]:.2f})" if gain else ""
            print(f"{name:<30}{sum(bits) / characters:.4f}  {less}", flush=True)

    reads = Coherence([document.text for document in made.corpus.get(made.sides.ids("train"))])
    print("keyword recall of the right header; coherence")
    for name, adapter, heads in (
        ("trained without, none", plain, None),
        ("trained with, none", headed, None),
        ("trained with, another's", headed, {id(told): others[id(told)][0].text for told in chosen}),
        ("trained with, the right ones", headed, {id(told): told.headers[0].text for told in chosen}),
    ):
        asked = [(told, heads[id(told)] if heads else "") for told in chosen]
        written = list(drawn(base, adapter, asked, options.rows, options.tokens))
        recall = [
            fmean(len(told.sought & _terms(text)) / len(told.sought) for text in texts)
            for told, texts in zip(chosen, written, strict=True)
        ]
        scores = reads([f"{told.begun} {text}" for told, texts in zip(chosen, written, strict=True) for text in texts])
        print(f"{name:<30}{interval(recall)}  {np.nanmean(scores):.3f}", flush=True)
    own = reads([f"{told.begun} {told.follows}" for told in chosen])
    print(f"{'the essays themselves':<30}{'':<24}{np.nanmean(own):.3f}")


if __name__ == "__main__":
    main()
