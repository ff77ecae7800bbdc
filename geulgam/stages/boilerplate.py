"""Which lines are boilerplate is counted once for what was imported, and kept until more is."""

import json

import numpy as np

from corpus.atomic import write_text
from corpus.cleaning.boilerplate import CODE, NO_LINES, Lines, shared
from corpus.cleaning.cleaning import Cleaning
from corpus.derive import imported
from corpus.document import Document
from corpus.events import On, Task, silent
from corpus.imports import Imports
from geulgam.workspace import Workspace


def boilerplate(workspace: Workspace, cleaning: Cleaning, imports: Imports, *, on: On = silent) -> Lines:
    """The lines that cleaning is to take out, none unless it is switched on. Reads all rows if they are not known."""
    if not cleaning.boilerplate:
        return NO_LINES
    now = f"{CODE} {imports.fingerprint()}"
    try:
        noted = json.loads(workspace.boilerplate.read_text(encoding="utf-8"))
        if noted["of"] == now:
            return np.array(noted["lines"], np.uint64)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    with Task(on, "looking for boilerplate", len(imports), "row") as task:

        def told(one: Document) -> Document:
            task.advance()
            return one

        lines = shared(map(told, imported(imports)))
    write_text(workspace.boilerplate, json.dumps({"of": now, "lines": lines.tolist()}) + "\n")
    return lines
