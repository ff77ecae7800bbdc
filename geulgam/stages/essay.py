"""An adapter writes an essay by a plan, and it is reviewed: `essay.md`, `plan.toml`, `report.json`, `report.html`."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.atomic import write_text
from corpus.errors import GeulgamError
from corpus.events import On, silent
from generate.planning.plan import Plan
from geulgam import manifest
from geulgam.graph import Node, make, renewed, sealed
from geulgam.manifest import Manifest
from geulgam.settings import Settings, written_text
from geulgam.stages.adapter import AdapterNode, require_adapter
from geulgam.stages.base import Lender, ModelNode
from geulgam.stages.critic import CriticNode, WordingNode, critic, guards
from geulgam.stages.plan import plan_of
from geulgam.stages.review import Beside, reviewed
from geulgam.stages.spans import SpansNode
from geulgam.stages.subset import read_subset
from geulgam.stages.weights import has_weights
from geulgam.workspace import Workspace

if TYPE_CHECKING:
    from finetune.base import BaseModel
    from generate.draft import Draft
    from generate.review.reviewed import Review

TEXT, REPORT, PAGE, PLAN = "essay.md", "report.json", "report.html", "plan.toml"


@dataclass(frozen=True)
class Written:
    """A finished essay: its folder, its text without the title, its report as in `report.json`, and its review."""

    topic: str
    folder: Path
    text: str
    report: dict[str, Any]
    review: "Review"

    def line(self) -> str:
        """ "함께: 1,512 characters in 62 s (24.4 characters/s), seed 1"."""
        told = self.report
        return (
            f"{self.topic}: {told['characters']:,} characters in {told['seconds']:.0f} s "
            f"({told['characters_per_second']} characters/s), seed {told['seed']}"
        )


class EssayNode(ModelNode):
    """A topic's essays, made from its adapter: fresh if one of them was written with this adapter and these settings.

    ``prompt`` and ``seed`` are those of the next one; a seed of None is its number, so that each essay is another one
    and yet can be had again. ``file``: its plan; None takes the topic's `plan.toml`, and without one it is planned when
    it is written. ``characters``: None leaves a plan in a file as long as it is.
    """

    stage = "essay"
    version = 7
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
        file: Path | None = None,
        characters: int | None = None,
    ) -> None:
        super().__init__(workspace, settings, topic, lender)
        self._prompt, self._seed, self._file, self._characters = prompt, seed, file, characters
        self.written: Written | None = None

    @property
    def inputs(self) -> tuple[Node, ...]:
        """Its adapter, and those of other topics that sections of its plan name; the corpus's spans and wording; its
        critic."""
        known = {topic.name for topic in self.settings.topics}  # one that was removed has no subset to look at
        named = (name for name in self._others if name in known)
        others = (AdapterNode(self.workspace, self.settings, name, self.lender) for name in named)
        spans, wording = SpansNode(self.workspace, self.settings), WordingNode(self.workspace, self.settings)
        own = AdapterNode(self.workspace, self.settings, self.topic, self.lender)
        learnt = [CriticNode(self.workspace, self.settings, self.topic, self.lender)] if self._is_taught else []
        return (own, *others, spans, wording, *learnt)

    @property
    def _is_taught(self) -> bool:
        """Whether its critic has a learnt part."""
        return self.settings.generate.places > 0

    @property
    def folder(self) -> Path:
        """`essays/<topic>-<number>`, of the one that there is, else of the first."""
        return next(reversed(self.workspace.essays_of(self.topic)), self.workspace.essay(self.topic, 1))

    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        """How it is written, and the plan in its file."""
        chosen = self.settings.generate
        planned = self._planned
        return {
            **chosen.model_dump(exclude={"critic", "planner", "planner_model"}, exclude_none=True),
            "characters": self._characters or (planned.characters if planned else chosen.characters),
            "banned": list(chosen.banned),
            **{f"critic {part}": weight for part, weight in asdict(chosen.critic).items()},
            "plan": hashlib.sha256(repr(planned).encode()).hexdigest()[:8] if planned else "",
        }

    def found(self) -> Manifest | None:
        """What an essay that is fresh was made from, else what the last one was."""
        known = [made for folder in self.workspace.essays_of(self.topic) if (made := manifest.read(folder))]
        fresh = (made for made in known if not super(EssayNode, self).reasons(made))
        return next(fresh, known[-1] if known else None)

    def make(self, now: Manifest, on: On) -> str:
        """Write it, going on with what an earlier run has left, and review it."""
        from generate.decoding.sampling import preset
        from generate.planning.plan_file import write_plan
        from generate.review.report import html
        from generate.writer import Writer

        adapter = require_adapter(self.workspace, self.topic)
        self._require_others()
        number = self._next_number()
        seed = number if self._seed is None else self._seed
        chosen = self.settings.generate
        asked = self._plan(adapter, on), preset(chosen.preset, **chosen.sampling), seed
        with self.lender.for_adapter(adapter, on) as base:
            writer = Writer(
                base,
                adapter,
                adapters={self.topic: adapter, **{name: self._adapter_of(name, base) for name in self._others}},
                critic=critic(self.workspace, self.settings, self.topic),
                guards=guards(self.workspace, self.settings),
            )
            key = writer.begin(*asked, best_of=chosen.best_of, beam=chosen.beam, redrafts=chosen.redrafts).key
            kept = self.workspace.drafts / f"{key}.json"
            essay = writer.write(
                *asked,
                best_of=chosen.best_of,
                beam=chosen.beam,
                redrafts=chosen.redrafts,
                on=on,
                on_piece=lambda draft: _keep(kept, draft),
                resume=_kept(kept, key),
            )
        review = self._review(essay, adapter, on)
        report = {
            "topic": self.topic,
            "prompt": essay.plan.opening,
            "seed": seed,
            "asked_characters": essay.characters,
            "characters": len(essay.text),
            "seconds": round(essay.seconds, 1),
            "characters_per_second": round(len(essay.text) / essay.seconds, 1) if essay.seconds else None,
            "pieces": len(essay.pieces),
            "sampled_again": essay.resampled,
            "redrafted": essay.redrafted,
            "best_of": essay.best_of,
            "beam": essay.beam,
            "critic": asdict(essay.weights),
            "generate": now.settings,
            "model": essay.model,
            "adapter": now.inputs["adapter"],
            "review": review.to_json(),
        }
        folder = self.workspace.essay(self.topic, number)
        with renewed(folder) as part:
            write_text(part / TEXT, essay.markdown(self.topic))
            write_text(part / REPORT, json.dumps(report, ensure_ascii=False, indent=1) + "\n")
            write_text(part / PAGE, html(review))
            write_plan(part / PLAN, essay.plan)
            sealed(now, key, essay.seconds, {"number": number}).write(part)
        kept.unlink(missing_ok=True)
        self.written = Written(self.topic, folder, essay.text, report, review)
        return self.written.line().partition(": ")[2]

    def _plan(self, adapter: Path, on: On) -> Plan:
        """What is to be written."""
        plan = self._in_file
        if isinstance(plan, GeulgamError):
            raise plan
        if plan is None:
            length = self._characters or self.settings.generate.characters
            subset = read_subset(adapter)
            return plan_of(self.workspace, self.settings, subset, characters=length, opening=self._prompt, on=on)
        if self._prompt:
            plan = replace(plan, opening=self._prompt)
        if self._characters and self._characters < len(plan.sections):
            raise GeulgamError(
                f"{self._characters} characters for the {len(plan.sections)} sections of the plan", "ask for more"
            )
        return plan.resized(self._characters) if self._characters else plan

    @cached_property
    def _in_file(self) -> Plan | GeulgamError | None:
        """The plan in its file, or what is wrong with it, which writing tells; None if the topic has none."""
        from generate.planning.plan_file import read_plan

        file = self._file or self.workspace.plan(self.topic)
        try:
            return read_plan(file) if self._file or file.exists() else None
        except GeulgamError as error:
            return error

    @property
    def _planned(self) -> Plan | None:
        return self._in_file if isinstance(self._in_file, Plan) else None

    @property
    def _others(self) -> list[str]:
        """The other topics whose adapters its plan asks for."""
        asked = {section.adapter for section in self._planned.sections} if self._planned else set()
        return sorted(asked - {"", self.topic})

    def _require_others(self) -> None:
        """Raises GeulgamError, before anything is loaded, if a section cannot be written by whom it names."""
        known = {topic.name for topic in self.settings.topics}
        if gone := [name for name in self._others if name not in known]:
            raise GeulgamError(
                f"the plan has {', '.join(gone)} write a section, which is no topic",
                f"geulgam plan {self.topic} --topics makes it one, or take the adapter out of the section",
            )
        if bare := [name for name in self._others if not has_weights(self.workspace.adapter(name))]:
            have = "has" if len(bare) == 1 else "have"
            raise GeulgamError(f"{', '.join(bare)} {have} no adapter yet", f"geulgam finetune {' '.join(bare)}")

    def _adapter_of(self, topic: str, base: "BaseModel") -> Path:
        """The adapter of another topic. Raises GeulgamError if there is none, or one with another vocabulary."""
        from finetune.adapt import VOCABULARY
        from finetune.vocabulary import Vocabulary

        adapter = require_adapter(self.workspace, self.settings.topic(topic).name)
        vocabulary = Vocabulary.load(adapter / VOCABULARY, base.vocabulary.tokenizer)
        if vocabulary.fingerprint != base.vocabulary.fingerprint:
            raise GeulgamError(
                f"the adapters of {self.topic} and {topic} were trained with different vocabularies",
                f"train both on the corpus as it is: geulgam finetune {self.topic} {topic} --again",
            )
        return adapter

    def _review(self, essay: "Draft", adapter: Path, on: On) -> "Review":
        """The essay beside those that its adapters were trained on, and those held out when its topic's was."""
        from generate.review.reviewed import Chapter

        chapters = [Chapter(text, section.title, section.keywords) for section, text in essay.sections()]
        title, beside = essay.plan.title or self.topic, Beside.of(read_subset(adapter))
        read = (id_ for name in self._others for id_ in read_subset(self.workspace.adapter(name)).ids("train"))
        beside = replace(beside, train=list(dict.fromkeys([*beside.train, *read])))
        return reviewed(self.workspace, self.settings, chapters, title, beside, on=on)

    def _next_number(self) -> int:
        taken = [int(folder.name.rpartition("-")[2]) for folder in self.workspace.essays_of(self.topic)]
        return max(taken, default=0) + 1


