"""What a review found, as values: figures beside the human range, and chapters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from generate.guards.spans import Copied
from generate.review.analysed import Analysed
from generate.review.highlights import Highlight, Overused
from generate.review.measures import MEASURES, Measure
from generate.review.topic_essays import Near

Outside: TypeAlias = Literal["", "low", "high"]

_FEWEST = 5  # human excerpts whose range says anything
_RECALL = 0.95  # of the keywords that a chapter was given


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of a text that is to be reviewed. ``title``: what stands above it; ``keywords``: what it was to name."""

    text: str
    title: str = ""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Band:
    """What human excerpts have: the figure below which 5 % of them lie, the median, the one above which 5 % do."""

    low: float
    median: float
    high: float
    excerpts: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Band":
        """That of these values, of which there is one at least."""
        low, middle, high = (float(value) for value in np.percentile(values, (5, 50, 95)))
        return cls(low, middle, high, len(values))

    def outside(self, value: float) -> Outside:
        """On which side of the range the value lies, if not within; of fewer than five excerpts, it is within."""
        if self.excerpts < _FEWEST or self.low <= value <= self.high:
            return ""
        return "low" if value < self.low else "high"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure: ``essay`` on excerpts as long as those of ``band``, and ``whole`` on the whole text.

    None where there is nothing to measure. ``outside``: on which side of the human range it lies, where that is
    something to mend, and ``advice`` says how.
    """

    essay: float | None
    band: Band | None
    whole: float | None
    outside: Outside = ""
    advice: str = ""

    @property
    def held_out(self) -> float | None:
        """The median of the human excerpts."""
        return self.band.median if self.band else None

    @classmethod
    def of(cls, measure: Measure, essay: float | None, band: Band | None, whole: float | None) -> "Comparison":
        """With what is to be done about it."""
        outside: Outside = ""
        if measure.most is not None:
            outside = "high" if max(essay or 0.0, whole or 0.0) > measure.most else ""
        elif band and essay is not None:
            outside = band.outside(essay)
        advice = {"": "", "low": measure.low, "high": measure.high}[outside]
        return cls(essay, band, whole, outside if advice else "", advice)

    @classmethod
    def of_keywords(cls, recall: float) -> "Comparison":
        """Of a chapter's own keywords, which it was asked to name, whatever people do."""
        if recall >= _RECALL:
            return cls(recall, None, recall)
        return cls(recall, None, recall, "low", next(m.low for m in MEASURES if m.name == "keyword_recall"))

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it, rounded to four digits."""
        band = self.band
        return {
            "essay": _rounded(self.essay),
            "held_out": _rounded(self.held_out),
            "low": _rounded(band.low if band else None),
            "high": _rounded(band.high if band else None),
            "whole_essay": _rounded(self.whole),
            "outside": self.outside,
        }


@dataclass(frozen=True, slots=True)
class Joint:
    """Where one block of four sentences follows another: the second's place, their cosine, and whether pairs of blocks
    of human essays are seldom so far apart or so alike."""

    start: int
    likeness: float
    outside: Outside


@dataclass(frozen=True, slots=True)
class ReviewedChapter:
    """A chapter, ``text[start:end]``, and its figures; none if it is the only one, or too short."""

    title: str
    start: int
    end: int
    keywords: tuple[str, ...]
    missing_keywords: tuple[str, ...]
    figures: dict[str, Comparison]


@dataclass(frozen=True, slots=True)
class Review:
    """``figures`` by the names of :data:`generate.review.measures.MEASURES`, of all of ``text``.

    ``characters``: of an excerpt. ``held_out_essays``: how many human essays were long enough for one.
    ``corpus_wide``: whether ``copied`` was looked for in the whole corpus, or in the topic's essays only.
    """

    title: str
    figures: dict[str, Comparison]
    chapters: tuple[ReviewedChapter, ...]
    text: str
    longest_copied: Copied | None
    copied: tuple[Copied, ...]
    overused: tuple[Overused, ...]
    near: tuple[Near, ...]
    joints: tuple[Joint, ...]
    joint_band: Band | None
    highlights: tuple[Highlight, ...]
    ending: str
    missing_keywords: tuple[str, ...]
    characters: int
    held_out_essays: int
    corpus_wide: bool

    def to_json(self) -> dict[str, Any]:
        """The review as JSON can hold it, as in report.json."""
        return {
            "excerpt_characters": self.characters,
            "held_out_essays": self.held_out_essays,
            **{name: figure.to_json() for name, figure in self.figures.items()},
            "ending": self.ending,
            "missing_keywords": list(self.missing_keywords),
            "longest_copied_span": self.longest_copied and _copied(self.longest_copied),
            "copied_from_whole_corpus": self.corpus_wide,
            "copied_spans": [_copied(span) for span in self.copied],
            "overused_phrases": [
                {"text": p.text, "times": p.times, "expected": round(p.expected, 2), "score": round(p.score, 2)}
                for p in self.overused
            ],
            "nearest_passages": [
                {
                    "text": near.text,
                    "passage": near.passage,
                    "document_id": near.document_id,
                    "title": near.title,
                    "likeness": _rounded(near.likeness),
                    "shared_runs": near.runs,
                }
                for near in self.near
            ],
            "sections": [
                {
                    "title": chapter.title,
                    "characters": chapter.end - chapter.start,
                    "keywords": list(chapter.keywords),
                    "missing_keywords": list(chapter.missing_keywords),
                    "figures": {name: figure.to_json() for name, figure in chapter.figures.items()},
                }
                for chapter in self.chapters
            ],
        }

    @property
    def is_judged(self) -> bool:
        """Whether there were human essays enough to say of any figure that it lies outside of their range."""
        return any(figure.band and figure.band.excerpts >= _FEWEST for figure in self.figures.values())

    def lines(self) -> list[str]:
        """The figures as lines of a table, each beside the human median and range."""
        head = ("", "this text", f"people ({self.held_out_essays} essays)")
        return [f"{name:<24}{own:>14}{other:>30}" for name, own, other in (head, *self.rows())]

    def rows(self) -> list[tuple[str, str, str]]:
        """Name, this text, the human median (and range); "-" for nothing to measure.

        A figure that neither has is left out.
        """
        figures = [(measure, self.figures[measure.name]) for measure in MEASURES]
        return [(m.label, m.shown(f.essay), range_of(m, f)) for m, f in figures if f.essay is not None or f.band]

    def advice(self) -> list[tuple[str, str]]:
        """What lies outside of the human range, by its label, and what to do about it."""
        return [(m.label, figure.advice) for m in MEASURES if (figure := self.figures[m.name]).advice]


def range_of(measure: Measure, figure: Comparison) -> str:
    """ "0.455 (0.335 to 0.607)": the human median and range."""
    if measure.most is not None:
        return "not measured"
    if figure.band is None:
        return "-"
    low, middle, high = (measure.number(value) for value in (figure.band.low, figure.band.median, figure.band.high))
    return f"{middle} ({low} to {high}) {measure.unit}".rstrip()


def joints(essay: Analysed, band: Band | None) -> tuple[Joint, ...]:
    """The places where two blocks meet, beside those of the human essays."""
    return tuple(
        Joint(start, likeness, band.outside(likeness) if band else "")
        for (start, _), likeness in zip(essay.blocks[1:], essay.coherence, strict=False)
    )


def _copied(span: Copied) -> dict[str, Any]:
    return {
        "characters": span.characters,
        "text": span.text,
        "document_id": span.document_id,
        "title": span.title,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
