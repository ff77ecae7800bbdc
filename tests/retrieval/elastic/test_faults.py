"""What goes wrong between here and a server: one line that says what to do, and never the password."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from corpus.document import document
from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval.elastic.connection import Access, check_version, connect
from retrieval.elastic.failures import explaining
from retrieval.elastic.index import ElasticsearchIndex
from retrieval.query import Terms
from tests.elastic_server import Server
from tests.retrieval.conftest import Counting
from tests.retrieval.elastic.conftest import access, fill

PASSWORD = "geheim-1234"


def failure(given: Access) -> GeulgamError:
    """That of connecting so; no secret of ours is in it, nor in anything it came from."""
    with pytest.raises(GeulgamError) as caught:
        connect(given)
    error: BaseException | None = caught.value
    while error is not None:
        for secret in filter(None, (given.password, given.api_key)):
            assert secret not in f"{error}{getattr(error, 'hint', '')}{error!r}"
        error = error.__cause__ or error.__context__
    assert caught.value.hint and "\n" not in str(caught.value)
    return caught.value


def test_a_server_that_is_down_when_the_work_begins() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = failure(Access((f"http://127.0.0.1:{port}",), user="elastic", password=PASSWORD))
    assert "connection refused" in str(error) and "GEULGAM_ELASTICSEARCH_URL" in error.hint


def test_a_host_that_nobody_knows() -> None:
    error = failure(Access(("https://no-such-host.invalid:9200",), user="elastic", password=PASSWORD))
    assert "no connection to Elasticsearch" in str(error)


def test_a_wrong_password(secure_server: Server) -> None:
    error = failure(replace(access(secure_server), password=PASSWORD))
    assert str(error) == "Elasticsearch does not accept this user and password or API key"
    assert "GEULGAM_ELASTICSEARCH_USER" in error.hint


def test_a_wrong_api_key(secure_server: Server) -> None:
    error = failure(replace(access(secure_server), user="", password="", api_key="Z2VoZWltOmdlaGVpbQ=="))
    assert "does not accept" in str(error) and "API_KEY" in error.hint


def test_a_certificate_of_an_authority_that_is_not_known(secure_server: Server) -> None:
    error = failure(replace(access(secure_server), ca=""))
    assert "signed by an authority that is not known" in str(error)
    assert "GEULGAM_ELASTICSEARCH_CA" in error.hint


def test_a_certificate_of_another_authority(secure_server: Server, tmp_path: Path) -> None:
    import trustme

    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.crt"))
    error = failure(replace(access(secure_server), ca=str(tmp_path / "other.crt")))
    assert "signed by an authority that is not known" in str(error)


@contextmanager
def certified(server: Server, until: datetime) -> Iterator[None]:
    """The server with a certificate that is valid until then."""
    before = _served(server)
    server.certify(until)
    try:
        _wait(lambda: _served(server) != before)
        yield
    finally:
        expired = _served(server)
        server.certify()
        _wait(lambda: _served(server) != expired)


def _served(server: Server) -> str:
    parts = urlsplit(server.url)
    return ssl.get_server_certificate((str(parts.hostname), int(parts.port or 0)))


def _wait(happened: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.3)


def test_a_certificate_that_has_expired(secure_server: Server) -> None:
    given = access(secure_server)
    with certified(secure_server, datetime(2020, 1, 1, tzinfo=UTC)):
        connect.cache_clear()
        error = failure(given)
        assert str(error) == "the certificate of Elasticsearch has expired"
        assert "renew it" in error.hint
    assert connect(given)


def test_tls_where_there_is_none_and_none_where_there_is(secure_server: Server, elasticsearch_server: Server) -> None:
    plain = replace(access(secure_server), urls=(secure_server.url.replace("https", "http"),), ca="")
    assert "https://" in failure(plain).hint
    if elasticsearch_server.url.startswith("http://"):
        secure = replace(access(elasticsearch_server), urls=(elasticsearch_server.url.replace("http", "https"),))
        error = failure(secure)
        assert "does not speak TLS" in str(error) and "http://" in error.hint


@contextmanager
def answering(status: int, body: bytes, kind: str) -> Iterator[str]:
    """The address of something that answers every request so, and is not Elasticsearch."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("status", [200, 401, 403, 404, 502])
