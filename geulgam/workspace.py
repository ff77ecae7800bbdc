"""The workspace: the folder with `geulgam.toml` in which a user's work lives, and what stands where in it."""

import os
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.atomic import write_text
from corpus.errors import GeulgamError
from geulgam.lock import exclusive
from geulgam.settings import Settings, load, topic_name

SETTINGS = "geulgam.toml"


@dataclass(frozen=True)
class Workspace:
    """A folder with `geulgam.toml`. Paths are where things belong; whether they are there is another question."""

    folder: Path

    @classmethod
    def find(cls, folder: Path | None = None) -> "Workspace":
        """The workspace at ``folder``, else at ``GEULGAM_WORKSPACE``, else at or above the current folder.

        Raises GeulgamError if there is none.
        """
        given = folder or (Path(os.environ["GEULGAM_WORKSPACE"]) if os.environ.get("GEULGAM_WORKSPACE") else None)
        if given is not None:
            given = given.expanduser()
            if not (given / SETTINGS).is_file():
                raise GeulgamError(
                    f"{given} is no workspace: it has no {SETTINGS}", f"make it one: geulgam new {given}"
                )
            return cls(given.resolve())
        here = Path.cwd()
        for candidate in (here, *here.parents):
            if (candidate / SETTINGS).is_file():
                return cls(candidate)
        raise GeulgamError(
            f"no workspace here: no {SETTINGS} in {here} or above it",
            "make one: geulgam new my-contest; or name one: --workspace FOLDER",
        )

    @classmethod
    def create(cls, folder: Path, settings: str | None = None) -> "Workspace":
        """Make ``folder`` a workspace, with the commented settings file or this text of one.

        Raises GeulgamError if it is one already.
        """
        from geulgam.settings_file import template

        folder = folder.expanduser()
        if folder.exists() and not folder.is_dir():
            raise GeulgamError(f"{folder} is a file", "choose another name for the workspace")
        if (folder / SETTINGS).exists():
            raise GeulgamError(f"{folder} is a workspace already", f"go there: cd {folder}")
        write_text(folder / SETTINGS, settings if settings is not None else template())
        return cls(folder.resolve())

    def settings(self, options: Mapping[str, Any] | None = None) -> Settings:
        """The settings of this workspace under the environment and these options (dotted keys)."""
        return load(self.settings_file, options)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Be the only one who writes here; see :func:`geulgam.lock.exclusive`."""
        with exclusive(self.folder / ".geulgam"):
            yield

    @property
    def settings_file(self) -> Path:
        """`geulgam.toml`."""
        return self.folder / SETTINGS

    @property
    def corpus(self) -> Path:
        """The folder of documents and `rejected.jsonl`."""
        return self.folder / "corpus"

    @property
    def index(self) -> Path:
        """The folder of the search index and of the terms it was built from."""
        return self.folder / "index"

    @property
    def essays(self) -> Path:
        """The folder of finished essays, one folder each."""
        return self.folder / "essays"

    def vocabulary(self, fingerprint: str) -> Path:
        """The kept tokens of a base for a corpus, a cache."""
        return self.folder / ".geulgam" / "vocabulary" / f"{fingerprint}.json"

    def topic(self, name: str) -> Path:
        """The folder of a topic. Raises GeulgamError for a name that would lead out of the workspace."""
        return self.folder / "topics" / topic_name(name)

    def subset(self, topic: str) -> Path:
        """The subset retrieved for a topic, as Parquet."""
        return self.topic(topic) / "subset.parquet"

    def subset_manifest(self, topic: str) -> Path:
        """What the subset was selected from."""
        return self.topic(topic) / "subset.json"

    def adapter(self, topic: str) -> Path:
        """The PEFT adapter of a topic, a folder."""
        return self.topic(topic) / "adapter"

    def adapter_manifest(self, topic: str) -> Path:
        """What the adapter was trained from."""
        return self.topic(topic) / "adapter.json"

    def metrics(self, topic: str) -> Path:
        """Held-out bits per character before and after: the facts of a manifest."""
        return self.topic(topic) / "metrics.json"

    def essays_of(self, topic: str) -> list[Path]:
        """The folders of the topic's essays, in the order of their numbers."""
        name = topic_name(topic)
        if not self.essays.is_dir():
            return []
        found = []
        for folder in self.essays.iterdir():
            stem, _, number = unicodedata.normalize("NFC", folder.name).rpartition("-")
            if stem == name and number.isascii() and number.isdigit():
                found.append((int(number), folder))
        return [folder for _, folder in sorted(found)]
