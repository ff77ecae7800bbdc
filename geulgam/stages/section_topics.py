"""The sections of a plan become topics of the workspace, each for an adapter of its own."""

from collections.abc import Mapping
from dataclasses import dataclass

from corpus.events import On, silent
from generate.planning.plan import Plan
from geulgam.settings import Settings, TopicSettings
from geulgam.stages.subset import select_topics
from geulgam.stages.topic import put_topic, standings
from geulgam.workspace import Workspace


@dataclass(frozen=True)
class SectionTopic:
    """The topic whose adapter writes a section. ``train``: essays that it trains on; ``adapter``: "none", "fresh" or
    "stale"; ``was``: its query before, where there was one of that name with another.
    """

    section: str
    name: str
    query: str
    train: int
    adapter: str
    was: str


def put_section_topics(
    workspace: Workspace,
    settings: Settings,
    topic: str,
    plan: Plan,
    queries: Mapping[str, str],
    on: On = silent,
) -> tuple[SectionTopic, ...]:
    """Write those topics into `geulgam.toml`, each with the k of the plan's topic, select the essays of all that the
    plan's sections name, and say how far they are.

    ``queries``: by name, of :func:`generate.planning.section_topics.with_topics`. Raises GeulgamError for a query that
    cannot be read.
    """
    own = settings.topic(topic)
    new = {name: TopicSettings(name=name, query=query, k=own.k) for name, query in queries.items()}
    before = {name: put_topic(workspace, settings, wanted) for name, wanted in new.items()}
    others = (known for known in settings.topics if known.name not in new)
    settings = settings.model_copy(update={"topics": (*others, *new.values())})
    names = [section.adapter for section in plan.sections]
    subsets = dict(zip(names, select_topics(workspace, settings, names, on=on), strict=True))
    states = {standing.name: standing for standing in standings(workspace, settings)}
    return tuple(
        SectionTopic(
            section.title,
            section.adapter,
            states[section.adapter].query,
            len(subsets[section.adapter].ids("train")),
            states[section.adapter].adapter,
            was.query if (was := before.get(section.adapter)) and was != new[section.adapter] else "",
        )
        for section in plan.sections
    )
