"""A plan out of the essays that were found for a topic: what they tell of, in the order in which they tell it.

Their passages are clustered by an encoder into sub-topics; those that few essays share or that are far from the topic
are dropped; each is named by its words and stands where such passages stand in the essays.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from generate.clustering import Clusters, Vectors, merged, spherical
from generate.facts import facts_of_essays
from generate.keywords import Content, Words, content, keywords, title, weighed
from generate.passages import Passage, passages
from generate.plan import Plan, Role, Section
from retrieval.kiwi import tagged

Encode = Callable[[Sequence[str]], Vectors]

_MOST = 1_200  # passages that are read: more of them take longer and change little
_PER_ESSAY = 12  # of them at most
_SMALLEST = 6  # passages of a cluster, as a mean
_AT_ONCE = 128  # texts encoded between two reports
_TELLING, _OF_FACTS = 60, 2  # essays that facts are told from, and passages of each
_BOUNDS = 0.6, 1.6  # a section's length against the mean
_EVEN = 0.5  # lengths go by the size of the cluster to this power


@dataclass(frozen=True)
class _Cluster:
    """A sub-topic: its passages by their numbers, in how many essays, and how much it is of the topic."""

    own: Sequence[int]
    essays: int
    place: float
    worth: float


def make_plan(
    topic: str,
    documents: Sequence[Document],
    *,
    sections: int,
    characters: int,
    encode: Encode,
    words: Sequence[str] = (),
    opening: str = "",
    seed: int = 0,
    on: On = silent,
) -> Plan:
    """The plan of an essay on the topic. The same documents and seed give the same plan.

    ``documents``: what the topic's query found, the best first. ``words``: the query's terms, as Kiwi has them; with
    them a sub-topic's nearness to the topic is told better. ``encode``: texts to rows of length 1. ``opening``: the
    essay's first sentences; its facts win over the documents'. Raises GeulgamError for documents with fewer passages
    than sections, and for sections of less than a character.
    """
    if sections < 1 or characters < sections:
        raise GeulgamError(f"{characters:,} characters make no {sections} sections", "plan fewer, or a longer essay")
    per_essay = min(_PER_ESSAY, max(3, _MOST // max(1, len(documents))))
    read = passages(documents, per_essay)[:_MOST]
    if len(read) < sections:
        raise GeulgamError(
            f"{topic}: its {len(documents)} essays have {len(read)} passages, too few for {sections} sections",
            "plan fewer sections, or widen the topic's query",
        )
    with Task(on, "reading", len(read), "passage") as task:
        contents = []
        for passage, morphemes in zip(read, tagged(passage.text for passage in read), strict=True):
            contents.append(content(passage.essay, passage.text, morphemes))
            task.advance()
    vectors = _encoded([passage.text for passage in read], encode, on)
    towards = encode([" ".join([topic, *words])])[0]
    clusters = _chosen(read, contents, vectors, towards, {topic, *words}, sections, seed)
    groups = [[contents[i] for i in cluster.own] for cluster in clusters]
    chosen = {i for cluster in clusters for i in cluster.own}
    rest = [passage for i, passage in enumerate(contents) if i not in chosen]
    lengths = apportioned(characters, [len(cluster.own) for cluster in clusters])
    named = _named(groups, rest)
    return Plan(
        topic,
        tuple(
            Section(name or topic, length, keys, _role(number, len(clusters)))
            for number, (length, (name, keys)) in enumerate(zip(lengths, named, strict=True))
        ),
        opening,
        facts_of_essays(_samples(read), opening),
    )


def apportioned(characters: int, sizes: Sequence[int]) -> list[int]:
    """Lengths that add up to ``characters``, by the sizes but none far from the mean; round where there is room."""
    shares = np.asarray(sizes, dtype=float) ** _EVEN
    mean = 1 / len(sizes)
    shares = np.clip(shares / shares.sum(), _BOUNDS[0] * mean, _BOUNDS[1] * mean)
    unit = 10 if characters >= 100 * len(sizes) else 1
    exact = shares / shares.sum() * (characters // unit)
    lengths = np.floor(exact).astype(int)
    for place in np.argsort(lengths - exact, kind="stable")[: characters // unit - lengths.sum()]:
        lengths[place] += 1
    lengths *= unit
    lengths[int(lengths.argmax())] += characters - lengths.sum()
    return [int(length) for length in lengths]


def _samples(read: Sequence[Passage]) -> list[str]:
    """Some text of each of the best essays, to tell facts from."""
    texts: dict[int, list[str]] = {}
    for passage in read:
        texts.setdefault(passage.essay, []).append(passage.text)
    return [" ".join(own[:_OF_FACTS]) for own in list(texts.values())[:_TELLING]]


def _role(number: int, sections: int) -> Role:
    return "opening" if number == 0 else "closing" if number == sections - 1 else "middle"


def _encoded(texts: Sequence[str], encode: Encode, on: On) -> Vectors:
    with Task(on, "encoding", len(texts), "passage") as task:
        parts = []
        for start in range(0, len(texts), _AT_ONCE):
            parts.append(encode(texts[start : start + _AT_ONCE]))
            task.reach(min(len(texts), start + _AT_ONCE))
    return np.concatenate(parts)


def _chosen(
    read: Sequence[Passage],
    contents: Sequence[Content],
    vectors: Vectors,
    towards: Vectors,
    words: set[str],
    sections: int,
    seed: int,
) -> list[_Cluster]:
    """As many of twice as many clusters, those that are most of the topic, in the order of their places."""
    k = max(sections, min(2 * sections + 2, len(read) // _SMALLEST))
    clusters = merged(spherical(vectors, min(k, len(read)), seed), sections)
    found = _clusters(read, contents, clusters, vectors @ towards, words)
    best = sorted(found, key=lambda cluster: (-cluster.worth, cluster.own[0]))[:sections]
    if len(best) < sections:
        raise GeulgamError(f"the essays tell of {len(best)} things, not of {sections}", "plan fewer sections")
    return sorted(best, key=lambda cluster: (cluster.place, cluster.own[0]))


def _clusters(
    read: Sequence[Passage], contents: Sequence[Content], clusters: Clusters, nearness: Vectors, words: set[str]
) -> list[_Cluster]:
    """Every cluster, worth the more the nearer it is to the topic, by its words and by the encoder, the more essays
    share it, and the closer it is in itself; each of the four in standard deviations."""
    owns = [own for label in range(len(clusters.means)) if (own := np.flatnonzero(clusters.labels == label).tolist())]
    essays = [len({read[i].essay for i in own}) for own in owns]
    said = [np.mean([bool(words & contents[i].words.keys()) for i in own]) for own in owns]
    worth = (
        _standard([float(nearness[own].mean()) for own in owns])
        + _standard([float(share) for share in said])
        + _standard([float(np.log(count)) for count in essays])
        + 0.5 * _standard([float(clusters.closeness[own].mean()) for own in owns])
    )
    return [
        _Cluster(own, count, _place([read[i] for i in own]), float(value))
        for own, count, value in zip(owns, essays, worth, strict=True)
    ]


def _place(own: Sequence[Passage]) -> float:
    """Where the passages stand, each essay once."""
    of_essay: dict[int, list[float]] = {}
    for passage in own:
        of_essay.setdefault(passage.essay, []).append(passage.place)
    return float(np.mean([np.mean(places) for places in of_essay.values()]))


def _standard(values: Sequence[float]) -> npt.NDArray[np.float64]:
    array = np.asarray(values, dtype=float)
    standard: npt.NDArray[np.float64] = (array - array.mean()) / (array.std() or 1.0)
    return standard


def _named(groups: Sequence[Sequence[Content]], rest: Sequence[Content]) -> list[tuple[str, tuple[str, ...]]]:
    """The title and the keywords of each group."""
    named = []
    weights: list[Words] = weighed(groups, rest)
    for words, group in zip(weights, groups, strict=True):
        keys = keywords(words, groups)
        named.append((title(words, group, keys), keys))
    return named
