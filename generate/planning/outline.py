"""A plan out of the essays that were found for a topic: what they tell of, in the order in which they tell it.

Their passages are clustered by an encoder into sub-topics; those that few essays share or that are far from the topic
are dropped; each is named by its words and stands where such passages stand in the essays. The one section of a short
essay is about the topic itself: its words are those that the query asked for and the essays say.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from generate.korean import stem
from generate.planning.facts import facts_of_essays
from generate.planning.passages import Passage, passages
from generate.planning.plan import Plan, Section, role_of
from generate.planning.subtopics import subtopics
from retrieval.clustering import Vectors
from retrieval.keywords import Content, Words, content, keywords, title, weighed
from retrieval.kiwi import tagged, term

Encode = Callable[[Sequence[str]], Vectors]

_MOST = 1_200  # passages that are read: more of them take longer and change little
_PER_ESSAY = 8  # of them at most: rather all of the best essays than a little of each
_TELLING, _OF_FACTS = 60, 2  # essays that facts are told from, and passages of each
_BOUNDS = 0.6, 1.6  # a section's length against the mean
_EVEN = 0.5  # lengths go by the size of the cluster to this power
_OF_ONE = 4  # keywords of a section that has no others beside it
_ROOM, _FEWEST = 250, 2  # characters for each keyword of a sub-topic, about as people name them; but so many


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
    them a sub-topic's nearness to the topic is told better, and one section named. ``encode``: texts to rows of length
    1, called once at most. ``opening``: the essay's first sentences; its facts win over the documents'. Raises
    GeulgamError for documents with fewer passages than sections, and for sections of less than a character.
    """
    if sections < 1 or characters < sections:
        raise GeulgamError(f"{characters:,} characters make no {sections} sections", "plan fewer, or a longer essay")
    read = passages(documents, _PER_ESSAY)[:_MOST]
    if len(read) < sections:
        raise GeulgamError(
            f"{topic}: its {len(documents)} essays have {len(read)} passages, too few for {sections} sections",
            "plan fewer sections, or widen the topic's query",
        )
    with Task(on, "reading", len(read), "passage") as task:
        contents, said, terms, heard = [], [], {topic, *words}, Counter[str]()
        for passage, morphemes in zip(read, tagged(passage.text for passage in read), strict=True):
            contents.append(content(passage.essay, passage.text, morphemes))
            of_topic = terms.intersection(map(term, morphemes))
            said.append(bool(of_topic))
            heard.update(sorted(of_topic))
            task.advance()
    facts = facts_of_essays(_samples(read), opening)
    told_of = (word for word, passages in heard.most_common() if passages > 1)
    own = tuple(sorted(told_of, key=lambda word: word != topic)[:_OF_ONE])  # its name first
    if sections == 1 and len(own) > 1:
        return Plan(topic, (Section(topic, characters, own, role_of(0, 1)),), opening, facts)
    vectors = encode([*(passage.text for passage in read), " ".join([topic, *words])])
    found = subtopics(read, vectors[:-1], said, vectors[-1], sections, seed)
    groups = [[contents[i] for i in subtopic.own] for subtopic in found]
    chosen = {i for subtopic in found for i in subtopic.own}
    rest = [passage for i, passage in enumerate(contents) if i not in chosen]
    lengths = apportioned(characters, [len(subtopic.own) for subtopic in found])
    told = []
    for number, (length, (name, keys)) in enumerate(zip(lengths, _named(groups, rest), strict=True)):
        word = own[number % len(own)] if own else ""
        told.append(Section(name or topic, length, fitting(word, name, keys, length), role_of(number, len(found))))
    return Plan(topic, tuple(told), opening, facts)


def apportioned(characters: int, sizes: Sequence[int]) -> list[int]:
    """Lengths that add up to ``characters``, by the sizes but none far from the mean; round where there is room.

    Each is 1 or more, of as many characters as sizes or more.
    """
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
    while lengths.min() < 1:
        lengths[lengths.argmin()] += 1
        lengths[lengths.argmax()] -= 1
    return [int(length) for length in lengths]


def fitting(of_topic: str, title: str, keys: Sequence[str], characters: int) -> tuple[str, ...]:
    """A word of the topic, if there is one, and those of a section's keywords for which it has room: nouns before
    verbs, which say less of what it is about, and those of its title before others, since they stand together."""
    others = [key for key in keys if key != of_topic]
    ranked = sorted(others, key=lambda key: (stem(key) != key, stem(key) not in title))
    best = ranked[: max(_FEWEST, characters // _ROOM)]
    return (*filter(None, [of_topic]), *(key for key in others if key in best))


def _samples(read: Sequence[Passage]) -> list[str]:
    """Some text of each of the best essays, to tell facts from."""
    texts: dict[int, list[str]] = {}
    for passage in read:
        texts.setdefault(passage.essay, []).append(passage.text)
    return [" ".join(own[:_OF_FACTS]) for own in list(texts.values())[:_TELLING]]


def _named(groups: Sequence[Sequence[Content]], rest: Sequence[Content]) -> list[tuple[str, tuple[str, ...]]]:
    """The title and the keywords of each group."""
    named = []
    weights: list[Words] = weighed(groups, rest)
    for words, group in zip(weights, groups, strict=True):
        keys = keywords(words, groups)
        named.append((title(words, group, keys), keys))
    return named
