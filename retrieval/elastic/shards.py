"""Shards of an unfinished index that lie on no node: those that were lost are begun anew, empty."""

from typing import Any

from elastic_transport import TransportError
from elasticsearch import ApiError, Elasticsearch

from retrieval.elastic.failures import explained


def data_nodes(client: Elasticsearch) -> list[str]:
    """The names of the nodes that hold data."""
    told = client.nodes.info(filter_path="nodes.*.name,nodes.*.roles")
    nodes = told.get("nodes", {}).values()
    return sorted(str(n["name"]) for n in nodes if any(role in ("data", "data_content") for role in n["roles"]))


def replace_lost(client: Elasticsearch, index: str) -> int:
    """Put an empty shard in place of each that went with its node; how many those were. Raises GeulgamError.

    What they held is lost to the index, so this is for one that is being loaded, where all of it is sent again.
    """
    try:
        unassigned = _unassigned(client, index)
        gone = [shard for shard, why in unassigned.items() if why["can_allocate"] == "no_valid_shard_copy"]
        nodes = data_nodes(client)
        commands = [
            {
                "allocate_empty_primary": {
                    "index": index,
                    "shard": shard,
                    "node": nodes[place % len(nodes)],
                    "accept_data_loss": True,
                }
            }
            for place, shard in enumerate(gone)
        ]
        if commands:
            client.cluster.reroute(commands=commands, metric="none")
        return len(gone)
    except (ApiError, TransportError) as error:
        raise explained(error) from error


def no_room(client: Elasticsearch, index: str) -> bool:
    """Whether a shard lies on no node because their disks are too full for one more. Raises GeulgamError."""
    try:
        reasons = [why.get("node_allocation_decisions", []) for why in _unassigned(client, index).values()]
    except (ApiError, TransportError) as error:
        raise explained(error) from error
    deciders = [decider for nodes in reasons for node in nodes for decider in node.get("deciders", [])]
    return any(decider["decider"] == "disk_threshold" and decider["decision"] == "NO" for decider in deciders)


def _unassigned(client: Elasticsearch, index: str) -> dict[int, Any]:
    """The primary shards that lie on no node, each with the server's explanation."""
    shards: Any = client.cat.shards(index=index, format="json", h="shard,prirep,state")
    gone = [int(s["shard"]) for s in shards if s["prirep"] == "p" and s["state"] == "UNASSIGNED"]
    return {shard: client.cluster.allocation_explain(index=index, shard=shard, primary=True) for shard in gone}
