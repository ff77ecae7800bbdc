"""The base model of a workspace: trimmed to the vocabulary of its corpus, loaded once for many topics."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import GeulgamError
from corpus.events import On, silent
from corpus.store import Corpus
from geulgam.graph import Node
from geulgam.settings import Settings
from geulgam.workspace import Workspace

if TYPE_CHECKING:
    from finetune.base import BaseModel
    from finetune.vocabulary import Vocabulary


class Lender:
    """Loads the base of the settings when it is first needed, and only once, and lends it to one at a time.

    Threads that are to work at once take a lender each.
    """

    def __init__(self, workspace: Workspace, settings: Settings) -> None:
        self._workspace, self._settings = workspace, settings
        self._loading = threading.Lock()
        self._base: BaseModel | None = None
        self._of_corpus: Vocabulary | None = None

    @contextmanager
    def for_training(self, on: On = silent) -> Iterator["BaseModel"]:
        """The base with the vocabulary of the corpus."""
        base = self._loaded(on)
        with base.borrowed(on):
            yield _trimmed(base, self._of_corpus or base.vocabulary)

    @contextmanager
    def for_adapter(self, adapter: Path, on: On = silent) -> Iterator["BaseModel"]:
        """The base with the vocabulary that this adapter was trained with, whatever the corpus has become since."""
        from finetune.adapt import VOCABULARY
        from finetune.vocabulary import Vocabulary

        base = self._loaded(on)
        with base.borrowed(on):
            yield _trimmed(base, Vocabulary.load(adapter / VOCABULARY, base.vocabulary.tokenizer))

    def _loaded(self, on: On) -> "BaseModel":
        with self._loading:
            if self._base is None:
                self._base = base_model(self._workspace, self._settings, on=on)
                self._of_corpus = self._base.vocabulary
            return self._base


def _trimmed(base: "BaseModel", vocabulary: "Vocabulary") -> "BaseModel":
    if base.vocabulary.fingerprint != vocabulary.fingerprint:
        base.trim(vocabulary)
    return base


class ModelNode(Node):
    """An artifact that is made with the base model; several may share a lender."""

    def __init__(self, workspace: Workspace, settings: Settings, topic: str = "", lender: Lender | None = None) -> None:
        super().__init__(workspace, settings, topic)
        self.lender = lender or Lender(workspace, settings)


def base_model(workspace: Workspace, settings: Settings, *, on: On = silent) -> "BaseModel":
    """Load the base of the settings, its vocabulary trimmed to the corpus (kept for the next time)."""
    from finetune.base import BaseModel
    from finetune.layout import essay_text

    chosen, execution = settings.finetune, settings.finetune.execution
    corpus = Corpus(workspace.corpus)
    if not len(corpus):
        raise GeulgamError("the corpus is empty", "geulgam corpus add PATH…")
    kept = hashlib.sha256(f"{identity(chosen.base)} {corpus.fingerprint()}".encode()).hexdigest()[:16]
    return BaseModel.load(
        chosen.base,
        (essay_text(document) for document in corpus),
        vocabulary_cache=workspace.vocabulary(kept),
        device=execution.device,
        precision=execution.precision,
        bits=execution.base_bits,
        on=on,
    )


def identity(name: str) -> str:
    """A base by name; a local folder also by the size and time of its files, so that a changed one is noticed."""
    folder = Path(name).expanduser()
    if not folder.is_dir():
        return name
    files = sorted([*folder.glob("*.safetensors"), *folder.glob("*.json")])
    stamps = " ".join(f"{f.name} {f.stat().st_size} {f.stat().st_mtime_ns}" for f in files)
    return f"{name} {hashlib.sha256(stamps.encode()).hexdigest()[:16]}"
