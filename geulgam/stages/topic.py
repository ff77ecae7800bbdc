"""Topics as they stand in `geulgam.toml`, and how far each has come."""

from dataclasses import dataclass

from corpus.store import Corpus
from geulgam import manifest, settings_file
from geulgam.settings import Settings, TopicSettings
from geulgam.stages import adapter, subset
from geulgam.stages.index import checked_query
from geulgam.workspace import Workspace

_BEGINNING = 40  # characters of an essay shown


@dataclass(frozen=True)
class Progress:
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
    split: str
    document_id: str
    title: str
    beginning: str


@dataclass(frozen=True)
class Preview:
    """What a topic's query finds. ``splits``: essays in train, valid and test; ``note``: what was refused, if any."""

    name: str
    query: str
    k: int
    documents: int
    splits: dict[str, int]
    note: str
    best: tuple[Best, ...]


def put_topic(workspace: Workspace, settings: Settings, topic: TopicSettings) -> TopicSettings | None:
    """Add a topic to `geulgam.toml`, or change the one of that name; what it was before, or None.

    Raises GeulgamError for a query that cannot be read.
    """
    checked_query(settings, topic.query)
    with workspace.exclusive():
        return settings_file.put_topic(workspace.settings_file, topic)


def drop_topic(workspace: Workspace, settings: Settings, name: str) -> str:
    """Take a topic out of `geulgam.toml`; its name in NFC. Raises GeulgamError if there is none."""
    name = settings.topic(name).name
    with workspace.exclusive():
        settings_file.drop_topic(workspace.settings_file, name)
    return name


def progress_of(workspace: Workspace, settings: Settings, name: str) -> Progress:
    """How far the topic has come; reads manifests only."""
    topic = settings.topic(name)
    selected = manifest.read(workspace.subset_manifest(topic.name))
    state = "none"
    if (workspace.adapter(topic.name) / "adapter_model.safetensors").exists():
        outdated = subset.stale(workspace, settings, topic.name) or adapter.stale(workspace, settings, topic.name)
        state = "stale" if outdated else "fresh"
    return Progress(
        topic.name,
        topic.query,
        topic.k or settings.retrieval.k,
        int(selected.facts["documents"]) if selected else None,
        state,
        len(workspace.essays_of(topic.name)),
    )


def preview(workspace: Workspace, settings: Settings, name: str, top: int = 10) -> Preview:
    """What the topic's query finds now, without writing anything."""
    topic = settings.topic(name)
    corpus = Corpus(workspace.corpus)
    if subset.stale(workspace, settings, topic.name):
        found = subset.selected(workspace, settings, topic.name)
    else:
        found = subset.read_subset(workspace, topic.name)
    best = sorted(found.rows, key=lambda row: row.rank)[:top]
    documents = corpus.get([row.document_id for row in best])
    return Preview(
        topic.name,
        topic.query,
        topic.k or settings.retrieval.k,
        len(found.rows),
        {split: len(found.ids(split)) for split in ("train", "valid", "test")},
        found.note,
        tuple(
            Best(row.rank, row.score, row.split, row.document_id, d.title, " ".join(d.text[:_BEGINNING].split()))
            for row, d in zip(best, documents, strict=True)
        ),
    )
