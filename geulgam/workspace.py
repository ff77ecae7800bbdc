"""The workspace: the folder with `geulgam.toml` in which a user's work lives, and what stands where in it."""

import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.atomic import write_text
from corpus.errors import GeulgamError
from geulgam.settings import Settings
from geulgam.settings_reading import load
from retrieval.topic import topic_name

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

    @property
    def settings_file(self) -> Path:
        """`geulgam.toml`."""
        return self.folder / SETTINGS

    @property
    def imports(self) -> Path:
        """The folder of what was imported, as it came."""
        return self.folder / "imports"

    @property
    def corpus(self) -> Path:
        """The folder of documents, and of `rejected.jsonl`."""
        return self.folder / "corpus"

    @property
    def corpus_report(self) -> Path:
        """The page that tells what came in and what became of it."""
        return self.corpus / "report.html"

    @property
    def cleaned(self) -> Path:
        """The folder of the corpus with its near-duplicates, where they are dropped."""
        return self.folder / ".geulgam" / "cleaned"

    @property
    def sides(self) -> Path:
        """The folder of the corpus's sides: what may be trained on, and what is held out."""
        return self.folder / "sides"

    @property
    def index(self) -> Path:
        """The folder of the search index and of the terms it was built from."""
        return self.folder / "index"

    @property
    def spans(self) -> Path:
        """The folder of the index that tells whether a span of text stands in the corpus."""
        return self.folder / "spans"

    @property
    def wording(self) -> Path:
        """The folder of what the critic knows of how people word things."""
        return self.folder / "wording"

    @property
    def shared(self) -> Path:
        """The folder of the adapter that all topics go on from, trained on the whole corpus's train side."""
        return self.folder / "shared"

    @property
    def map(self) -> Path:
        """The page with the map of the corpus's topics."""
        return self.folder / "topics.html"

    @property
    def essays(self) -> Path:
        """The folder of finished essays, one folder each."""
        return self.folder / "essays"

    @property
    def marks(self) -> Path:
        """The file with the user's marks: which documents are essays, and which are none."""
        return self.folder / "judge" / "marks.jsonl"

    @property
    def judge(self) -> Path:
        """The file of the judge that was learnt from the marks."""
        return self.folder / "judge" / "judge.safetensors"

    @property
    def unjudged(self) -> Path:
        """The folder of the documents as they are before the learnt judge refuses any, a cache."""
        return self.folder / ".geulgam" / "unjudged"

    @property
    def locks(self) -> Path:
        """The folder of the locks of artifacts at work."""
        return self.folder / ".geulgam" / "locks"

    @property
    def vectors(self) -> Path:
        """What an encoder has made of sentences, a cache."""
        return self.folder / ".geulgam" / "vectors"

    @property
    def cleaning(self) -> Path:
        """The file that says by which steps the corpus is cleaned, and by which it was before."""
        return self.folder / ".geulgam" / "cleaning.json"

    @property
    def boilerplate(self) -> Path:
        """The file with the lines that documents of one source share, a cache."""
        return self.folder / ".geulgam" / "boilerplate.json"

    @property
    def drafts(self) -> Path:
        """The folder of essays on the way."""
        return self.folder / ".geulgam" / "drafts"

    def vocabulary(self, fingerprint: str) -> Path:
        """The kept tokens of a base for a corpus, a cache."""
        return self.folder / ".geulgam" / "vocabulary" / f"{fingerprint}.json"

    def topic(self, name: str) -> Path:
        """The folder of a topic. Raises GeulgamError for a name that would lead out of the workspace."""
        return self.folder / "topics" / topic_name(name)

    def subset(self, topic: str) -> Path:
        """The folder of the subset retrieved for a topic."""
        return self.topic(topic) / "subset"

    def plan(self, topic: str) -> Path:
        """The file with the plan of a topic's essays."""
        return self.topic(topic) / "plan.toml"

    def adapter(self, topic: str) -> Path:
        """The folder of a topic's PEFT adapter, and of the subset it was trained with."""
        return self.topic(topic) / "adapter"

    def critic(self, topic: str) -> Path:
        """The folder of the learnt part of a topic's critic."""
        return self.topic(topic) / "critic"

    def evaluation(self, topic: str) -> Path:
        """The folder of held-out bits per character before and after."""
        return self.topic(topic) / "evaluation"

    def essay(self, topic: str, number: int) -> Path:
        """The folder of one essay of a topic."""
        return self.essays / f"{topic_name(topic)}-{number:03}"

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
