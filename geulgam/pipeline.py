"""All artifacts of a workspace: how they are; and making those that are stale, in order, and nothing else.

imports → corpus → sides ─┬─────→ shared ──────┐
                ├→ index ─┴→ subset 함께 ─┴→ adapter 함께 → evaluation 함께
                │                              └→ critic 함께 (with the sides) ┐
                ├→ spans ──────────────────────────────────────────────────┴→ essay 함께
                └→ wording (with the sides) ──────────────────────────────────┘
"""

from collections.abc import Callable

from corpus.errors import GeulgamError
from corpus.events import On, silent
from geulgam.graph import Node, Outcome, State, look, make
from geulgam.settings import Settings
from geulgam.stages.adapter import AdapterNode
from geulgam.stages.base import Lender
from geulgam.stages.critic import CriticNode, WordingNode
from geulgam.stages.essay import EssayNode
from geulgam.stages.evaluation import EvaluationNode
from geulgam.stages.index import IndexNode
from geulgam.stages.shared import SharedNode
from geulgam.stages.sides import SidesNode
from geulgam.stages.spans import SpansNode
from geulgam.stages.subset import SubsetNode
from geulgam.workspace import Workspace


def _of_all(workspace: Workspace, settings: Settings) -> list[Node]:
    """What is made for all topics first, in order."""
    kinds = (SidesNode, IndexNode, SpansNode, WordingNode)
    return [kind(workspace, settings) for kind in kinds]


def _shared_stage(workspace: Workspace, settings: Settings, lender: Lender | None = None) -> list[Node]:
    """The stage of training that topics share, if there is to be one."""
    return [SharedNode(workspace, settings, lender=lender)] if settings.finetune.shared.is_wanted else []


def _of_topic(workspace: Workspace, settings: Settings, topic: str, lender: Lender | None = None) -> list[Node]:
    """What is made for a topic alone, in order."""
    return [
        SubsetNode(workspace, settings, topic),
        AdapterNode(workspace, settings, topic, lender),
        EvaluationNode(workspace, settings, topic, lender),
        *([CriticNode(workspace, settings, topic, lender)] if settings.generate.places else []),
        EssayNode(workspace, settings, topic, lender),
    ]


def status(workspace: Workspace, settings: Settings) -> list[State]:
    """How every artifact is, inputs first; nothing is changed. Without topics those of the corpus alone."""
    nodes = [node for topic in settings.topics for node in _of_topic(workspace, settings, topic.name)]
    return look([*_of_all(workspace, settings), *_shared_stage(workspace, settings), *nodes])


def plan(workspace: Workspace, settings: Settings) -> list[State]:
    """What :func:`run` would make now, in order; nothing is changed. Raises GeulgamError if there is no topic."""
    settings.topic_names()
    return [state for state in status(workspace, settings) if not state.is_fresh]


def run(
    workspace: Workspace,
    settings: Settings,
    *,
    on: On = silent,
    told: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Make all that is stale, in order; what was made, each also given to ``told`` when it is done.

    The base model is loaded once, when it is first needed. A topic that fails does not keep the others from being
    done; its GeulgamError is raised at the end.
    """
    names, lender = settings.topic_names(), Lender(workspace, settings)
    done: list[Outcome] = []

    def tell(outcome: Outcome) -> None:
        done.append(outcome)
        if told:
            told(outcome)

    early, late = _of_all(workspace, settings), _shared_stage(workspace, settings, lender)
    for node in early:
        make(node, on, told=tell)
    failed: dict[str, GeulgamError] = {}
    topics = [_of_topic(workspace, settings, name, lender) for name in names]
    for number, targets in enumerate(zip(*topics, strict=True)):  # stage by stage
        if number == 1 and len(failed) < len(topics):  # the subsets are there: a bad query costs no training
            for node in late:
                make(node, on, told=tell)
        for target in targets:
            if target.topic not in failed:
                try:
                    make(target, on, told=tell)
                except GeulgamError as error:
                    failed[target.topic] = error
    if len(failed) == 1:
        raise next(iter(failed.values()))
    if failed:
        lines = "; ".join(f"{topic}: {str(error).partition(chr(10))[0]}" for topic, error in failed.items())
        raise GeulgamError(f"{len(failed)} topics failed: {lines}", "mend them, then geulgam run again")
    return done
