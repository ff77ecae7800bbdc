"""An adapter writes an essay, which is reviewed: `essay.md` and `report.json` in a folder of its own."""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.atomic import write_text
from corpus.errors import GeulgamError
from corpus.store import Corpus
from geulgam import manifest
from geulgam.manifest import Manifest
from geulgam.settings import Settings, written_text
from geulgam.stages.base import Lender, lender
from geulgam.stages.index import positive_terms
from geulgam.stages.metrics import require_adapter
from geulgam.stages.subset import read_subset
from geulgam.workspace import Workspace

if TYPE_CHECKING:
    from generate.writer import Essay

MANIFEST = "manifest.json"


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


def generate_essay(
    workspace: Workspace,
    settings: Settings,
    topic: str,
    *,
    prompt: str | None = None,
    seed: int | None = None,
    base: Lender | None = None,
    progress: bool = False,
) -> Written:
    """Write an essay on a topic with its adapter into `essays/<topic>-<number>/`, and review it.

    ``seed``: None takes the essay's number, so that each essay is another one and yet can be had again. Broken
    off, the same call goes on where it stood. Raises GeulgamError for a topic without an adapter and a prompt
    that is too long.
    """
    name = settings.topic(topic).name
    require_adapter(workspace, name)
    prompt = written_text(prompt or "", "the prompt")
    from generate.decoding import preset
    from generate.review import review
    from generate.writer import Writer

    base = base or lender(workspace, settings, progress=progress)
    with workspace.exclusive():
        number = _next_number(workspace, name)
        seed = number if seed is None else seed
        now = made_from(workspace, settings, name)
        sampling = preset(settings.generate.preset, **settings.generate.sampling)
        writer = Writer(base(), workspace.adapter(name))
        draft = _Draft(workspace, now, name, prompt, seed)
        essay = writer.write(
            prompt,
            settings.generate.characters,
            sampling,
            seed,
            progress,
            title=name,
            on_piece=draft.keep,
            resume=draft.kept(),
        )
        subset, corpus = read_subset(workspace, name), Corpus(workspace.corpus)
        reviewed = review(
            essay.text,
            corpus.get(subset.ids("train")),
            corpus.get([*subset.ids("valid"), *subset.ids("test")]),
            positive_terms(settings, settings.topic(name).query),
            using=settings.retrieval.analyzer,
        )
        report = {
            "topic": name,
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
        folder = _place(workspace, name, number, essay.text, report, now)
        draft.discard()
    return Written(name, folder, essay.text, report, reviewed.rows())


def made_from(workspace: Workspace, settings: Settings, topic: str) -> Manifest:
    """What an essay would be made from now."""
    adapter = manifest.read(workspace.adapter_manifest(topic))
    return Manifest(
        {"adapter": str(adapter.facts.get("weights", "")) if adapter else ""},
        settings.generate.model_dump(exclude_none=True),
    )


def stale(workspace: Workspace, settings: Settings, topic: str) -> list[str]:
    """Why an essay has to be written; empty if one of the topic's was written with this adapter and settings."""
    found = [manifest.read(folder / MANIFEST) for folder in workspace.essays_of(topic)]
    known = [made for made in found if made is not None]
    if not known:
        return ["not written yet"]
    now = made_from(workspace, settings, topic)
    if any(made.inputs == now.inputs and not manifest.changes(made.settings, now.settings) for made in known):
        return []
    last = known[-1]
    reasons = ["adapter changed"] if last.inputs != now.inputs else []
    changed = manifest.changes(last.settings, now.settings)
    return [*reasons, *([f"settings changed: {', '.join(changed)}"] if changed else [])]


def _next_number(workspace: Workspace, topic: str) -> int:
    taken = [int(folder.name.rpartition("-")[2]) for folder in workspace.essays_of(topic)]
    return max(taken, default=0) + 1


def _place(workspace: Workspace, topic: str, number: int, text: str, report: dict[str, Any], made: Manifest) -> Path:
    """Write the essay's folder beside and rename it to the first free number, so that it is whole or not there."""
    workspace.essays.mkdir(parents=True, exist_ok=True)
    work = workspace.essays / f".{topic}.part"  # one at a time: the workspace is locked
    shutil.rmtree(work, ignore_errors=True)  # left by a process that was killed
    work.mkdir()
    try:
        write_text(work / "essay.md", f"# {topic}\n\n{text}\n")
        write_text(work / "report.json", json.dumps(report, ensure_ascii=False, indent=1) + "\n")
        made.write(work / MANIFEST)
        while True:
            folder = workspace.essays / f"{topic}-{number:03}"
            if not folder.exists():
                try:
                    return work.rename(folder)
                except FileExistsError:
                    pass
            number += 1
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


class _Draft:
    """An essay on the way, kept after every piece, so that the same command goes on with it."""

    def __init__(self, workspace: Workspace, made: Manifest, topic: str, prompt: str, seed: int) -> None:
        same = json.dumps([topic, prompt, seed, made.inputs, made.settings], sort_keys=True)
        key = hashlib.sha256(same.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self.file = workspace.folder / ".geulgam" / "drafts" / f"{key}.json"

    def keep(self, essay: "Essay") -> None:
        write_text(self.file, json.dumps(essay.as_dict(), ensure_ascii=False))

    def kept(self) -> "Essay | None":
        from generate.writer import Essay

        try:
            return Essay.from_dict(json.loads(self.file.read_text(encoding="utf-8")))
        except (OSError, ValueError, GeulgamError):
            return None

    def discard(self) -> None:
        self.file.unlink(missing_ok=True)