def test_a_proxy_that_answers_with_a_page(status: int) -> None:
    page = f"<html><body><h1>Proxy login</h1>{'<p>…</p>' * 500}</body></html>".encode()
    with answering(status, page, "text/html; charset=utf-8") as url:
        error = failure(Access((url,), user="elastic", password=PASSWORD))
    assert "Elasticsearch" in str(error) and len(str(error)) < 200 and "<" not in str(error)
    assert "GEULGAM_ELASTICSEARCH_URL" in error.hint and "proxy" in error.hint


def test_another_program_that_answers_with_json() -> None:
    with answering(200, b'{"status": "ok"}', "application/json") as url:
        assert "not Elasticsearch" in str(failure(Access((url,))))


def test_something_that_hangs_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            while True:
                try:
                    server.accept()[0].close()
                except OSError:
                    return

        threading.Thread(target=hang_up, daemon=True).start()
        error = failure(Access((f"http://127.0.0.1:{server.getsockname()[1]}",)))
        server.shutdown(socket.SHUT_RDWR)
    assert "no connection to Elasticsearch" in str(error)


def test_a_server_that_is_too_old_and_those_that_are_not() -> None:
    for version in ("8.19.0", "8.19.21", "9.0.0", "9.2.1-SNAPSHOT", "10.0.0"):
        check_version(version)
    for version in ("7.17.29", "8.9.2", "8.18.8", "6.8.0"):
        with pytest.raises(GeulgamError, match=f"is {version}, older than 8.19") as caught:
            check_version(version)
        assert "upgrade it to 8.19" in caught.value.hint


def test_a_client_package_that_is_too_new_for_the_server(elasticsearch_server: Server) -> None:
    client = connect(access(elasticsearch_server))
    newer = "application/vnd.elasticsearch+json; compatible-with=9"  # what the package elasticsearch 9 asks for
    with pytest.raises(GeulgamError, match="does not speak to a server this old") as caught, explaining():
        client.perform_request("GET", "/_cluster/health", headers={"Accept": newer})
    assert "pip install 'elasticsearch>=8.19,<9'" in caught.value.hint


def test_a_server_that_goes_down_between_two_searches(cluster: Server, tmp_path: Path) -> None:
    index = ElasticsearchIndex("test-down", tmp_path, Counting(), access=access(cluster))
    fill(index, [document("하나 둘")])
    for number in range(3):
        cluster.kill(number)
    try:
        with pytest.raises(GeulgamError, match="no connection to Elasticsearch"):
            index.search(Terms(("하나",)), 5)
    finally:
        for number in range(3):
            cluster.restart(number, wait=False)
        cluster.wait()
    assert len(index.search(Terms(("하나",)), 5)) == 1


@contextmanager
def full(server: Server) -> Iterator[None]:
    """The server on a disk that is beyond all its marks, as it sees it."""
    disk = "cluster.routing.allocation.disk"
    marks = {"low": "0.01%", "high": "0.02%", "flood_stage": "0.03%"}
    settings: dict[str, object] = {f"{disk}.watermark.{stage}": mark for stage, mark in marks.items()}
    settings |= {f"{disk}.threshold_enabled": True, "cluster.info.update.interval": "10s"}
    with server.client(request_timeout=60) as client:
        client.indices.create(index="witness")  # is closed as all are that can be written to

        def closed() -> bool:
            return "read_only_allow_delete" in str(client.indices.get_settings(index="witness"))

        client.cluster.put_settings(persistent=settings)
        try:
            _wait(closed)
            yield
        finally:
            client.cluster.put_settings(persistent=dict.fromkeys(settings))
            _wait(lambda: not closed())
            client.indices.delete(index="witness")


def test_a_disk_that_is_full(secure_server: Server, tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "corpus")
    corpus.add(document(f"하나 둘 {number}") for number in range(20))
    index = ElasticsearchIndex("test-full", tmp_path, Counting(), access=access(secure_server))
    index.build(corpus)
    corpus.add([document("하나 셋")])
    with full(secure_server):
        assert len(index.search(Terms(("하나",)), 50)) == 20
        with pytest.raises(GeulgamError, match="disks of the Elasticsearch server are so full") as caught:
            index.build(corpus)
        assert "free some space" in caught.value.hint
        assert len(index.search(Terms(("하나",)), 50)) == 20
    index.build(corpus)
    assert len(index.search(Terms(("하나",)), 50)) == 21
    (left,) = index.client.indices.get(index="test-full*").body
    index.client.indices.delete(index=left)
