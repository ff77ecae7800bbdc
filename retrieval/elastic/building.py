"""A new index from its first shard to the alias: begun, loaded, made safe, and only then to be found.

It begins with what there is: an index that a build has left, else a copy (hard links) of the live one, if that was
made in the same way and holds nothing that has left the corpus, else an empty one.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from typing import Any, TypeVar

from elasticsearch import ApiError, Elasticsearch

from corpus.digests import Digest
from corpus.errors import GeulgamError
from corpus.events import On, Task
from retrieval.elastic import alias, mapping
from retrieval.elastic.entries import Source
from retrieval.elastic.failures import FULL_HINT, NO_ROOM
from retrieval.elastic.keys import held
from retrieval.elastic.lease import Builder, Claim, Lease, taken
from retrieval.elastic.loading import Loaded, load
from retrieval.elastic.mapping import Meta
from retrieval.elastic.paging import document_keys
from retrieval.elastic.patience import Away, Patience
from retrieval.elastic.shards import data_nodes, no_room

SHARD_DOCUMENTS = 10_000_000  # about 25 GB of terms
_REPLICA_SECONDS = 600  # for a copy of every shard to be made on another node
_BEGUN = ("more than one write index", "resource_already_exists_exception")  # by another, or by us, unanswered

Result = TypeVar("Result")


@dataclass(frozen=True)
class Building:
    """What is to be built. ``shards`` and ``replicas``: None chooses; ``analyzer``: the server's, for ``terms``."""

    client: Elasticsearch
    meta: Meta
    builder: Builder
    analyzer: str
    shards: int | None
    replicas: int | None
    patience: float
    on: On

    def build(self, source: Source, wanted: Digest, corpus: str) -> Loaded:
        """Load what is missing of the sorted keys, and move the alias. Raises GeulgamError; the old index then stays.

        ``corpus``: its fingerprint.
        """
        try:
            with self._begun(wanted) as (lease, present):
                try:
                    loaded = load(self.client, lease.claim, source, wanted, present, patience=self.patience, on=self.on)
                    if loaded.documents:
                        self._patiently(partial(self._seal, lease, loaded, corpus))
                        self._patiently(partial(self._put_in_place, lease.claim))
                    return loaded
                except GeulgamError:
                    lease.check()
                    raise
        except Away as away:
            raise away.error from None

    @contextmanager
    def _begun(self, wanted: Digest) -> Iterator[tuple[Lease, Digest]]:
        """An index to load and what it holds, all of it wanted. Nobody else builds meanwhile."""
        created = partial(self._created, len(wanted))
        ways: tuple[Callable[[], Lease | None], ...] = (self._left, self._cloned, created)
        for begin in cycle(ways):
            lease = self._patiently(begin)
            if lease is None:
                continue
            with lease.renewed():
                present = wanted[:0] if begin is created else self._patiently(partial(self._present, lease, wanted))
                if present is not None:
                    self._patiently(self._forget)
                    yield lease, present
                    return
            self._patiently(partial(self._remove, lease.claim.index))

    def _left(self) -> Lease | None:
        """What a build has left, perhaps sealed already; None if there is nothing."""
        lease = taken(self.client, self.meta.alias, self.builder, self.on)
        if lease:
            self.client.indices.put_settings(index=lease.claim.alias, settings=mapping.opened_settings())
        return lease

    def _cloned(self) -> Lease | None:
        """A copy of the live index, which is sealed, so that it can be copied; None if it was made in another way."""
        live = alias.live(self.client, self.meta.alias)
        if live is None or not self._usable(live[1]):
            return None
        lease = self._lease(live[1].shards)
        return self._placed(
            lease,
            self.client.indices.clone,
            index=live[0],
            target=lease.claim.index,
            settings=mapping.opened_settings(),
        )

    def _created(self, documents: int) -> Lease | None:
        """An empty index."""
        lease = self._lease(self.shards or max(len(data_nodes(self.client)), -(-documents // SHARD_DOCUMENTS)))
        return self._placed(
            lease,
            self.client.indices.create,
            index=lease.claim.index,
            settings=mapping.settings(lease.meta),
            mappings=mapping.mappings(lease.plain(), self.analyzer, self.meta.dimensions),
        )

    def _lease(self, shards: int) -> Lease:
        """Of an index that is not there yet."""
        index = f"{self.meta.alias}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        return Lease(self.client, self.builder.claim(index), replace(self.meta, shards=shards), self.builder)

    def _placed(self, lease: Lease, make: Callable[..., Any], **how: Any) -> Lease | None:
        """Make the index, unless no disk has room for it; None if somebody has begun one meanwhile.

        A node that is away may come while it is loaded.
        """
        try:
            made = make(aliases=lease.claim.aliases(self.meta.alias), wait_for_active_shards="all", **how)
        except ApiError as error:
            if any(sign in str(error.body) for sign in _BEGUN):
                return None
            raise
        if not made["shards_acknowledged"] and no_room(self.client, lease.claim.index):
            self._remove(lease.claim.index)
            raise GeulgamError(NO_ROOM, FULL_HINT)
        lease.renew()
        return lease

    def _usable(self, meta: Meta) -> bool:
        return meta.recipe == self.meta.recipe and self.shards in (None, meta.shards)

    def _present(self, lease: Lease, wanted: Digest) -> Digest | None:
        """What the index holds; None if it can never hold what is wanted and nothing else.

        It was made in another way, it holds something else (deleted documents would distort the statistics), or a part
        of it does not come back.
        """
        index = lease.claim.index
        if not self._usable(lease.meta) or self._await_health(index, "yellow", self.patience, "recovering") == "red":
            return None
        self.client.indices.refresh(index=index)
        present = document_keys(self.client, index)
        return present if held(present, wanted).all() else None

    def _seal(self, lease: Lease, loaded: Loaded, corpus: str) -> None:
        """Write the index to disk, note what it holds, close it to changes and copy its shards."""
        index, claim = lease.claim.index, lease.claim.alias
        self.client.options(request_timeout=_REPLICA_SECONDS).indices.flush(index=claim)
        made, refused = datetime.now().astimezone().isoformat(timespec="seconds"), len(loaded.refused)
        lease.renew(replace(lease.meta, corpus=corpus, documents=loaded.documents, refused=refused, made=made))
        self.client.indices.put_settings(index=claim, settings=mapping.finished_settings(self.replicas))
        room = len(data_nodes(self.client)) > (self.replicas or 0)  # else the replicas cannot be: they stay unassigned
        self._await_health(index, "green" if room else "yellow", _REPLICA_SECONDS, "copying")

    def _put_in_place(self, claim: Claim) -> None:
        """In one step the alias stands at the index, which is no longer claimed, and the old one is gone."""
        live = alias.live(self.client, self.meta.alias)
        if live and live[0] == claim.index:
            return  # the answer was lost
        old = [{"remove_index": {"index": live[0]}}] if live else []
        unclaimed = {"remove": {"index": claim.index, "alias": claim.alias, "must_exist": True}}
        built = {"remove": {"index": claim.index, "alias": alias.building(self.meta.alias)}}
        shown = {"add": {"index": claim.index, "alias": self.meta.alias}}
        self.client.indices.update_aliases(actions=[unclaimed, built, *old, shown])

    def _await_health(self, index: str, status: str, seconds: float, task_name: str) -> str:
        """How healthy the index is, once it is as healthy as this or so many seconds have passed."""
        client, end = self.client.options(ignore_status=408), time.monotonic() + seconds
        ask = partial(client.cluster.health, index=index, wait_for_status=status, timeout="1s")
        health = ask()
        if health["timed_out"]:
            with Task(self.on, task_name, _shards(health), "shard", done=health["active_shards"]) as task:
                while health["timed_out"] and time.monotonic() < end:
                    health = ask()
                    task.total = _shards(health)
                    task.reach(health["active_shards"])
        return str(health["status"])

    def _forget(self) -> None:
        self._remove(*alias.forgotten(self.client, self.meta.alias))

    def _remove(self, *indices: str) -> None:
        for index in indices:
            self.client.indices.delete(index=index, ignore_unavailable=True)

    def _patiently(self, work: Callable[[], Result]) -> Result:
        return Patience(self.patience).until_done(work, self.on)


def _shards(health: Any) -> int:
    """How many there are to be."""
    return int(health["active_shards"] + health["initializing_shards"] + health["unassigned_shards"])
