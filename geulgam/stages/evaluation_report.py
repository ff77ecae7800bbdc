"""What was measured of a topic as one page, `report.html`: curves, a table, bits by position, essay by essay.

Each figure has a sentence that says what it shows; the page needs no network and no script.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from generate.review.page import page

TEMPLATE = "evaluation.html.jinja"
NAMES = {
    "base": "base", "shared": "shared stage", "random": "random essays", "corpus": "whole corpus", "adapted": "topic",
}  # fmt: skip
_THAN = {
    "base": "the base", "shared": "the shared stage alone", "random": "as many steps on random essays",
    "corpus": "as many steps on the whole corpus",
}  # fmt: skip
_STRETCHES = ("to 256", "to 512", "to 1,024", "to 2,048", "beyond")
_CURVES = ("shared", "adapted", "random", "corpus")
_MOST = 5  # essays that are named, at either end
_SMOOTH = 6  # parts of a training over which its own loss is averaged

Interval = tuple[float, float] | None


@dataclass(frozen=True)
class Compared:
    """A model on the test side: ``bits`` per character, and how it compares, in per cent with intervals of 95 %.

    ``gain``: how much less it needs than the base; ``lead``: how much less the topic's adapter needs than it.
    """

    bits: float
    gain: float
    gain_interval: Interval
    lead: float
    lead_interval: Interval

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """What JSON has kept of it. Raises KeyError or TypeError for something else."""
        pairs = {name: values[name] and tuple(values[name]) for name in ("gain_interval", "lead_interval")}
        return cls(values["bits"], values["gain"], lead=values["lead"], **pairs)


@dataclass(frozen=True)
class HeldOut:
    """One of the test side: its ``characters``, title included, and what each model needs for it, in ``bits``."""

    id: str
    title: str
    characters: int
    bits: Mapping[str, float]

    def gain(self, model: str = "base") -> float:
        """How much less the topic's adapter needs than this model, in per cent."""
        return 100 * (1 - self.bits["adapted"] / self.bits[model])


@dataclass(frozen=True, slots=True)
class _Line:
    """A curve: ``points`` in per cent of the width from the left and of the height from below; ``dots`` with a note."""

    name: str
    kind: str
    points: Sequence[tuple[float, float]]
    dots: Sequence[tuple[float, float, str]] = ()


@dataclass(frozen=True, slots=True)
class _Chart:
    """Curves over two scales; ``rows`` and ``columns``: their marks, in per cent, and what stands there."""

    title: str
    lines: Sequence[_Line]
    rows: Sequence[tuple[float, str]]
    columns: Sequence[tuple[float, str]]
    sentence: str
    wrong: Sequence[str] | None = None  # what the doctor says; None: it was not asked


