"""Elasticsearch's own server as a folder to start it from: found or fetched once, checked, unpacked once.

What is missing on this machine raises :class:`Unavailable`, which says what to do.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import platformdirs

VERSION = "8.19.21"
SHA512 = (
    "cf6b0a93860d329937ae7f913ec5073b0c726c77639764b93fc83a304aa1dd9d"
    "4defcfa2849948eea3b0b47c2065f994908603939fc2a4774c9c4d868c5ec1dd"
)
GROUP, NAME = "org.elasticsearch.distribution.integ-test-zip", "elasticsearch"
INSTEAD = "or set GEULGAM_ELASTICSEARCH_URL to a server that is running"


class Unavailable(Exception):
    """No server can be started here; the message says why and what to do."""


def distribution() -> Path:
    """The unpacked server, readable by every user; unpacked at the first call on this machine."""
    folder = Path(tempfile.gettempdir()) / f"geulgam-elasticsearch-{VERSION}-{os.getuid()}"
    if folder.is_dir() and folder.stat().st_uid == os.getuid():
        return folder
    with tempfile.TemporaryDirectory(prefix="geulgam-unpacking-") as fresh, zipfile.ZipFile(_archive()) as archive:
        archive.extractall(fresh)
        (unpacked,) = Path(fresh).iterdir()
        for path in (unpacked, *unpacked.rglob("*")):
            path.chmod(0o755)  # zipfile drops the executable bits, and the server may run as another user
        try:
            unpacked.rename(folder)
        except OSError:  # another process was faster
            if not folder.is_dir():
                raise
    return folder


def java_home() -> Path:
    """Of a Java that runs this server, from ES_JAVA_HOME, JAVA_HOME or the PATH."""
    named = os.environ.get("ES_JAVA_HOME") or os.environ.get("JAVA_HOME")
    java = Path(named) / "bin" / "java" if named else Path(shutil.which("java") or "/nowhere")
    remedy = f"install Java 17 or newer (Debian: apt-get install openjdk-17-jre-headless), {INSTEAD}"
    if not java.exists():
        raise Unavailable(f"no Java found{f' in {named}' if named else ''}: {remedy}")
    modules = subprocess.run([java, "--list-modules"], capture_output=True, text=True).stdout
    version = re.search(r"java\.base@(\d+)", modules)
    if version is None or int(version[1]) < 17 or "jdk.incubator.vector" not in modules:
        raise Unavailable(f"{java} is older than 17 or lacks the module jdk.incubator.vector: {remedy}")
    return java.resolve().parents[1]


def _archive() -> Path:
    """The zip: from the shared data, else from the user's cache, else from Maven Central into that cache."""
    shared = Path(os.environ.get("GEULGAM_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    given = shared / "elasticsearch" / f"elasticsearch-{VERSION}.zip"
    if given.exists():
        if not _whole(given):
            raise Unavailable(f"{given} is not the published file: its sha512 differs; remove it, {INSTEAD}")
        return given
    fetched = _fetched()
    if not _whole(fetched):  # broken off in an earlier run
        fetched.unlink()
        fetched = _fetched()
    if not _whole(fetched):
        fetched.unlink()
        raise Unavailable(f"Maven Central sent another {given.name} than the published: try again, {INSTEAD}")
    return fetched


def _fetched() -> Path:
    from jgo.maven import MavenContext

    cache = Path(os.environ.get("GEULGAM_CACHE") or platformdirs.user_cache_dir("geulgam", appauthor=False))
    component = MavenContext(repo_cache=cache / "maven", timeout=60).project(GROUP, NAME).at_version(VERSION)
    try:
        return Path(component.artifact(packaging="zip").resolve())
    except (OSError, RuntimeError) as error:  # requests' own errors are OSErrors
        reason = str(error).splitlines()[0]
        raise Unavailable(
            f"Elasticsearch {VERSION} cannot be fetched ({reason[:80]}…): go online, put its zip at "
            f"shared/elasticsearch/elasticsearch-{VERSION}.zip and set GEULGAM_SHARED to that shared folder, {INSTEAD}"
        ) from error


def _whole(path: Path) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha512").hexdigest() == SHA512
