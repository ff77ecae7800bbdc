"""An adapter writes an essay, which is reviewed: `essay.md` and `report.json` in a folder of its own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.atomic import write_text
from corpus.errors import GeulgamError
from corpus.events import On, silent
from corpus.store import Corpus
from geulgam import manifest
from geulgam.graph import Node, make, renewed, sealed
from geulgam.manifest import Manifest
from geulgam.settings import Settings, written_text
from geulgam.stages.adapter import AdapterNode, require_adapter
from geulgam.stages.base import Lender, ModelNode
from geulgam.stages.index import positive_terms
from geulgam.stages.subset import read_subset
from geulgam.workspace import Workspace

if TYPE_CHECKING:
    from generate.draft import Draft
    from generate.reviewed import Review

TEXT, REPORT = "essay.md", "report.json"


@dataclass(frozen=True)
class Written:
    """A finished essay: its folder, its text without the title, its report as in `report.json`.

    ``rows``: the report's figures for people, see :meth:`generate.review.Review.rows`.
    """

    topic: str
    folder: Path
    text: str
    report: dict[str, Any]
    rows: list[tuple[str, str, str]]

    def line(self) -> str:
        """ "함께: 1,512 characters in 62 s (24.4 characters/s), seed 1"."""
        told = self.report
        return (
            f"{self.topic}: {told['characters']:,} characters in {told['seconds']:.0f} s "
            f"({told['characters_per_second']} characters/s), seed {told['seed']}"
        )

    def figures(self) -> list[str]:
        """Its figures as lines of a table, each beside the mean of the essays that were held out."""
        head = ("", "this essay", f"held out ({self.report['review']['held_out_essays']} essays)")
        return [f"{name:<24}{own:>16}{other:>24}" for name, own, other in (head, *self.rows)]


class EssayNode(ModelNode):
    """A topic's essays, made from its adapter: fresh if one of them was written with this adapter and these settings.

    ``prompt`` and ``seed`` are those of the next one; a seed of None is its number, so that each essay is another one
    and yet can be had again.
    """

    stage = "essay"
    not_there = "not written yet"

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        topic: str = "",
        lender: Lender | None = None,
        *,
        prompt: str = "",
        seed: int | None = None,
    ) -> None:
        super().__init__(workspace, settings, topic, lender)
        self._prompt, self._seed = prompt, seed
        self.written: Written | None = None

    @property
    def inputs(self) -> tuple[Node, ...]:
        """Its adapter."""
        return (AdapterNode(self.workspace, self.settings, self.topic, self.lender),)

    @property
    def folder(self) -> Path:
        """`essays/<topic>-<number>`, of the one that there is, else of the first."""
        return next(reversed(self.workspace.essays_of(self.topic)), self.workspace.essay(self.topic, 1))

    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        """How it is written."""
        return self.settings.generate.model_dump(exclude_none=True)

    def found(self) -> Manifest | None:
        """What an essay that is fresh was made from, else what the last one was."""
        known = [made for folder in self.workspace.essays_of(self.topic) if (made := manifest.read(folder))]
        fresh = (made for made in known if not super(EssayNode, self).reasons(made))
        return next(fresh, known[-1] if known else None)

    def make(self, now: Manifest, on: On) -> str:
        """Write it, going on with what an earlier run has left, and review it."""
        from generate.decoding import preset
        from generate.writer import Writer

        adapter = require_adapter(self.workspace, self.topic)
        number = self._next_number()
        seed = number if self._seed is None else self._seed
        chosen = self.settings.generate
        asked = self._prompt, chosen.characters, preset(chosen.preset, **chosen.sampling), seed
        with self.lender.for_adapter(adapter, on) as base:
            writer = Writer(base, adapter)
            key = writer.begin(*asked, title=self.topic).key
            kept = self.workspace.drafts / f"{key}.json"
            essay = writer.write(
                *asked,
                title=self.topic,
                on=on,
                on_piece=lambda draft: _keep(kept, draft),
                resume=_kept(kept, key),
            )
        reviewed = self._review(essay.text, adapter, on)
        report = {
            "topic": self.topic,
            "prompt": essay.prompt,
            "seed": seed,
            "asked_characters": essay.characters,
            "characters": len(essay.text),
            "seconds": round(essay.seconds, 1),
            "characters_per_second": round(len(essay.text) / essay.seconds, 1) if essay.seconds else None,
            "pieces": len(essay.pieces),
            "sampled_again": essay.resampled,
            "generate": now.settings,
            "model": essay.model,
            "adapter": now.inputs["adapter"],
            "review": reviewed.to_json(),
        }
        folder = self.workspace.essay(self.topic, number)
        with renewed(folder) as part:
            write_text(part / TEXT, f"# {self.topic}\n\n{essay.text}\n")
            write_text(part / REPORT, json.dumps(report, ensure_ascii=False, indent=1) + "\n")
            sealed(now, key, essay.seconds, {"number": number}).write(part)
        kept.unlink(missing_ok=True)
        self.written = Written(self.topic, folder, essay.text, report, reviewed.rows())
        return self.written.line().partition(": ")[2]

    def _review(self, text: str, adapter: Path, on: On) -> "Review":
        """The essay beside those that were held out when its adapter was trained."""
        from generate.review import review

        subset, corpus = read_subset(adapter), Corpus(self.workspace.corpus)
        return review(
            text,
            corpus.get(subset.ids("train")),
            corpus.get([*subset.ids("valid"), *subset.ids("test")]),
            positive_terms(self.settings, subset.topic.query),
            using=self.settings.retrieval.analyzer,
            on=on,
        )

    def _next_number(self) -> int:
        taken = [int(folder.name.rpartition("-")[2]) for folder in self.workspace.essays_of(self.topic)]
        return max(taken, default=0) + 1


def generate_essay(
    workspace: Workspace,
    settings: Settings,
    topic: str,
    *,
    prompt: str | None = None,
    seed: int | None = None,
    lender: Lender | None = None,
    on: On = silent,
) -> Written:
    """Write an essay on a topic with its adapter as it is into `essays/<topic>-<number>/`, and review it.

    ``seed``: None takes the essay's number. Broken off, the same call goes on where it stood. Raises GeulgamError for a
    topic without an adapter and a prompt that is too long.
    """
    name = settings.topic(topic).name
    require_adapter(workspace, name)
    prompt = written_text(prompt or "", "the prompt")
    node = EssayNode(workspace, settings, name, lender, prompt=prompt, seed=seed)
    make(node, on, again="asked for", alone=True)
    assert node.written is not None
    return node.written


def _keep(file: Path, draft: "Draft") -> None:
    write_text(file, json.dumps(draft.as_dict(), ensure_ascii=False))


def _kept(file: Path, key: str) -> "Draft | None":
    """The draft in the file, if it is one that can be gone on with to the essay of that key."""
    from generate.draft import Draft

    try:
        draft = Draft.from_dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, GeulgamError):
        return None
    return draft if draft.key == key else None
