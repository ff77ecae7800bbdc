"""The work of one rank as a datatrove pipeline, which is the same wherever it runs.

datatrove runs the pipeline of a rank, and keeps what each of its steps took and let through in ``stats``. Its two
executors are not used: both hand ranks to a `multiprocessing.Pool`, which waits without end for a rank whose process
was killed. Nor are its filters of texts, see docs/cleaning.md. This module is imported by workers alone: datatrove
takes the place of whatever a program has told loguru.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from datatrove.executor.base import DistributedEnvVars, PipelineExecutor
from datatrove.pipeline.base import PipelineStep
from loguru import logger

from corpus.document import Raw, Rejected
from corpus.ranks import opened
from corpus.step import Stepped, stepped

logger.disable("datatrove")  # it writes on stderr, of every rank


class ReadRows(PipelineStep):  # type: ignore[misc]
    """The rows of a rank, each with the id of its document."""

    type, name = "READER", "rows"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def run(self, data: None = None, rank: int = 0, world_size: int = 1) -> Iterator[tuple[str, Raw | Rejected]]:
        """Read them from the imports."""
        for item in opened(self.folder).read(rank):
            self.stat_update("rows")
            yield item


class RunSteps(PipelineStep):  # type: ignore[misc]
    """What the steps make of them."""

    type, name = "FILTER", "steps"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def run(self, data: Iterable[tuple[str, Raw | Rejected]], rank: int = 0, world_size: int = 1) -> Iterator[Stepped]:
        """Clean and judge each."""
        steps = opened(self.folder).steps
        for id_, row in data:
            with self.track_time():
                made = stepped(row, id_, steps)
            self.stat_update("refused" if isinstance(made.made, str) else "documents")
            yield made


class WriteRank(PipelineStep):  # type: ignore[misc]
    """What came of them, on disk."""

    type, name = "WRITER", "rank"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def run(self, data: Iterable[Stepped], rank: int = 0, world_size: int = 1) -> None:
        """Write it whole, and what the steps have counted."""
        opened(self.folder).write(rank, data)


class Executor(PipelineExecutor):  # type: ignore[misc]
    """Runs ranks of the work in ``folder``; whoever holds it says which, and where."""

    def __init__(self, folder: Path) -> None:
        pipeline = [ReadRows(folder), RunSteps(folder), WriteRank(folder)]
        super().__init__(pipeline, logging_dir=str(folder), skip_completed=False)  # Ranks.incomplete says what is done
        self._ranks = opened(folder)

    @property
    def world_size(self) -> int:
        """How many ranks there are."""
        return len(self._ranks)

    def run(self) -> None:
        """Do those that are not done, one after the other in this process."""
        for rank in self._ranks.incomplete():
            self.run_rank(rank)

    def run_rank(self, rank: int) -> None:
        """Do one, in this process. Raises what it fails with, GeulgamError for a step that fails."""
        self._run_for_rank(rank)

    def get_distributed_env(self, node_rank: int = -1) -> DistributedEnvVars:
        """What datatrove notes in the environment: nothing of use here."""
        names = ("node_ips", "cpus_per_task", "mem_per_cpu", "gpus_on_node", "executor")
        return DistributedEnvVars(**{f"datatrove_{name}": "" for name in names})
