"""The compose file, as far as it can be checked without Docker: its form, its promises, its settings on real nodes."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.elastic_distribution import VERSION, distribution, java_home
from tests.elastic_node import Node
from tests.elastic_server import Server, free_ports

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docker-compose.yml"
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
SETTINGS: dict[str, Any] = YAML(typ="safe").load(FILE)
SERVICES: dict[str, dict[str, Any]] = SETTINGS["services"]
START = "/usr/local/bin/docker-entrypoint.sh eswrapper"  # of the image
NODES = [name for name, service in SERVICES.items() if "healthcheck" in service]


def test_it_follows_the_compose_specification() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_its_server_is_the_version_that_is_tested() -> None:
    images = {service["image"] for service in SERVICES.values() if "image" in service}
    assert images == {f"docker.elastic.co/elasticsearch/elasticsearch:{VERSION}"}


def test_one_node_starts_without_a_profile_and_three_with_it() -> None:
    always = [name for name in NODES if "profiles" not in SERVICES[name]]
    assert always == ["elasticsearch"]
    assert [SERVICES[name].get("profiles") for name in NODES] == [None, ["cluster"], ["cluster"]]
    hosts = SERVICES["elasticsearch"]["environment"]["discovery.seed_hosts"]
    assert hosts.split(",") == NODES


def test_nothing_is_reached_from_another_machine() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == 3 and all(port.startswith("127.0.0.1:") for port in ports)


def test_every_node_has_a_limit_of_memory_and_keeps_its_data() -> None:
    kept = [SERVICES[name]["volumes"][0].split(":")[0] for name in NODES]
    assert len(set(kept)) == 3 and set(kept) < set(SETTINGS["volumes"])
    assert all(SERVICES[name]["mem_limit"] for name in NODES)


def test_the_password_stands_in_the_environment_alone_and_is_asked_for() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert {match[2] for match in VARIABLE.finditer(text) if match[1] == "ELASTIC_PASSWORD"} == {"?"}
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert re.search(r"^ELASTIC_PASSWORD=$", example, re.MULTILINE)
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()


def test_the_example_explains_every_variable() -> None:
    named = set(re.findall(r"^#?([A-Z_0-9]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert named == {match[1] for match in VARIABLE.finditer(FILE.read_text(encoding="utf-8"))}


def test_the_image_gets_every_package_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert packages < {line.removeprefix("!") for line in lines} and "*" in lines


@pytest.mark.parametrize(("maps", "said"), [(65530, "false"), (262144, "")])
def test_a_node_maps_files_into_memory_where_the_host_allows_it(maps: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "max_map_count").write_text(f"{maps}\n", encoding="utf-8")
    script = _interpolated(SERVICES["elasticsearch"]["command"][0])
    script = script.replace("/proc/sys/vm", str(tmp_path)).replace(START, "printenv node.store.allow_mmap")
    done = subprocess.run([*SERVICES["elasticsearch"]["entrypoint"][2:], script], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == (said, "")


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Three nodes on this machine, with the settings and the certificates that the compose file makes."""
    home, java = distribution(), java_home()
    certificates = tmp_path_factory.mktemp("certificates")
    exported = tmp_path_factory.mktemp("exported")
    script = _interpolated(SERVICES["certificates"]["command"][0])
    script = script.replace("config/certs", str(certificates)).replace(" exported", f" {exported}")
    environment = {"PATH": os.environ["PATH"], "ES_JAVA_HOME": str(java)}
    for _ in range(2):  # the second time nothing is left to do
        subprocess.run([*SERVICES["certificates"]["entrypoint"], script], cwd=home, env=environment, check=True)

    ports = free_ports(6)
    seeds = [f"127.0.0.1:{port}" for port in ports[3:]]
    folder = Path(tempfile.mkdtemp(prefix="geulgam-compose-"))  # pytest's own folder is closed to other users
    folder.chmod(0o755)
    server = Server([f"https://127.0.0.1:{port}" for port in ports[:3]], "elastic", "secret-1", exported / "ca.crt")
    for name, http, transport in zip(NODES, ports[:3], ports[3:], strict=True):
        written = {key: _interpolated(value) for key, value in SERVICES[name]["environment"].items() if "." in key}
        here = {
            "network.host": "127.0.0.1",
            "http.port": http,
            "transport.port": transport,
            "path.data": folder / name / "data",
            "path.logs": folder / name / "logs",
            "cluster.routing.allocation.disk.threshold_enabled": "false",
        }
        node = Node(folder / name, written | here | {"discovery.seed_hosts": seeds}, home, java, "512m")
        (node.config / "certs").mkdir()
        for path in certificates.iterdir():
            node.write(f"certs/{path.name}", path.read_bytes())
        node.keystore(server.password)
        server.nodes.append(node)
    with server:
        yield server
    shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("unzip") is None, reason="needs unzip, as the image has it")
def test_its_settings_make_one_node_and_two_more_join_it(composed: Server) -> None:
    first, *others = composed.nodes
    first.start()
    composed.wait()
    with composed.client(request_timeout=90) as client:
        client.indices.create(index="kept", settings={"index.auto_expand_replicas": "0-1"})
        assert client.cluster.health(wait_for_status="green", timeout="60s")["status"] == "green"
    for node in others:
        node.start()
    composed.wait()
    with composed.client(request_timeout=90) as client:
        health = client.cluster.health(index="kept", wait_for_status="green", timeout="60s")
        assert (health["number_of_nodes"], health["active_shards"]) == (3, 2)
    composed.kill(0)  # even the first
    composed.wait()
    composed.restart(0)


def _interpolated(text: str) -> str:
    return VARIABLE.sub(lambda match: match[3] if match[2] == "-" else "secret", text).replace("$$", "$")
