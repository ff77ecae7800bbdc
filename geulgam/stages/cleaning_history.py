"""By which settings the corpus is made, and by which it was before: what undoing goes back to."""

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from corpus.atomic import write_text
from geulgam.settings import CorpusSettings
from geulgam.workspace import Workspace

Tables = Mapping[str, Mapping[str, Any]]  # by the name of a table under [corpus]: its settings


def shaping(settings: CorpusSettings) -> Tables:
    """All tables under [corpus]: what documents are cleaned, judged and chosen by."""
    values = ((name, getattr(settings, name)) for name in CorpusSettings.model_fields)
    return {name: asdict(value) for name, value in values if is_dataclass(value) and not isinstance(value, type)}


def remember(workspace: Workspace, settings: CorpusSettings) -> None:
    """Note that the corpus is made so; if it was made otherwise, that is what it was before."""
    now, _ = remembered(workspace)
    if now != shaping(settings):
        noted = {"now": shaping(settings), "before": now or _nothing()}
        write_text(workspace.cleaning, json.dumps(noted, ensure_ascii=False, indent=1) + "\n")


def remembered(workspace: Workspace) -> tuple[Tables | None, Tables]:
    """How the corpus is made, None if that was never noted; and how it was before: without a step, at first.

    A table that was not noted then is not in them; a setting that is new since then is off.
    """
    try:
        noted = json.loads(workspace.cleaning.read_text(encoding="utf-8"))
        return _tables(noted["now"]), _tables(noted["before"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None, _nothing()


def _tables(noted: dict[str, Any]) -> Tables:
    if "clean" not in noted:  # as it was noted when cleaning alone was
        noted = {"clean": noted}
    return {
        table: {name: noted[table].get(name, value) for name, value in off.items()}
        for table, off in _nothing().items()
        if table in noted
    }


def _nothing() -> Tables:
    """Every switch off, no bound, and what is chosen among several as it is by default."""
    return {
        table: {name: type(value)() if isinstance(value, bool | int | float) else value for name, value in own.items()}
        for table, own in shaping(CorpusSettings()).items()
    }
