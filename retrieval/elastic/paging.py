"""All the hits of a search, however many: a point in time, and after each page the next."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from elasticsearch import Elasticsearch

from corpus.digests import Digest, array, from_hex

PAGE = 10_000  # what a server gives at once (index.max_result_window)
_ALIVE = "5m"


def pages(
    client: Elasticsearch, index: str, sort: list[Any], limit: int | None = None, **body: Any
) -> Iterator[list[Any]]:
    """The hits, up to ``PAGE`` at a time, ``limit`` in all, as the index was when the first was asked for.

    ``body``: further arguments of a search. An index of which a part does not answer raises an ApiError.
    """
    point = client.open_point_in_time(index=index, keep_alive=_ALIVE)["id"]
    try:
        after, left = None, limit
        while left is None or left > 0:
            size = PAGE if left is None else min(PAGE, left)
            answer = client.search(
                pit={"id": point, "keep_alive": _ALIVE},
                sort=sort,
                size=size,
                search_after=after,
                source=False,
                track_total_hits=False,
                allow_partial_search_results=False,
                **body,
            )
            hits = answer["hits"]["hits"]
            if hits:
                yield hits
                after, point = hits[-1]["sort"], answer["pit_id"]
            if len(hits) < size:
                return
            left = None if left is None else left - len(hits)
    finally:
        client.options(ignore_status=404).close_point_in_time(id=point)


def document_keys(client: Elasticsearch, index: str) -> Digest:
    """The keys of all the documents that can be found in the index, sorted, (n,): 16 bytes for each."""
    found = [array(from_hex(hit["_id"]) for hit in page) for page in pages(client, index, ["_shard_doc"])]
    return np.sort(np.concatenate([array([]), *found]))
