"""Two machines that share an index build it in turn; what a killed one has left, it goes on with, or the other does."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from corpus.document import Document, document
from corpus.errors import GeulgamError
from corpus.events import Begun, Event, Progress
from corpus.store import Corpus
from retrieval.elastic import building, lease, loading, mapping
from retrieval.elastic.index import ElasticsearchIndex
from retrieval.elastic.lease import Builder
from retrieval.query import Terms
from tests.elastic_server import Server
from tests.retrieval.conftest import Counting, corpus_of
from tests.retrieval.elastic.conftest import Make, builds

COUNT = 40


class Held(Corpus):
    """Once the server has some of its documents, the rest has to wait."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked, self.go_on = threading.Event(), threading.Event()
        self._calls = 0

    def get(self, ids: Sequence[str]) -> list[Document]:
        """The documents; the second call waits until it may go on."""
        self._calls += 1
        if self._calls == 2:
            self.asked.set()
            assert self.go_on.wait(120)
        return super().get(ids)


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    """Is loaded in small chunks."""
    monkeypatch.setattr(loading, "CHUNK_DOCUMENTS", 2)
    monkeypatch.setattr(loading, "ROUTED_AT_ONCE", 2)
    return corpus_of(tmp_path / "corpus", (document(f"하나 {number}") for number in range(COUNT)))


