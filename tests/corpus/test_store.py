"""The corpus on disk: whole commits, of any number of writers; whatever goes wrong, what was there stays whole."""

import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from corpus.digests import to_hex
from corpus.document import Document, document
from corpus.errors import GeulgamError
from corpus.store import Corpus
from tests.corpus.disks import ROOT, forbidden, on_a_small_disk


def some(start: int, stop: int) -> list[Document]:
    return [
        document(f"{i}번째 글\n\n둘째 문단", f"제목 {i}", f"https://a.kr/{i}", {"쪽": str(i)})
        for i in range(start, stop)
    ]


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of 100 documents in row groups of 8."""
    monkeypatch.setattr("corpus.parts.PART_ROWS", 100)
    monkeypatch.setattr("corpus.parts._GROUP", 8)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def full(_: object, path: Path, **__: object) -> None:
    """Writes as on a disk that fills up meanwhile."""
    if isinstance(path, Path):
        path.write_bytes(b"half a part")
    raise OSError(28, "No space left on device")


def written(corpus: Corpus, rank: int, documents: list[Document]) -> Sequence[Path]:
    writer = corpus.writer(rank)
    for one in documents:
        writer.add(one)
    return writer.finish()


def ids(corpus: Corpus) -> list[str]:
    return [document.id for document in corpus]


def test_documents_come_back_as_they_went_in_and_in_that_order(tmp_path: Path, small_parts: None) -> None:
    documents = some(0, 250)
    Corpus(tmp_path).add(documents)
    corpus = Corpus(tmp_path)
    assert list(corpus) == documents
    assert len(corpus) == 250
    assert len(corpus.parts()) == 3


def test_a_corpus_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "none")
    assert (len(corpus), list(corpus), corpus.digests().tolist(), corpus.get([])) == (0, [], [], [])
    assert not corpus.folder.exists()


def test_texts_that_differ_in_whitespace_and_composition_are_one_document(tmp_path: Path) -> None:
    added = Corpus(tmp_path).add(
        [document("한글 글감"), document(" 한글\n\n글감 "), document("\u1112\u1161\u11ab글 글감")]
    )
    assert added == 1


def test_a_document_known_only_in_another_part_is_known(tmp_path: Path, small_parts: None) -> None:
    corpus = Corpus(tmp_path)
    assert corpus.add(some(0, 150)) == 150
    assert (corpus.add(some(100, 300)), len(corpus)) == (150, 300)
    assert Corpus(tmp_path).add(some(0, 300)) == 0


def test_what_another_process_commits_is_noticed(tmp_path: Path, small_parts: None) -> None:
    corpus = Corpus(tmp_path)
    corpus.add(some(0, 150))
    assert len(corpus.digests()) == 150
    other = Corpus(tmp_path)
    other.add(some(150, 200))
    assert list(corpus) == some(0, 200)
    assert corpus.get([some(150, 151)[0].id]) == some(150, 151)
    other.commit(written(other, 0, some(300, 310)), replace=True)
    assert list(corpus) == some(300, 310)
    assert corpus.add(some(0, 200)) == 200


def test_get_gives_the_documents_in_the_order_asked(tmp_path: Path, small_parts: None) -> None:
    documents = some(0, 250)
    corpus = Corpus(tmp_path)
    corpus.add(documents)
    wanted = [documents[i] for i in (249, 0, 100, 99, 8, 7, 100)]
    assert corpus.get([document.id for document in wanted]) == wanted
    assert corpus.get(ids(corpus)) == documents


def test_get_reads_only_the_row_groups_it_needs(
    tmp_path: Path, small_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = Corpus(tmp_path)
    corpus.add(some(0, 250))
    known = ids(corpus)
    groups: list[int] = []
    whole = pq.ParquetFile.read_row_group

    def counting(self: pq.ParquetFile, group: int, **options: list[str]) -> object:
        groups.append(group)
        return whole(self, group, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", counting)
    corpus.get([known[17], known[16], known[241]])
    assert groups == [2, 5]


@pytest.mark.parametrize("id_", ["0" * 32, "f" * 32, "없는 것", ""])
def test_an_id_that_is_not_there_is_an_error_that_names_it(tmp_path: Path, id_: str) -> None:
    corpus = Corpus(tmp_path)
    for _ in range(2):
        with pytest.raises(GeulgamError, match=id_ or "''"):
            corpus.get([*ids(corpus), id_])
        corpus.add(some(0, 3))


def test_the_fingerprint_depends_on_ids_and_versions_and_on_nothing_else(tmp_path: Path, small_parts: None) -> None:
    one, other = Corpus(tmp_path / "a"), Corpus(tmp_path / "b")
    assert one.fingerprint() == other.fingerprint()
    one.add(some(0, 150))
    before = one.fingerprint()
    other.add(reversed(some(100, 150)))
    assert other.fingerprint() != before
    other.add(some(0, 100))
    assert other.fingerprint() == before == Corpus(tmp_path / "a").fingerprint()
    one.add(some(150, 151))
    assert one.fingerprint() != before
    retitled = Corpus(tmp_path / "c")
    retitled.add([*some(0, 149), replace(some(149, 150)[0], title="다른 제목")])
    assert retitled.digests().tolist() == other.digests().tolist()
    assert retitled.fingerprint() != before


def test_versions_stand_in_the_order_of_the_ids(tmp_path: Path, small_parts: None) -> None:
    corpus = Corpus(tmp_path)
    corpus.add(some(0, 150))
    corpus.add(some(150, 160))
    told = dict(zip(to_hex(corpus.digests()), to_hex(corpus.versions()), strict=True))
    assert told == {document.id: document.version for document in some(0, 160)}
    assert list(told) == sorted(told)


def test_other_programs_read_the_parts(tmp_path: Path) -> None:
    Corpus(tmp_path).add(some(0, 3))
    frame = pd.read_parquet(tmp_path / "part-000001-000-0001.parquet")
    assert list(frame.columns) == ["id", "version", "text", "title", "source", "metadata"]
    assert frame["title"].tolist() == ["제목 0", "제목 1", "제목 2"]
    assert dict(frame["metadata"][1]) == {"쪽": "1"}


def test_several_writers_make_one_commit_in_the_order_in_which_it_names_them(tmp_path: Path, small_parts: None) -> None:
    corpus = Corpus(tmp_path)
    corpus.add(some(0, 10))
    second = written(Corpus(tmp_path), 1, some(200, 350))
    first = written(Corpus(tmp_path), 0, some(10, 200))
    assert list(corpus) == some(0, 10)
    corpus.commit([*first, *second])
    assert list(corpus) == list(Corpus(tmp_path)) == some(0, 350)
    assert len(first) == len(second) == 2


_RANK = """
import sys
from pathlib import Path
from corpus.document import document
from corpus.store import Corpus
rank = int(sys.argv[2])
writer = Corpus(Path(sys.argv[1])).writer(rank)
for i in range(100 * rank, 100 * rank + 100):
    writer.add(document(f"{i}번째 글"))
