"""A sentence-transformers model in a folder of the user's (Reimers and Gurevych 2019, 1908.10084) as an encoder."""

import hashlib
import threading
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import GeulgamError
from retrieval.unit import unit

_BATCH = 32


class SentenceTransformers:
    """The model in ``folder``, on the device that PyTorch prefers; loaded with the first text.

    Texts are cut where the model cuts them (``max_seq_length``, often 128 to 512 tokens). Nothing is fetched and no
    code of the folder's is run; weights are read from safetensors alone. Raises GeulgamError if the package is not
    installed or the folder holds no such model.
    """

    def __init__(self, folder: Path) -> None:
        if find_spec("sentence_transformers") is None:
            message = f"the encoder in {folder} needs a package that is not installed"
            raise GeulgamError(message, "pip install sentence-transformers")
        if not (folder / "modules.json").exists():
            message = f"{folder} is no sentence-transformers model: it has no modules.json"
            raise GeulgamError(message, "name the folder that SentenceTransformer.save_pretrained wrote")
        self._folder = folder
        self._lock = threading.Lock()

    @cached_property
    def name(self) -> str:
        """The folder's name and a hash of what is in it: a GB a second, once."""
        hashed = hashlib.sha256()
        for path in sorted(self._folder.rglob("*")):
            if path.suffix in (".json", ".safetensors", ".txt", ".model") and path.is_file():
                with path.open("rb") as file:
                    hashed.update(str(path.relative_to(self._folder)).encode() + b"\0")
                    hashed.update(hashlib.file_digest(file, "sha256").digest())
        return f"{self._folder.name} {hashed.hexdigest()[:16]}"

    @property
    def dimensions(self) -> int:
        """As the model says."""
        with self._lock:
            return int(self._model.get_embedding_dimension())

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of the texts, (len(texts), dimensions), each of length 1."""
        with self._lock:
            if not len(texts):
                return np.empty((0, int(self._model.get_embedding_dimension())), np.float32)
            found = self._model.encode(list(texts), batch_size=_BATCH, show_progress_bar=False)
        return unit(np.asarray(found, np.float32))

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import SentenceTransformer

        try:
            return SentenceTransformer(
                str(self._folder), local_files_only=True, model_kwargs={"use_safetensors": True}
            ).eval()
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = str(error).partition("\n")[0]
            message = f"cannot load the sentence-transformers model in {self._folder}: {reason}"
            raise GeulgamError(message, "bring the folder back from where it came, with its safetensors") from error