def html(
    topic: str,
    models: Mapping[str, Compared],
    positions: Mapping[str, Sequence[float | None]],
    essays: Sequence[HeldOut],
    trained: Mapping[str, Mapping[str, Any]],
) -> str:
    """The page. ``positions``: bits per character of each model by :data:`finetune.evaluate.POSITIONS`; ``trained``:
    the metrics of each model that was trained, see :class:`finetune.adapt.Adapter`."""
    by_gain = sorted(essays, key=lambda essay: -essay.gain())
    curves = [_curves(name, trained[name]) for name in _CURVES if trained.get(name, {}).get("train_history")]
    few = min(_MOST, -(-len(by_gain) // 2))
    return page(
        "geulgam.stages",
        TEMPLATE,
        topic=topic,
        names=NAMES,
        models=models,
        essays=len(essays),
        characters=sum(essay.characters for essay in essays),
        rows=_ranges(models),
        verdicts=[_verdict(name, models[name]) for name in NAMES if name in models and name != "adapted"],
        curves=curves,
        stretches=[
            (label, {name: values[i] for name, values in positions.items()})
            for i, label in enumerate(_STRETCHES)
            if positions["base"][i] is not None
        ],
        chart_of_positions=_position_chart(positions),
        bars=_bars(by_gain),
        best=by_gain[:few],
        least=by_gain[max(few, len(by_gain) - few) :],
        essays_say=_essays_say(by_gain),
        trained=trained,
        neutral=trained.get("adapted", {}).get("neutral"),
    )


def _ranges(models: Mapping[str, Compared]) -> list[tuple[str, Compared, Mapping[str, float] | None]]:
    """For each model where its gain lies on a scale that all share, in per cent of it."""
    told = [(m.gain, *(m.gain_interval or (m.gain, m.gain))) for m in models.values()]
    low, high = min(0.0, *(min(t) for t in told)), max(0.0, *(max(t) for t in told))
    margin = 0.06 * (high - low) or 1.0
    scale = 100 / (high - low + 2 * margin)

    def at(value: float) -> float:
        return (value - low + margin) * scale

    rows: list[tuple[str, Compared, Mapping[str, float] | None]] = []
    for name in (name for name in NAMES if name in models):
        model = models[name]
        start, end = model.gain_interval or (model.gain, model.gain)
        mark = {"low": at(start), "width": at(end) - at(start), "zero": at(0), "mark": at(model.gain)}
        rows.append((name, model, None if name == "base" else mark))
    return rows


def _verdict(name: str, model: Compared) -> str:
    """What the topic's adapter gains over a model, and whether that may be chance."""
    than = _THAN[name]
    fewer = "fewer" if model.lead >= 0 else "MORE"
    said = f"Against {than} the topic's adapter needs {abs(model.lead):.1f} % {fewer} bits"
    if model.lead_interval is None:
        return f"{said}; a single essay does not tell how sure that is."
    low, high = model.lead_interval
    sure = "which chance does not explain" if low > 0 or high < 0 else "so that it may be chance"
    return f"{said}; with a confidence of 95 % it is {low:.1f} to {high:.1f} %, {sure}."


def _curves(name: str, metrics: Mapping[str, Any]) -> _Chart:
    """How the loss of a training fell, on what it learnt from and on the valid side."""
    train, valid = _smooth(metrics["train_history"]), metrics["history"]
    steps = max(point[0] for point in (*train, *valid)) or 1
    losses = [loss for _, loss in (*train, *valid)]
    place, rows = _scale(min(losses), max(losses))
    best = metrics["best_step"]

    def points(curve: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
        return [(100 * step / steps, place(loss)) for step, loss in curve]

    dots = [(*point, f"step {step}: {loss:.3f}") for point, (step, loss) in zip(points(valid), valid, strict=True)]
    share = metrics.get("share", 1.0)
    start = "the adapter that it began with" if metrics.get("goes_on") else "the base"
    sentence = (
        f"{metrics['steps']:,} steps on {metrics['train_documents']:,} essays ({metrics['tokens']:,} tokens): the "
        f"valid side ({metrics['valid_documents']:,} essays) went from {valid[0][1]:.3f}, where {start} stands, to "
        f"{min(loss for _, loss in valid[1:] or valid):.3f} nats per token at step {best}, which is kept."
    )
    if metrics.get("goes_on"):
        sentence += f" Of what it learnt {share:.0%} stays, as the valid side chose ({metrics['valid_loss']:.3f})."
    return _Chart(
        {"adapted": "The topic's stage", "shared": "The shared stage"}.get(name, f"A control: {NAMES[name]}"),
        [_Line("training", "train", points(train)), _Line("valid side", "valid", points(valid), dots)],
        rows,
        [(0.0, "0"), (100.0, f"{steps:,} steps")],
        sentence,
        metrics.get("diagnosis"),
    )


def _position_chart(positions: Mapping[str, Sequence[float | None]]) -> _Chart:
    """Bits per character by where in the essay."""
    there = [i for i, value in enumerate(positions["base"]) if value is not None]
    values = [value for each in positions.values() for value in each if value is not None]
    place, rows = _scale(min(values), max(values))
    across = {i: 100 * (n + 0.5) / len(there) for n, i in enumerate(there)}
    lines = []
    for name in (name for name in NAMES if name in positions):
        told = [(i, value) for i in there if (value := positions[name][i]) is not None]
        dots = [(across[i], place(value), f"{NAMES[name]}, {_STRETCHES[i]}: {value:.3f}") for i, value in told]
        lines.append(_Line(NAMES[name], name, [dot[:2] for dot in dots], dots))
    gains = {i: 100 * (1 - (positions["adapted"][i] or 0) / (positions["base"][i] or 1)) for i in there}
    most, least = max(gains, key=gains.__getitem__), min(gains, key=gains.__getitem__)
    sentence = (
        "Tokens that stand later in an essay are predicted from more that was read. Against the base the topic's "
        f"adapter saves most in the stretch {_STRETCHES[most]} ({gains[most]:.1f} %) and least in the stretch "
        f"{_STRETCHES[least]} ({gains[least]:.1f} %)."
        if len(there) > 1
        else f"No essay of the test side is longer than 256 tokens; the topic's adapter saves {gains[most]:.1f} %."
    )
    columns = [(across[i], _STRETCHES[i].removeprefix("to ")) for i in there]
    return _Chart("Bits per character by position", lines, rows, columns, sentence)


def _essays_say(by_gain: Sequence[HeldOut]) -> str:
    better = sum(essay.gain() > 0 for essay in by_gain)
    middle = by_gain[len(by_gain) // 2].gain()
    return (
        f"{better} of {len(by_gain)} essays need fewer bits than with the base. They gain from "
        f"{by_gain[-1].gain():.1f} to {by_gain[0].gain():.1f} %, the one in the middle {middle:.1f} %."
    )


def _bars(by_gain: Sequence[HeldOut]) -> dict[str, Any]:
    """Of each essay its gain, where its bar begins and how high it is, in per cent of the height; and of no gain."""
    gains = [essay.gain() for essay in by_gain]
    bottom = min(0.0, *gains, 0.0)
    scale = 100 / ((max(0.0, *gains, 0.0) - bottom) or 1.0)
    bars = [
        (essay.title or essay.id[:8], gain, (min(0.0, gain) - bottom) * scale, abs(gain) * scale)
        for essay, gain in zip(by_gain, gains, strict=True)
    ]
    return {"essays": bars, "zero": -bottom * scale}


def _smooth(curve: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Means over the points around each: blocks are unlike each other, and single steps show little else."""
    half = len(curve) // _SMOOTH // 2
    found = []
    for i, (step, _) in enumerate(curve):
        around = [loss for _, loss in curve[max(0, i - half) : i + half + 1]]
        found.append((step, sum(around) / len(around)))
    return found


def _scale(low: float, high: float) -> tuple[Callable[[float], float], list[tuple[float, str]]]:
    """Where a value stands, in per cent of the height, and the round values that are marked."""
    margin = 0.1 * (high - low) or 0.1
    bottom, top = low - margin, high + margin

    def place(value: float) -> float:
        return 100 * (value - bottom) / (top - bottom)

    rough = (top - bottom) / 4
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    digits = max(0, -math.floor(math.log10(step)))
    marks = [n * step for n in range(math.ceil(bottom / step), math.floor(top / step) + 1)]
    return place, [(place(mark), f"{mark:.{digits}f}") for mark in marks]