print(*writer.finish(), sep="\\n")
"""


def test_several_processes_write_at_once_and_another_commits(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _RANK, str(tmp_path)]
    ranks = [subprocess.Popen([*command, str(r)], cwd=ROOT, stdout=subprocess.PIPE, text=True) for r in range(3)]
    parts = [Path(line) for process in ranks for line in process.communicate()[0].splitlines()]
    corpus = Corpus(tmp_path)
    assert (len(corpus), len(parts)) == (0, 3)
    corpus.commit(parts)
    assert [document.text for document in corpus] == [f"{i}번째 글" for i in range(300)]


def test_a_document_of_two_writers_is_refused_and_the_corpus_stays(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    corpus.add(some(0, 10))
    parts = [*written(corpus, 0, some(10, 20)), *written(corpus, 1, some(19, 30))]
    with pytest.raises(ValueError, match=some(19, 20)[0].id):
        corpus.commit(parts)
    assert list(corpus) == some(0, 10)


def test_what_a_writer_left_that_was_killed_is_never_seen_and_goes_with_the_next_commit(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    corpus.add(some(0, 10))
    written(corpus, 7, some(10, 20))
    (tmp_path / ".part-000002-000-0001.parquet.x.part").write_bytes(b"half a part")
    assert list(Corpus(tmp_path)) == some(0, 10)
    corpus.add(some(20, 30))
    assert list(corpus) == [*some(0, 10), *some(20, 30)]
    assert names(tmp_path) == ["commit.json", "part-000001-000-0001.parquet", "part-000002-000-0001.parquet"]


def test_a_reader_of_the_commit_that_was_replaced_reads_on(tmp_path: Path, small_parts: None) -> None:
    corpus = Corpus(tmp_path)
    corpus.add(some(0, 350))
    reading = iter(Corpus(tmp_path))
    begun = [next(reading)]
    corpus.commit(written(corpus, 0, some(500, 510)), replace=True, made_from={"steps": ["새"]})
    assert [*begun, *reading] == some(0, 350)
    assert list(corpus) == some(500, 510)
    assert corpus.made_from == {"steps": ["새"]}
    corpus.add(some(510, 511))
    assert len(corpus.parts()) == len(list(tmp_path.glob("*.parquet"))) == 2
    assert Corpus(tmp_path).made_from == {"steps": ["새"]}


def test_a_commit_that_fails_leaves_the_corpus_and_can_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = Corpus(tmp_path)
    corpus.add(some(0, 10))
    parts = written(corpus, 0, some(10, 20))
    with monkeypatch.context() as patch:
        patch.setattr("corpus.store.write_text", full)
        with pytest.raises(OSError, match="No space left"):
            corpus.commit(parts)
    assert list(corpus) == some(0, 10)
    assert written(corpus, 0, some(30, 40)) == parts  # the same names, other documents
    corpus.commit(parts)
    assert list(corpus) == [*some(0, 10), *some(30, 40)]
    assert corpus.digests().tolist() == Corpus(tmp_path).digests().tolist()
    assert corpus.add(some(10, 40)) == 20


def test_a_corpus_of_an_older_version_is_told_and_never_taken_for_empty(tmp_path: Path) -> None:
    (tmp_path / "part-000001.parquet").touch()
    for use in (len, list, Corpus.fingerprint, lambda corpus: corpus.add(some(0, 1))):
        with pytest.raises(GeulgamError, match="an older version of geulgam wrote the corpus"):
            use(Corpus(tmp_path))
    assert names(tmp_path) == ["part-000001.parquet"]


def test_a_commit_that_is_damaged_is_told(tmp_path: Path) -> None:
    Corpus(tmp_path).add(some(0, 1))
    (tmp_path / "commit.json").write_text('{"number": 1', encoding="utf-8")
    with pytest.raises(GeulgamError, match=r"cannot read .*commit\.json"):
        len(Corpus(tmp_path))


def test_ctrl_c_while_adding_keeps_the_parts_that_are_whole(tmp_path: Path, small_parts: None) -> None:
    def interrupted() -> Iterator[Document]:
        yield from some(0, 250)
        raise KeyboardInterrupt

    corpus = Corpus(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        corpus.add(interrupted())
    assert list(corpus) == list(Corpus(tmp_path)) == some(0, 200)
    assert {path.suffix for path in tmp_path.iterdir()} == {".parquet", ".json"}
    assert corpus.add(some(0, 250)) == 50
    assert list(Corpus(tmp_path)) == some(0, 250)


def test_ctrl_c_while_a_part_is_written_leaves_none_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = Corpus(tmp_path)
    corpus.add(some(0, 5))

    def interrupted(table: object, path: Path, **_: object) -> None:
        path.write_bytes(b"half a part")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pyarrow.parquet.write_table", interrupted)
        with pytest.raises(KeyboardInterrupt):
            corpus.add(some(0, 10))
    assert names(tmp_path) == ["commit.json", "part-000001-000-0001.parquet"]
    assert list(corpus) == some(0, 5)


_ENDLESS = """
import sys
from pathlib import Path
import corpus.parts
from corpus.document import document
from corpus.store import Corpus
from tests.corpus.disks import ROOT, forbidden, on_a_small_disk
corpus.parts.PART_ROWS = 40
begun = len(Corpus(Path(sys.argv[1])))
for i in range(10_000):
    start = begun + 100 * i
    Corpus(Path(sys.argv[1])).add(document(f"{n}번째 글 " + "가나다라마바사 " * 500) for n in range(start, start + 100))
