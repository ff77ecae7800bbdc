"""What every test may ask for, where this machine has it: the real data, the real model, real Elasticsearch servers."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from bench.topics import Ground
    from tests.elastic_server import Server

# A tiny model is faster on one thread than on two, and two test processes stand in each other's way no longer.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# In a shell's background job Ctrl-C is ignored, and would be by all that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("unhurried", settings(), deadline=None)  # a busy machine finds no error
settings.load_profile("unhurried")

SERVERS = {"elasticsearch_server", "secure_server", "cluster"}


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test that needs a server is slow: the quick suite would start one for each of its processes.

    Of the slow suite's processes one has all of them, so that each server is started once; and one has all that ask for
    the real essays' index.
    """
    wanted = set(getattr(item, "fixturenames", ()))
    if SERVERS & wanted:
        item.add_marker(pytest.mark.slow)
        item.add_marker(pytest.mark.xdist_group("elasticsearch"))
    if "real_ground" in wanted:
        item.add_marker(pytest.mark.xdist_group("ground"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the real data: ``GEULGAM_SHARED``, by default ``../shared`` beside the repository."""
    folder = Path(os.environ.get("GEULGAM_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    if not (folder / "data").is_dir():
        pytest.skip(f"needs the real data: no {folder / 'data'} (set GEULGAM_SHARED to the folder that has it)")
    return folder


@pytest.fixture(scope="session")
def real_ground(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> "Ground":
    """The real essays with their index, sides and topics."""
    from bench.topics import ground

    return ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random model of 140,000 weights, usable as the name of a base model."""
    from tests.finetune.tiny import tiny_model

    return tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def gemma() -> str:
    """The name of the real base model, where its package is installed."""
    from finetune import convert

    if not convert.is_available():
        pytest.skip(f"needs the real base model: {convert.INSTALL}")
    return "gemma-3-270m"


@pytest.fixture(scope="session")
def elasticsearch_server() -> Iterator["Server"]:
    """A server of one node: the one at ``GEULGAM_ELASTICSEARCH_URL``, else one without security, started here."""
    from tests.elastic_server import Server

    external = Server.external(os.environ)
    if external:
        yield external
    else:
        yield from _started()


@pytest.fixture(scope="session")
def secure_server() -> Iterator["Server"]:
    """A server of one node, with TLS by a CA of its own, a user and a password."""
    yield from _started(security=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator["Server"]:
    """Three nodes."""
    yield from _started(nodes=3)


def _started(nodes: int = 1, security: bool = False) -> Iterator["Server"]:
    from tests.elastic_distribution import Unavailable
    from tests.elastic_server import Server

    try:
        server = Server.start(nodes, security)
    except Unavailable as why:
        if os.environ.get("CI"):
            raise  # continuous integration installs what is needed: there, to skip is to fail
        pytest.skip(f"needs an Elasticsearch server: {why}")
    with server:
        yield server
