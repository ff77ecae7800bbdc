"""The base model of a workspace: trimmed to the vocabulary of its corpus, loaded once for many topics."""

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import GeulgamError
from corpus.store import Corpus
from geulgam.settings import Settings
from geulgam.workspace import Workspace

if TYPE_CHECKING:
    from finetune.base import BaseModel

Lender = Callable[[], "BaseModel"]  # loads at its first call, gives the same again at every other


def base_model(workspace: Workspace, settings: Settings, *, progress: bool = False) -> "BaseModel":
    """Load the base of the settings, its vocabulary trimmed to the corpus (kept for the next time)."""
    import torch

    from finetune.base import BaseModel
    from finetune.blocks import essay_text

    chosen = settings.finetune
    if chosen.device.startswith("cuda") and not torch.cuda.is_available():
        raise GeulgamError(
            "finetune.device is cuda, but PyTorch sees no CUDA device", 'set it to "auto"; see geulgam doctor'
        )
    corpus = Corpus(workspace.corpus)
    if not len(corpus):
        raise GeulgamError("the corpus is empty", "geulgam corpus add PATH…")
    kept = hashlib.sha256(f"{identity(chosen.base)} {corpus.fingerprint()}".encode()).hexdigest()[:16]
    return BaseModel.load(
        chosen.base,
        (essay_text(document) for document in corpus),
        vocabulary_cache=workspace.vocabulary(kept),
        device=chosen.device,
        precision=chosen.precision,
        progress=progress,
    )


def lender(workspace: Workspace, settings: Settings, *, progress: bool = False) -> Lender:
    """What loads the base when it is first needed, and only once."""
    return functools.cache(lambda: base_model(workspace, settings, progress=progress))


def identity(name: str) -> str:
    """A base by name; a local folder also by the size and time of its files, so that a changed one is noticed."""
    folder = Path(name).expanduser()
    if not folder.is_dir():
        return name
    files = sorted([*folder.glob("*.safetensors"), *folder.glob("*.json")])
    stamps = " ".join(f"{f.name} {f.stat().st_size} {f.stat().st_mtime_ns}" for f in files)
    return f"{name} {hashlib.sha256(stamps.encode()).hexdigest()[:16]}"
