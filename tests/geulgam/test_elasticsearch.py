"""The commands with `backend = "elasticsearch"`, on a real server."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus.errors import GeulgamError
from geulgam.pipeline import plan
from geulgam.settings import Settings
from geulgam.settings_reading import load
from geulgam.stages.index import server_name
from geulgam.stages.subset import selected
from geulgam.workspace import Workspace
from retrieval.elastic.connection import PREFIX
from tests.elastic_server import Server
from tests.geulgam.conftest import Command

QUERY = '함께^2 "같이 걷" 이웃 -정치'
BACKEND = "GEULGAM_RETRIEVAL__BACKEND"


@pytest.fixture
def server(elasticsearch_server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server, known to the environment."""
    for name, value in elasticsearch_server.environment.items():
        monkeypatch.setenv(name, value)
    return elasticsearch_server


@pytest.fixture
def on_server(indexed: Workspace, server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """The workspace with the sample, whose settings choose the server; its index is not built yet."""
    name = f"test-commands-{secrets.token_hex(4)}"
    monkeypatch.setenv(BACKEND, "elasticsearch")
    monkeypatch.setenv("GEULGAM_RETRIEVAL__ELASTICSEARCH_INDEX", name)
    yield indexed
    with server.client() as client:
        for index in list(client.indices.get(index=f"{name}-*").body):
            client.indices.delete(index=index)


def test_the_hits_are_those_of_the_embedded_index(
    on_server: Workspace, geulgam: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = geulgam("index", "build")
    assert built.out.startswith("238 documents indexed with bigram in ")
    assert geulgam("index", "build").out == "238 documents, up to date\n"
    found = geulgam("index", "search", QUERY, "--k", 40, "--json").json
    assert len(found) > 20
    monkeypatch.setenv(BACKEND, "bm25s")
    assert geulgam("index", "search", QUERY, "--k", 40, "--json").json == found


def test_a_topic_has_the_same_subset_and_nothing_is_stale_when_the_backend_changes(
    on_server: Workspace, geulgam: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert geulgam("topic", "add", "함께", "--query", QUERY, "--k", 30).code == 0
    assert geulgam("index", "build").code == 0
    with_server = selected(on_server, on_server.settings(), "함께")
    assert len(with_server.rows) > 20
    assert geulgam("topic", "show", "함께").code == 0
    monkeypatch.setenv(BACKEND, "bm25s")
    assert selected(on_server, on_server.settings(), "함께") == with_server
    assert not [step for step in plan(on_server, on_server.settings()) if step.node.stage == "index"]


def test_status_tells_how_the_index_is_on_the_server_and_what_is_stale(
    on_server: Workspace, geulgam: Command, tmp_path: Path
) -> None:
    assert geulgam("index", "status").out == "stale: not built yet\n"
    geulgam("index", "build")
    told = geulgam("index", "status", "--json").json
    assert told["fresh"] and told["documents"] == told["server"]["documents"] == 238
    assert told["server"]["bytes"] > 10_000 and told["server"]["health"] == "green"
    assert f"Elasticsearch {told['server']['server']}" in geulgam("index", "status").out
    (tmp_path / "new.txt").write_text("새 글 하나", encoding="utf-8")
    geulgam("corpus", "add", tmp_path / "new.txt")
    assert "stale: corpus changed: 1 new documents" in geulgam("index", "status").out
    assert geulgam("index", "build").out.startswith("239 documents indexed")


def test_the_servers_own_analyzer_is_chosen_by_name(on_server: Workspace, geulgam: Command) -> None:
    assert "server:standard" in geulgam("index", "build", "--analyzer", "server:standard").out
    said = geulgam("index", "build", "--analyzer", "server:no-such")
    assert said.code == 1 and "has no analyzer called no-such" in said.err


def test_without_the_backend_there_is_no_analyzer_of_the_servers(workspace: Workspace, geulgam: Command) -> None:
    said = geulgam("index", "build", "--analyzer", "server:standard")
    assert said.code == 1 and "needs the backend elasticsearch" in said.err


def test_the_doctor_tells_of_the_server(server: Server, geulgam: Command) -> None:
    said = geulgam("doctor").out
    assert server.url in said and "data nodes" in said


def test_without_an_address_it_is_said_how_to_give_one(
    workspace: Workspace, geulgam: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BACKEND, "elasticsearch")
    said = geulgam("index", "status")
    assert (said.code, said.out) == (1, "")
    assert "GEULGAM_ELASTICSEARCH_URL is not set" in said.err and "export" in said.err


def test_a_backend_that_could_not_be_built_is_not_kept(
    indexed: Workspace, geulgam: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{PREFIX}URL", "http://127.0.0.1:9")
    before = indexed.settings_file.read_text(encoding="utf-8")
    said = geulgam("index", "build", "--backend", "elasticsearch")
    assert said.code == 1 and "connection refused" in said.err
    assert indexed.settings_file.read_text(encoding="utf-8") == before
    assert geulgam("index", "build").out == "238 documents, up to date\n"


def test_a_server_that_is_down_is_one_line_without_the_password(
    indexed: Workspace, geulgam: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BACKEND, "elasticsearch")
    monkeypatch.setenv(f"{PREFIX}URL", "https://someone:geheim@127.0.0.1:9")
    for words in (("index", "status"), ("index", "build"), ("index", "search", "함께"), ("doctor",)):
        said = geulgam(*words)
        assert "no connection to Elasticsearch: connection refused" in said.err + said.out
        assert "geheim" not in said.err + said.out


@pytest.mark.parametrize(
    ("variables", "what"),
    [
        ({"URL": "localhost:9200"}, "no address of a server"),
        ({"URL": "https://localhost"}, "no address of a server"),
        ({"URL": "ftp://u:geheim@localhost:9200"}, "no address of a server"),
        ({"USER": "elastic"}, "PASSWORD is not set"),
        ({"PASSWORD": "geheim"}, "USER is not set"),
        ({"USER": "elastic", "PASSWORD": "geheim", "API_KEY": "geheim"}, "both"),
        ({"CA": "nowhere.crt"}, "which is no file"),
        ({"CA": "geulgam.toml"}, "holds no certificate"),
    ],
)
def test_an_environment_that_cannot_be_meant_is_refused(
    variables: dict[str, str], what: str, workspace: Workspace, geulgam: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BACKEND, "elasticsearch")
    for name, value in {"URL": "https://localhost:9200", **variables}.items():
        monkeypatch.setenv(PREFIX + name, value)
    said = geulgam("index", "status")
    assert said.code == 1 and what in said.err
    assert "geheim" not in said.err


def test_secrets_have_no_place_in_the_settings_file(workspace: Workspace) -> None:
    for key in ("elasticsearch_password", "elasticsearch_api_key", "elasticsearch_url"):
        workspace.settings_file.write_text(f'[retrieval]\n{key} = "geheim"\n', encoding="utf-8")
        with pytest.raises(GeulgamError, match="unknown key") as caught:
            workspace.settings()
        assert "GEULGAM_ELASTICSEARCH_URL" in caught.value.hint
        assert "geheim" not in f"{caught.value}{caught.value.hint}"


def test_each_workspace_has_an_index_of_its_own_unless_one_is_named() -> None:
    names = [
        server_name(Workspace(Path(folder)), Settings()) for folder in ("/a/글쓰기 My_Contest", "/b/글쓰기 My_Contest")
    ]
    assert all(name.startswith("geulgam-my-contest-") for name in names) and names[0] != names[1]
    named = load(None, {"retrieval.elasticsearch_index": "essays"}, {})
    assert server_name(Workspace(Path("/a")), named) == server_name(Workspace(Path("/b")), named) == "essays"
    for bad in ("Essays", "-a", "a b", "a*", ""):
        with pytest.raises(GeulgamError, match="cannot be a name"):
            server_name(Workspace(Path("/a")), load(None, {"retrieval.elasticsearch_index": bad}, {}))
