"""By which steps the corpus is cleaned, and by which it was before: what undoing goes back to."""

import json
from dataclasses import asdict

from corpus.atomic import write_text
from corpus.cleaning.cleaning import NONE, Cleaning
from geulgam.workspace import Workspace


def remember(workspace: Workspace, cleaning: Cleaning) -> None:
    """Note that the corpus is cleaned so; if it was cleaned otherwise, that is what it was before."""
    now, _ = remembered(workspace)
    if now != cleaning:
        noted = {"now": asdict(cleaning), "before": asdict(now or NONE)}
        write_text(workspace.cleaning, json.dumps(noted, ensure_ascii=False, indent=1) + "\n")


def remembered(workspace: Workspace) -> tuple[Cleaning | None, Cleaning]:
    """How the corpus is cleaned, None if that was never noted; and how it was before: without a step, at first."""
    try:
        noted = json.loads(workspace.cleaning.read_text(encoding="utf-8"))
        return _cleaning(noted["now"]), _cleaning(noted["before"])
    except (OSError, ValueError, KeyError, TypeError):
        return None, NONE


def _cleaning(noted: dict[str, object]) -> Cleaning:
    """A step that is new since then was not there."""
    known = asdict(NONE)
    return NONE.switched({name: value for name, value in noted.items() if name in known})
