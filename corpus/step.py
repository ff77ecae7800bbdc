"""A step of cleaning or judging, and what steps make of each row, whatever becomes of the others.

That is the part of deriving that many can do at once: see :mod:`corpus.engine`.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from corpus.atomic import explaining
from corpus.digests import Digest, from_hex, to_hex
from corpus.document import Document, Raw, Rejected, document_id
from corpus.errors import GeulgamError
from corpus.imports import Imports
from corpus.parts import Places

BATCH = 1_024  # rows held at once


class Step(Protocol):
    """One way to clean documents or to refuse some. What it gives for a document depends on that document alone.

    ``name`` and ``version`` say what it does: if either changes, the corpus is made anew. Workers are given a copy, so
    that dill has to be able to pickle it. One that counts what it does has it in ``tally``, as
    :class:`corpus.cleaning.tally.Tally`, which is added up. One that holds much, a model, says in ``at_once`` how many
    of it a machine may hold.
    """

    @property
    def name(self) -> str:
        """As in ``rejected.jsonl`` and in the commit."""
        ...

    @property
    def version(self) -> int:
        """To be raised whenever the step gives something else."""
        ...

    def __call__(self, document: Document) -> Document | str:
        """The document, cleaned, with the id it has; or the reason for refusing it, "kind: particulars"."""
        ...


def named(steps: Iterable[Step]) -> list[list[Any]]:
    """Name and version of each step, of one that is made of several (``steps``) theirs, as the commit notes them."""
    return [[part.name, part.version] for step in steps for part in getattr(step, "steps", (step,))]


@dataclass(frozen=True, slots=True)
class Stepped:
    """What came of the row that stood in ``line`` of ``file``: a document, or the reason why it was refused.

    ``by_steps``: not by the reader of the file. ``text``: the 16 bytes of the id that the document's text would have
    now; empty of a refused row, and where there are no steps.
    """

    file: str
    line: int
    made: Document | str
    by_steps: bool = True
    text: bytes = b""


@dataclass(frozen=True, slots=True)
class Work:
    """Rows to be stepped: those in the places ``says`` (n,) of the imports, in that order, whose documents have these
    ``ids`` (n,).

    ``scratch``: a folder, which need not exist yet, for what an engine has half done.
    """

    imports: Imports
    says: Places
    ids: Digest
    steps: Sequence[Step]
    scratch: Path

    def __len__(self) -> int:
        return len(self.says)

    @property
    def at_once(self) -> int | None:
        """How many workers of one machine may do it at once; None: as many as there are."""
        return min((step.at_once for step in self.steps if hasattr(step, "at_once")), default=None)

    def stepped(self) -> Iterator[Stepped]:
        """What the steps make of each row, done one after the other in this process, a thousand rows in memory.

        What stands in ``scratch`` goes. Raises GeulgamError as the imports do, and where a step fails, with the row
        that it failed on.
        """
        self.clear()
        for low in range(0, len(self), BATCH):
            batch = slice(low, low + BATCH)
            for id_, row in zip(to_hex(self.ids[batch]), self.imports.take(self.says[batch]), strict=True):
                yield stepped(row, id_, self.steps)

    def clear(self) -> None:
        """Remove what is half done."""
        if self.scratch.exists():
            with explaining(self.scratch):
                shutil.rmtree(self.scratch)


def stepped(row: Raw | Rejected, id_: str, steps: Sequence[Step]) -> Stepped:
    """What the steps make of a row whose document has this id. Raises GeulgamError where a step fails."""
    if isinstance(row, Rejected):
        return Stepped(row.file, row.line, row.reason, by_steps=False)
    document = row.document(id_)
    for step in steps:
        try:
            made = step(document)
        except GeulgamError:
            raise
        except Exception as error:
            raise _failed(step, row, error) from error
        if isinstance(made, str):
            return Stepped(row.file, row.line, made)
        document = made if made.id == id_ else replace(made, id=id_)
    if not steps:
        return Stepped(row.file, row.line, document)
    if not document.text.strip():
        return Stepped(row.file, row.line, "empty text: nothing is left after cleaning")
    return Stepped(row.file, row.line, document, text=from_hex(document_id(document.text)))


def _failed(step: Step, row: Raw, error: Exception) -> GeulgamError:
    said = next(iter(str(error).strip().splitlines()), "")
    what = f"the step {step.name} fails on {row.file}, line {row.line}: {type(error).__name__}: {said}"
    return GeulgamError(what, "what was done is kept: mend the step or leave it out, then the same command again")
