"""Topics as they stand in `geulgam.toml`, and how far each has come."""

from dataclasses import dataclass

from corpus.store import Corpus
from geulgam import settings_file
from geulgam.graph import at_work, look
from geulgam.settings import Settings, TopicSettings
from geulgam.stages import subset
from geulgam.stages.adapter import AdapterNode
from geulgam.stages.index import checked_query
from geulgam.workspace import SETTINGS, Workspace

_BEGINNING = 40  # characters of an essay shown


@dataclass(frozen=True)
class Standing:
    """How far a topic has come.

    ``selected``: essays in its subset, None before it was selected; ``adapter``: "none", "fresh" or "stale".
    """

    name: str
    query: str
    k: int
    selected: int | None
    adapter: str
    essays: int


@dataclass(frozen=True)
class Best:
    """One of the best hits of a topic."""

    rank: int
    score: float
    side: str
    document_id: str
    title: str
    beginning: str


@dataclass(frozen=True)
class Preview:
    """What a topic's query finds. ``sides``: essays in train, valid and test; ``note``: what was refused, if any."""

    name: str
    query: str
    k: int
    documents: int
    sides: dict[str, int]
    note: str
    best: tuple[Best, ...]


def put_topic(workspace: Workspace, settings: Settings, topic: TopicSettings) -> TopicSettings | None:
    """Add a topic to `geulgam.toml`, or change the one of that name; what it was before, or None.

    Raises GeulgamError for a query that cannot be read.
    """
    checked_query(settings, topic.query)
    with at_work(workspace, SETTINGS):
        return settings_file.put_topic(workspace.settings_file, topic)


def drop_topic(workspace: Workspace, settings: Settings, name: str) -> str:
    """Take a topic out of `geulgam.toml`; its name in NFC. Raises GeulgamError if there is none."""
    name = settings.topic(name).name
    with at_work(workspace, SETTINGS):
        settings_file.drop_topic(workspace.settings_file, name)
    return name


def standings(workspace: Workspace, settings: Settings) -> list[Standing]:
    """How far each topic has come; reads manifests only."""
    adapters = [AdapterNode(workspace, settings, topic.name) for topic in settings.topics]
    states = {(state.node.stage, state.node.topic): state for state in look(adapters)}
    found = []
    for topic in settings.topics:
        selected, adapter = states["subset", topic.name].found, states["adapter", topic.name]
        state = "none" if adapter.found is None else "fresh" if adapter.is_fresh else "stale"
        documents = int(selected.facts["documents"]) if selected else None
        written = len(workspace.essays_of(topic.name))
        found.append(Standing(topic.name, topic.query, topic.k or settings.retrieval.k, documents, state, written))
    return found


def preview(workspace: Workspace, settings: Settings, name: str, top: int = 10) -> Preview:
    """What the topic's query finds now, without writing anything."""
    topic = subset.wanted(settings, name)
    node = subset.SubsetNode(workspace, settings, topic.name)
    is_fresh = all(state.is_fresh for state in look([node]))
    found = subset.read_subset(node.folder) if is_fresh else subset.selected(workspace, settings, topic.name)
    best = sorted(found.rows, key=lambda row: row.rank)[:top]
    documents = Corpus(workspace.corpus).get([row.document_id for row in best])
    return Preview(
        topic.name,
        topic.query,
        topic.k,
        len(found.rows),
        {side: len(found.ids(side)) for side in ("train", "valid", "test")},
        found.note,
        tuple(
            Best(row.rank, row.score, row.side, row.document_id, d.title, " ".join(d.text[:_BEGINNING].split()))
            for row, d in zip(best, documents, strict=True)
        ),
    )
