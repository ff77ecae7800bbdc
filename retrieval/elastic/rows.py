"""What a document is on the server, and where that comes from: its cached terms, or its raw text."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.digests import DTYPE, Digest
from corpus.document import Document
from retrieval.elastic.mapping import TERM_LIMIT, indexed
from retrieval.terms import Part, TermStore


class Row(NamedTuple):
    """What is indexed of a document, by the names of the fields; ``terms``: with spaces between, or the raw text."""

    id: str
    terms: str
    title: str
    source: str
    metadata: dict[str, str]


Source: TypeAlias = Callable[[Digest], Iterator[Row]]  # sorted ids -> those documents, in any order


def analysed(store: TermStore, get: Callable[[Sequence[str]], Iterable[Document]]) -> Source:
    """Documents with their cached terms, a part of those in memory at a time; ``get`` gives them by their ids."""

    def rows(missing: Digest) -> Iterator[Row]:
        for part in store.parts():
            ids: list[Any] = part.ids.to_pylist()
            here = np.flatnonzero(held(digests(ids), missing))
            if len(here):
                documents = get([ids[place] for place in here.tolist()])
                for document, terms in zip(documents, _joined(part, here), strict=True):
                    yield _row(document, terms)

    return rows


def raw(documents: Iterable[Document]) -> Source:
    """Documents as they are; iterated over each time they are asked for."""

    def rows(missing: Digest) -> Iterator[Row]:
        for document in documents:
            if held(digests([document.id]), missing)[0]:
                yield _row(document, f"{document.title}\n{document.text}")

    return rows


def digests(ids: Iterable[Any]) -> Digest:
    """The ids as 16 bytes each, in their order, (n,)."""
    return np.frombuffer(bytes.fromhex("".join(ids)), DTYPE)


def held(ids: Digest, others: Digest) -> Any:
    """For each of the ids whether it is among the others, which are sorted, (len(ids),) bool."""
    places = np.searchsorted(others, ids)
    found = places < len(others)
    found[found] = others[places[found]] == ids[found]
    return found


def _row(document: Document, terms: str) -> Row:
    return Row(document.id, terms, document.title, document.source, dict(document.metadata))


def _joined(part: Part, places: Any) -> list[str]:
    """The terms of the part's documents at these places, with spaces between. No Python object for each term."""
    vocabulary: Any = part.vocabulary
    if len(vocabulary) and pc.max(pc.utf8_length(vocabulary)).as_py() > TERM_LIMIT:
        vocabulary = pa.array([indexed(word) for word in vocabulary.to_pylist()], pa.string())
    offsets: Any = pa.array(part.offsets.astype(np.int32))
    lists: Any = pa.ListArray.from_arrays(offsets, vocabulary.take(pa.array(part.terms)))
    joined: Any = pc.binary_join(lists.take(pa.array(places)), " ")
    texts: list[str] = joined.to_pylist()
    return texts
