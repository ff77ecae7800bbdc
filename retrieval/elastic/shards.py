"""Shards of an unfinished index whose node is gone: begun anew, empty, on the nodes that are there."""

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
    """Put an empty shard in place of each that no node holds; how many those were. Raises GeulgamError.

    What they held is lost to the index, so this is for one that is being loaded, where all of it is sent again.
    """
    try:
        shards: Any = client.cat.shards(index=index, format="json", h="shard,prirep,state")
        gone = [int(s["shard"]) for s in shards if s["prirep"] == "p" and s["state"] == "UNASSIGNED"]
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
