"""What a document is on the server, and where that comes from: its cached terms, or its raw text."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from corpus.digests import DTYPE, Digest
from corpus.document import Document
from retrieval.elastic.mapping import TERM_LIMIT, indexed
from retrieval.terms import Part, TermStore


class Row(NamedTuple):
    """What is indexed of a document, by the names of the fields.

    ``terms``: with spaces between, or the raw text; a fragment is a string that is JSON already.
    """

    id: str
    terms: str | orjson.Fragment
    title: str
    source: str
    metadata: dict[str, str]


_NOTHING, _SPACE = pa.scalar(""), pa.scalar(" ")
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


def _row(document: Document, terms: str | orjson.Fragment) -> Row:
    return Row(document.id, terms, document.title, document.source, dict(document.metadata))


def _joined(part: Part, places: Any) -> Iterator[orjson.Fragment]:
    """The terms of the part's documents at these places, with spaces between. No Python object for each term."""
    offsets: Any = pa.array(part.offsets.astype(np.int32))
    lists: Any = pa.ListArray.from_arrays(offsets, pa.array(part.terms))
    if len(places) < len(lists):
        lists = lists.take(pa.array(places))
    # All terms behind each other in memory, and where each begins.
    spaced: Any = pc.binary_join_element_wise(_json(part.vocabulary), _NOTHING, _SPACE)
    _, starts, characters = spaced.take(lists.values).buffers()
    bounds = np.frombuffer(starts, np.int32)[lists.offsets.to_numpy()].tolist()
    text = memoryview(characters or b"")
    for start, end in pairwise(bounds):
        yield orjson.Fragment(b'"' + text[start : max(start, end - 1)] + b'"')


def _json(vocabulary: Any) -> Any:
    """The terms as the server gets them, within a string of JSON."""
    long = pc.greater(pc.utf8_length(vocabulary), pa.scalar(TERM_LIMIT))
    special: Any = pc.or_(long, pc.match_substring_regex(vocabulary, r'["\\\x00-\x1f]'))
    escaped = [orjson.dumps(indexed(word))[1:-1].decode() for word in vocabulary.filter(special).to_pylist()]
    return pc.replace_with_mask(vocabulary, special, pa.array(escaped, pa.string()))
