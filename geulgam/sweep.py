"""What killed processes leave in a workspace, and no later one looks for."""

import shutil
import time
from itertools import chain

from geulgam.workspace import Workspace

_OLD = 86_400  # seconds; what is younger may be in the making, as a large corpus that is cleaned to be thrown away
_FILES = "", "corpus", ".geulgam", ".geulgam/*", "topics/*", "essays/*"  # the index and the vectors have their own


def sweep(workspace: Workspace) -> None:
    """Remove the halves of files, and the corpora that were cleaned to be thrown away, of a day ago and before."""
    halves = (workspace.folder.glob(f"{folder}/.*.part".lstrip("/")) for folder in _FILES)
    for path in chain(*halves, workspace.folder.glob(".geulgam/cleaning-*")):
        try:
            if time.time() - path.stat().st_mtime < _OLD:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        except OSError:  # another was quicker, or it may not be removed: it is in nobody's way
            continue
