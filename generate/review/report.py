"""The review as one page, `report.html`: it needs no network, and reads on a desk and on a phone, light and dark."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from generate.review.highlights import Highlight
from generate.review.measures import MEASURES, Measure
from generate.review.page import page
from generate.review.reviewed import Comparison, Review, range_of

KINDS = {
    "copied": "copied: 30 letters and more that stand in the corpus",
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
class _Strip:
    """The joints along the text. All in per cent of its width, or of its height from below: ``dots`` as x, y, on which
    side of the human range, and how the passage there begins; ``low`` and ``height`` of that range, None without."""

    dots: Sequence[tuple[float, float, str, str]]
    low: float | None
    height: float


def html(review: Review) -> str:
    """The page."""
    return page(
        "generate.review",
        TEMPLATE,
        review=review,
        title=review.title or "A review",
        rows=_rows(review.figures),
        sections=[_section(review, number) for number in range(len(review.chapters))],
        kinds=[(kind, said, sum(h.kind == kind for h in review.highlights)) for kind, said in KINDS.items()],
        strip=_strip(review),
        breaks=[joint for joint in review.joints if joint.outside],
        said=lambda joint: _begins(review.text, joint.start),
    )


def _rows(figures: dict[str, Comparison]) -> list[_Row]:
    there = [(m, figures[m.name]) for m in MEASURES if m.name in figures]
    return [_row(m, figure) for m, figure in there if (figure.essay, figure.whole) != (None, None)]


def _row(measure: Measure, figure: Comparison) -> _Row:
    value, band = figure.essay, figure.band
    low, width, median, mark = None, 0.0, 0.0, 0.0
    if band is not None and value is not None:
        bottom, top = min(value, band.low), max(value, band.high)
        margin = 0.08 * (top - bottom) or 0.5 * (abs(top) or 1.0)
        start, scale = bottom - margin, 100 / (top - bottom + 2 * margin)
        low, width = (band.low - start) * scale, (band.high - band.low) * scale
        median, mark = (band.median - start) * scale, (value - start) * scale
    shown, whole = measure.shown(value), "" if figure.whole is None else measure.shown(figure.whole)
    human = range_of(measure, figure) if band or measure.most is not None else ""
    return _Row(
        measure.label, measure.what, shown, "" if whole == shown else whole, human, figure.outside, figure.advice,
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


def _strip(review: Review) -> _Strip:
    band = review.joint_band
    values = [joint.likeness for joint in review.joints] + ([band.low, band.high] if band else [])
    bottom = min(values, default=0.0)
    scale = 84 / (max(values, default=0.0) - bottom or 1.0)
    dots = [
        (
            100 * (n + 0.5) / len(review.joints),
            8 + (joint.likeness - bottom) * scale,
            joint.outside,
            f"{joint.likeness:.2f} {_begins(review.text, joint.start)}",
        )
        for n, joint in enumerate(review.joints)
    ]
    if band is None:
        return _Strip(dots, None, 0.0)
    return _Strip(dots, 8 + (band.low - bottom) * scale, (band.high - band.low) * scale)


def _begins(text: str, start: int) -> str:
    line = text[start : start + 40].partition("\n")[0]
    return f"{line}…"
