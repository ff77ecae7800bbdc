"""The steps on all cores: the corpus as one process makes it, to the byte, whatever is killed or fails on the way."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import dill
import psutil
import pytest

from corpus.cleaning.cleaning import Cleaner, Cleaning
from corpus.cleaning.tally import Tally
from corpus.derive import Derived, Engine, derive, in_this_process
from corpus.document import Document, Raw, Rejected
from corpus.engine import LocalEngine
from corpus.errors import GeulgamError
from corpus.events import Begun, Event, Finished, Progress
from corpus.imports import Imports
from corpus.step import Step
from corpus.store import Corpus
from tests.corpus.conftest import PARAGRAPHS

ROWS = 10  # of a rank
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Watched:
    """A step that notes in a file who did which document, and fails on one that holds a word, or waits on it."""

    notes: Path
    fails_on: str = "\0"
    waits_on: str = "\0"
    name: str = "watched"
    version: int = 1

    def __call__(self, document: Document) -> Document | str:
        if self.fails_on in document.text:
            raise ValueError("too hard\nto do")
        with self.notes.open("a", encoding="utf-8") as file:
            file.write(f"{os.getpid()} {document.title}\n")
        while self.waits_on in document.text and not self.notes.with_name("go").exists():
            time.sleep(0.02)
        return "short: under 5 letters" if len(document.text) < 5 else document

    def done(self) -> list[str]:
        """The titles of the documents that were done, by anyone."""
        return [line.split()[1] for line in self._lines()]

    def workers(self) -> set[int]:
        return {int(line.split()[0]) for line in self._lines()}

    def _lines(self) -> list[str]:
        return self.notes.read_text("utf-8").splitlines() if self.notes.exists() else []


@pytest.fixture
def imports(tmp_path: Path) -> Imports:
    """95 rows: texts with something to clean, some the same once cleaned, some too short, two refused by the reader."""
    made = Imports(tmp_path / "imports")
    made.add(rows(0, 93))
    return made


def rows(first: int, last: int) -> list[Raw | Rejected]:
    items: list[Raw | Rejected] = []
    for n in range(first, last):
        text = f"<p>{n // 2 * 2}. “{PARAGRAPHS[n % 4 // 2]}”</p>" + " " * (n % 2) + "#바다 #산" * (n % 2)
        items.append(Raw("가.csv", n + 2, text if n % 17 else f"글{n}", f"글-{n}", metadata={"author": "김"}))
        if n % 50 == 7:
            items.append(Rejected("가.csv", n, "empty text"))
    return items


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "notes")


def made(imports: Imports, folder: Path, engine: Engine, *more: Step) -> tuple[Derived, Tally, dict[str, bytes]]:
    """What deriving did, what was counted, and each file of the corpus."""
    cleaner = Cleaner(Cleaning().steps())
    derived = derive(imports, Corpus(folder), [cleaner, *more], engine=engine)
    return derived, cleaner.tally, files(folder)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    "workers", [pytest.param(1, marks=pytest.mark.slow), 2, pytest.param(3, marks=pytest.mark.slow)]
)
def test_so_many_workers_make_the_corpus_that_one_process_makes_and_count_the_same(
    imports: Imports, tmp_path: Path, watched: Watched, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corpus.parts.PART_ROWS", 30)
    alone, engine = made(imports, tmp_path / "alone", in_this_process, watched), LocalEngine(workers, ROWS)
    assert len(alone[2]) == 4 and alone[0].rejected > 40 and alone[1].changed > 80
    assert watched.workers() == {os.getpid()}
    watched.notes.unlink()
    assert made(imports, tmp_path / "many", engine, watched) == alone
    assert len(watched.workers()) <= workers and os.getpid() not in watched.workers()


@pytest.mark.slow
def test_what_is_added_later_is_stepped_alone_and_stands_where_one_process_puts_it(
    imports: Imports, tmp_path: Path, watched: Watched
) -> None:
    many, alone = tmp_path / "many", tmp_path / "alone"
    for more in ([], [*rows(93, 120), *rows(0, 3)]):
        imports.add(more)
        one = made(imports, alone, in_this_process, watched)
        watched.notes.unlink()
        assert made(imports, many, LocalEngine(2, ROWS), watched) == one
    assert len(watched.done()) == 27


def test_for_a_little_work_nobody_is_hired(imports: Imports, tmp_path: Path, watched: Watched) -> None:
    made(imports, tmp_path / "corpus", LocalEngine(), watched)
    assert watched.workers() == {os.getpid()}
    assert made(imports, tmp_path / "corpus", LocalEngine(2, ROWS), watched)[0] == Derived()


def test_broken_off_it_keeps_the_ranks_that_are_done_and_the_same_call_goes_on(
    imports: Imports, tmp_path: Path, watched: Watched
) -> None:
    def on(event: Event) -> None:
        events.append(event)
        if isinstance(event, Progress) and event.task == "cleaning" and event.done >= 40:
            raise KeyboardInterrupt

    events: list[Event] = []
    corpus = Corpus(tmp_path / "corpus")
    with pytest.raises(KeyboardInterrupt):
        derive(imports, corpus, [watched], engine=LocalEngine(2, ROWS), on=on)
    assert isinstance(events[-1], Finished) and not events[-1].complete
    assert len(corpus) == 0 and not children()
    before = len(watched.done())
    assert 40 - 2 <= before < 93  # of 95 rows two have no document

    events.clear()
    derive(imports, corpus, [watched], engine=LocalEngine(3, ROWS), on=events.append)
    begun = next(event for event in events if isinstance(event, Begun))
    assert begun.task == "cleaning" and begun.total == 95 and begun.done >= 40
    assert len(watched.done()) - before <= 95 - begun.done
    assert files(corpus.folder) == made_alone(imports, tmp_path, watched)


def made_alone(imports: Imports, tmp_path: Path, *steps: Step) -> dict[str, bytes]:
    derive(imports, Corpus(tmp_path / "alone"), steps)
    return files(tmp_path / "alone")


@pytest.mark.slow
def test_what_other_steps_have_half_done_is_not_taken_and_goes(
    imports: Imports, tmp_path: Path, watched: Watched
) -> None:
    corpus = Corpus(tmp_path / "corpus")
    with pytest.raises(GeulgamError):
        derive(imports, corpus, [replace(watched, fails_on="80.")], engine=LocalEngine(1, ROWS))
    assert list(corpus.folder.glob(".ranks/*/rank-*.dill"))
    other = Cleaner(Cleaning().steps())
    derive(imports, corpus, [other], engine=LocalEngine(1, ROWS))
    assert files(corpus.folder) == made_alone(imports, tmp_path, Cleaner(Cleaning().steps()))


@pytest.mark.parametrize("engine", [in_this_process, LocalEngine(2, ROWS)])
def test_a_step_that_fails_is_one_line_that_names_the_row_and_nothing_is_lost(
    imports: Imports, tmp_path: Path, watched: Watched, engine: Engine, capfd: pytest.CaptureFixture[str]
) -> None:
    failing = replace(watched, fails_on="80.")
    corpus = Corpus(tmp_path / "corpus")
    with pytest.raises(GeulgamError) as told:
        derive(imports, corpus, [failing], engine=engine)
    assert str(told.value) == "the step watched fails on 가.csv, line 82: ValueError: too hard"
    assert told.value.hint and capfd.readouterr() == ("", "") and len(corpus) == 0 and not children()
    derive(imports, corpus, [watched], engine=engine)
    assert files(corpus.folder) == made_alone(imports, tmp_path, watched)


def test_a_worker_that_is_killed_is_one_line_and_the_same_call_completes_the_corpus(
    imports: Imports, tmp_path: Path, watched: Watched, capfd: pytest.CaptureFixture[str]
) -> None:
    waiting, corpus = replace(watched, waits_on="60."), Corpus(tmp_path / "corpus")
    killed: list[int] = []

    def on(event: Event) -> None:
        """Kill who waits."""
        waits = [line for line in waiting._lines() if line.endswith(" 글-60")]
        if waits and not killed:
            killed.append(int(waits[0].split()[0]))
            os.kill(killed[0], signal.SIGKILL)

    with pytest.raises(GeulgamError, match=r"^a worker was killed \(signal 9\) while it cleaned$") as told:
        derive(imports, corpus, [waiting], engine=LocalEngine(2, ROWS), on=on)
    assert "the same command goes on" in told.value.hint
    assert killed and len(corpus) == 0 and not children()
    before = len(watched.done())
    (tmp_path / "go").touch()
    derive(imports, corpus, [waiting], engine=LocalEngine(2, ROWS))
    assert files(corpus.folder) == made_alone(imports, tmp_path, waiting)
    assert before > ROWS and capfd.readouterr() == ("", "")


def test_workers_end_with_the_process_that_they_work_for(imports: Imports, tmp_path: Path, watched: Watched) -> None:
    waiting = replace(watched, waits_on="60.")
    (tmp_path / "steps.dill").write_bytes(dill.dumps([waiting]))
    code = (
        "import sys, dill; from pathlib import Path; from corpus.derive import derive\n"
        "from corpus.imports import Imports\n"
        "from corpus.engine import LocalEngine; from corpus.store import Corpus\n"
        "imports, folder = map(Path, sys.argv[1:]); steps = dill.loads((folder / 'steps.dill').read_bytes())\n"
        f"derive(Imports(imports), Corpus(folder / 'corpus'), steps, engine=LocalEngine(2, {ROWS}))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(imports.folder), str(tmp_path)], env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    try:
        wait_for(lambda: "글-60" in watched.done())
        workers = watched.workers()
        assert any(map(is_running, workers))
    finally:
        child.kill()
        child.wait()
    wait_for(lambda: not any(map(is_running, workers)))


def is_running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "in vain"
        time.sleep(0.05)


def children() -> list[psutil.Process]:
    """The workers of this process that are at work."""
    return [child for child in psutil.Process().children() if "rank_worker" in " ".join(child.cmdline())]


@dataclass(frozen=True)
class Counting:
    """A step of another kind that counts."""

    tally: Tally = field(default_factory=Tally, compare=False)
    name: str = "counting"
    version: int = 1

    def __call__(self, document: Document) -> Document:
        self.tally.count(document.text, [])
        return document


@pytest.mark.slow
def test_each_step_that_counts_has_its_own_count(imports: Imports, tmp_path: Path) -> None:
    cleaner, counting = Cleaner(Cleaning().steps()), Counting()
    derive(imports, Corpus(tmp_path / "corpus"), [cleaner, counting], engine=LocalEngine(2, ROWS))
    assert cleaner.tally.documents == counting.tally.documents == 93
    assert counting.tally.characters < cleaner.tally.characters


@pytest.mark.slow
def test_a_rank_of_many_rows_is_cut_where_there_would_be_too_many(
    imports: Imports, tmp_path: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corpus.ranks.MOST", 4)
    events: list[Event] = []
    derive(imports, Corpus(tmp_path / "corpus"), [watched], engine=LocalEngine(1, ROWS), on=events.append)
    done = {event.done for event in events if isinstance(event, Progress) and event.task == "cleaning"}
    assert done - {0} == {24, 48, 72, 95} and len(watched.done()) == 93


class Large(Watched):
    """A step of which a machine may hold one."""

    at_once: ClassVar[int] = 1


@pytest.mark.slow
def test_a_step_that_holds_much_is_held_once_however_many_workers_are_asked_for(
    imports: Imports, tmp_path: Path
) -> None:
    large = Large(tmp_path / "notes")
    derive(imports, Corpus(tmp_path / "corpus"), [large], engine=LocalEngine(3, ROWS))
    assert len(large.workers()) == 1 and len(large.done()) == 93
