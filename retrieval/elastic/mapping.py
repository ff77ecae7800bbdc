"""How an index lies on the server: its fields, its ranking, and in ``_meta`` what it was made from.

The text itself stays in the corpus: no ``_source`` is kept. Fields:

    _id       the document's key (:mod:`retrieval.elastic.keys`)
    id        its id, in a column: it is what is found, and ties are broken by it
    terms     what the analyzer made, with spaces between (or the raw text, for an analyzer of the server's own)
    title, source, metadata     as they stand in the corpus, for filters
    passages  where there are vectors: for each sentence its vector, and its start and end in the text
"""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

FORMAT = 2
TERM_LIMIT = 127  # characters, 254 UTF-16 units at most: Lucene's whitespace tokenizer cuts at 255
_EXACT = {"type": "keyword", "doc_values": False, "ignore_above": 8_191}  # 32,766 bytes is Lucene's limit
_SENTENCES = 200_000  # of one document, at most
_LOADING: dict[str, Any] = {"refresh_interval": "-1", "auto_expand_replicas": "false", "number_of_replicas": 0}


@dataclass(frozen=True)
class Meta:
    """What an index was made from, and how much was put in. ``corpus``: its fingerprint, empty while unfinished."""

    alias: str
    analyzer: str  # fingerprint
    k1: float
    b: float
    shards: int
    corpus: str = ""
    documents: int = 0
    refused: int = 0
    made: str = ""  # ISO 8601
    format: int = FORMAT
    encoder: str = ""  # of the passages' vectors; empty: there are none
    dimensions: int = 0

    @property
    def recipe(self) -> tuple[Any, ...]:
        """What has to be equal for a document in one index to be the same in another."""
        return self.format, self.alias, self.analyzer, self.k1, self.b, self.encoder

    def plain(self) -> dict[str, Any]:
        """For ``_meta``."""
        return {"geulgam": asdict(self)}

    @classmethod
    def of(cls, mapping: Any) -> "Meta | None":
        """That of an index's mapping; None if geulgam did not make the index, or another version did."""
        try:
            return cls(**mapping["_meta"]["geulgam"])
        except (KeyError, TypeError):
            return None


def settings(meta: Meta) -> dict[str, Any]:
    """The settings of a new index, as it is while it is loaded: no refresh, no replica."""
    similarity = {"type": "BM25", "k1": meta.k1, "b": meta.b}
    nested = {"mapping.nested_objects.limit": _SENTENCES} if meta.encoder else {}
    return {"number_of_shards": meta.shards, "similarity": {"default": similarity}, **nested, **_LOADING}


def opened_settings() -> dict[str, Any]:
    """What has to be different in an index that was complete, or nearly so, before it is loaded again."""
    return {**_LOADING, "blocks.write": None}


def finished_settings(replicas: int | None) -> dict[str, Any]:
    """The settings of an index that is complete: sealed, refreshed as usual, and with its replicas."""
    return {"refresh_interval": None, "blocks.write": True, **replica_settings(replicas)}


def replica_settings(replicas: int | None) -> dict[str, Any]:
    """How many copies of each shard there are besides the first; None for one as soon as there is a second node."""
    if replicas is None:
        return {"auto_expand_replicas": "0-1"}
    return {"auto_expand_replicas": "false", "number_of_replicas": replicas}


def mappings(meta: dict[str, Any], analyzer: str = "whitespace", dimensions: int = 0) -> dict[str, Any]:
    """The fields. ``meta``: for ``_meta``; ``analyzer``: the server's own that ``terms`` goes through.

    ``dimensions``: of the vectors, 0 for none.
    """
    # Flat: all vectors are looked at, as in the embedded index.
    vector = {"type": "dense_vector", "dims": dimensions, "element_type": "byte", "index": True, "similarity": "cosine"}
    place = {"type": "integer", "index": False}
    properties = {"vector": {**vector, "index_options": {"type": "flat"}}, "start": place, "end": place}
    passages = {"passages": {"type": "nested", "properties": properties}} if dimensions else {}
    return {
        "dynamic": "strict",
        "_meta": meta,
        "_source": {"enabled": False},
        "properties": {
            "id": {"type": "keyword", "index": False},
            "terms": {"type": "text", "analyzer": analyzer},
            "title": _EXACT,
            "source": _EXACT,
            "metadata": {"type": "flattened", "doc_values": False, "ignore_above": 8_191},
            **passages,
        },
    }


def indexed(term: str) -> str:
    """The term as the server gets it: itself, unless it is so long that it would be cut."""
    if len(term) <= TERM_LIMIT:
        return term
    return f"{term[:60]}…{hashlib.sha256(term.encode()).hexdigest()[:32]}"