"""


@pytest.mark.slow
def test_kill_9_at_any_moment_leaves_a_whole_commit_and_the_next_clears_up(tmp_path: Path) -> None:
    for delay in (0.0, 0.01, 0.02, 0.03):
        process = subprocess.Popen([sys.executable, "-c", _ENDLESS, str(tmp_path)], cwd=ROOT)
        before = len(Corpus(tmp_path))
        while len(Corpus(tmp_path)) < before + 200:
            assert process.poll() is None, "the process ended by itself"
            time.sleep(0.005)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        corpus = Corpus(tmp_path)
        assert len(list(corpus)) == len(set(ids(corpus))) == len(corpus)
        assert len(corpus) % 100 == 0
    assert corpus.add(some(1_000_000, 1_000_001)) == 1
    assert not list(tmp_path.glob(".*"))
    assert len(corpus.parts()) == len(list(tmp_path.glob("*.parquet")))


def test_a_full_disk_is_told_and_what_was_there_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = Corpus(tmp_path)
    corpus.add(some(0, 5))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr("pyarrow.parquet.write_table", full)
    with pytest.raises(GeulgamError, match=r"the disk is full: could not write .*part-000002") as caught:
        corpus.add(some(0, 10))
    assert "free some space" in caught.value.hint
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


_FILL = """
import os, sys
from pathlib import Path
from corpus.document import document
from corpus.errors import GeulgamError
from corpus.store import Corpus
from tests.corpus.disks import ROOT, forbidden, on_a_small_disk
corpus = Corpus(Path(sys.argv[1]))
corpus.add([document("먼저 있던 글")])
try:
    corpus.add(document(os.urandom(4000).hex()) for _ in range(1000))
