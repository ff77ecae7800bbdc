"""A server that goes away under a command, and secrets: real processes, as a user types them."""

import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from corpus.document import document
from corpus.store import Corpus
from geulgam.workspace import Workspace
from retrieval.elastic.connection import PREFIX
from tests.elastic_server import Server
from tests.geulgam.conftest import Command, started
from tests.geulgam.test_processes import INTERRUPTED, wait_for

COUNT = 12_000
INDEX = f"test-{secrets.token_hex(4)}"


@pytest.fixture
def large(workspace: Workspace, secure_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A workspace with a corpus whose index takes seconds to load, on a server with a password."""
    variables = {
        "GEULGAM_RETRIEVAL__BACKEND": "elasticsearch",
        "GEULGAM_RETRIEVAL__ANALYZER": "whitespace",
        "GEULGAM_RETRIEVAL__ELASTICSEARCH_INDEX": INDEX,
        **secure_server.environment,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    words = [f"낱말{number}" for number in range(997)]
    texts = (" ".join(words[(number * step) % 997] for step in range(300)) for number in range(COUNT))
    Corpus(workspace.corpus).add(document(f"{number} {text}") for number, text in enumerate(texts))
    yield workspace
    if not secure_server.nodes[0].running:  # a test that failed has left it down
        secure_server.kill()
        secure_server.restart()
    with secure_server.client() as client:
        for index in client.indices.get(index=f"{INDEX}-*").body:
            client.indices.delete(index=index)


def indexing(server: Server, what: str) -> int:
    """How often that has happened since the server was started, such as "index_total"."""
    with server.client() as client:
        total = client.indices.stats(index=f"{INDEX}-*", metric="indexing")["_all"]["total"]
    return int(total["indexing"][what]) if total else 0


@contextmanager
def building(workspace: Workspace, server: Server) -> Iterator[subprocess.Popen[str]]:
    """`geulgam index build`, whose server dies in the middle of it."""
    with started("index", "build", cwd=workspace.folder) as process:
        before = indexing(server, "index_total")
        wait_for(lambda: indexing(server, "index_total") > before, process)
        server.kill()
        time.sleep(1)
        assert process.poll() is None
        yield process


def test_a_server_that_is_restarted_under_a_build_is_waited_for(
    large: Workspace, secure_server: Server, process: Command
) -> None:
    with building(large, secure_server) as build:
        secure_server.restart()
        out, err = build.communicate(timeout=300)
    assert build.returncode == 0
    # Why it is built and what it waits for; a build that takes half a minute tells how far it is.
    assert all(line.startswith(("index: ", "  indexing: ")) for line in err.splitlines()), err
    assert out.startswith(f"{COUNT:,} documents indexed")
    assert process("index", "status", "--json", cwd=large.folder).json["server"]["documents"] == COUNT


def test_a_build_that_is_broken_off_while_the_server_is_away_is_gone_on_with(
    large: Workspace, secure_server: Server, process: Command
) -> None:
    with building(large, secure_server) as build:
        build.send_signal(signal.SIGINT)
        _, err = build.communicate(timeout=60)
    assert build.returncode in INTERRUPTED
    *before, last = err.splitlines()
    assert last == "interrupted; the same command continues"
    assert all(line.startswith("index: ") for line in before), err
    down = process("index", "search", "낱말1", cwd=large.folder)
    assert down.code == 1 and "no connection to Elasticsearch" in down.err and "Traceback" not in down.err
    secure_server.restart()
    half = process("index", "search", "낱말1", cwd=large.folder)
    assert half.code == 1 and "there is no index" in half.err  # never half of one
    (begun,) = secure_server.client().indices.get(index=f"{INDEX}-*").body
    again = process("index", "build", cwd=large.folder)
    assert again.out.startswith(f"{COUNT:,} documents indexed")
    assert indexing(secure_server, "index_failed") == 0  # what is there already is not sent once more
    told = process("index", "status", "--json", cwd=large.folder).json["server"]
    assert (told["index"], told["documents"]) == (begun, COUNT)


def test_no_secret_is_ever_written_down(large: Workspace, secure_server: Server, process: Command) -> None:
    wrong, key = "geheim-1234", "Z2VoZWltOmdlaGVpbS0xMjM0"
    url = secure_server.url
    user = {f"{PREFIX}USER": "", f"{PREFIX}PASSWORD": ""}
    environments: list[dict[str, str]] = [
        {},
        {f"{PREFIX}PASSWORD": wrong},
        {**user, f"{PREFIX}API_KEY": key},
        {**user, f"{PREFIX}URL": url.replace("//", f"//elastic:{wrong}@")},
        {**user, f"{PREFIX}URL": url.replace("https://", f"http://elastic:{wrong}@")},
        {**user, f"{PREFIX}URL": f"https://elastic:{wrong}@127.0.0.1:9"},
        {f"{PREFIX}CA": "", f"{PREFIX}PASSWORD": wrong},
    ]
    commands = (("index", "build"), ("index", "status"), ("index", "search", "낱말1"), ("doctor",))
    codes = []
    for more in environments:
        for words in commands:
            said = process(*words, cwd=large.folder, **more)
            codes.append(said.code)
            assert "Traceback" not in said.err
            for secret in (wrong, key, secure_server.password):
                assert secret not in said.out + said.err
    assert codes[:4] == [0, 0, 0, 0] and all(codes[4::4])
    for path in large.folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not any(secret.encode() in content for secret in (wrong, key, secure_server.password)), path
