"""Documents → an unfinished index, in bulk, until each is there or was refused by the server.

What is missing is sent; the server is asked what has arrived; what is missing is sent again. So whatever dies in
between, nothing is lost, and since every document is *created* under its key, nothing is there twice.

Not by the client's ``parallel_bulk``: it gives up at the first broken connection, never sends an item again, and
on Ctrl-C first sends all the rest. Memory is that of a few chunks, and of the documents' keys.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import orjson
from elastic_transport import NodeConfig, TransportError
from elasticsearch import ApiError, Elasticsearch

from corpus.digests import Digest, array, from_hex
from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from retrieval.elastic.entries import Entry, Source
from retrieval.elastic.failures import FULL, FULL_HINT, NO_ROOM, PASSING, explained, is_full, passing, reason_of
from retrieval.elastic.keys import held
from retrieval.elastic.lease import Claim
from retrieval.elastic.paging import document_keys
from retrieval.elastic.patience import FIRST_PAUSE, PATIENCE, STEP, Away, Patience
from retrieval.elastic.routing import Routes, going_to
from retrieval.elastic.shards import no_room, replace_lost

CHUNK_DOCUMENTS = 1_000
CHUNK_BYTES = 5_000_000
ROUTED_AT_ONCE = 256  # documents whose nodes are found at a time
_ROUNDS = 5  # in which nothing new arrives although the server takes everything


class Refused(NamedTuple):
    """A document that the server does not take, and the server's reason."""

    id: str
    title: str
    source: str
    reason: str


@dataclass(frozen=True)
class Loaded:
    """``documents`` that the index holds now; ``lost``: shards whose node never came back, sent again."""

    documents: int
    refused: tuple[Refused, ...]
    lost: int


def load(
    client: Elasticsearch,
    claim: Claim,
    source: Source,
    wanted: Digest,
    present: Digest,
    *,
    patience: float = PATIENCE,
    on: On = silent,
) -> Loaded:
    """Make the claimed index hold exactly the documents ``wanted``, of which ``present`` are there already.

    Both are keys, sorted.

    Waits ``patience`` seconds for a server or node that is away. Where only shards of the index are then gone, they
    are begun anew and their documents sent again; else GeulgamError is raised, and a later call goes on.
    """
    loading = _Loading(client, claim, patience)
    missing = _without(wanted, present)
    lost = idle = 0
    ask = False  # what the index holds: not before the first round
    with Task(on, "indexing", len(wanted), "document", done=len(present)) as task:
        while True:
            try:
                if ask:
                    held_now = loading.patience.until_done(loading.keys, on)
                    before, missing = len(missing), _without(_without(wanted, held_now), loading.refused_keys())
                    idle = idle + 1 if len(missing) >= before else 0
                    if not len(missing) or idle == _ROUNDS:
                        what = f"index {claim.index} holds {len(held_now):,} documents instead of {len(wanted):,}"
                        raise GeulgamError(f"{what}: is something else writing to it?", "geulgam index build")
                    task.reach(len(wanted) - len(missing), loading.note)
                loading.send(source(missing), loading.patience.until_done(loading.routes, on), task)
                documents = loading.patience.until_done(loading.count, on)
            except Away as away:
                replaced = replace_lost(client, claim.index)
                if not replaced:
                    error = GeulgamError(NO_ROOM, FULL_HINT) if no_room(client, claim.index) else away.error
                    raise error from None
                lost += replaced
                loading.note = f"{lost} shards did not come back: their documents are sent again"
            else:
                if documents + len(loading.refused) == len(wanted):
                    return Loaded(documents, tuple(loading.refused.values()), lost)
            ask = True


