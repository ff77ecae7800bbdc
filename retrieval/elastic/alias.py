"""What stands behind the alias, and what builds that did not end have left beside it."""

from elasticsearch import Elasticsearch

from corpus.errors import GeulgamError
from retrieval.elastic.failures import explaining
from retrieval.elastic.mapping import Meta, unfinished

_ANOTHER = "choose another name: retrieval.elasticsearch_index"


def live(client: Elasticsearch, alias: str) -> tuple[str, Meta] | None:
    """The index behind the alias; None if there is none. Raises GeulgamError for one that is not ours.

    The format of an index that another version made is 0.
    """
    with explaining():
        told = client.options(ignore_status=404).indices.get(index=alias, features="mappings,aliases")
    if "error" in told:
        return None
    if alias in told:
        raise GeulgamError(f"{alias} is an index on the server, not an alias that geulgam made", _ANOTHER)
    if len(told.body) > 1:
        raise GeulgamError(f"the alias {alias} stands at several indices", _ANOTHER)
    ((name, found),) = told.body.items()
    meta = Meta.of(found["mappings"])
    if meta is None and "geulgam" not in found["mappings"].get("_meta", {}):
        raise GeulgamError(f"the alias {alias} stands at {name}, which geulgam did not make", _ANOTHER)
    return str(name), meta or Meta(alias, "", 0, 0, 0, format=0)


def left(client: Elasticsearch, alias: str) -> list[tuple[str, Meta]]:
    """The indices that builds of this alias have left unfinished, newest first."""
    told = client.indices.get(index=f"{alias}-*", features="mappings,aliases")
    found = (
        (str(name), Meta.of(it["mappings"])) for name, it in told.body.items() if unfinished(name) in it["aliases"]
    )
    return sorted(((name, meta) for name, meta in found if meta and meta.alias == alias), reverse=True)
