"""A word or a sentence becomes a topic: what the corpus suggests to look for, and what of it is written down."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from corpus.events import On, silent
from corpus.store import Corpus
from geulgam.settings import Settings, TopicSettings, written_text
from geulgam.stages.index import open_index
from geulgam.stages.topic import put_topic
from geulgam.workspace import Workspace
from retrieval.encoder import encoder
from retrieval.lucene import parse
from retrieval.subquery import PART, free, is_named_after, part_name
from retrieval.suggest.expansion import KEYWORDS
from retrieval.suggest.suggestion import PARTS, TOP, Suggestion, suggest
from retrieval.topic import name_after, topic_name


@dataclass(frozen=True)
class Proposed:
    """What is suggested for a topic of this ``name``, and the titles of all documents in it, by id. ``parts``: what the
    topics of its parts would be called, in their order.
    """

    name: str
    suggestion: Suggestion
    titles: dict[str, str] = field(repr=False)
    parts: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """For programs: documents with their titles, contexts as text."""
        told = self.suggestion
        return {
            "name": self.name,
            "seed": told.seed,
            "unknown": told.unknown,
            "query": told.query,
            "keywords": [
                {
                    **asdict(keyword),
                    "contexts": [
                        {
                            "document_id": context.document_id,
                            "title": context.title,
                            "text": f"{context.before}{context.match}{context.after}",
                            "matched": context.match,
                        }
                        for context in keyword.contexts
                    ],
                    "gains": self.named(keyword.gains),
                    "losses": self.named(keyword.losses),
                }
                for keyword in told.keywords
            ],
            "parts": [
                {**asdict(part), "name": name, "documents": self.named(part.documents)}
                for name, part in zip(self.parts, told.parts, strict=True)
            ],
            "top": told.top,
            "hits": self.named(told.hits),
        }

    def named(self, ids: Sequence[str]) -> list[dict[str, str]]:
        """Documents with their titles."""
        return [{"document_id": id_, "title": self.titles.get(id_, "")} for id_ in ids]


@dataclass(frozen=True)
class Put:
    """A topic that was written down. ``was``: its query before, where there was one of that name with another."""

    name: str
    query: str
    was: str = ""


def suggest_topic(
    workspace: Workspace,
    settings: Settings,
    seed: str,
    *,
    name: str | None = None,
    keywords: int = KEYWORDS,
    top: int = TOP,
    parts: int = PARTS,
    on: On = silent,
) -> Proposed:
    """What the index, as it is, suggests for a word or a sentence. ``name``: the topic's, else it is called after the
    seed (:func:`retrieval.topic.name_after`).

    Raises GeulgamError if there is no index, or nothing in it for the seed, or if the seed is a query.
    """
    seed = written_text(seed, "what to suggest for").strip()
    asked = name and topic_name(name)
    index, corpus = open_index(workspace, settings), Corpus(workspace.corpus)
    encode = encoder(settings.generate.encoder).encode
    made = suggest(index, corpus, seed, encode=encode, keywords=keywords, top=top, most_parts=parts, on=on)
    ids = {*made.hits}
    ids.update(id_ for keyword in made.keywords for id_ in (*keyword.gains, *keyword.losses))
    ids.update(id_ for part in made.parts for id_ in part.documents)
    titles = {document.id: document.title for document in corpus.get(sorted(ids))}
    name = asked or name_after(seed)
    # A topic that an earlier suggestion made for a part may be made again; any other keeps its name to itself.
    others = (topic.name for topic in settings.topics if not _is_part(topic, name))
    taken = {other.casefold() for other in (name, *others)}
    names = []
    for number, part in enumerate(made.parts, 1):
        names.append(free(part_name(name, part.title, number), taken))
        taken.add(names[-1].casefold())
    return Proposed(name, made, titles, tuple(names))


def _is_part(topic: TopicSettings, of: str) -> bool:
    """Whether a suggestion wrote the topic for a part of another, by its name and by how its query begins."""
    return is_named_after(topic.name, of) and topic.query.startswith(PART)


def found(workspace: Workspace, settings: Settings, query: str, count: int) -> list[tuple[str, str]]:
    """The best hits of a query: id and title."""
    index = open_index(workspace, settings)
    hits = index.search(parse(query, index.analyzer), count)
    documents = Corpus(workspace.corpus).get([hit.document_id for hit in hits])
    return [(document.id, document.title) for document in documents]


def put_proposed(
    workspace: Workspace,
    settings: Settings,
    proposed: Proposed,
    *,
    chosen: Collection[str] | None = None,
    parts: Collection[str] = (),
    k: int | None = None,
) -> list[Put]:
    """Write the topic into `geulgam.toml`, and those of its parts that are asked for.

    ``chosen``: its keywords; None: all. ``parts``: their names. ``k``: of each; None: a topic that is there keeps its
    own.
    """
    told = proposed.suggestion
    query = told.query if chosen is None else told.with_keywords(chosen)
    queries = [part.query for part in told.parts] if chosen is None else told.parts_with(chosen)
    wanted = [(proposed.name, query)]
    wanted += [each for each in zip(proposed.parts, queries, strict=True) if each[0] in parts]
    own = {topic.name: topic.k for topic in settings.topics}
    put = []
    for name, asked in wanted:
        kept = own.get(name) if k is None else k
        before = put_topic(workspace, settings, TopicSettings(name=name, query=asked, k=kept))
        put.append(Put(name, asked, before.query if before and before.query != asked else ""))
    return put