class _Loading:
    """The threads that send, and what they share."""

    def __init__(self, client: Elasticsearch, claim: Claim, patience: float) -> None:
        self._client = client.options(max_retries=0)  # here is where it is tried again, after a pause
        self._index, self._alias = claim.index, claim.alias
        self.patience = Patience(patience)
        self.refused: dict[str, Refused] = {}  # by key
        self.note = ""

    def routes(self) -> Routes:
        """Where the documents go."""
        return Routes.asked(self._client, self._index)

    def send(self, entries: Iterable[Entry], routes: Routes, task: Task) -> None:
        """Send all the entries, a few chunks ahead of the servers; broken off, only what is under way."""
        self.patience.answered()
        pool = ThreadPoolExecutor(routes.requests, thread_name_prefix="bulk")
        pending: deque[Future[int]] = deque()
        try:
            for node, lines in _chunks(entries, routes):
                pending.append(pool.submit(self._chunk, node, lines))
                while len(pending) > 2 * routes.requests:
                    self._arrived(pending.popleft(), task)
            pool.submit(self._client.indices.refresh, index=self._index)  # while the last chunks are on their way
            while pending:
                self._arrived(pending.popleft(), task)
        finally:
            self.patience.stop.set()
            pool.shutdown(cancel_futures=True)
            self.patience.stop.clear()

    def _arrived(self, chunk: Future[int], task: Task) -> None:
        """Wait for the chunk, and tell of it; a server that is away is no reason not to be broken off."""
        while not wait((chunk,), STEP).done:
            task.advance(0, self.note)
        task.advance(chunk.result(), self.note)

    def count(self) -> int:
        """How many documents can be found, once all of them can be."""
        self._client.indices.refresh(index=self._index)  # of shards that are there: the search tells of others
        found = self._client.search(
            index=self._index, size=0, track_total_hits=True, allow_partial_search_results=False
        )
        return int(found["hits"]["total"]["value"])

    def keys(self) -> Digest:
        """The keys of the documents that are there, sorted, once all parts of the index are."""
        self._client.indices.refresh(index=self._index)
        return document_keys(self._client, self._index)

    def refused_keys(self) -> Digest:
        """The keys of the documents that were refused, sorted."""
        return np.sort(array(map(from_hex, self.refused)))

    def _chunk(self, node: NodeConfig | None, lines: Sequence[Any]) -> int:
        """Send until every line was taken or refused; how many were taken. Runs in a thread."""
        taken, pause = 0, FIRST_PAUSE
        while lines and not self.patience.stop.is_set():
            try:
                with going_to(node):
                    answer = self._client.bulk(
                        index=self._alias,
                        require_alias=True,
                        operations=lines,
                        timeout="10s",
                        filter_path="items.*.status,items.*.error",
                    )
            except (ApiError, TransportError) as error:
                if isinstance(error, ApiError) and error.status_code == 413 and len(lines) > 1:
                    half = len(lines) // 2
                    taken += self._chunk(node, lines[:half])
                    lines = lines[half:]
                elif isinstance(error, ApiError) and error.status_code == 413:
                    self._refuse(lines[0], "it is larger than the server takes in one request")
                    return taken
                else:
                    if not passing(error):
                        raise explained(error) from error
                    pause = self.patience.wait(error, pause)
                continue
            items = [item["create"] for item in answer["items"]]
            again = [line for line, item in zip(lines, items, strict=True) if self._failed(line, item)]
            if len(again) < len(lines):
                self.patience.answered()
                pause = FIRST_PAUSE
                taken += len(lines) - len(again)
            lines = again
            if lines:
                reasons = (reason_of(item["error"])[1] for item in items if item["status"] in PASSING)
                busy = GeulgamError(f"Elasticsearch cannot take documents now: {next(reasons)}")
                pause = self.patience.wait(busy, pause)
        return taken

    def _failed(self, line: bytes, item: dict[str, Any]) -> bool:
        """Whether the line is to be sent again. Raises GeulgamError where that would not help."""
        status = item["status"]
        if status < 300 or status == 409:  # 409: it is there, from an attempt whose answer was lost
            return False
        if is_full(item["error"]):
            raise GeulgamError(FULL, FULL_HINT)
        kind, reason = reason_of(item["error"])
        if status in (401, 403, 404):  # it is the index that is refused, not the document
            raise GeulgamError(f"Elasticsearch refused: {reason or kind}", "geulgam index build")
        if status in PASSING:
            return True
        self._refuse(line, reason or kind)
        return False

    def _refuse(self, line: bytes, reason: str) -> None:
        action, told = map(orjson.loads, line.split(b"\n", 1))
        self.refused[action["create"]["_id"]] = Refused(told["id"], told["title"], told["source"], reason)


def _chunks(entries: Iterable[Entry], routes: Routes) -> Iterator[tuple[NodeConfig | None, list[bytes]]]:
    """The entries as lines of bulk requests: for each, what to do and the document. A request is for one node."""
    entries = iter(entries)
    begun: dict[NodeConfig | None, _Chunk] = defaultdict(_Chunk)
    while some := list(islice(entries, ROUTED_AT_ONCE)):
        for entry, node in zip(some, routes.of(array(from_hex(entry.key) for entry in some)), strict=True):
            line = b'{"create":{"_id":"%b"}}\n%b' % (entry.key.encode(), entry.json())
            chunk = begun[node]
            if chunk.lines and (len(chunk.lines) == CHUNK_DOCUMENTS or chunk.size + len(line) > CHUNK_BYTES):
                yield node, chunk.lines
                chunk = begun[node] = _Chunk()
            chunk.lines.append(line)
            chunk.size += len(line)
    for node, chunk in begun.items():
        yield node, chunk.lines


@dataclass
class _Chunk:
    """A request that is being filled."""

    lines: list[bytes] = field(default_factory=list)
    size: int = 0  # bytes


def _without(keys: Digest, others: Digest) -> Digest:
    """Those of the keys that are not among the others, which are sorted; in their order."""
    kept: Digest = keys[~held(keys, others)]
    return kept
