"""The figures of a review: how each is counted in an excerpt, and what to do about one that people seldom have."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, pstdev

import numpy as np
import numpy.typing as npt

from generate.guards.spans import SHORTEST, Copied
from generate.planning.facts import Ending
from generate.review.analysed import GRAM, Analysed, Excerpt, commonest, grams
from generate.review.overused import PhraseUsage
from generate.review.repetition import diversity, repetition


@dataclass(frozen=True)
class Yardstick:
    """What an excerpt is measured against: the topic's keywords with the terms that each needs, the middle of the
    topic's essays (dimensions,), the runs of six morphemes that stand in them (sorted hashes), how often people use
    phrases, and the copied stretches of the text that is reviewed."""

    needed: Mapping[str, set[str]]
    centroid: npt.NDArray[np.float32] | None
    runs: npt.NDArray[np.int64]
    usage: PhraseUsage
    copied: Sequence[Copied]
    shared: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict)

    def shared_runs(self, of: Analysed) -> npt.NDArray[np.bool_]:
        """Which runs of six morphemes, by the first, stand in the topic's essays too."""
        if of.text not in self.shared:
            self.shared[of.text] = np.isin(grams(of.tokens), self.runs)
        return self.shared[of.text]

    def stretches(self, excerpt: Excerpt) -> list[tuple[int, int]]:
        """What of an excerpt of that text is copied, cut off at its ends, if still as long as a stretch must be."""
        cut = [(max(s.start, excerpt.start), min(s.end, excerpt.end)) for s in self.copied]
        text = excerpt.of.text
        return [(a, b) for a, b in cut if b - a >= SHORTEST <= sum(map(str.isalnum, text[a:b]))]


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure: its name and label, what it is in a sentence, its unit and how it is written before that, how it is
    counted (None: nothing there to count), and what to do when it is ``low`` or ``high``; "": nothing to mend.

    ``most``: what is too high beyond that whatever people do, who are not measured then."""

    name: str
    label: str
    what: str
    unit: str
    number: Callable[[float], str]
    of: Callable[[Excerpt, Yardstick], float | None]
    low: str = ""
    high: str = ""
    most: float | None = None

    def shown(self, value: float | None) -> str:
        """The figure for people; "-" for nothing to count."""
        return "-" if value is None else f"{self.number(value)} {self.unit}".rstrip()


def found(word: str, parts: set[str], terms: set[str]) -> bool:
    """Whether terms hold a keyword, or all terms of it."""
    return word in terms or (bool(parts) and parts <= terms)


def terms(excerpt: Excerpt) -> set[str]:
    """The terms of an excerpt."""
    return {s.term for s in excerpt.of.terms if s.start >= excerpt.start and s.end <= excerpt.end}


def _mean(values: list[float]) -> float | None:
    return fmean(values) if values else None


def _coherence(excerpt: Excerpt, _: Yardstick) -> float | None:
    return _mean([excerpt.of.coherence[n] for n in excerpt.blocks[:-1]] if excerpt.of.coherence else [])


def _information(excerpt: Excerpt, _: Yardstick) -> float | None:
    return _mean(
        [value for n in excerpt.blocks if excerpt.of.informed and (value := excerpt.of.informed[n]) is not None]
    )


def _topic(excerpt: Excerpt, by: Yardstick) -> float | None:
    vectors = excerpt.of.vectors
    if vectors is None or by.centroid is None or not excerpt.blocks:
        return None
    return float((vectors[excerpt.blocks.start : excerpt.blocks.stop] @ by.centroid).mean())


def _recall(excerpt: Excerpt, by: Yardstick) -> float | None:
    have = terms(excerpt)
    return _mean([float(found(word, parts, have)) for word, parts in by.needed.items()])


def _lengths(excerpt: Excerpt) -> list[float]:
    return [float(end - start) for start, end in (excerpt.of.sentences[n] for n in excerpt.sentences)]


def _endings(excerpt: Excerpt, _: Yardstick) -> float | None:
    told: list[Ending] = [ending for n in excerpt.sentences if (ending := excerpt.of.endings[n])]
    usual = commonest(told)
    return sum(ending == usual for ending in told) / len(told) if told else None


def _spelling(excerpt: Excerpt, _: Yardstick) -> float | None:
    wrong = sum(excerpt.holds(word.start) for word in excerpt.of.misspelt)
    return wrong / len(excerpt.words) if excerpt.words else None


def _spacing(excerpt: Excerpt, _: Yardstick) -> float | None:
    spaces = excerpt.text.count(" ") + excerpt.text.count("\n")
    return sum(map(excerpt.holds, excerpt.of.misspaced)) / spaces if spaces else None


def _overused(excerpt: Excerpt, by: Yardstick) -> float | None:
    words = excerpt.of.words[excerpt.words.start : excerpt.words.stop]
    covered = set()
    for phrase in by.usage.overused(words):
        covered |= {place + i for place in phrase.places for i in range(len(phrase.gram))}
    return len(covered) / len(words) if words and by.usage.counted else None


def _runs(excerpt: Excerpt, by: Yardstick) -> float | None:
    inside = by.shared_runs(excerpt.of)[excerpt.words.start : max(excerpt.words.start, excerpt.words.stop - GRAM + 1)]
    return float(inside.mean()) if len(inside) and len(by.runs) else None


def _copied(excerpt: Excerpt, by: Yardstick) -> float | None:
    covered = np.zeros(max(1, excerpt.end - excerpt.start), dtype=bool)
    for start, end in by.stretches(excerpt):
        covered[start - excerpt.start : end - excerpt.start] = True
    return float(covered.mean())


def _thousandths(value: float) -> str:
    return f"{value:.3f}"


def _per_cent(value: float) -> str:
    return f"{100 * value:.1f}"


def _wholly(value: float) -> str:
    return f"{value:.0f}"


def _rep(n: int) -> Measure:
    return Measure(
        f"rep_{n}",
        f"rep-{n}",
        f"Runs of {n} morphemes that stood in the text before.",
        "%",
        lambda value: f"{value:.1f}",
        lambda excerpt, _: repetition(excerpt.tokens, n),
        high="It repeats itself more than people do: say the marked phrases once, or in other words.",
    )


MEASURES = (
    Measure(
        "coherence",
        "coherence",
        "Cosine between each four sentences and the next four.",
        "",
        _thousandths,
        _coherence,
        low="Neighbouring passages have little to do with each other: join them by a sentence, or move one of them.",
        high="Neighbouring passages say nearly the same: cut one, or let the second go further.",
    ),
    Measure(
        "pmi",
        "information (PMI)",
        "How much likelier four sentences are behind the eight before them than alone, in nats per character.",
        "",
        _thousandths,
        _information,
        low="Passages could stand anywhere: let them take up what was told before.",
        high="Passages follow too readily from those before: they may only repeat them.",
    ),
    *map(_rep, (2, 3, 4)),
    Measure(
        "diversity",
        "diversity",
        "The share of morpheme pairs, triples and fours that are new, multiplied.",
        "",
        _thousandths,
        lambda excerpt, _: diversity(excerpt.tokens),
        low="The same turns come again and again: vary them, beginning with the marked ones.",
        high="Nearly nothing comes again, as in a list of unconnected sentences: keep to the matter for longer.",
    ),
    Measure(
        "keyword_recall",
        "keyword recall",
        "The share of the keywords that the text names.",
        "%",
        lambda value: f"{100 * value:.0f}",
        _recall,
        low="Keywords are missing: name them, or take them out of the plan.",
    ),
    Measure(
        "topic",
        "topic",
        "Cosine between the passages and the middle of the topic's essays.",
        "",
        _thousandths,
        _topic,
        low="It strays from the topic: bring the topic's own things into it, or cut what does not belong.",
        high="It keeps to the topic's commonplaces: tell something that only this essay has.",
    ),
    Measure(
        "sentence_length",
        "sentence length",
        "Mean characters of a sentence.",
        "chars",
        _wholly,
        lambda excerpt, _: _mean(_lengths(excerpt)),
        low="Sentences are shorter than people write them: join some.",
        high="Sentences are longer than people write them: divide the longest.",
    ),
    Measure(
        "sentence_spread",
        "sentence spread",
        "Standard deviation of the sentences' characters.",
        "chars",
        _wholly,
        lambda excerpt, _: pstdev(lengths) if len(lengths := _lengths(excerpt)) > 1 else None,
        low="All sentences are of nearly one length, which reads like a machine: put a short one among them.",
        high="Sentence lengths jump about: look at the longest and at the shortest.",
    ),
    Measure(
        "ending_style",
        "ending style",
        "The share of sentences, quotations apart, that end in the style that most do.",
        "%",
        lambda value: f"{100 * value:.0f}",
        _endings,
        low="Sentences change between 해라체, 합쇼체 and 해요체: put the marked ones into the style of the others.",
    ),
    Measure(
        "spelling",
        "spelling",
        "The share of words that kiwi takes for misspelt ones.",
        "%",
        _per_cent,
        _spelling,
        high="Correct the words that are marked as misspelt.",
    ),
    Measure(
        "spacing",
        "spacing",
        "The share of spaces that kiwi would put or take away.",
        "%",
        _per_cent,
        _spacing,
        high="Check the spaces between words.",
    ),
    Measure(
        "overused",
        "overused phrases",
        "The share of the text in phrases that stand in it three times and more, and far more often than in people's.",
        "%",
        _per_cent,
        _overused,
        high="Replace most of the phrases that are marked as overused.",
    ),
    Measure(
        "copied_share",
        "copied, 30+ letters",
        "The share of the text in stretches of 30 letters or more that stand in the corpus too.",
        "%",
        _per_cent,
        _copied,
        high="Write the marked stretches anew, or quote them and name who wrote them.",
        most=0.0,
    ),
    Measure(
        "longest_copied",
        "longest copied",
        "The longest such stretch.",
        "chars",
        _wholly,
        lambda excerpt, by: float(max((end - start for start, end in by.stretches(excerpt)), default=0)),
        most=0.0,
    ),
    Measure(
        "shared_runs",
        "six-morpheme runs",
        "The share of runs of six morphemes that stand in the topic's essays too.",
        "%",
        _per_cent,
        _runs,
        high="Much is worded as in the topic's essays: compare the passages that the report has side by side.",
    ),
)
COMPARED = tuple(measure for measure in MEASURES if measure.most is None)  # with what people have
