"""Real Elasticsearch servers, one node or several on this machine, for tests and benches.

    with Server.start(nodes=3) as server:
        server.client().count()
        server.kill(1)       # as `kill -9` does
        server.restart(1)    # with its data, at its port

It is stopped and its folders are removed at a normal end of the Python process; no node outlives any end of it.
"""

import atexit
import contextlib
import random
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import trustme
from elasticsearch import ApiError, Elasticsearch, TransportError

from retrieval.elastic.connection import PREFIX
from tests.elastic_distribution import distribution, java_home
from tests.elastic_node import Node

START_SECONDS = 300


class Server:
    """The nodes of one cluster, or a server that somebody else runs (``nodes`` is then empty)."""

    def __init__(
        self, urls: Sequence[str], user: str = "", password: str = "", ca: Path | None = None, api_key: str = ""
    ) -> None:
        self.urls, self.user, self.password, self.ca, self.api_key = list(urls), user, password, ca, api_key
        self.nodes: list[Node] = []
        self._authority: trustme.CA | None = None
        self._folder: Path | None = None

    @classmethod
    def start(cls, nodes: int = 1, security: bool = False, heap: str = "512m") -> Self:
        """A healthy server with its own data folder. Raises Unavailable where it cannot be started."""
        home, java = distribution(), java_home()
        folder = Path(tempfile.mkdtemp(prefix="geulgam-elasticsearch-"))
        folder.chmod(0o755)
        ports = free_ports(2 * nodes)
        http, transport = ports[:nodes], ports[nodes:]
        server = cls([f"{'https' if security else 'http'}://127.0.0.1:{port}" for port in http])
        server._folder = folder
        atexit.register(server.stop)
        if security:
            server.user, server.password = "elastic", secrets.token_urlsafe(12)
            server._authority = trustme.CA()
            server.ca = folder / "ca.crt"
            server._authority.cert_pem.write_to_path(str(server.ca))
        names = [f"n{number}" for number in range(1, nodes + 1)]
        seeds = [f"127.0.0.1:{port}" for port in transport]
        for name, http_port, transport_port in zip(names, http, transport, strict=True):
            settings = {
                "cluster.name": folder.name,
                "node.name": name,
                "path.data": folder / name / "data",
                "path.logs": folder / name / "logs",
                "network.host": "127.0.0.1",
                "http.port": http_port,
                "transport.port": transport_port,
                "cluster.routing.allocation.disk.threshold_enabled": "false",
                "xpack.security.enabled": str(security).lower(),
            }
            if nodes == 1:
                settings["discovery.type"] = "single-node"
            else:
                settings |= {"discovery.seed_hosts": seeds, "cluster.initial_master_nodes": names}
            if security:
                settings |= {f"xpack.security.http.ssl.{key}": value for key, value in _TLS.items()}
            server.nodes.append(Node(folder / name, settings, home, java, heap))
        server.certify()
        for node in server.nodes:
            if security:
                node.keystore(server.password)
            node.start()
        server.wait()
        return server

    @classmethod
    def external(cls, environment: Mapping[str, str]) -> Self | None:
        """The server that the user's own environment variables name, if they do."""
        get = {key.removeprefix(PREFIX): value for key, value in environment.items() if key.startswith(PREFIX)}.get
        urls, ca = get("URL", "").replace(",", " ").split(), get("CA")
        given = get("USER", ""), get("PASSWORD", ""), Path(ca) if ca else None, get("API_KEY", "")
        return cls(urls, *given) if urls else None

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which geulgam finds this server."""
        named = {
            "URL": ",".join(self.urls),
            "API_KEY": self.api_key,
            "USER": self.user,
            "PASSWORD": self.password,
            "CA": str(self.ca or ""),
        }
        return {PREFIX + key: value for key, value in named.items() if value}

    def client(self, **options: Any) -> Elasticsearch:
        """A client of all nodes."""
        if self.api_key:
            options |= {"api_key": self.api_key}
        elif self.user:
            options |= {"basic_auth": (self.user, self.password)}
        if self.ca:
            options |= {"ca_certs": str(self.ca)}
        return Elasticsearch(self.urls, **options)

    @property
    def url(self) -> str:
        """Of the first node."""
        return self.urls[0]

    def kill(self, node: int = 0) -> None:
        """End a node at once, as ``kill -9`` does."""
        self.nodes[node].kill()

    def restart(self, node: int = 0, wait: bool = True) -> None:
        """Start a node that was killed, with the data it had."""
        self.nodes[node].start()
        if wait:
            self.wait()

    def certify(self, not_after: datetime | None = None) -> None:
        """Give all nodes a certificate of our CA, valid until ``not_after``; those that run take it in seconds."""
        if self._authority is None:
            return
        begun = datetime(2000, 1, 1, tzinfo=UTC)
        leaf = self._authority.issue_cert("localhost", "127.0.0.1", not_before=begun, not_after=not_after)
        for node in self.nodes:
            node.write("http.key", leaf.private_key_pem.bytes())
            node.write("http.crt", leaf.cert_chain_pems[0].bytes())

    def wait(self) -> None:
        """Until all running nodes are one cluster in which every primary shard is there, and each has a vote.

        A node that has just joined gets its vote a moment later: were the master killed in between, the others could
        never elect one.
        """
        end = time.monotonic() + START_SECONDS
        running = sum(node.running for node in self.nodes)
        with self.client(max_retries=0, request_timeout=10) as client:
            while True:
                with contextlib.suppress(ApiError, TransportError):
                    health = client.cluster.health(wait_for_nodes=str(running), wait_for_status="yellow", timeout="5s")
                    state = client.cluster.state(metric=["nodes", "metadata"])
                    voters = state["metadata"]["cluster_coordination"]["last_committed_config"]
                    if not health["timed_out"] and set(state["nodes"]) <= set(voters):
                        return
                ended = [node for node in self.nodes if node.process is not None and not node.running]
                if ended or time.monotonic() > end:
                    raise RuntimeError(f"Elasticsearch did not start: {(ended or self.nodes)[0].last_words()}")
                time.sleep(0.3)

    def stop(self) -> None:
        """End all nodes and remove their folders."""
        atexit.unregister(self.stop)
        for node in self.nodes:
            node.kill()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


_TLS = {"enabled": "true", "key": "http.key", "certificate": "http.crt"}


def free_ports(count: int) -> list[int]:
    """Below those that the system hands out by itself, so that nobody has taken one when its node is restarted."""
    ports: list[int] = []
    for port in random.SystemRandom().sample(range(20000, 32000), 1000):
        with socket.socket() as taken, contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", port))
            ports.append(port)
        if len(ports) == count:
            return ports
    raise RuntimeError("no free ports")
