"""In every artifact's folder, what it was made from, so that it can be told whether it is stale and why."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from corpus.atomic import write_text

NAME = "manifest.json"
_TOOK = "took.json"


@dataclass(frozen=True)
class Manifest:
    """What an artifact is, and what it was made from.

    ``fingerprint``: changes when the artifact does, and with nothing else. ``inputs``: fingerprints of the artifacts
    it was made from, by their stage. ``settings``: those that shaped it, by name, as JSON values. ``version``: of the
    code that made it. ``facts``: figures for people, which make nothing stale. ``seconds``: spent on it, in all
    sessions; ``made``: ISO 8601. Both are None where they are not known.
    """

    fingerprint: str
    inputs: Mapping[str, str]
    settings: Mapping[str, Any]
    version: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    made: str | None = field(default_factory=lambda: datetime.now().astimezone().isoformat(timespec="seconds"))

    def write(self, folder: Path) -> None:
        """Put it into the artifact's folder, atomically."""
        write_text(folder / NAME, json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n")


def read(folder: Path) -> Manifest | None:
    """The manifest in the folder, or None where there is none that can be read."""
    try:
        told = json.loads((folder / NAME).read_text(encoding="utf-8"))
        inputs, settings, facts = (dict(told[name]) for name in ("inputs", "settings", "facts"))
        return Manifest(
            str(told["fingerprint"]), inputs, settings, int(told["version"]), facts, told["seconds"], told["made"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def note_seconds(folder: Path, fingerprint: str, seconds: float) -> None:
    """Beside an artifact that keeps what it was made from itself (the corpus, an index): how long making it took."""
    write_text(folder / _TOOK, json.dumps({"fingerprint": fingerprint, "seconds": round(seconds, 1)}) + "\n")


def noted_seconds(folder: Path, fingerprint: str) -> float | None:
    """What :func:`note_seconds` noted of this very artifact, or None."""
    try:
        told = json.loads((folder / _TOOK).read_text(encoding="utf-8"))
        return float(told["seconds"]) if told["fingerprint"] == fingerprint else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What differs, one phrase each: "epochs 2 → 3". Values compare as JSON would keep them."""
    old, new = json.loads(json.dumps(dict(old))), json.loads(json.dumps(dict(new)))
    return [
        f"{name} {_shown(old.get(name))} → {_shown(new.get(name))}"
        for name in {**new, **old}
        if old.get(name) != new.get(name)
    ]


def _shown(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or "none"
    return f"{value:g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)
