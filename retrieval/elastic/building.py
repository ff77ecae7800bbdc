"""A new index from its first shard to the alias: begun, loaded, made safe, and only then to be found.

It begins with what there is: an index that a killed build has left, else a copy (hard links) of the live one if
that was made in the same way and holds nothing that has left the corpus, else an empty one.
"""

import secrets
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from elasticsearch import Elasticsearch
from tqdm import tqdm

from corpus.digests import Digest
from corpus.errors import GeulgamError
from retrieval.elastic import alias, mapping
from retrieval.elastic.failures import FULL_HINT, NO_ROOM
from retrieval.elastic.loading import Loaded, load
from retrieval.elastic.mapping import Meta
from retrieval.elastic.paging import document_ids
from retrieval.elastic.patience import Away, Patience
from retrieval.elastic.rows import Source, held
from retrieval.elastic.shards import data_nodes, no_room

BUILD = "geulgam index build"
SHARD_DOCUMENTS = 10_000_000  # about 25 GB of terms
_REPLICA_SECONDS = 600  # for a copy of every shard to be made on another node


@dataclass(frozen=True)
class Building:
    """What is to be built. ``shards`` and ``replicas``: None chooses; ``analyzer``: the server's, for ``terms``."""

    client: Elasticsearch
    meta: Meta
    analyzer: str
    shards: int | None
    replicas: int | None
    patience: float

    def build(self, source: Source, wanted: Digest, corpus: str, progress: bool) -> Loaded:
        """Load what is missing of the sorted ids, and move the alias. Raises GeulgamError; the old index then stays."""
        patience = Patience(self.patience)
        try:
            index, present = patience.until_done(lambda: self._begin(wanted))
            loaded = load(self.client, index, source, wanted, present, patience=self.patience, progress=progress)
            if loaded.documents:
                patience.until_done(lambda: self._finish(index, loaded, corpus, progress))
            return loaded
        except Away as away:
            raise away.error from None

    def _begin(self, wanted: Digest) -> tuple[str, Digest]:
        """An index to load, and what it holds, all of it wanted."""
        chosen: tuple[str, Digest] | None = None
        for name, meta in alias.left(self.client, self.meta.alias):
            present = self._resumable(name, wanted) if chosen is None and self._usable(meta) else None
            if present is None:
                self.client.indices.delete(index=name, ignore_unavailable=True)
            else:
                chosen = name, present
        if chosen:
            return chosen
        live = alias.live(self.client, self.meta.alias)
        if live and self._usable(live[1]):
            present = document_ids(self.client, live[0])
            if held(present, wanted).all():
                return self._cloned(live[0]), present
        return self._created(len(wanted)), wanted[:0]

    def _usable(self, meta: Meta) -> bool:
        return meta.recipe == self.meta.recipe and self.shards in (None, meta.shards)

    def _resumable(self, name: str, wanted: Digest) -> Digest | None:
        """What an unfinished index holds; None if that is not all wanted, or a part of it does not come back."""
        if self._await_health(name, "yellow", self.patience) == "red":
            return None
        self.client.indices.refresh(index=name)
        present = document_ids(self.client, name)
        return present if held(present, wanted).all() else None

    def _cloned(self, live: str) -> str:
        """A copy of the live index, which is sealed, so that it can be copied."""
        name = self._new_name()
        made = self.client.indices.clone(
            index=live,
            target=name,
            settings=mapping.cloned_settings(),
            aliases={mapping.unfinished(name): {}},
            wait_for_active_shards="all",
        )
        return self._placed(name, made)

    def _created(self, documents: int) -> str:
        name = self._new_name()
        shards = self.shards or max(len(data_nodes(self.client)), -(-documents // SHARD_DOCUMENTS))
        meta = replace(self.meta, shards=shards)
        made = self.client.indices.create(
            index=name,
            settings=mapping.settings(meta),
            mappings=mapping.mappings(meta, self.analyzer),
            aliases={mapping.unfinished(name): {}},
            wait_for_active_shards="all",
        )
        return self._placed(name, made)

    def _new_name(self) -> str:
        return f"{self.meta.alias}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"

    def _placed(self, index: str, made: Any) -> str:
        """The index, unless no disk has room for it. A node that is away may come while it is loaded."""
        if not made["shards_acknowledged"] and no_room(self.client, index):
            self.client.indices.delete(index=index)
            raise GeulgamError(NO_ROOM, FULL_HINT)
        return index

    def _finish(self, index: str, loaded: Loaded, corpus: str, progress: bool) -> None:
        """Write the index to disk, note what it holds, seal and copy it; then, in one step, put the alias there.

        May be called again where it failed.
        """
        live = alias.live(self.client, self.meta.alias)
        if live and live[0] == index:
            return
        indices = self.client.indices
        self.client.options(request_timeout=_REPLICA_SECONDS).indices.flush(index=index)
        found = Meta.of(indices.get_mapping(index=index)[index]["mappings"])
        if found is None:
            raise GeulgamError(f"the index {index} was changed while it was loaded", BUILD)
        made = datetime.now().astimezone().isoformat(timespec="seconds")
        meta = replace(found, corpus=corpus, documents=loaded.documents, refused=len(loaded.refused), made=made)
        indices.put_mapping(index=index, meta=meta.plain())
        indices.put_settings(index=index, settings=mapping.finished_settings(self.replicas))
        room = len(data_nodes(self.client)) > (self.replicas or 0)  # else the replicas cannot be: they stay unassigned
        self._await_health(index, "green" if room else "yellow", _REPLICA_SECONDS, progress)
        old = [{"remove_index": {"index": live[0]}}] if live else []
        loading = {"remove": {"index": index, "alias": mapping.unfinished(index)}}
        indices.update_aliases(actions=[*old, loading, {"add": {"index": index, "alias": self.meta.alias}}])

    def _await_health(self, index: str, status: str, seconds: float, progress: bool = False) -> str:
        """How healthy the index is, once it is as healthy as this or so many seconds have passed."""
        client, end = self.client.options(ignore_status=408), time.monotonic() + seconds
        with tqdm(desc="copying", unit="shard", delay=1, miniters=0, disable=not progress) as bar:
            while True:
                health = client.cluster.health(index=index, wait_for_status=status, timeout="1s")
                copied = health["active_shards"]
                bar.total = copied + health["initializing_shards"] + health["unassigned_shards"]
                bar.update(copied - bar.n)
                if not health["timed_out"] or time.monotonic() > end:
                    return str(health["status"])
