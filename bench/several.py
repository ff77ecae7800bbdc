"""Seven topics in one process against seven processes: `geulgam finetune` of all, or a command for each.

The workspace holds the sample's essays, with index and subsets (of 40) made before anything is timed; each way begins
with a fresh copy of it. A command's time is from its start to its end, Python, libraries and base and all. Several
commands at once share the processor, and each holds the base: seven need seven times the memory.

    python -m bench.several [--steps 4] [--base gemma-3-270m] [--topics 7] [--skip-at-once]
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path

from bench.essays import QUERIES
from geulgam.settings import TopicSettings
from geulgam.settings_file import template
from geulgam.stages.base import base_model
from geulgam.stages.corpus import add_documents
from geulgam.stages.subset import select_topics
from geulgam.workspace import Workspace

K = 40  # documents of a topic


def prepared(folder: Path, base: str, steps: int, queries: Mapping[str, str]) -> Workspace:
    """A workspace in which nothing but the training of these topics is left to do."""
    topics = [TopicSettings(name=name, query=query) for name, query in queries.items()]
    values = {
        "retrieval.k": K,
        "finetune.base": base,
        "finetune.epochs": 1000.0,
        "finetune.max_steps": steps,
        "finetune.evaluations": 1,
        "finetune.shared.epochs": 0.0,
    }
    made = Workspace.create(folder, template(topics, values))
    settings = made.settings()
    with resources.as_file(resources.files("geulgam.sample")) as sample:
        add_documents(made, settings, [sample])
    select_topics(made, settings, list(queries))
    base_model(made, settings)  # keeps the corpus's vocabulary
    return made


def together(workspace: Path, topics: Sequence[str]) -> None:
    """All topics in one process."""
    _ended([_started(workspace, topics)])


def in_turn(workspace: Path, topics: Sequence[str]) -> None:
    """A process for each, one after the other."""
    for topic in topics:
        _ended([_started(workspace, [topic])])


def at_once(workspace: Path, topics: Sequence[str]) -> None:
    """A process for each, all at the same time."""
    _ended([_started(workspace, [topic]) for topic in topics])


def seconds(way: Callable[[Path, Sequence[str]], None], workspace: Workspace, topics: Sequence[str]) -> float:
    """How long this way takes in a copy of the workspace."""
    copy = workspace.folder.with_name(way.__name__)
    shutil.copytree(workspace.folder, copy)
    began = time.monotonic()
    way(copy, topics)
    took = time.monotonic() - began
    assert all(Workspace(copy).adapter(topic).is_dir() for topic in topics)
    shutil.rmtree(copy)
    return took


def _started(workspace: Path, topics: Sequence[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "geulgam", "finetune", *topics, "--workspace", str(workspace)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def _ended(commands: Sequence[subprocess.Popen[str]]) -> None:
    for command in commands:
        _, said = command.communicate()
        if command.returncode:
            sys.exit(f"{' '.join(map(str, command.args))} failed:\n{said}")  # type: ignore[arg-type]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=4, help="of each topic's training")
    parser.add_argument("--base", default="gemma-3-270m")
    parser.add_argument("--topics", type=int, default=len(QUERIES), help="how many of the seven")
    parser.add_argument("--skip-at-once", action="store_true", help="for little memory")
    options = parser.parse_args()
    base = str(Path(options.base).resolve()) if Path(options.base).is_dir() else options.base
    queries = dict(list(QUERIES.items())[: options.topics])
    topics, number = list(queries), len(queries)
    with tempfile.TemporaryDirectory() as folder:
        workspace = prepared(Path(folder) / "prepared", base, options.steps, queries)
        one = seconds(together, workspace, topics)
        print(
            f"| {number} topics, {options.steps} steps each | seconds | of them in one process |\n| --- | --- | --- |"
        )
        print(f"| in one process | {one:.1f} | |", flush=True)
        for name, way in (("one after the other", in_turn), ("all at once", at_once)):
            if way is at_once and options.skip_at_once:
                continue
            took = seconds(way, workspace, topics)
            print(f"| in {number} processes, {name} | {took:.1f} | {one / took:.2f} × |", flush=True)


if __name__ == "__main__":
    main()
