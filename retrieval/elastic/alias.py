"""What stands on the server under the name of an index: the one that is searched, and one that is being built.

NAME                       an alias: what is searched
NAME-building              an alias: what is being built
NAME-20250131-094512-6f0a  an index: one build; never changed once NAME stands at it
"""

from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch

from corpus.errors import GeulgamError
from retrieval.elastic.failures import explaining
from retrieval.elastic.mapping import Meta

_ANOTHER = "choose another name: retrieval.elasticsearch_index"


@dataclass(frozen=True)
class Unfinished:
    """An index that is being built. ``claim``: the alias by which its builder writes; ``lease``: what that one said.

    See :mod:`retrieval.elastic.lease`.
    """

    index: str
    meta: Meta
    claim: str
    lease: dict[str, Any]


def building(alias: str) -> str:
    """The alias at which an unfinished index stands."""
    return f"{alias}-building"


def live(client: Elasticsearch, alias: str) -> tuple[str, Meta] | None:
    """The index behind the alias; None if there is none. Raises GeulgamError for one that is not ours.

    The format of an index that another version made is 0.
    """
    found = _behind(client, alias)
    return (found[0], _meta(alias, *found)) if found else None


def unfinished(client: Elasticsearch, alias: str) -> Unfinished | None:
    """The index that is being built, or was and was left; None if there is none. Raises GeulgamError."""
    found = _behind(client, building(alias))
    if found is None:
        return None
    index, told = found
    meta, claims = _meta(alias, *found), [name for name in told["aliases"] if name != building(alias)]
    if meta.alias != alias or len(claims) != 1:
        raise GeulgamError(f"the alias {building(alias)} stands at {index}, which is no build of {alias}", _ANOTHER)
    return Unfinished(index, meta, claims[0], told["mappings"]["_meta"].get("lease", {}))


def forgotten(client: Elasticsearch, alias: str) -> list[str]:
    """The indices of this alias that are neither searched nor being built: an earlier version of geulgam left them."""
    told = client.indices.get(index=f"{alias}-*", features="mappings,aliases")
    metas = {str(name): (Meta.of(it["mappings"]), it["aliases"]) for name, it in told.body.items()}
    used = {alias, building(alias)}
    return [name for name, (meta, names) in metas.items() if meta and meta.alias == alias and not used & set(names)]


def _behind(client: Elasticsearch, alias: str) -> tuple[str, Any] | None:
    """The one index at which the alias stands, and what the server tells of it."""
    with explaining():
        told = client.options(ignore_status=404).indices.get(index=alias, features="mappings,aliases")
    if "error" in told:
        return None
    if alias in told:
        raise GeulgamError(f"{alias} is an index on the server, not an alias that geulgam made", _ANOTHER)
    if len(told.body) > 1:
        raise GeulgamError(f"the alias {alias} stands at several indices", _ANOTHER)
    ((name, found),) = told.body.items()
    return str(name), found


def _meta(alias: str, index: str, told: Any) -> Meta:
    meta = Meta.of(told["mappings"])
    if meta is None and "geulgam" not in told["mappings"].get("_meta", {}):
        raise GeulgamError(f"the alias {alias} stands at {index}, which geulgam did not make", _ANOTHER)
    return meta or Meta(alias, "", 0, 0, 0, format=0)