@pytest.fixture
def lively(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs of life twice a second."""
    monkeypatch.setattr(lease, "RENEWAL", 0.5)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases that run out after three seconds."""
    monkeypatch.setattr(lease, "LEASE", 3.0)
    monkeypatch.setattr(lease, "RENEWAL", 0.5)


@pytest.fixture
def silenced(monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    """Nobody gives signs of life, as one who was killed or whose machine sleeps."""
    monkeypatch.setattr(lease, "RENEWAL", 3600.0)


def analysed(index: ElasticsearchIndex, corpus: Corpus) -> ElasticsearchIndex:
    """The index with all the terms, in two parts."""
    for half in (slice(0, COUNT // 2), slice(0, COUNT)):
        index.terms.update(corpus_of(index.folder / f"half-{half.stop}", list(corpus)[half]))
    return index


@contextmanager
def in_the_middle(index: ElasticsearchIndex, corpus: Corpus) -> Iterator[Callable[[], list[GeulgamError]]]:
    """A build of the index that has half of its documents; call what is given to let it end, and for its error."""
    half = Held(corpus.folder)
    errors: list[GeulgamError] = []

    def build() -> None:
        try:
            index.build(half)
        except GeulgamError as error:
            errors.append(error)

    thread = threading.Thread(target=build)

    def end() -> list[GeulgamError]:
        half.go_on.set()
        thread.join()
        return errors

    analysed(index, corpus)
    thread.start()
    try:
        assert half.asked.wait(60)
        yield end
    finally:
        end()


def found(index: ElasticsearchIndex) -> int:
    return len(index.search(Terms(("하나",)), 2 * COUNT))


def test_who_begins_while_another_builds_is_told_who_that_is_and_disturbs_nothing(
    corpus: Corpus, make: Make, tmp_path: Path, lively: None
) -> None:
    one = make(Counting(), "shared", place=tmp_path / "one")
    # Whether it wants the same index or another one.
    others = [make(Counting(), "shared", place=tmp_path / "other", k1=k1) for k1 in (1.2, 0.9)]
    with in_the_middle(one, corpus) as end:
        unfinished = builds(one)
        for other in others:
            with pytest.raises(GeulgamError, match="is being built by") as caught:
                other.build(corpus)
            assert f":{tmp_path / 'one'} (process {os.getpid()}), since 20" in str(caught.value)
            assert "wait until it is done" in caught.value.hint
        assert builds(one) == unfinished
        assert end() == []
    assert found(one) == found(others[0]) == COUNT and builds(one) == unfinished
    others[1].build(corpus)  # now it is its turn
    assert found(others[1]) == COUNT and len(builds(one)) == 1


def test_of_two_that_begin_at_the_same_moment_one_builds(
    corpus: Corpus, make: Make, tmp_path: Path, lively: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (make(Counting(), "moment", place=tmp_path / name) for name in ("one", "other"))
    looked = threading.Event()

    def looks_too_early(*given: object) -> object:
        if not looked.is_set():
            looked.set()
            return None  # there was nothing when it looked
        return lease.taken(*given)  # type: ignore[arg-type]

    with in_the_middle(one, corpus) as end:
        monkeypatch.setattr(building, "taken", looks_too_early)
        with pytest.raises(GeulgamError, match="is being built by"):
            other.build(corpus)
        assert looked.is_set() and len(builds(one)) == 1
        assert end() == []
    assert found(one) == COUNT


def test_who_waits_to_see_whether_another_builds_goes_on_once_that_one_has_built(
    corpus: Corpus, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEWAL", 3600.0)
    one, other = (make(Counting(), "turns", place=tmp_path / name, b=b) for name, b in (("one", 0.75), ("other", 0.5)))
    with in_the_middle(one, corpus) as end:

        def on(event: Event) -> None:
            if isinstance(event, Progress) and event.task == "waiting":
                assert end() == []

        other.build(corpus, on=on)
    assert one.stale(corpus) and not other.stale(corpus) and len(builds(one)) == 1


KILLED = """
import os, signal, sys
from pathlib import Path
from corpus.store import Corpus
from retrieval.elastic import loading
from retrieval.elastic.index import ElasticsearchIndex
from tests.retrieval.conftest import Counting

class Killed(Corpus):
    calls = 0
    def get(self, ids):
        self.calls += 1
        if self.calls == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().get(ids)

loading.CHUNK_DOCUMENTS = loading.ROUTED_AT_ONCE = 2
ElasticsearchIndex(sys.argv[1], Path(sys.argv[2]), Counting()).build(Killed(Path(sys.argv[3])))
"""


def kill_in_the_middle(server: Server, index: ElasticsearchIndex, corpus: Corpus) -> str:
    """The index that a process has left that was killed when half had arrived."""
    analysed(index, corpus)
    command = [sys.executable, "-c", KILLED, index.alias, str(index.folder), str(corpus.folder)]
    done = subprocess.run(command, env={**os.environ, **server.environment}, cwd=Path(__file__).parents[3])
    assert done.returncode == -signal.SIGKILL
    (left,) = builds(index)
    return left


class Watched(Corpus):
    """Counts the documents that are asked for."""

    read = 0

    def get(self, ids: Sequence[str]) -> list[Document]:
        self.read += len(ids)
        return super().get(ids)


def test_what_a_killed_process_has_left_is_gone_on_with_in_its_folder_at_once(
    elasticsearch_server: Server, corpus: Corpus, make: Make, tmp_path: Path
) -> None:
    index = make(Counting(), place=tmp_path / "one")
    left = kill_in_the_middle(elasticsearch_server, index, corpus)
    told: list[Event] = []
    watched = Watched(corpus.folder)
    index.build(watched, on=told.append)
    assert [event.task for event in told if isinstance(event, Begun)] == ["indexing"]
    assert builds(index) == [left] and found(index) == COUNT
    assert watched.read < COUNT


def test_what_another_machine_has_left_is_taken_over_once_nothing_was_heard_for_the_time_of_a_lease(
    elasticsearch_server: Server, corpus: Corpus, make: Make, tmp_path: Path, quick: None
) -> None:
    one, other = (make(Counting(), "left", place=tmp_path / name) for name in ("one", "other"))
    left = kill_in_the_middle(elasticsearch_server, one, corpus)
    told: list[Event] = []
    watched = Watched(corpus.folder)
    analysed(other, corpus)
    other.build(watched, on=told.append)
    (waiting,) = [event for event in told if isinstance(event, Begun) and event.task == "waiting"]
    assert str(tmp_path / "one") in waiting.why
    assert builds(other) == [left] and found(other) == COUNT
    assert watched.read < COUNT


def test_what_another_machine_has_left_of_an_index_that_nobody_wants_goes(
    elasticsearch_server: Server, corpus: Corpus, make: Make, tmp_path: Path, quick: None
) -> None:
    one = make(Counting(), "unwanted", place=tmp_path / "one")
    left = kill_in_the_middle(elasticsearch_server, one, corpus)
    other = make(Counting(), "unwanted", place=tmp_path / "other", b=0.5)
    other.build(corpus)
    assert left not in builds(other) and len(builds(other)) == 1 and found(other) == COUNT


def test_who_slept_while_another_took_over_puts_nothing_more_in_and_is_told(
    corpus: Corpus, make: Make, tmp_path: Path, silenced: None
) -> None:
    sleeper, other = (make(Counting(), "sleeper", place=tmp_path / name) for name in ("one", "other"))
    smaller = corpus_of(tmp_path / "smaller", list(corpus)[: COUNT // 2])
    with in_the_middle(sleeper, corpus) as end:
        other.build(smaller)  # half of what the sleeper wants: so it goes on with the same index
        before = builds(other)
        (error,) = end()
    assert str(error) == f"the index {sleeper.alias} was built by another meanwhile, or removed" and error.hint
    assert found(other) == COUNT // 2 and builds(other) == before


def test_who_finds_that_another_is_at_work_on_what_was_its_own_is_told_who(
    corpus: Corpus, make: Make, tmp_path: Path, silenced: None
) -> None:
    sleeper, other = (make(Counting(), "taken", place=tmp_path / name) for name in ("one", "other"))
    with in_the_middle(sleeper, corpus) as end_sleeper, in_the_middle(other, corpus) as end_other:
        (error,) = end_sleeper()
        assert "was taken over by" in str(error) and str(tmp_path / "other") in str(error)
        assert end_other() == []
    assert found(other) == COUNT and len(builds(other)) == 1


def test_a_name_that_ends_as_that_of_a_build_is_not_taken_for_one(corpus: Corpus, make: Make) -> None:
    make(Counting(), "name-building").build(corpus)
    with pytest.raises(GeulgamError, match="no build of") as caught:
        make(Counting(), "name").build(corpus)
    assert "retrieval.elasticsearch_index" in caught.value.hint
    assert found(make(Counting(), "name-building")) == COUNT


def test_a_builder_is_a_folder_in_its_place(tmp_path: Path) -> None:
    one = Builder.of(tmp_path / "one")
    assert Builder.of(tmp_path / "one") == one != Builder.of(tmp_path / "other")
    shutil.copytree(tmp_path / "one", tmp_path / "copy")
    assert Builder.of(tmp_path / "copy").key != one.key


def test_what_an_earlier_version_has_left_unfinished_goes_and_other_indexes_stay(
    corpus: Corpus, make: Make, tmp_path: Path
) -> None:
    index = make(Counting(), "earlier")
    meta = mapping.Meta(index.alias, "counting 1", 1.2, 0.75, 1, format=1)
    create = index.client.indices.create
    create(index=f"{index.alias}-old", mappings=mapping.mappings(meta.plain()), aliases={f"{index.alias}-old.x": {}})
    create(index=f"{index.alias}-foreign")
    other = make(Counting(), "earlier-other")
    other.build(corpus)
    (neighbour,) = builds(other)
    index.build(corpus)
    (live,) = index.client.indices.get(index=index.alias).body
    assert sorted(builds(index)) == sorted([live, f"{index.alias}-foreign", neighbour])
