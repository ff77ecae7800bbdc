"""`corpus label`: how well fifty marks tell essays from junk of three kinds that no rule knows.

The junk (`bench/data/unknown_junk.txt`: verse, minutes, product reviews) was written for this. Of each essay
of ``GEULGAM_SHARED`` one stretch is taken, as long as one of the pieces of junk, drawn at random; all texts are in one
line. So neither length nor line ends tell anything: the AUC of the length alone is printed. An oracle answers what is
asked; the AUC is that of all texts which it was not asked about.

Printed beside it: marks at random, the most uncertain text alone, and runs of characters or vectors alone.

With ``--whole`` the essays are whole, as in a corpus, and so longer than the junk, which the judge does not see; with
``--scarce`` 80 essays alone are taken, and stretches of the passages of KorQuAD are junk too.

    python -m bench.label [--marks 50] [--seeds 5] [--cut 0] [--whole] [--scarce]
"""

import argparse
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.essays import encyclopaedia, shared_documents
from corpus.cleaning.cleaning import Cleaner, Cleaning
from corpus.document import document, normalise
from corpus.judging.judging import Judge, Judging
from corpus.judging.learnt.features import TextFeatures, features, mean_vectors, runs
from corpus.judging.learnt.grouping import Groups, groups
from corpus.judging.learnt.teaching import Teaching
from retrieval.encoder import encoder

KINDS = ("poem", "minutes", "review", "encyclopaedia")
_SCARCE = 80


@dataclass(frozen=True)
class Sample:
    """``texts`` (n,) and of each its kind, "essay" or one of KINDS."""

    texts: Sequence[str]
    kinds: Sequence[str]

    @property
    def essays(self) -> Any:
        """Of each text whether it is an essay, (n,)."""
        return np.array([kind == "essay" for kind in self.kinds])


def unknown_junk() -> list[tuple[str, str]]:
    """The pieces of junk as they were written: kind and text."""
    text = (Path(__file__).parent / "data" / "unknown_junk.txt").read_text(encoding="utf-8")
    parts = re.split(r"^=== (\w+)\n", text, flags=re.MULTILINE)[1:]
    return [(kind, text.strip()) for kind, text in zip(parts[::2], parts[1::2], strict=True)]


def sample(seed: int, *, whole: bool = False, scarce: bool = False) -> Sample:
    """A stretch of each essay, or the whole of it, and the junk."""
    rng = random.Random(seed)
    junk = [(kind, normalise(text)) for kind, text in unknown_junk()]
    lengths = [len(text) for _, text in junk]
    essays = [normalise(one.text) for one in shared_documents()]
    stretches = essays if whole else [_stretch(text, rng.choice(lengths), rng) for text in essays]
    if scarce:
        stretches = rng.sample(stretches, _SCARCE)
        passages = [normalise(one.text) for one in encyclopaedia()]
        junk += [("encyclopaedia", _stretch(text, rng.choice(lengths), rng)) for text in passages]
    kinds = ["essay"] * len(stretches) + [kind for kind, _ in junk]
    return Sample(stretches + [text for _, text in junk], kinds)


