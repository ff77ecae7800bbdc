"""Work cut into ranks: so many rows each, to be done by any process that sees the folder, each whole or not at all.

The folder says what is to be done (``work.json``, ``says.npy``, ``ids.npy``, ``steps.dill``) and holds what was done:
the rows of each rank as Parquet, and what its steps have counted, which is written last and says that the rank is done.
Work of other rows or by other steps has a folder of another name, so that nothing of it is taken for this one's.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from corpus.atomic import explaining, replacing, write_text
from corpus.digests import to_hex
from corpus.document import Document, Raw, Rejected
from corpus.imports import Imports
from corpus.parts import PartWriter, batches
from corpus.step import BATCH, Step, Stepped, Work, named

ROWS = 512  # of a rank: some seconds of work
MOST = 4_096  # ranks: of more rows each has more
_FORMAT = 1  # of the folder
_FIELDS: "list[pa.Field[Any]]" = [
    pa.field("file", pa.string(), nullable=False),
    pa.field("line", pa.int64(), nullable=False),
    pa.field("reason", pa.string()),  # why it was refused; such a row has no more than the next one
    pa.field("by_steps", pa.bool_(), nullable=False),
    pa.field("digest", pa.binary()),
    pa.field("id", pa.string()),
    pa.field("text", pa.string()),
    pa.field("title", pa.string()),
    pa.field("source", pa.string()),
    pa.field("metadata", pa.map_(pa.string(), pa.string())),
]
_SCHEMA = pa.schema(_FIELDS)


class Ranks:
    """The ranks of one piece of work, in ``folder``. Opening them reads nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, work: Work, rows: int = ROWS) -> "Ranks":
        """Those of this work, ``rows`` in each, or more where there would be too many ranks.

        What was done of them stays; what was done of other work goes. Raises GeulgamError for a full disk.
        """
        import dill

        rows = max(rows, -(-len(work) // MOST))
        fingerprint = work.imports.fingerprint()
        told = {"format": _FORMAT, "rows": rows, "imports": fingerprint, "steps": named(work.steps)}
        key = hashlib.sha256(json.dumps(told).encode() + work.says.tobytes() + work.ids.tobytes()).hexdigest()[:16]
        ranks = cls(work.scratch / key)
        for other in set(work.scratch.glob("*")) - {ranks.folder}:
            with explaining(other):
                shutil.rmtree(other)
        _save(ranks.folder / "says.npy", work.says)
        _save(ranks.folder / "ids.npy", work.ids)
        with replacing(ranks.folder / "steps.dill") as part:
            part.write_bytes(dill.dumps(list(work.steps)))
        # Written last: who sees it sees all.
        write_text(ranks.folder / "work.json", json.dumps({**told, "folder": str(work.imports.folder.resolve())}))
        return ranks

    def __len__(self) -> int:
        return -(-len(self._says) // self._rows)

    def rows(self, rank: int) -> int:
        """How many the rank has."""
        return len(self._says[self._slice(rank)])

    def read(self, rank: int) -> Iterator[tuple[str, Raw | Rejected]]:
        """What is to be done in a rank: its rows, each with the id of its document."""
        places = range(*self._slice(rank).indices(len(self._says)))
        for low in range(places.start, places.stop, BATCH):
            batch = slice(low, min(low + BATCH, places.stop))
            yield from zip(to_hex(self._ids[batch]), self._imports.take(self._says[batch]), strict=True)

    def write(self, rank: int, done: Iterable[Stepped]) -> None:
        """Write what came of the rank's rows, and what its steps have counted meanwhile."""
        import dill

        for tally in _tallies(self.steps):
            tally.clear()
        writer = PartWriter(self.folder, _SCHEMA, lambda number: self._part(rank, number).name)
        for one in done:
            made = one.made
            if isinstance(made, str):
                writer.add((one.file, one.line, made, one.by_steps, *[None] * 6), len(made))
            else:
                fields = made.id, made.text, made.title, made.source, list(made.metadata.items())
                writer.add((one.file, one.line, None, one.by_steps, one.text, *fields), len(made.text))
        writer.flush()
        with replacing(self._end(rank)) as part:
            part.write_bytes(dill.dumps((len(writer.parts), _tallies(self.steps))))

    def incomplete(self) -> list[int]:
        """Those that are not done yet."""
        return [rank for rank in range(len(self)) if not self.is_seen(rank)]

    def is_seen(self, rank: int) -> bool:
        """Whether a rank is done, maybe on another machine, and all that belongs to it is there."""
        return self._end(rank).exists() and all(part.exists() for part in self._parts(rank))

    def done(self, steps: Sequence[Step]) -> Iterator[Stepped]:
        """What came of all rows, in their order, when all ranks are done; to these steps is added what was counted."""
        for rank in range(len(self)):
            _, counted = self._ended(rank)
            for tally, more in zip(_tallies(steps), counted, strict=True):
                tally.add(more)
            for batch in batches(self._parts(rank), _SCHEMA.names):
                yield from _stepped(batch)

    @cached_property
    def steps(self) -> Sequence[Step]:
        """The steps, as they were given to the work."""
        import dill

        steps: Sequence[Step] = dill.loads((self.folder / "steps.dill").read_bytes())
        return steps

    @cached_property
    def _work(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.folder / "work.json").read_text("utf-8"))
        return told

    @cached_property
    def _rows(self) -> int:
        return int(self._work["rows"])

    @cached_property
    def _imports(self) -> Imports:
        return Imports(Path(self._work["folder"]))

    @cached_property
    def _says(self) -> Any:
        return np.load(self.folder / "says.npy", mmap_mode="r")

    @cached_property
    def _ids(self) -> Any:
        return np.load(self.folder / "ids.npy", mmap_mode="r")

    def _slice(self, rank: int) -> slice:
        return slice(rank * self._rows, (rank + 1) * self._rows)

    def _part(self, rank: int, number: int) -> Path:
        return self.folder / f"rank-{rank:05}-{number:03}.parquet"

    def _parts(self, rank: int) -> list[Path]:
        return [self._part(rank, number + 1) for number in range(self._ended(rank)[0])]

    def _ended(self, rank: int) -> tuple[int, list[Any]]:
        """How many parts a rank that is done has, and what its steps have counted."""
        import dill

        parts, counted = dill.loads(self._end(rank).read_bytes())
        return parts, counted

    def _end(self, rank: int) -> Path:
        return self.folder / f"rank-{rank:05}.dill"


@lru_cache(maxsize=1)
def opened(folder: Path) -> Ranks:
    """The ranks in this folder, for a process that works on them: their steps are loaded once."""
    return Ranks(folder)


def _tallies(steps: Sequence[Step]) -> list[Any]:
    return [step.tally for step in steps if hasattr(step, "tally")]


def _save(path: Path, values: "np.ndarray[Any, Any]") -> None:
    with replacing(path) as part, part.open("wb") as file:
        np.save(file, values)


def _stepped(batch: pa.RecordBatch) -> Iterator[Stepped]:
    columns = (batch.column(name).to_pylist() for name in _SCHEMA.names)
    for file, line, reason, by_steps, text_id, id_, text, title, source, metadata in zip(*columns, strict=True):
        made = Document(id_, text, title, source, dict(metadata)) if reason is None else reason
        yield Stepped(file, line, made, by_steps, text_id or b"")
