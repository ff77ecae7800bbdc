"""The stages in their order: which are stale and why, and doing those again, and nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from corpus.errors import GeulgamError
from geulgam.settings import Settings
from geulgam.stages import adapter, essay, index, metrics, subset
from geulgam.stages.base import lender
from geulgam.workspace import Workspace

Stage = Literal["index", "subset", "adapter", "evaluation", "essay"]
STAGES: tuple[Stage, ...] = ("index", "subset", "adapter", "evaluation", "essay")

_STALE: dict[Stage, Callable[[Workspace, Settings, str], list[str]]] = {
    "index": lambda workspace, settings, _: index.stale(workspace, settings),
    "subset": subset.stale,
    "adapter": adapter.stale,
    "evaluation": metrics.stale,
    "essay": essay.stale,
}

# What a stage is made from.
_SOURCE: dict[Stage, Stage] = {
    "subset": "index",
    "adapter": "subset",
    "evaluation": "adapter",
    "essay": "adapter",
}


@dataclass(frozen=True)
class Step:
    """One stage that has to be done again: for which topic ("" for the index), and why.

    ``certain``: False where it only follows what comes before it, and is left out if that ends as it was.
    """

    stage: Stage
    topic: str
    reasons: tuple[str, ...]
    certain: bool = True

    def line(self) -> str:
        """ "adapter 함께: recipe changed: epochs 2 → 3"."""
        return f"{self.stage} {self.topic}".rstrip() + f": {'; '.join(self.reasons)}"


def plan(workspace: Workspace, settings: Settings) -> list[Step]:
    """What :func:`run` would do now, in order; nothing is changed."""
    steps: list[Step] = []
    for stage, topic in _order(settings):
        reasons = _STALE[stage](workspace, settings, topic)
        source = _SOURCE.get(stage)
        if reasons:
            steps.append(Step(stage, topic, tuple(reasons)))
        elif any(s.stage == source and s.topic in (topic, "") for s in steps):
            steps.append(Step(stage, topic, (f"if the {source} comes out different",), certain=False))
    return steps


def run(
    workspace: Workspace,
    settings: Settings,
    *,
    begin: Callable[[Step], None] = lambda step: None,
    progress: bool = False,
) -> Iterator[tuple[Step, list[str]]]:
    """Do every stale stage in order; each step is told to ``begin`` and given with its results, as lines, when done.

    Whether a stage is stale is asked when its turn comes: a subset that came out as before costs no training.
    The base model is loaded once, when it is first needed. A topic that fails does not keep the others from being
    done; its GeulgamError is raised at the end.
    """
    settings.topic_names()
    base = lender(workspace, settings, progress=progress)

    def do(stage: Stage, topic: str) -> list[str]:
        match stage:
            case "index":
                return [index.build_index(workspace, settings, progress=progress).line()]
            case "subset":
                return [subset.summary(subset.select_topic(workspace, settings, topic, progress=progress))]
            case "adapter":
                tuned = adapter.finetune_topics(workspace, settings, [topic], base=base, progress=progress)
                return [made.line() for made in tuned]
            case "evaluation":
                measured = metrics.evaluate_topics(workspace, settings, [topic], base=base, progress=progress)
                return [figures.line() for figures in measured]
            case "essay":
                written = essay.generate_essay(workspace, settings, topic, base=base, progress=progress)
                return [written.line()]

    failed: dict[str, GeulgamError] = {}
    with workspace.exclusive():
        for stage, topic in _order(settings):
            reasons = [] if topic in failed else _STALE[stage](workspace, settings, topic)
            if not reasons:
                continue
            step = Step(stage, topic, tuple(reasons))
            begin(step)
            try:
                result = do(stage, topic)
            except GeulgamError as error:
                if not topic:
                    raise
                failed[topic] = error
            else:
                yield step, result
    if len(failed) == 1:
        raise next(iter(failed.values()))
    if failed:
        told = "; ".join(f"{topic}: {str(error).partition(chr(10))[0]}" for topic, error in failed.items())
        raise GeulgamError(f"{len(failed)} topics failed: {told}", "mend them, then geulgam run again")


def _order(settings: Settings) -> Iterator[tuple[Stage, str]]:
    yield "index", ""
    for stage in STAGES[1:]:
        for topic in settings.topics:
            yield stage, topic.name
