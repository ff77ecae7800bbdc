"""What goes wrong between the client and the server, as one line for the user; no secret can be in it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from elastic_transport import ConnectionError, ConnectionTimeout, SerializationError, TlsError, TransportError
from elasticsearch import ApiError, UnsupportedProductError

from corpus.errors import GeulgamError

# Answers that mean: not now. 409 and 413 are the loader's own matter.
PASSING = frozenset({408, 429, 500, 502, 503, 504})

FULL = "the disk of the Elasticsearch server is so full that it takes nothing more (flood stage)"
NO_ROOM = "the disks of the Elasticsearch server are so full that it puts no new index on them (watermark)"
FULL_HINT = "free some space or add a node; the server then opens by itself, and the same command continues"
_TIMES = "is the server up, and the address right? (GEULGAM_ELASTICSEARCH_URL)"
_HUNG_UP = f"{_TIMES} if it speaks TLS, write https://"
_NO_PRODUCT = "check GEULGAM_ELASTICSEARCH_URL: it may be a proxy or another program"


@contextmanager
def explaining() -> Iterator[None]:
    """Turn what the client raises into a GeulgamError."""
    try:
        yield
    except (ApiError, TransportError, UnsupportedProductError) as error:
        raise explained(error) from error


def passing(error: Exception) -> bool:
    """Whether it may be over after a while: a node that is down or busy, not a certificate or a password."""
    if isinstance(error, TlsError):
        return "CERTIFICATE_VERIFY_FAILED" not in str(error)
    if isinstance(error, ApiError):
        return error.status_code in PASSING and not is_full(error.body)
    return isinstance(error, (ConnectionError, ConnectionTimeout))


def is_full(body: Any) -> bool:
    """Whether the server's answer, or one item's, says that its disk is full."""
    return "flood-stage" in str(body) or "read-only-allow-delete" in str(body)


def explained(error: Exception) -> GeulgamError:
    """The line for an error of the client's."""
    if isinstance(error, UnsupportedProductError):
        return GeulgamError("what answers at the address is not Elasticsearch", _NO_PRODUCT)
    if isinstance(error, ApiError):
        return _refused(error)
    if isinstance(error, TlsError):
        return _certificate(str(error))
    if isinstance(error, ConnectionTimeout):
        return GeulgamError("Elasticsearch did not answer in time", "is the server overloaded? try again")
    if isinstance(error, ConnectionError):
        reason = _reason(str(error))
        hint = _HUNG_UP if reason.startswith(("remote end closed", "connection reset")) else _TIMES
        return GeulgamError(f"no connection to Elasticsearch: {reason}", hint)
    if isinstance(error, SerializationError):
        return GeulgamError("what answers at the address does not speak as Elasticsearch does", _NO_PRODUCT)
    return GeulgamError(f"Elasticsearch: {_short(str(error))}", _TIMES)


def _reason(text: str) -> str:
    """Of the nested exceptions of a broken connection, what the system says."""
    for pattern in (r"\[Errno -?\d+\] ([^)\]]+)", r"(Remote end closed[^')]*)", r"(Connection reset[^')]*)"):
        if found := re.search(pattern, text):
            return found[1].strip().lower()
    return _short(text)


def _certificate(text: str) -> GeulgamError:
    ca = "set GEULGAM_ELASTICSEARCH_CA to the file with the certificate of the server's authority (ca.crt)"
    if "has expired" in text or "not yet valid" in text:
        what = "has expired" if "has expired" in text else "is not valid yet"
        return GeulgamError(f"the certificate of Elasticsearch {what}", "renew it on the server, and check both clocks")
    if "mismatch" in text or "doesn't match" in text or "not valid for" in text:
        hint = "use a name that the certificate holds in GEULGAM_ELASTICSEARCH_URL"
        return GeulgamError("the certificate of Elasticsearch is for another host", hint)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return GeulgamError("the certificate of Elasticsearch is signed by an authority that is not known here", ca)
    if "WRONG_VERSION_NUMBER" in text or "wrong version number" in text.lower():
        return GeulgamError("Elasticsearch does not speak TLS at this address", "write http:// instead of https://")
    return GeulgamError(f"no secure connection to Elasticsearch: {_short(text)}", _TIMES)


def _refused(error: ApiError) -> GeulgamError:
    """The line for an answer with an error in it."""
    status, (kind, reason) = error.status_code, reason_of(error.body)
    if is_full(error.body):
        return GeulgamError(FULL, FULL_HINT)
    if "media_type_header_exception" in str(error.body):
        what = f"the Python package elasticsearch {version('elasticsearch')} does not speak to a server this old"
        return GeulgamError(what, "pip install 'elasticsearch>=8.19,<9'")
    if not isinstance(error.body, dict):
        what = f"what answers at the address does not speak as Elasticsearch does (status {status})"
        return GeulgamError(what, _NO_PRODUCT)
    if status == 401:
        hint = "check GEULGAM_ELASTICSEARCH_USER and …_PASSWORD, or …_API_KEY"
        return GeulgamError("Elasticsearch does not accept this user and password or API key", hint)
    if status == 403:
        hint = "its role needs monitor on the cluster and all on the indices of this workspace"
        return GeulgamError(f"this Elasticsearch user may not do that: {_short(reason)}", hint)
    if "too_many_clauses" in kind or "too_many_nested_clauses" in kind or "maxClauseCount" in reason:
        return GeulgamError(f"the query has too many words for this server: {_short(reason)}", "use fewer words")
    if "nested depth" in reason:
        return GeulgamError("the query is too deeply nested for this server", "use fewer parentheses")
    if kind == "index_not_found_exception":
        return GeulgamError(f"Elasticsearch: {_short(reason)}", "geulgam index build")
    if status in PASSING:
        hint = "wait until the cluster is healthy (geulgam index status), then try again"
        return GeulgamError(f"Elasticsearch cannot answer now: {_short(reason or kind)}", hint)
    return GeulgamError(f"Elasticsearch refused: {_short(f'{kind}: {reason}')}")


def reason_of(body: Any) -> tuple[str, str]:
    """The type and the reason of an error in an answer or of one of its items; the root cause, if it tells."""
    told = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(told, dict):
        return "", str(told)
    kind, reason = str(told.get("type") or ""), str(told.get("reason") or "")
    causes = told.get("root_cause") or []
    if causes and isinstance(causes[0], dict):
        kind, reason = str(causes[0].get("type") or kind), str(causes[0].get("reason") or reason)
    cause = told.get("caused_by")
    while isinstance(cause, dict):
        if cause.get("reason"):
            reason = f"{reason}: {cause['reason']}" if str(cause["reason"]) not in reason else reason
        cause = cause.get("caused_by")
    return kind, reason


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 200 else text[:199] + "…"