except GeulgamError as error:
    print(error)
print(sorted(path.name for path in corpus.folder.iterdir()))
print([document.text for document in Corpus(corpus.folder)])
"""


def test_a_disk_that_is_really_full_is_told_and_what_was_there_is_whole(tmp_path: Path) -> None:
    assert on_a_small_disk(_FILL, tmp_path).splitlines() == [
        f"the disk is full: could not write {tmp_path}/corpus/part-000002-000-0001.parquet",
        "['commit.json', 'part-000001-000-0001.parquet']",
        "['먼저 있던 글']",
    ]


def test_a_read_only_folder_is_told_and_still_read(open_folder: Path) -> None:
    corpus = Corpus(open_folder)
    corpus.add(some(0, 5))
    with forbidden(open_folder):
        with pytest.raises(GeulgamError, match=r"may not write .*part-000002-000-0001\.parquet: Permission"):
            corpus.add(some(0, 10))
        with pytest.raises(GeulgamError, match=r"may not write .*: Permission"):
            Corpus(open_folder / "new").add(some(0, 1))
        assert list(Corpus(open_folder)) == some(0, 5)


def test_a_damaged_part_is_an_error_that_names_it(tmp_path: Path, small_parts: None) -> None:
    Corpus(tmp_path).add(some(0, 150))
    part = tmp_path / "part-000001-000-0002.parquet"
    part.write_bytes(part.read_bytes()[:-100])
    for use in (list, Corpus.digests, Corpus.versions, lambda corpus: corpus.add(some(0, 1))):
        with pytest.raises(GeulgamError, match=r"cannot read .*part-000001-000-0002\.parquet as a part"):
            use(Corpus(tmp_path))


def test_a_document_made_without_an_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a document's id"):
        Corpus(tmp_path).add([Document("a", "글")])


@pytest.mark.slow
def test_two_hundred_thousand_documents_do_not_need_as_many_objects(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    texts = (f"{i}번째 글" for i in range(200_000))
    corpus.add(document(text) for text in texts)
    tracemalloc.start()
    lazy = Corpus(tmp_path)
    assert len(lazy) == 200_000
    assert lazy.get([document("77번째 글").id])[0].text == "77번째 글"
    assert sum(1 for _ in lazy) == 200_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200_000 * 150
