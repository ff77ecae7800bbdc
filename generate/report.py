"""The review as one page, `report.html`: it needs no network, and reads on a desk and on a phone, light and dark."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise

from jinja2 import Environment, StrictUndefined

from generate.measures import MEASURES, Measure
from generate.reviewed import Comparison, Highlight, Joint, Review, range_of

KINDS = {
    "copied": "copied: 30 characters and more that stand in the corpus",
    "repeated": "repeated: six morphemes and more that stand here twice",
    "overused": "overused: far more often than in people's essays",
    "ending": "a sentence that ends in another style than the others",
    "spelling": "perhaps misspelt",
}
TEMPLATE = "report.html.jinja"


@dataclass(frozen=True, slots=True)
class _Row:
    """A figure as the page shows it. ``low``, ``width``, ``median``, ``mark``: per cent of the scale, None without a
    range."""

    label: str
    what: str
    value: str
    whole: str
    human: str
    outside: str
    advice: str
    low: float | None
    width: float
    median: float
    mark: float


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of text within which the same is marked. ``classes``: the kinds of marks, ``note``: what they say."""

    text: str
    classes: str
    note: str


@dataclass(frozen=True, slots=True)
class _Section:
    number: int
    title: str
    characters: int
    missing: str
    rows: Sequence[_Row]
    paragraphs: Sequence[Sequence[_Piece]]


@dataclass(frozen=True, slots=True)
class _Dot:
    """A joint in the drawing of coherence, 1000 wide and 100 high. ``text``: how the passage there begins."""

    x: float
    y: float
    outside: str
    text: str


def html(review: Review) -> str:
    """The page."""
    template = (resources.files("generate") / TEMPLATE).read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    band = review.joint_band
    return environment.from_string(template).render(
        review=review,
        title=review.title or "A review",
        rows=_rows(review.figures),
        sections=[_section(review, number) for number in range(len(review.chapters))],
        kinds=[(kind, said, sum(h.kind == kind for h in review.highlights)) for kind, said in KINDS.items()],
        dots=_dots(review.joints, review.text),
        band=(100 * (1 - _unit(band.high)), 100 * (_unit(band.high) - _unit(band.low))) if band else None,
        breaks=[joint for joint in review.joints if joint.outside],
        said=lambda joint: _begins(review.text, joint.start),
    )


def _rows(figures: dict[str, Comparison]) -> list[_Row]:
    return [_row(m, figures[m.name]) for m in MEASURES if m.name in figures and figures[m.name].essay is not None]


def _row(measure: Measure, figure: Comparison) -> _Row:
    value, band = figure.essay, figure.band
    assert value is not None
    low, width, median, mark = None, 0.0, 0.0, 0.0
    if band is not None:
        bottom, top = min(value, band.low), max(value, band.high)
        margin = 0.08 * (top - bottom) or 0.5 * (abs(top) or 1.0)
        start, scale = bottom - margin, 100 / (top - bottom + 2 * margin)
        low, width = (band.low - start) * scale, (band.high - band.low) * scale
        median, mark = (band.median - start) * scale, (value - start) * scale
    whole = "" if figure.whole in (None, value) else measure.shown(figure.whole)
    human = range_of(measure, figure) if band else ""
    return _Row(
        measure.label, measure.what, measure.shown(value), whole, human, figure.outside, figure.advice,
        low, width, median, mark,
    )  # fmt: skip


def _section(review: Review, number: int) -> _Section:
    chapter = review.chapters[number]
    paragraphs = []
    start = chapter.start
    for line in review.text[chapter.start : chapter.end].split("\n"):
        paragraphs.append(_pieces(review.text, start, start + len(line), review.highlights))
        start += len(line) + 1
    missing = ", ".join(chapter.missing_keywords)
    size = chapter.end - chapter.start
    return _Section(number + 1, chapter.title, size, missing, _rows(chapter.figures), paragraphs)


def _pieces(text: str, start: int, end: int, highlights: Iterable[Highlight]) -> list[_Piece]:
    """``text[start:end]``, cut wherever a mark begins or ends."""
    here = [h for h in highlights if h.start < end and h.end > start]
    cuts = sorted({start, end, *(min(max(at, start), end) for h in here for at in (h.start, h.end))})
    pieces = []
    for begin, finish in pairwise(cuts):
        over = [h for h in here if h.start <= begin and h.end >= finish]
        classes = " ".join(dict.fromkeys(h.kind for h in over))
        note = "; ".join(dict.fromkeys(f"{h.kind}: {h.note}" for h in over))
        pieces.append(_Piece(text[begin:finish], classes, note))
    return pieces


def _dots(joints: Sequence[Joint], text: str) -> list[_Dot]:
    step = 1000 / max(1, len(joints))
    return [
        _Dot(round((n + 0.5) * step, 1), round(100 * (1 - _unit(j.likeness)), 1), j.outside, _begins(text, j.start))
        for n, j in enumerate(joints)
    ]


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _begins(text: str, start: int) -> str:
    line = text[start : start + 40].partition("\n")[0]
    return f"{line}…"
