"""The servers that other tests rely on."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from elasticsearch import AuthenticationException

from retrieval.elastic.connection import check_version
from tests.elastic_distribution import VERSION
from tests.elastic_server import Server

ROOT = Path(__file__).parents[1]


def version(server: Server) -> str:
    nodes = server.client().nodes.info(node_id="_local", filter_path="nodes.*.version")["nodes"]
    return str(next(iter(nodes.values()))["version"])


def test_a_server_answers(elasticsearch_server: Server) -> None:
    check_version(version(elasticsearch_server))


def test_a_secure_server_wants_the_ca_and_the_password(secure_server: Server) -> None:
    assert version(secure_server) == VERSION
    assert secure_server.url.startswith("https://")
    with pytest.raises(AuthenticationException):
        secure_server.client().options(basic_auth=("elastic", "wrong")).cluster.health()


def test_a_killed_node_comes_back_with_its_data(cluster: Server) -> None:
    client = cluster.client()
    client.indices.create(index="kept", settings={"number_of_shards": 3, "number_of_replicas": 0})
    for number in range(10):
        client.index(index="kept", id=str(number), document={"n": number})
    cluster.kill(1)
    cluster.restart(1)
    client = client.options(request_timeout=300)  # its shards have to come back first
    client.indices.refresh(index="kept")
    assert client.count(index="kept")["count"] == 10
    client.indices.delete(index="kept")


def test_no_node_outlives_a_process_that_was_killed(elasticsearch_server: Server) -> None:
    script = (
        "import time; from tests.elastic_distribution import *; from tests.elastic_node import Node;"
        "import pathlib, tempfile; folder = pathlib.Path(tempfile.mkdtemp()); folder.chmod(0o755);"
        "node = Node(folder / 'n', {'discovery.type': 'single-node'}, distribution(), java_home(), '256m');"
        "node.start(); print(node.process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        group = Path("/proc") / starter.stdout.readline().strip()
        assert group.exists()
        starter.send_signal(signal.SIGKILL)
    end = time.monotonic() + 10
    while group.exists() and time.monotonic() < end:
        time.sleep(0.1)
    assert not group.exists()
