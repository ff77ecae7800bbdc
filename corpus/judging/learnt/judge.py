"""The learnt judge: a linear model in plain arrays, in one file of safetensors, and the marks it was learnt from."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.atomic import replacing
from corpus.digests import DTYPE, array, from_hex, to_hex
from corpus.errors import GeulgamError
from corpus.judging.learnt.features import COLUMNS, TextFeatures, Vectors

_FORMAT = "1"  # of the file, and of what features are


@dataclass(frozen=True)
class LearntJudge:
    """A logistic regression (:mod:`corpus.judging.learnt.fitting`). ``runs`` (COLUMNS,) and ``vector`` (d,): what each
    feature weighs; ``encoder``: the name of what makes the vectors; ``marks``: ids of the documents that it was learnt
    from, and whether they are essays.
    """

    runs: Vectors
    vector: Vectors
    intercept: float
    encoder: str = ""
    marks: Mapping[str, bool] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """8 hexadecimal digits that change with anything in it."""
        told = hashlib.sha256(repr((_FORMAT, self.intercept, self.encoder, sorted(self.marks.items()))).encode())
        told.update(self.runs.tobytes() + self.vector.tobytes())
        return told.hexdigest()[:8]

    def logits(self, features: TextFeatures) -> NDArray[np.float64]:
        """The log of the odds that each text is an essay, (n,): 0 is undecided."""
        return np.asarray(features.runs @ self.runs + features.vectors @ self.vector, np.float64) + self.intercept

    def scores(self, features: TextFeatures) -> NDArray[np.float64]:
        """From 0, no essay, to 1, an essay, (n,)."""
        return probabilities(self.logits(features))

    def save(self, path: Path) -> None:
        """Write it, whole or not at all. Raises GeulgamError if it cannot be written."""
        from safetensors.numpy import save

        ids = array(map(from_hex, self.marks)) if self.marks else np.empty(0, DTYPE)
        arrays = {
            "runs": self.runs,
            "vector": self.vector,
            "intercept": np.array([self.intercept]),
            "ids": np.frombuffer(ids.tobytes(), np.uint8),
            "essays": np.array(list(self.marks.values()), np.uint8),
        }
        with replacing(path) as part:
            part.write_bytes(save(arrays, {"format": _FORMAT, "encoder": self.encoder}))

    @classmethod
    def load(cls, path: Path) -> "LearntJudge":
        """Read it. Raises FileNotFoundError where there is none, GeulgamError for a file that cannot be read."""
        from safetensors import SafetensorError, safe_open

        if not path.exists():
            raise FileNotFoundError(path)
        try:
            with safe_open(path, "numpy") as file:
                told = file.metadata()
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            ids = to_hex(np.frombuffer(arrays["ids"].tobytes(), DTYPE))
            marks = dict(zip(ids, map(bool, arrays["essays"].tolist()), strict=True))
            if told["format"] != _FORMAT or arrays["runs"].shape != (COLUMNS,):
                raise ValueError("another version of geulgam wrote it")
            return cls(arrays["runs"], arrays["vector"], float(arrays["intercept"][0]), told["encoder"], marks)
        except (OSError, KeyError, ValueError, TypeError, SafetensorError) as error:
            raise GeulgamError(f"cannot read {path}: {error}", "geulgam corpus label learns it again") from error


def probabilities(logits: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Log odds as probabilities."""
    return 1 / (1 + np.exp(-np.clip(np.asarray(logits, np.float64), -60, 60)))
