"""From the environment to a client that is known to speak with an Elasticsearch of the right version.

    GEULGAM_ELASTICSEARCH_URL                    one or several, with commas between
    GEULGAM_ELASTICSEARCH_API_KEY                or
    GEULGAM_ELASTICSEARCH_USER, …_PASSWORD
    GEULGAM_ELASTICSEARCH_CA                     a file with the certificate of the server's own authority

Secrets are read from nowhere else and are written nowhere: not in the settings, not in a manifest, not in an error.
"""

import logging
import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from elasticsearch import Elasticsearch

from corpus.errors import GeulgamError
from retrieval.elastic.failures import explaining
from retrieval.elastic.routing import Selector

PREFIX = "GEULGAM_ELASTICSEARCH_"
OLDEST = (8, 19)  # of a server
REQUEST_SECONDS = 60.0  # what an answer may take

# The client logs each node that does not answer; the errors tell the user once.
logging.getLogger("elastic_transport").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Access:
    """How to reach the server. ``urls`` hold no user and no password, and may be shown."""

    urls: tuple[str, ...]
    api_key: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""

    @classmethod
    def given(cls, environment: Mapping[str, str] | None = None) -> "Access":
        """As the environment (``os.environ``) says. Raises GeulgamError if something of it cannot be meant."""
        environment = os.environ if environment is None else environment
        told = {
            name: environment.get(PREFIX + name, "").strip() for name in ("URL", "API_KEY", "USER", "PASSWORD", "CA")
        }
        if not told["URL"]:
            hint = f"export {PREFIX}URL=https://localhost:9200, or set retrieval.backend to bm25s"
            raise GeulgamError(f"the backend is elasticsearch, but {PREFIX}URL is not set", hint)
        parts = [_split(url) for url in re.split(r"[,\s]+", told["URL"]) if url]
        user = told["USER"] or unquote(parts[0].username or "")
        password = told["PASSWORD"] or unquote(parts[0].password or "")
        if bool(user) != bool(password):
            lacking = "PASSWORD" if user else "USER"
            raise GeulgamError(f"{PREFIX}{lacking} is not set", "set user and password, or neither")
        if told["API_KEY"] and user:
            raise GeulgamError(f"both {PREFIX}API_KEY and a user are set", "unset one of them")
        if told["CA"] and not Path(told["CA"]).expanduser().is_file():
            raise GeulgamError(
                f"{PREFIX}CA names {told['CA']}, which is no file", "give the path of the CA's certificate"
            )
        urls = tuple(f"{part.scheme}://{part.netloc.rpartition('@')[2]}{part.path.rstrip('/')}" for part in parts)
        return cls(urls, told["API_KEY"], user, password, told["CA"])


def _split(url: str) -> SplitResult:
    """The parts of a URL that names scheme, host and port."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port
    except ValueError:
        good = False
    if not good:
        shown = re.sub(r"//.*@", "//…@", url)
        hint = "give scheme, host and port, such as https://localhost:9200"
        raise GeulgamError(f"{PREFIX}URL holds {shown!r}, which is no address of a server", hint)
    return parts


@lru_cache(maxsize=4)
def connect(access: Access) -> Elasticsearch:
    """A client whose server has answered, is an Elasticsearch and new enough. Raises GeulgamError."""
    options: dict[str, Any] = {"request_timeout": REQUEST_SECONDS}
    if access.api_key:
        options["api_key"] = access.api_key
    elif access.user:
        options["basic_auth"] = (access.user, access.password)
    if access.ca and any(url.startswith("https") for url in access.urls):
        try:
            options["ssl_context"] = ssl.create_default_context(cafile=Path(access.ca).expanduser())
        except (ssl.SSLError, OSError) as error:
            hint = "it must be a certificate in PEM form (-----BEGIN CERTIFICATE-----)"
            raise GeulgamError(f"{PREFIX}CA names {access.ca}, which holds no certificate", hint) from error
    client = Elasticsearch(list(access.urls), node_selector_class=Selector, **options)
    check_version(server_version(client))
    return client


def server_version(client: Elasticsearch) -> str:
    """The version of the server, such as "8.19.21". Raises GeulgamError, above all for what is no Elasticsearch."""
    with explaining():  # not `client.info()`: a server without its REST module does not answer that
        told = client.nodes.info(node_id="_local", filter_path="nodes.*.version")
    nodes = list(told.get("nodes", {}).values())
    return str(nodes[0]["version"]) if nodes else "0"


def check_version(version: str) -> None:
    """Raise GeulgamError for a server that is too old."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise GeulgamError(
            f"the Elasticsearch server is {version}, older than {wanted}", f"upgrade it to {wanted} or newer"
        )
