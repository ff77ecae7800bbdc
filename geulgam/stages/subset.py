"""A topic's query becomes its subset: the essays to learn from, to choose by and to measure on."""

from corpus.errors import GeulgamError
from corpus.store import Corpus
from geulgam import manifest
from geulgam.manifest import Manifest
from geulgam.settings import Settings
from geulgam.stages import backend, index
from geulgam.workspace import Workspace
from retrieval.select import select
from retrieval.topic import Subset, Topic


def select_topic(workspace: Workspace, settings: Settings, topic: str, *, progress: bool = False) -> Subset:
    """Select the topic's subset and write it; the index is built first if it is out of date.

    Raises GeulgamError for a query that matches nothing, naming near terms.
    """
    name = settings.topic(topic).name
    with workspace.exclusive():
        index.build_index(workspace, settings, progress=progress)
        subset = selected(workspace, settings, name)
        now = made_from(workspace, settings, name)
        subset.save(workspace.subset(name))
        facts = {"fingerprint": subset.fingerprint(), "documents": len(subset.rows), "note": subset.note}
        Manifest(now.inputs, now.settings, facts).write(workspace.subset_manifest(name))
    return subset


def selected(workspace: Workspace, settings: Settings, topic: str) -> Subset:
    """What would be selected from the index as it is, without writing it."""
    chosen = settings.topic(topic)
    wanted = Topic(chosen.name, chosen.query, chosen.k or settings.retrieval.k)
    return select(index.open_index(workspace, settings), Corpus(workspace.corpus), wanted)


def read_subset(workspace: Workspace, topic: str) -> Subset:
    """The subset on disk. Raises GeulgamError if there is none."""
    path = workspace.subset(topic)
    if not path.exists():
        raise GeulgamError(f"{topic} has no subset yet", f"geulgam finetune {topic}")
    return Subset.load(path)


def made_from(workspace: Workspace, settings: Settings, topic: str) -> Manifest:
    """What the subset would be made from now."""
    built, chosen = backend.made(workspace, settings), settings.topic(topic)
    return Manifest(
        {
            "corpus": built.corpus if built else "",
            "analyzer": built.analyzer if built else "",
            "ranking": f"k1 {built.k1:g}, b {built.b:g}" if built else "",
        },
        {"query": chosen.query, "k": chosen.k or settings.retrieval.k},
    )


def stale(workspace: Workspace, settings: Settings, topic: str) -> list[str]:
    """Why the subset has to be selected; empty if it is up to date with an index that is."""
    found = manifest.read(workspace.subset_manifest(topic))
    if found is None or not workspace.subset(topic).exists():
        return ["not selected yet"]
    if behind := index.stale(workspace, settings):
        return [f"index: {reason}" for reason in behind]
    now = made_from(workspace, settings, topic)
    changed = [f"{name} changed" for name in now.inputs if found.inputs.get(name) != now.inputs[name]]
    return [*changed, *manifest.changes(found.settings, now.settings)]


def summary(subset: Subset) -> str:
    """ "90 essays: 72 to train on, 9 to choose by, 9 to measure on"; with the note, if anything was refused."""
    train, valid, test = (len(subset.ids(split)) for split in ("train", "valid", "test"))
    text = f"{train + valid + test:,} essays: {train:,} to train on, {valid:,} to choose by, {test:,} to measure on"
    return f"{text} ({subset.note})" if subset.note else text
