"""The learnt part of the critic: a linear reader that tells how an essay really goes on from how it does not.

Taught on places in human essays: the true next passage against one that stands later in the same essay, one of another
essay, and what the model itself writes there. It reads the adapted model's states over the passage and the encoder's
vectors of the passage and of what stands before it. Nothing of it sees the probabilities of single tokens: by those
alone (sampling never draws an unlikely token) human text is told from any sampled one in 99.8 %, which says nothing
about which of several samples is the better one.

A ridge regression (Hoerl and Kennard 1970) in closed form, since there are more numbers than examples.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from corpus.atomic import replacing
from corpus.errors import GeulgamError

Kind = Literal["next", "later", "other", "model"]
Floats = npt.NDArray[np.float64]

_FILE = "head.npz"
_SHRINKAGE = 0.035  # of the ridge, per example and feature
_FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A passage at a place. ``place``: its number. ``hidden``: (H,) the model's mean state; ``before``, ``own``: (D,)
    the encoder's vectors of what stands before it and of the passage."""

    place: int
    kind: Kind
    hidden: npt.NDArray[np.float32]
    before: npt.NDArray[np.float32]
    own: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Told:
    """In which share of the places the true next passage is put above the others of a kind; nan without any."""

    model: float
    later: float
    other: float


class Head:
    """Scores passages: 0 is the mean of the model's own, 1 a standard deviation of them. ``told``: cross-validated."""

    def __init__(self, weights: Floats, bias: float, told: Told) -> None:
        self._weights, self._bias, self.told = weights, bias, told
        self.fingerprint = hashlib.sha256(weights.tobytes() + np.float64(bias).tobytes()).hexdigest()[:16]

    @classmethod
    def of(cls, examples: Sequence[Example]) -> "Head":
        """Taught by these examples. Raises GeulgamError where there are none of the next passages or of the model's."""
        kinds = np.array([example.kind for example in examples])
        if not {"next", "model"} <= set(kinds):
            raise GeulgamError("there are too few long essays to teach the critic", "set generate.places to 0")
        features, places = np.stack([_features(e) for e in examples]), np.array([e.place for e in examples])
        scores = np.empty(len(examples))
        for fold in range(_FOLDS):
            inside = places % _FOLDS == fold
            if inside.any() and (kinds[~inside] == "next").any():
                weights, bias = _ridge(features[~inside], kinds[~inside] == "next")
                scores[inside] = features[inside] @ weights + bias
        weights, bias = _ridge(features, kinds == "next")
        own = features[kinds == "model"] @ weights + bias
        scale = float(own.std()) or 1.0
        told = Told(*(_above(scores, kinds, places, kind) for kind in ("model", "later", "other")))
        return cls(weights / scale, (bias - float(own.mean())) / scale, told)

    @classmethod
    def load(cls, folder: Path) -> "Head":
        """What :meth:`save` wrote. Raises GeulgamError where there is nothing of it."""
        try:
            with np.load(folder / _FILE, allow_pickle=False) as saved:
                return cls(saved["weights"], float(saved["bias"]), Told(*map(float, saved["told"])))
        except (OSError, ValueError, KeyError) as error:
            raise GeulgamError(f"no critic in {folder}: {error}", f"remove {folder}, then geulgam run") from error

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Whether one was saved there."""
        return (folder / _FILE).exists()

    def save(self, folder: Path) -> None:
        """Write it into the folder, atomically."""
        with replacing(folder / _FILE) as part, part.open("wb") as file:
            told = np.array([self.told.model, self.told.later, self.told.other])
            np.savez(file, weights=self._weights, bias=np.float64(self._bias), told=told)

    def score(
        self, hidden: npt.NDArray[np.float32], before: npt.NDArray[np.float32], own: npt.NDArray[np.float32]
    ) -> float:
        """How much the passage is one that goes on; shapes as in :class:`Example`."""
        return float(_features(Example(0, "model", hidden, before, own)) @ self._weights + self._bias)


def _features(example: Example) -> Floats:
    before, own = example.before, example.own
    return np.concatenate([example.hidden, own, before * own, np.abs(before - own)]).astype(np.float64)


def _ridge(features: Floats, is_next: npt.NDArray[np.bool_]) -> tuple[Floats, float]:
    """Weights and bias that give 1 for the next passages and -1 for all others, both as weighty as each other."""
    target = np.where(is_next, 1.0, -1.0)
    weight = np.sqrt(np.where(is_next, (~is_next).sum() / max(1, is_next.sum()), 1.0))
    mean, spread = features.mean(0), features.std(0) + 1e-6
    rows = (features - mean) / spread * weight[:, None]
    kernel = rows @ rows.T + _SHRINKAGE * rows.size * np.eye(len(rows))
    middle = float(np.average(target, weights=weight**2))
    weights = rows.T @ np.linalg.solve(kernel, (target - middle) * weight) / spread
    return weights, middle - float(mean @ weights)


def _above(scores: Floats, kinds: npt.NDArray[np.str_], places: npt.NDArray[np.int64], kind: str) -> float:
    shares = []
    for place in np.unique(places):
        here = places == place
        true, others = scores[here & (kinds == "next")], scores[here & (kinds == kind)]
        if len(true) and len(others):
            shares.append(float((true[0] > others).mean()))
    return float(np.mean(shares)) if shares else float("nan")
