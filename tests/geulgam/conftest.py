"""A command line to type into, and workspaces with the sample in them."""

import json
import os
import shutil
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from corpus.judging.learnt.features import Vectors
from geulgam.settings_file import template
from geulgam.workspace import Workspace
from tests.preloaded import Preloaded

ROOT = Path(__file__).parents[2]
# By Python itself, or once by a library:
READ_AT_START = {"OMP_NUM_THREADS", "PYTHONHASHSEED", "PYTHONIOENCODING", "PYTHONUTF8"}


@dataclass(frozen=True)
class Said:
    """What a command ended with and printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Said]


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine's own reaches a test."""
    for name in os.environ:
        if name.startswith("GEULGAM_") and name not in ("GEULGAM_SHARED", "GEULGAM_CACHE"):
            monkeypatch.delenv(name)


@pytest.fixture
def geulgam() -> Command:
    """Run a command in this process: ``geulgam("corpus", "stats")``."""

    def run(*words: object) -> Said:
        from geulgam.cli import app

        result = CliRunner().invoke(app, [str(word) for word in words], prog_name="geulgam")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    return run


def arguments(*words: object) -> Sequence[str]:
    """The command line of a process of its own."""
    return [sys.executable, "-m", "geulgam", *map(str, words)]


def environment(**more: str) -> dict[str, str]:
    """The environment of a process of its own, which finds the packages wherever it runs."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1", **more}


@contextmanager
def started(*words: object, cwd: Path | None = None, **more: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, running; killed at the end if it still is."""
    start = subprocess.Popen if READ_AT_START & more.keys() else Preloaded
    given: dict[str, Any] = {"cwd": cwd, "env": environment(**more), "text": True}
    with start(arguments(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, **given) as process:
        try:
            yield process
        finally:
            process.kill()


def awaits_a_key(terminal: int) -> bool:
    """Whether the program at the other end of a pseudo-terminal reads single keys now: else it would lose one."""
    flags: int = termios.tcgetattr(terminal)[3]
    return not flags & termios.ICANON


@pytest.fixture
def process() -> Command:
    """Run a command in a process of its own, as a user does."""

    def run(*words: object, cwd: Path | None = None, seconds: float = 600, **more: str) -> Said:
        with started(*words, cwd=cwd, **more) as running:
            out, err = running.communicate(timeout=seconds)
        return Said(running.returncode, out, err)

    return run


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace, which is the current folder. Its analyzer is the quick one."""
    made = Workspace.create(tmp_path / "workspace", template(values={"retrieval.analyzer": "bigram"}))
    monkeypatch.chdir(made.folder)
    return made


def quick_settings(base: Path) -> dict[str, Any]:
    """A recipe of seconds, and essays of a few sentences, for the mechanics."""
    return {
        "retrieval.analyzer": "bigram",
        "retrieval.k": 20,
        "finetune.base": str(base),
        "finetune.max_steps": 3,
        "finetune.block_tokens": 128,
        "finetune.batch": 2,
        "finetune.evaluations": 1,
        "finetune.checkpoint_steps": 1,
        "finetune.shared.epochs": 1.0,
        "finetune.shared.max_steps": 2,
        "finetune.shared.evaluations": 1,
        "generate.characters": 30,
        "generate.best_of": 2,
        "generate.temperature": 0.5,
    }


@pytest.fixture(scope="session")
def sample() -> Path:
    """The folder of the bundled essays."""
    with resources.as_file(resources.files("geulgam.sample")) as folder:
        return folder


@pytest.fixture(scope="session")
def essays(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files with the first paragraphs of 42 of them, 21 of them labelled 함께: enough for the mechanics."""
    folder = tmp_path_factory.mktemp("essays")
    for name in ("together.jsonl", "family.jsonl"):
        known = [json.loads(line) for line in (sample / name).read_text(encoding="utf-8").splitlines()]
        short = ({**essay, "text": _begun(essay["text"])} for essay in known)
        lines = (json.dumps(essay, ensure_ascii=False) + "\n" for essay in short)
        (folder / name).write_text("".join(lines), encoding="utf-8")
    return sorted(folder.iterdir())


def _begun(text: str, characters: int = 600) -> str:
    """Its paragraphs until they are so long together."""
    paragraphs = text.split("\n\n")
    number = next(n for n in range(1, len(paragraphs) + 1) if len("".join(paragraphs[:n])) >= characters)
    return "\n\n".join(paragraphs[:number])


@contextmanager
def one_thread() -> Iterator[None]:
    """Several threads on a model this small only wait for each other."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture
def small(
    _one_thread: None, tiny: Path, essays: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Workspace:
    """A workspace with 42 essays, the tiny model and the topic 함께, which is the current folder."""
    from geulgam.stages.corpus import add_documents

    made = Workspace.create(tmp_path / "small", template(values=quick_settings(tiny)))
    add_documents(made, made.settings(), essays)
    monkeypatch.chdir(made.folder)
    return made


@pytest.fixture(scope="session")
def _written(tiny: Path, essays: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    from geulgam.pipeline import run
    from geulgam.stages.corpus import add_documents

    made = Workspace.create(tmp_path_factory.mktemp("written") / "w", template(values=quick_settings(tiny)))
    add_documents(made, made.settings(), essays)
    with one_thread():
        run(made, made.settings())
    return made.folder


@pytest.fixture
def written(_one_thread: None, _written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The same with every stage done, up to one essay."""
    folder = tmp_path / "written"
    shutil.copytree(_written, folder)
    monkeypatch.chdir(folder)
    return Workspace(folder)


@pytest.fixture(scope="session")
def _indexed(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Path:
    from geulgam.stages.corpus import add_documents
    from geulgam.stages.index import build_index

    folder = tmp_path_factory.mktemp("indexed") / "workspace"
    made = Workspace.create(folder, template(values={"retrieval.analyzer": "bigram"}))
    add_documents(made, made.settings(), sorted(sample.glob("*.jsonl")))
    build_index(made, made.settings())
    return made.folder


@pytest.fixture
def indexed(_indexed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with the sample in its corpus and index, which is the current folder."""
    folder = tmp_path / "indexed"
    shutil.copytree(_indexed, folder)
    monkeypatch.chdir(folder)
    return Workspace(folder)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a cluster of three nodes, each with a core to lend."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        node: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 100_000_000, "include_dashboard": False}
        node["wait"] = False  # each for 30 s alone
        nodes = Cluster(initialize_head=True, head_node_args=node)
        try:
            for _ in range(2):
                nodes.add_node(**node)
            nodes.wait_for_nodes(timeout=300)
            yield nodes.address
        finally:
            nodes.shutdown()  # type: ignore[no-untyped-call]


class Letters:
    """An encoder of milliseconds, by the letters of a text."""

    name, dimensions = "letters 1", 32

    def encode(self, texts: list[str]) -> Vectors:
        made = np.full((len(texts), self.dimensions), 1e-3, np.float32)
        for row, text in zip(made, texts, strict=True):
            for letter in text:
                row[ord(letter) % self.dimensions] += 1
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The encoder takes milliseconds."""
    monkeypatch.setattr("retrieval.encoder.encoder", lambda name="use": Letters())
