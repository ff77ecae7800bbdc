"""The corpus on disk: adding twice adds nothing, and whatever goes wrong what was there stays whole."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from corpus.document import Document, Rejected, document
from corpus.errors import GeulgamError
from corpus.read import read
from corpus.store import Corpus

ROOT = Path(__file__).parents[2]


def some(start: int, stop: int) -> list[Document]:
    return [
        document(f"{i}번째 글\n\n둘째 문단", f"제목 {i}", f"https://a.kr/{i}", {"쪽": str(i)})
        for i in range(start, stop)
    ]


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of 100 documents in row groups of 8."""
    monkeypatch.setattr("corpus.store.PART_DOCUMENTS", 100)
    monkeypatch.setattr("corpus.store._GROUP", 8)


def test_the_real_essays_are_stored_in_under_a_second_of_computing_and_adding_twice_adds_nothing(
    shared: Path, tmp_path: Path
) -> None:
    corpus = Corpus(tmp_path / "corpus")
    started = time.process_time()
    first = corpus.add(read([shared / "data" / "essays"]))
    seconds = time.process_time() - started
    assert (first.taken, first.known, first.rejected) == (1259, 2, 0)
    assert first.characters == sum(len(document.text) for document in corpus) > 2_300_000
    assert seconds < 1
    before = {path.name: path.stat().st_mtime_ns for path in corpus.folder.iterdir()}
    again = Corpus(tmp_path / "corpus").add(read([shared / "data" / "essays"]))
    assert (again.taken, again.known, again.characters) == (0, 1261, 0)
    assert {path.name: path.stat().st_mtime_ns for path in corpus.folder.iterdir()} == before


def test_documents_come_back_as_they_went_in_and_in_that_order(tmp_path: Path, small_parts: None) -> None:
    documents = some(0, 250)
    Corpus(tmp_path).add(documents)
    corpus = Corpus(tmp_path)
    assert list(corpus) == documents
    assert corpus.ids() == [document.id for document in documents]
    assert len(corpus) == 250
    assert len(corpus.parts()) == 3


def test_a_corpus_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "none")
    assert (len(corpus), list(corpus), corpus.ids(), corpus.get([])) == (0, [], [], [])
    assert not corpus.folder.exists()


def test_texts_that_differ_in_whitespace_and_composition_are_one_document(tmp_path: Path) -> None:
    added = Corpus(tmp_path).add(
        [document("한글 글감"), document(" 한글\n\n글감 "), document("\u1112\u1161\u11ab글 글감")]
    )
    assert (added.taken, added.known) == (1, 2)


def test_a_document_known_only_in_another_part_is_known(tmp_path: Path, small_parts: None) -> None:
    corpus = Corpus(tmp_path)
    assert corpus.add(some(0, 150)).taken == 150
    assert (corpus.add(some(100, 300)).taken, len(corpus)) == (150, 300)
    assert Corpus(tmp_path).add(some(0, 300)).known == 300


def test_parts_that_another_process_adds_or_removes_are_noticed(tmp_path: Path, small_parts: None) -> None:
    corpus = Corpus(tmp_path)
    corpus.add(some(0, 150))
    Corpus(tmp_path).add(some(150, 200))
    assert len(corpus) == 200
    (tmp_path / "part-000001.parquet").unlink()
    assert corpus.ids() == [document.id for document in some(100, 200)]
    assert corpus.get([some(150, 151)[0].id]) == some(150, 151)
    assert corpus.add(some(0, 200)).taken == 100


def test_get_gives_the_documents_in_the_order_asked(tmp_path: Path, small_parts: None) -> None:
    documents = some(0, 250)
    corpus = Corpus(tmp_path)
    corpus.add(documents)
    wanted = [documents[i] for i in (249, 0, 100, 99, 8, 7, 100)]
    assert corpus.get([document.id for document in wanted]) == wanted
    assert corpus.get(corpus.ids()) == documents


