"""What a document is on the server, and where that comes from: its cached terms, or its raw text."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise, starmap
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from corpus.digests import Digest, array, from_hex, to_hex
from corpus.document import Document
from corpus.parts import hexadecimal
from retrieval.elastic.keys import Keyed, held, keys
from retrieval.elastic.mapping import TERM_LIMIT, indexed
from retrieval.nearness import PassageView
from retrieval.terms import Part, TermStore


class Entry(NamedTuple):
    """What is indexed of a document under its key, by the names of the fields.

    ``terms``: with spaces between, or the raw text; a fragment is a string that is JSON already.
    """

    key: str
    id: str
    terms: str | orjson.Fragment
    title: str
    source: str
    metadata: dict[str, str]
    passages: orjson.Fragment | None = None

    def json(self) -> bytes:
        """The fields; without passages where there are none."""
        fields = self._asdict()
        del fields["key"]
        if self.passages is None:
            del fields["passages"]
        return orjson.dumps(fields)


_NOTHING, _SPACE = pa.scalar(""), pa.scalar(" ")
Source: TypeAlias = Callable[[Digest], Iterator[Entry]]  # sorted keys -> those documents, in any order


def analysed(store: TermStore, documents: Keyed, get: Callable[[Sequence[str]], Iterable[Document]]) -> Source:
    """Documents with their cached terms, a part of those in memory at a time; ``get`` gives them by their ids."""

    def entries(missing: Digest) -> Iterator[Entry]:
        wanted = np.flatnonzero(held(documents.keys, missing))
        order = wanted[np.argsort(documents.versions[wanted], kind="stable")]
        versions = documents.versions[order]
        for part in store.parts():
            here, there = _joint(hexadecimal(part.versions), versions)
            if len(here):
                found = get(to_hex(documents.ids[order[there]]))
                joined = zip(to_hex(documents.keys[order[there]]), found, _joined(part, here), strict=True)
                yield from starmap(_entry, joined)

    return entries


def raw(documents: Iterable[Document]) -> Source:
    """Documents as they are; iterated over each time they are asked for."""

    def entries(missing: Digest) -> Iterator[Entry]:
        for document in documents:
            key = keys(array([from_hex(document.id)]), array([from_hex(document.version)]))
            if held(key, missing)[0]:
                yield _entry(to_hex(key)[0], document, f"{document.title}\n{document.text}")

    return entries


def with_vectors(source: Source, view: PassageView) -> Source:
    """The same documents, each with the vectors of its sentences, a byte a number, in hexadecimal digits."""

    def entries(missing: Digest) -> Iterator[Entry]:
        for entry in source(missing):
            slot = view.slot_of(entry.id)
            yield entry if slot < 0 else entry._replace(passages=_passages(view, slot))

    return entries


def _passages(view: PassageView, slot: int) -> orjson.Fragment:
    part, rows = view.part_of(slot)
    found = zip(part.vectors[rows], part.places[rows].tolist(), strict=True)
    return orjson.Fragment(
        orjson.dumps([{"vector": vector.tobytes().hex(), "start": start, "end": end} for vector, (start, end) in found])
    )


def _entry(key: str, document: Document, terms: str | orjson.Fragment) -> Entry:
    return Entry(key, document.id, terms, document.title, document.source, dict(document.metadata))


def _joint(some: Digest, others: Digest) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The places in both, (pairs,) each, of what is equal in some and in the others, which are sorted."""
    first, last = (np.searchsorted(others, some, side) for side in ("left", "right"))
    counts = last - first
    here = np.repeat(np.arange(len(some)), counts)
    begins = np.cumsum(counts) - counts
    return here, np.arange(len(here)) + np.repeat(first - begins, counts)


def _joined(part: Part, places: NDArray[np.intp]) -> Iterator[orjson.Fragment]:
    """The terms of the part's documents at these places, with spaces between. No Python object for each term."""
    offsets: Any = pa.array(part.offsets.astype(np.int32))
    lists: Any = pa.ListArray.from_arrays(offsets, pa.array(part.terms))
    if not np.array_equal(places, np.arange(len(lists))):
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
