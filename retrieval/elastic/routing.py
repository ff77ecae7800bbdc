"""Each document straight to the node that holds its shard, and as many requests at a time as the servers can work on.

It saves the servers the work of passing documents on to each other, and is a matter of speed alone: a node that gets
a document of another one's passes it on. Only addresses that the client was given are used.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from elastic_transport import BaseNode, NodeConfig, RoundRobinSelector
from elasticsearch import ApiError, Elasticsearch
from numpy.typing import NDArray

from corpus.digests import Digest
from retrieval.elastic.failures import passing

MOST_REQUESTS = 16  # at a time: one loader has no more documents ready
_chosen = threading.local()


class Selector(RoundRobinSelector):
    """A client's choice of its node: in turn, except within :func:`going_to`."""

    def select(self, nodes: Sequence[BaseNode]) -> BaseNode:
        """One of the nodes, all of them alive."""
        wanted = getattr(_chosen, "node", None)
        return next((node for node in nodes if node.config == wanted), None) or super().select(nodes)


@contextmanager
def going_to(node: NodeConfig | None) -> Iterator[None]:
    """This thread's requests go to the node while it is alive; None: to any."""
    _chosen.node = node
    try:
        yield
    finally:
        _chosen.node = None


@dataclass(frozen=True)
class Routes:
    """The node of each shard, None where its address is not known; of an index whose keys are hashed into ``slots``.

    ``requests``: how many bulk requests at a time keep all processors of the servers at work.
    """

    nodes: tuple[NodeConfig | None, ...]
    slots: int
    requests: int

    @classmethod
    def asked(cls, client: Elasticsearch, index: str) -> "Routes":
        """As the servers tell; where they do not tell, all nodes are the same. Raises what the client raises."""
        try:
            servers = client.nodes.info(metric="os", filter_path="nodes.*.host,nodes.*.os.allocated_processors")
            processors = {n["host"]: int(n["os"]["allocated_processors"]) for n in servers["nodes"].values()}
            requests = min(sum(processors.values()) + 1, MOST_REQUESTS)  # one is on its way meanwhile
            addresses = [node.config for node in client.transport.node_pool.all()]
            if len(addresses) == 1:
                return cls((None,), 1, requests)
            behind: dict[str, NodeConfig] = {}
            for address in addresses:
                with going_to(address):
                    behind.update(dict.fromkeys(client.nodes.info(node_id="_local", metric="os")["nodes"], address))
            state = client.cluster.state(index=index, metric="metadata", filter_path="**.routing_num_shards")
            slots = int(state["metadata"]["indices"][index]["routing_num_shards"])
            shards: Any = client.cat.shards(index=index, format="json", h="shard,prirep,id")
            holders = {int(shard["shard"]): shard["id"] for shard in shards if shard["prirep"] == "p"}
            return cls(tuple(behind.get(holders[shard]) for shard in range(len(holders))), slots, requests)
        except (ApiError, KeyError) as error:
            if isinstance(error, ApiError) and passing(error):
                raise
            return cls((None,), 1, len(client.transport.node_pool.all()) + 1)

    def of(self, keys: Digest) -> list[NodeConfig | None]:
        """The node for each of the documents' keys, (n,)."""
        if len(self.nodes) == 1:
            return [self.nodes[0]] * len(keys)
        return [self.nodes[shard] for shard in self.shards(keys).tolist()]

    def shards(self, keys: Digest) -> NDArray[np.int64]:
        """The shard of each of the keys, (n,): Elasticsearch's own arithmetic (`IndexRouting`)."""
        return murmur3(keys).astype(np.int64) % self.slots // (self.slots // len(self.nodes))


def murmur3(keys: Digest) -> NDArray[np.int32]:
    """Elasticsearch's hash of each key, (n,): MurmurHash3_x86_32 of its 32 hexadecimal digits as UTF-16LE."""
    digits = np.frombuffer(keys.tobytes().hex().encode(), np.uint8).reshape(len(keys), 16, 2).astype(np.uint32)
    hashes = np.zeros(len(keys), np.uint32)
    for block in (digits[:, :, 0] | digits[:, :, 1] << 16).T:
        hashes ^= _rotated(block * np.uint32(0xCC9E2D51), 15) * np.uint32(0x1B873593)
        hashes = _rotated(hashes, 13) * np.uint32(5) + np.uint32(0xE6546B64)
    hashes ^= np.uint32(64)  # bytes
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        hashes = (hashes ^ hashes >> np.uint32(shift)) * np.uint32(factor)
    return hashes.view(np.int32)


def _rotated(values: NDArray[np.uint32], bits: int) -> NDArray[np.uint32]:
    return values << np.uint32(bits) | values >> np.uint32(32 - bits)