def test_get_reads_only_the_row_groups_it_needs(
    tmp_path: Path, small_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = Corpus(tmp_path)
    corpus.add(some(0, 250))
    ids = corpus.ids()
    groups: list[int] = []
    whole = pq.ParquetFile.read_row_group

    def counting(self: pq.ParquetFile, group: int, **options: list[str]) -> object:
        groups.append(group)
        return whole(self, group, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", counting)
    corpus.get([ids[17], ids[16], ids[241]])
    assert groups == [2, 5]


@pytest.mark.parametrize("id_", ["0" * 32, "f" * 32, "없는 것", ""])
def test_an_id_that_is_not_there_is_an_error_that_names_it(tmp_path: Path, id_: str) -> None:
    corpus = Corpus(tmp_path)
    for _ in range(2):
        with pytest.raises(GeulgamError, match=id_ or "''"):
            corpus.get([*corpus.ids(), id_])
        corpus.add(some(0, 3))


def test_the_fingerprint_depends_on_the_ids_and_on_nothing_else(tmp_path: Path, small_parts: None) -> None:
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


def test_other_programs_read_the_parts(tmp_path: Path) -> None:
    Corpus(tmp_path).add(some(0, 3))
    frame = pd.read_parquet(tmp_path / "part-000001.parquet")
    assert list(frame.columns) == ["id", "text", "title", "source", "metadata"]
    assert frame["title"].tolist() == ["제목 0", "제목 1", "제목 2"]
    assert dict(frame["metadata"][1]) == {"쪽": "1"}


def test_refusals_are_counted_each_time_and_written_once(tmp_path: Path) -> None:
    refusals = [
        Rejected("가.csv", 3, "empty text"),
        Rejected("가.csv", 3, "empty text"),
        Rejected("나", 1, "x: 1"),
    ]
    corpus = Corpus(tmp_path)
    added = corpus.add([refusals[0], *some(0, 1), *refusals[1:]])
    assert (added.taken, added.rejected, added.reasons) == (1, 3, {"empty text": 2, "x: 1": 1})
    lines = [json.loads(line) for line in corpus.rejected_path.read_text("utf-8").splitlines()]
    assert lines == [
        {"file": "가.csv", "line": 3, "reason": "empty text"},
        {"file": "나", "line": 1, "reason": "x: 1"},
    ]
    again = Corpus(tmp_path).add([*refusals, Rejected("나", 2, "x: 2")])
    assert (again.rejected, again.reasons) == (4, {"empty text": 2, "x": 2})
    assert len(corpus.rejected_path.read_text("utf-8").splitlines()) == 3


def test_half_a_refusal_left_by_a_kill_is_mended(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    corpus.add([Rejected("가", 1, "x"), Rejected("가", 2, "x")])
    whole = corpus.rejected_path.read_bytes()
    corpus.rejected_path.write_bytes(whole[:-5])
    corpus.add([Rejected("가", 2, "x")])
    assert corpus.rejected_path.read_bytes() == whole


def test_ctrl_c_while_adding_keeps_the_parts_that_are_whole(tmp_path: Path, small_parts: None) -> None:
    def interrupted() -> Iterator[Document]:
        yield from some(0, 250)
        raise KeyboardInterrupt

    corpus = Corpus(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        corpus.add(interrupted())
    assert list(corpus) == list(Corpus(tmp_path)) == some(0, 200)
    assert {path.suffix for path in tmp_path.iterdir()} == {".parquet"}
    assert corpus.add(some(0, 250)).taken == 50
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
    assert [path.name for path in tmp_path.iterdir()] == ["part-000001.parquet"]
    assert list(corpus) == some(0, 5)


_ENDLESS = """
import sys
from pathlib import Path
import corpus.store
from corpus.document import document
corpus.store.PART_DOCUMENTS = 200
def endless():
    i = 0
    while True:
        yield document(f"{i}번째 글 " + "가나다라마바사 " * 500)
        i += 1
corpus.store.Corpus(Path(sys.argv[1])).add(endless())
"""


@pytest.mark.slow
def test_kill_9_at_any_moment_leaves_whole_parts_and_the_next_add_clears_up(tmp_path: Path) -> None:
    for delay in (0.0, 0.01, 0.02, 0.03):
        process = subprocess.Popen([sys.executable, "-c", _ENDLESS, str(tmp_path)], cwd=ROOT)
        parts = len(Corpus(tmp_path).parts())
        while len(Corpus(tmp_path).parts()) < parts + 2:
            assert process.poll() is None, "the process ended by itself"
            time.sleep(0.005)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        corpus = Corpus(tmp_path)
        assert len(list(corpus)) == len(set(corpus.ids())) == 200 * len(corpus.parts())
    (tmp_path / ".part-000099.parquet.x.part").write_bytes(b"half a part")
    assert corpus.add(some(0, 1)).taken == 1
    assert not list(tmp_path.glob(".*"))


def test_a_full_disk_is_told_and_what_was_there_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = Corpus(tmp_path)
    corpus.add([*some(0, 5), Rejected("가", 1, "x")])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(table: object, path: Path, **_: object) -> None:
        path.write_bytes(b"half a part")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.write_table", full)
    with pytest.raises(GeulgamError, match=r"the disk is full: could not write .*part-000002") as caught:
        corpus.add(some(0, 10))
    assert "free some space" in caught.value.hint
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


_FILL = """
import os, sys
from pathlib import Path
from corpus.document import Rejected, document
from corpus.errors import GeulgamError
from corpus.store import Corpus
corpus = Corpus(Path(sys.argv[1]))
corpus.add([document("먼저 있던 글"), Rejected("가", 1, "x")])
def tell(items):
    try:
        corpus.add(items)
    except GeulgamError as error:
        print(error)
tell(document(os.urandom(4000).hex()) for _ in range(1000))
tell(Rejected("가", i, os.urandom(200).hex()) for i in range(9000))
print(sorted(path.name for path in corpus.folder.iterdir()))
print([document.text for document in Corpus(corpus.folder)], corpus.rejected_path.read_text("utf-8"))
"""


def test_a_disk_that_is_really_full_is_told_and_what_was_there_is_whole(tmp_path: Path) -> None:
    script = f'mount -t tmpfs -o size=1m tmpfs {tmp_path} && exec {sys.executable} -c "$0" {tmp_path}/corpus'
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    if shutil.which("unshare") is None or subprocess.run([*unshare, "sh", "-c", "true"], check=False).returncode:
        pytest.skip("needs a disk to fill: this machine does not let unshare(1) mount a small one")
    run = subprocess.run([*unshare, "sh", "-c", script, _FILL], capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.stdout.splitlines() == [
        f"the disk is full: could not write {tmp_path}/corpus/part-000002.parquet",
        f"the disk is full: could not write {tmp_path}/corpus/rejected.jsonl",
        "['part-000001.parquet', 'rejected.jsonl']",
        """['먼저 있던 글'] {"file": "가", "line": 1, "reason": "x"}""",
        "",
    ], run.stderr


@contextmanager
def forbidden(folder: Path) -> Iterator[None]:
    """The folder read-only, for the time of the block; root, whom that would not stop, becomes nobody."""
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)


def test_a_read_only_folder_is_told_and_still_read() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        corpus = Corpus(folder)
        corpus.add(some(0, 5))
        with forbidden(folder):
            with pytest.raises(GeulgamError, match=r"may not write .*part-000002\.parquet: Permission"):
                corpus.add(some(0, 10))
            with pytest.raises(GeulgamError, match=r"may not write .*rejected\.jsonl: Permission"):
                corpus.add([Rejected("가", 1, "x")])
            with pytest.raises(GeulgamError, match=r"may not write .*: Permission"):
                Corpus(folder / "new").add(some(0, 1))
            assert list(Corpus(folder)) == some(0, 5)


def test_a_damaged_part_is_an_error_that_names_it(tmp_path: Path, small_parts: None) -> None:
    Corpus(tmp_path).add(some(0, 150))
    part = tmp_path / "part-000002.parquet"
    part.write_bytes(part.read_bytes()[:-100])
    for use in (len, list, Corpus.ids, Corpus.fingerprint, lambda corpus: corpus.add(some(0, 1))):
        with pytest.raises(GeulgamError, match=r"cannot read .*part-000002\.parquet as a part"):
            use(Corpus(tmp_path))


def test_a_document_made_without_an_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a document's id"):
        Corpus(tmp_path).add([Document("a", "글")])


@pytest.mark.slow
def test_two_hundred_thousand_documents_do_not_need_as_many_objects(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    texts = (f"{i}번째 글" for i in range(200_000))
    corpus.add(Document(document(text).id, text) for text in texts)
    tracemalloc.start()
    lazy = Corpus(tmp_path)
    assert len(lazy) == 200_000
    assert lazy.get([lazy._ids().stored[77].ljust(16, b"\0").hex()])[0].text == "77번째 글"
    assert sum(1 for _ in lazy) == 200_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(lazy._ids().stored, np.ndarray)
    assert peak < 200_000 * 150
