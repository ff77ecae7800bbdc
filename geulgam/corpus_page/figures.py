"""The figures of a corpus's page: of each its bars, the sentence that says how to read it, and all its numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from corpus.survey.surveyed import SCORES, Amount, RefusalKind, Survey

_MOST = 12  # bars of files and of sources; the others stand in the CSV alone


@dataclass(frozen=True, slots=True)
class Strip:
    """A bar. ``kind``: what colours it; ``share``: its length, in per cent of the width."""

    kind: str
    share: float


@dataclass(frozen=True, slots=True)
class BarLine:
    """A line of a figure: what it is called, its bars, one over the other, and what they say in words."""

    label: str
    strips: Sequence[Strip]
    value: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """``columns`` and ``rows`` are all there is, as its CSV has them; ``lines`` are what is drawn of them.

    ``key``: what the kinds of bars are called, where there are several.
    """

    name: str
    sentence: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    lines: Sequence[BarLine]
    key: Mapping[str, str]

    @property
    def more(self) -> int:
        """Rows that are not drawn."""
        return len(self.rows) - len(self.lines)


def figures(survey: Survey) -> dict[str, BarChart]:
    """All of them that there is something to show in, by their names."""
    made = (
        _funnel(survey), _files(survey), _steps(survey), _reasons(survey), _scores(survey), _groups(survey),
        _lengths(survey), _sources(survey),
    )  # fmt: skip
    return {figure.name: figure for figure in made if figure.rows}


def _funnel(survey: Survey) -> BarChart:
    stages = [
        ("imported", Amount(survey.rows, survey.read.characters), "rows of files"),
        ("read", survey.read, "with a text that could be read"),
        ("different texts", survey.different, "each counted once"),
        ("cleaned", survey.cleaned, "what the steps left of them"),
        ("not refused", survey.judged, "no rule spoke against them"),
        ("corpus", survey.kept, "without doubles and near-copies"),
    ]
    most, longest = max(1, survey.rows), max(1, survey.read.characters)
    lines = [
        BarLine(
            name,
            [
                Strip("documents", 100 * amount.documents / most),
                Strip("characters", 100 * amount.characters / longest),
            ],
            f"{amount.documents:,} · {amount.characters:,} characters",
        )
        for name, amount, _ in stages
    ]
    return BarChart(
        "funnel",
        "From top to bottom: what is left of the rows that were imported, and of their characters, as shares of the "
        "first line.",
        ("stage", "documents", "characters", "what"),
        [(name, amount.documents, amount.characters, what) for name, amount, what in stages],
        lines,
        {"documents": "documents", "characters": "characters"},
    )


def _files(survey: Survey) -> BarChart:
    ordered = sorted(survey.files.items(), key=lambda one: (-(one[1].taken + one[1].refused), one[0]))
    most = max((told.taken + told.refused for _, told in ordered), default=1)
    lines = [
        BarLine(
            name,
            [Strip("documents", 100 * told.taken / most), Strip("refused", 100 * told.refused / most)],
            f"{told.taken:,}" + (f" · {told.refused:,} not read" if told.refused else ""),
        )
        for name, told in ordered[:_MOST]
    ]
    return BarChart(
        "files",
        "Rows by the file they stood in, those with most rows first; files that are one row each are counted by their "
        "folder or host.",
        ("file", "rows read", "rows not read", "characters"),
        [(name, told.taken, told.refused, told.characters) for name, told in ordered],
        lines,
        {"documents": "rows with a text", "refused": "rows that could not be read"},
    )


def _steps(survey: Survey) -> BarChart:
    steps = survey.tally.steps
    most = max((tally.documents for tally in steps.values()), default=1)
    lines = []
    for name, tally in steps.items():
        told = [("gone", tally.removed), ("come", tally.added), ("replaced", tally.replaced)]
        said = ", ".join(f"{number:,} {what}" for what, number in told if number)
        lines.append(
            BarLine(
                name,
                [Strip("documents", 100 * tally.documents / most)],
                f"{tally.documents:,} · {said}" if said else f"{tally.documents:,}",
            )
        )
    return BarChart(
        "steps",
        f"How many texts each step changed, in the order in which they run, and by how many characters; "
        f"{survey.tally.changed:,} of {survey.tally.documents:,} texts are not as they came.",
        ("step", "documents", "characters gone", "characters come", "characters replaced"),
        [(name, tally.documents, tally.removed, tally.added, tally.replaced) for name, tally in steps.items()],
        lines,
        {},
    )


_BY = {"reader": "could not be read", "rule": "refused by a rule", "double": "stands there already"}


def _reasons(survey: Survey) -> BarChart:
    most = max((kind.amount.documents for kind in survey.refusals), default=1)
    return BarChart(
        "reasons",
        "Rows and texts that were not taken, by the first reason that was found.",
        ("reason", "by", "documents", "characters"),
        [(kind.kind, _BY[kind.by], kind.amount.documents, kind.amount.characters) for kind in survey.refusals],
        [
            BarLine(kind.kind, [Strip(kind.by, 100 * kind.amount.documents / most)], said(kind))
            for kind in survey.refusals
        ],
        {by: name for by, name in _BY.items() if any(kind.by == by for kind in survey.refusals)},
    )


def said(kind: RefusalKind) -> str:
    """How many there are, and of how many characters, where that is known."""
    characters = f" · {kind.amount.characters:,} characters" if kind.amount.characters else ""
    return f"{kind.amount.documents:,}{characters}"


def _scores(survey: Survey) -> BarChart:
    if not any(survey.scores):
        return BarChart("scores", "", (), (), (), {})
    places = [place for place, count in enumerate(survey.scores) if count]
    shown = range(places[0], places[-1] + 1)
    bins = [(f"{place / SCORES:.2f} to {(place + 1) / SCORES:.2f}", survey.scores[place]) for place in shown]
    most = max(survey.scores)
    return BarChart(
        "scores",
        "Texts that the learnt judge refused, by its score: the lower, the surer it was that they are no essays.",
        ("score", "documents"),
        bins,
        [BarLine(label, [Strip("rule", 100 * count / most)], f"{count:,}") for label, count in bins],
        {},
    )


def _groups(survey: Survey) -> BarChart:
    sizes = survey.near.sizes
    most = max(sizes.values(), default=1)
    dropped = sum((size - 1) * count for size, count in sizes.items())
    return BarChart(
        "near-copies",
        f"Groups of texts that are nearly the same, by how many texts they have; of each one stays, so that "
        f"{dropped:,} went.",
        ("texts in the group", "groups"),
        list(sizes.items()),
        [
            BarLine(f"{size:,} texts", [Strip("double", 100 * count / most)], f"{count:,}")
            for size, count in list(sizes.items())[:_MOST]
        ],
        {},
    )


def _lengths(survey: Survey) -> BarChart:
    lengths = survey.lengths
    labels = [f"{low:,} to {high - 1:,}" for low, high in pairwise(lengths.edges)]
    bins = list(zip(labels, lengths.before, lengths.after, strict=True))
    most = max((*lengths.before, *lengths.after), default=1)
    return BarChart(
        "lengths",
        "Texts by their length in characters, as they came and in the corpus, whose documents have "
        f"{lengths.shortest:,} to {lengths.longest:,}, half of them up to {lengths.median:,}.",
        ("characters", "texts as they came", "documents in the corpus"),
        bins,
        [
            BarLine(label, [Strip("came", 100 * came / most), Strip("kept", 100 * kept / most)], f"{came:,} → {kept:,}")
            for label, came, kept in bins
        ],
        {"came": "as they came", "kept": "in the corpus"},
    )


def _sources(survey: Survey) -> BarChart:
    before, after = survey.sources
    ordered = sorted(before, key=lambda name: (-before[name], name))
    most = max(before.values(), default=1)
    return BarChart(
        "sources",
        "Texts by where they come from, a host or a folder, as they came and in the corpus.",
        ("source", "texts as they came", "documents in the corpus"),
        [(name, before[name], after[name]) for name in ordered],
        [
            BarLine(
                name,
                [Strip("came", 100 * before[name] / most), Strip("kept", 100 * after[name] / most)],
                f"{before[name]:,} → {after[name]:,}",
            )
            for name in ordered[:_MOST]
        ],
        {"came": "as they came", "kept": "in the corpus"},
    )