def _stretch(text: str, length: int, rng: random.Random) -> str:
    """So many characters from anywhere in the text, between words."""
    start = rng.randrange(max(1, len(text) - length))
    start = text.find(" ", start, start + 30) + 1
    end = text.rfind(" ", start, start + length + 1)
    return text[start : end if end > start + length // 2 and start + length < len(text) else start + length]


class _Random(Teaching):
    """Asks at random."""

    def next(self) -> int | None:
        return next(int(place) for place in self._draw if place not in self.marks)


class _MostUncertain(Teaching):
    """Asks at random until a judge can be learnt, then about what it is least sure of."""

    def next(self) -> int | None:
        scores, marks = self.scores(), self.marks
        if scores is None:
            return next(int(place) for place in self._draw if place not in marks)
        return next(int(place) for place in np.argsort(np.abs(scores - 0.5), kind="stable") if place not in marks)


Way = Callable[..., Teaching]


def taught(way: Way, seen: TextFeatures, grouped: Groups, of: Sample, marks: int, seed: int) -> dict[str, float]:
    """The AUC on all texts that were not marked, also of each kind of junk alone, and how much junk was marked."""
    from sklearn.metrics import roc_auc_score

    teaching = way(seen, seed=seed, grouped=grouped)
    for _ in range(marks):
        place = teaching.next()
        assert place is not None
        teaching.mark(place, bool(of.essays[place]))
    scores = teaching.scores()
    scores = np.full(len(of.texts), 0.5) if scores is None else scores
    left = np.array([place not in teaching.marks for place in range(len(of.texts))])
    found = {"all": float(roc_auc_score(of.essays[left], scores[left]))}
    for kind in (kind for kind in KINDS if kind in of.kinds):
        among = left & np.array([each in ("essay", kind) for each in of.kinds])
        found[kind] = float(roc_auc_score(of.essays[among], scores[among]))
    validated = teaching.validated()
    found["marks left out"] = validated.auc if validated else float("nan")
    return found | {"junk": float(sum(not essay for essay in teaching.marks.values()))}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--marks", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cut", type=int, default=0, help="which stretches of the essays are taken")
    parser.add_argument("--whole", action="store_true", help="whole essays, which are longer than the junk")
    parser.add_argument("--scarce", action="store_true", help="few essays, and an encyclopaedia beside them")
    given = parser.parse_args()
    refused()
    of = sample(given.cut, whole=given.whole, scarce=given.scarce)
    counts = ", ".join(f"{count:,} × {kind}" for kind, count in Counter(of.kinds).items())
    print(f"{counts}; {np.mean([len(text) for text in of.texts]):.0f} characters each")
    from sklearn.metrics import roc_auc_score

    length = roc_auc_score(of.essays, [len(text) for text in of.texts])
    print(f"AUC of the length alone: {length:.3f}")
    both = features(of.texts, encoder().encode)
    counted, vectors = both.runs, both.vectors
    only_runs, only_vectors = TextFeatures(counted, vectors * 0), TextFeatures(counted * 0, vectors)
    grouped = [groups(both, seed=seed) for seed in range(given.seeds)]
    ways: list[tuple[str, Way, TextFeatures]] = [
        ("as corpus label asks", Teaching, both),
        ("the same, runs of characters alone", Teaching, only_runs),
        ("the same, vectors alone", Teaching, only_vectors),
        ("the most uncertain", _MostUncertain, both),
        ("at random", _Random, both),
    ]
    print(f"{given.marks} marks, {given.seeds} seeds; AUC of what is not marked: mean (least); of each kind of junk")
    for name, way, seen in ways:
        began = time.process_time()
        found = [taught(way, seen, grouped[seed], of, given.marks, seed) for seed in range(given.seeds)]
        seconds = (time.process_time() - began) / given.seeds / given.marks
        mean = {key: float(np.mean([each[key] for each in found])) for key in found[0]}
        least = min(each["all"] for each in found)
        kinds = ", ".join(f"{kind} {mean[kind]:.3f}" for kind in KINDS if kind in mean)
        print(
            f"  {name:36} {mean['all']:.3f} ({least:.3f}); {kinds}; marks left out {mean['marks left out']:.3f}; "
            f"{mean['junk']:.0f} of the marks are junk; {seconds:.2f} s a mark",
            flush=True,
        )
    speed(ways[0][1](both, seed=0, grouped=grouped[0]), of)


def speed(teaching: Teaching, of: Sample, whole: int = 200) -> None:
    """Essays a second, as they are and not in stretches, of one core's time: what is seen of them, and their scores."""
    for place in range(len(of.texts)):
        teaching.mark(place, bool(of.essays[place]))
    judge = teaching.judge
    assert judge is not None
    texts = [one.text for one in shared_documents()[:whole]]
    vectors = np.empty((0, 0), np.float32)
    rates: dict[str, float] = {}
    for name in ("runs", "vectors", "scores"):
        began = time.process_time()
        if name == "runs":
            counted = runs(texts)
        elif name == "vectors":
            vectors = mean_vectors(texts, encoder().encode)
        else:
            judge.scores(TextFeatures(counted, vectors))
        rates[name] = len(texts) / max(1e-9, time.process_time() - began)
    size = np.mean([len(text) for text in texts])
    told = ", ".join(f"{name} {rate:,.0f}" for name, rate in rates.items())
    print(f"whole essays ({size:,.0f} characters each) a second of one core: {told}")


def refused() -> None:
    """Print which pieces of junk the rules refuse."""
    cleaner, judge = Cleaner(Cleaning().steps()), Judge(Judging().rules())
    for name, shape in (("as they were written", str), ("in one line", normalise)):
        made = [judge(cleaner(document(shape(text)))) for _, text in unknown_junk()]
        reasons = [reason for reason in made if isinstance(reason, str)]
        print(f"junk {name}: the rules refuse {len(reasons)} of {len(made)}{': ' * bool(reasons)}{'; '.join(reasons)}")


if __name__ == "__main__":
    main()