def generate_essay(
    workspace: Workspace,
    settings: Settings,
    topic: str,
    *,
    plan: Path | None = None,
    characters: int | None = None,
    prompt: str | None = None,
    seed: int | None = None,
    lender: Lender | None = None,
    on: On = silent,
) -> Written:
    """Write an essay on a topic with its adapter as it is into `essays/<topic>-<number>/`, and review it.

    ``plan``: a file; None takes the topic's `plan.toml`, and where there is none the essay is planned from the essays
    that the adapter was trained on. ``characters``: None takes the plan's length, and generate.characters without one.
    ``prompt``: how the essay begins. ``seed``: None takes the essay's number. The index of spans and the wording are
    used as they are, and made where there are none. Broken off, the same call goes on where it stood. Raises
    GeulgamError for a topic without an adapter, a prompt that is too long, and a file that is no plan.
    """
    name = settings.topic(topic).name
    require_adapter(workspace, name)
    prompt = written_text(prompt or "", "the prompt").strip()
    node = EssayNode(workspace, settings, name, lender, prompt=prompt, seed=seed, file=plan, characters=characters)
    for shared in (SpansNode(workspace, settings), WordingNode(workspace, settings)):
        there = shared.found()
        if there is None or there.version != shared.version:  # of an older geulgam
            make(shared, on)
    if settings.generate.places:
        make(CriticNode(workspace, settings, name, lender), on, alone=True)
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
