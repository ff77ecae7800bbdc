"""Beside every artifact, what it was made from, so that it can be told whether it is stale and why."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from corpus.atomic import write_text


@dataclass(frozen=True)
class Manifest:
    """What an artifact was made from.

    ``inputs``: fingerprints of the artifacts it was made from, by name. ``settings``: the settings that shaped
    it, by name, as JSON values. ``facts``: figures for people (documents, seconds), which make nothing stale.
    """

    inputs: Mapping[str, str]
    settings: Mapping[str, Any]
    facts: Mapping[str, Any] = field(default_factory=dict)
    made: str = field(default_factory=lambda: datetime.now().astimezone().isoformat(timespec="seconds"))

    def write(self, path: Path) -> None:
        """Replace the manifest at ``path``, atomically. Write the artifact first: a kill between leaves it stale."""
        write_text(path, json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n")


def read(path: Path) -> Manifest | None:
    """The manifest, or None where there is none that can be read."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(dict(told["inputs"]), dict(told["settings"]), dict(told["facts"]), str(told["made"]))
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
