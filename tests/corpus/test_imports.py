"""What was imported stays as it came, and is stored once."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpus.document import Document, Raw, Rejected, document
from corpus.errors import GeulgamError
from corpus.events import Cancellable, Cancelled, Event, Finished, Progress
from corpus.imports import Imports
from corpus.read import read
from tests.corpus.disks import ROOT, forbidden, on_a_small_disk


def some(start: int, stop: int, file: str = "가.csv") -> list[Raw | Rejected]:
    return [
        Raw(file, i, f" {i}번째 글\n\n둘째 문단 ", f"제목 {i}", f"https://a.kr/{i}", {"쪽 ": str(i)})
        if i % 10
        else Rejected(file, i, "empty text")
        for i in range(start, stop)
    ]


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of 100 rows in row groups of 8."""
    monkeypatch.setattr("corpus.parts.PART_ROWS", 100)
    monkeypatch.setattr("corpus.parts._GROUP", 8)


def test_rows_come_back_as_they_stood_and_in_that_order(tmp_path: Path, small_parts: None) -> None:
    imports = Imports(tmp_path / "imports")
    assert (len(imports), list(imports), imports.take(np.array([], np.intp))) == (0, [], [])
    imported = imports.add(some(0, 250))
    assert (imported.rows, imported.known, imported.rejected, imported.reasons) == (250, 0, 25, {"empty text": 25})
    assert list(imports) == some(0, 250)
    places = [249, 0, 100, 99, 8, 100]
    assert Imports(tmp_path / "imports").take(np.array(places)) == [some(i, i + 1)[0] for i in places]
    assert (len(imports), len(imports.parts())) == (250, 3)


def test_the_real_essays_are_imported_and_importing_again_changes_no_file(shared: Path, tmp_path: Path) -> None:
    imports = Imports(tmp_path)
    assert imports.add(read([shared / "data" / "essays"])).rows == 1261
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = Imports(tmp_path).add(read([shared / "data" / "essays"]))
    assert (again.rows, again.known) == (0, 1261)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_row_that_says_something_else_is_stored_beside_the_old_one_each_time_it_changes(tmp_path: Path) -> None:
    imports, [row] = Imports(tmp_path), some(1, 2)
    assert isinstance(row, Raw)
    retitled = replace(row, title="고친 제목")
    for reading in (row, retitled, row):
        assert imports.add([reading]).rows == 1
        assert imports.add([reading]).rows == 0
    assert list(imports) == [row, retitled, row]
    assert imports.add([replace(row, file="나.csv")]).rows == 1
    assert imports.add([replace(row, metadata={})]).rows == 1


def test_a_row_that_only_moved_to_another_line_is_known(tmp_path: Path) -> None:
    imports = Imports(tmp_path)
    imports.add(some(1, 9))
    moved = [replace(row, line=row.line + 1) for row in some(1, 9)]
    assert imports.add([Raw("가.csv", 1, "새 글"), *moved]).rows == 1


def test_a_text_that_stands_twice_in_a_file_is_two_rows_and_both_are_known(tmp_path: Path) -> None:
    rows = [Raw("가.csv", 1, "글", "하나"), Raw("가.csv", 2, "글 ", "둘"), Raw("가.csv", 3, " 글", "셋")]
    imports = Imports(tmp_path)
    assert imports.add(rows).rows == 3
    assert imports.add(rows).known == 3
    assert imports.index().again.tolist() == [False, True, True]


def test_a_file_that_is_read_twice_in_one_import_is_known_the_second_time(tmp_path: Path) -> None:
    imported = Imports(tmp_path).add([*some(1, 9), *some(1, 9)])
    assert (imported.rows, imported.known) == (8, 8)


def test_a_text_that_stood_in_another_file_does_not_stand_in_this_one_again(tmp_path: Path) -> None:
    imports = Imports(tmp_path)
    imports.add([Raw("가.csv", 1, "글"), Raw("나.csv", 2, "글")])
    assert imports.index().again.tolist() == [False, False]


def test_refusals_are_counted_each_time_and_stored_once(tmp_path: Path) -> None:
    refusals = [Rejected("가.csv", 3, "empty text"), Rejected("가.csv", 3, "empty text"), Rejected("나", 1, "x: 1")]
    imports = Imports(tmp_path)
    imported = imports.add(refusals)
    assert (imported.rows, imported.rejected, imported.reasons) == (2, 3, {"empty text": 2, "x: 1": 1})
    again = imports.add([*refusals, Rejected("나", 2, "x: 2")])
    assert (again.rows, again.rejected, again.reasons) == (1, 4, {"empty text": 2, "x": 2})
    assert list(imports) == [refusals[0], refusals[2], Rejected("나", 2, "x: 2")]


def test_the_fingerprint_depends_on_the_rows_and_not_on_how_they_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = Imports(tmp_path / "a"), Imports(tmp_path / "b")
    assert one.fingerprint() == other.fingerprint()
    one.add(some(0, 50))
    before = one.fingerprint()
    monkeypatch.setattr("corpus.parts.PART_ROWS", 7)
    other.add(some(0, 20))
    assert other.fingerprint() == one.fingerprint(20) != before
    other.add(some(0, 50))
    assert other.fingerprint() == before
    one.add(some(50, 51))
    assert one.fingerprint() != before == one.fingerprint(50)


def test_ctrl_c_keeps_what_has_come_and_the_same_call_goes_on(tmp_path: Path, small_parts: None) -> None:
    def interrupted() -> Iterator[Raw | Rejected]:
        yield from some(0, 250)
        raise KeyboardInterrupt

    imports = Imports(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        imports.add(interrupted())
    assert list(imports) == some(0, 250)
    assert imports.add(some(0, 260)).rows == 10
    assert list(imports) == some(0, 260)


def test_importing_can_be_cancelled_between_two_rows(tmp_path: Path) -> None:
    events: list[Event] = []
    on = Cancellable(events.append)

    def rows() -> Iterator[Raw | Rejected]:
        yield from some(0, 5)
        on.cancel()
        yield from some(5, 9)

    with pytest.raises(Cancelled):
        Imports(tmp_path).add(rows(), on=on)
    assert events[-2] == Progress("importing", 5, unit="row")
    assert isinstance(events[-1], Finished)
    assert not events[-1].complete


_ENDLESS = """
import sys
from pathlib import Path
import corpus.parts
from corpus.document import Raw
from corpus.imports import Imports
corpus.parts.PART_ROWS = 200
def endless():
    i = 0
    while True:
        yield Raw("가.csv", i, f"{i}번째 글 " + "가나다라마바사 " * 500)
        i += 1
Imports(Path(sys.argv[1])).add(endless())
"""


@pytest.mark.slow
def test_kill_9_at_any_moment_leaves_whole_parts_and_the_next_import_clears_up(tmp_path: Path) -> None:
    for delay in (0.0, 0.01, 0.02, 0.03):
        process = subprocess.Popen([sys.executable, "-c", _ENDLESS, str(tmp_path)], cwd=ROOT)
        parts = len(Imports(tmp_path).parts())
        while len(Imports(tmp_path).parts()) < parts + 2:
            assert process.poll() is None, "the process ended by itself"
            time.sleep(0.005)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        imports = Imports(tmp_path)
        lines = [row.line for row in imports]
        assert lines == list(range(200 * len(imports.parts())))
    (tmp_path / ".part-000099.parquet.x.part").write_bytes(b"half a part")
    assert imports.add(some(1, 2)).rows == 1
    assert not list(tmp_path.glob(".*"))


_FILL = """
import os, sys
from pathlib import Path
from corpus.document import Raw
from corpus.errors import GeulgamError
from corpus.imports import Imports
imports = Imports(Path(sys.argv[1]))
imports.add([Raw("가", 0, "먼저 있던 글")])
try:
    imports.add(Raw("나", 0, os.urandom(4000).hex()) for _ in range(1000))
except GeulgamError as error:
    print(error)
print(sorted(path.name for path in imports.folder.iterdir()), [row.text for row in imports])
"""


def test_a_disk_that_is_really_full_is_told_and_what_was_there_is_whole(tmp_path: Path) -> None:
    assert on_a_small_disk(_FILL, tmp_path).splitlines() == [
        f"the disk is full: could not write {tmp_path}/corpus/part-000002.parquet",
        "['part-000001.parquet'] ['먼저 있던 글']",
    ]


def test_a_read_only_folder_is_told_and_still_read(open_folder: Path) -> None:
    imports = Imports(open_folder)
    imports.add(some(1, 5))
    with forbidden(open_folder):
        with pytest.raises(GeulgamError, match=r"may not write .*part-000002\.parquet: Permission"):
            imports.add(some(1, 10))
        assert list(Imports(open_folder)) == some(1, 5)


def test_a_damaged_part_is_an_error_that_names_it(tmp_path: Path) -> None:
    Imports(tmp_path).add(some(0, 5))
    part = tmp_path / "part-000001.parquet"
    part.write_bytes(part.read_bytes()[:-100])
    for use in (len, list, Imports.index, Imports.fingerprint, lambda imports: imports.add(some(0, 1))):
        with pytest.raises(GeulgamError, match=r"cannot read .*part-000001\.parquet as a part"):
            use(Imports(tmp_path))


def test_other_programs_read_the_parts(tmp_path: Path) -> None:
    Imports(tmp_path).add(some(0, 3))
    frame = pd.read_parquet(tmp_path / "part-000001.parquet")
    assert frame["file"].tolist() == ["가.csv"] * 3
    assert frame["line"].tolist() == [0, 1, 2]
    assert frame["reason"].isna().tolist() == [False, True, True]
    assert frame["text"][2] == " 2번째 글\n\n둘째 문단 "


def old_corpus(folder: Path, documents: list[Document], rejected: list[Rejected]) -> Path:
    """A corpus as geulgam 0.1 wrote it, in parts of two."""
    folder.mkdir()
    for number in range(0, len(documents), 2):
        some = documents[number : number + 2]
        columns = {name: [getattr(one, name) for one in some] for name in ("id", "text", "title", "source")}
        metadata = pa.array([list(one.metadata.items()) for one in some], pa.map_(pa.string(), pa.string()))
        pq.write_table(pa.table({**columns, "metadata": metadata}), folder / f"part-{number // 2 + 1:06}.parquet")
    with (folder / "rejected.jsonl").open("w", encoding="utf-8") as lines:
        for item in rejected:
            entry = {"file": item.file, "line": item.line, "reason": item.reason}
            lines.write(json.dumps(entry, ensure_ascii=False) + "\n")
    return folder


DOCUMENTS = [document(f"글 {i}\n\n문단", f"제목 {i}", f"https://a.kr/{i}", {"쪽": str(i)}) for i in range(5)]


def test_the_corpus_of_an_older_version_is_taken_in_and_its_parts_go_when_it_is(tmp_path: Path) -> None:
    rejected = [Rejected("나.csv", 3, "empty text"), Rejected("다.hwp", 0, "unknown kind of file: .hwp")]
    corpus = old_corpus(tmp_path / "corpus", DOCUMENTS, rejected)
    imports = Imports(tmp_path / "imports")
    imported = imports.adopt(corpus)
    assert (imported.rows, imported.rejected) == (7, 2)
    rows = list(imports)
    assert [row.document() for row in rows if isinstance(row, Raw)] == DOCUMENTS
    assert [(row.file, row.line) for row in rows[:5]] == [
        (f"part-00000{part}.parquet", line) for part, line in ((1, 1), (1, 2), (2, 1), (2, 2), (3, 1))
    ]
    assert rows[5:] == rejected
    assert [path.name for path in corpus.iterdir()] == ["rejected.jsonl"]
    assert imports.adopt(corpus).rows == imports.adopt(tmp_path / "none").rows == 0


def test_taking_in_an_old_corpus_that_was_broken_off_goes_on(tmp_path: Path) -> None:
    def stopped(event: Event) -> None:
        if isinstance(event, Progress) and event.done == 4:
            raise KeyboardInterrupt

    corpus = old_corpus(tmp_path / "corpus", DOCUMENTS, [])
    imports = Imports(tmp_path / "imports")
    with pytest.raises(KeyboardInterrupt):
        imports.adopt(corpus, on=stopped)
    assert len(list(corpus.glob("*.parquet"))) == 3
    imports.adopt(corpus)
    assert [row.document() for row in imports if isinstance(row, Raw)] == DOCUMENTS


def test_an_old_part_that_is_damaged_is_told_and_nothing_is_removed(tmp_path: Path) -> None:
    corpus = old_corpus(tmp_path / "corpus", DOCUMENTS, [])
    (corpus / "part-000003.parquet").write_bytes(b"PAR1")
    with pytest.raises(GeulgamError, match=r"cannot read .*part-000003\.parquet"):
        Imports(tmp_path / "imports").adopt(corpus)
    assert len(list(corpus.glob("*.parquet"))) == 3


def test_of_the_first_rows_alone_the_index_is_what_it_was_before_the_others_came(tmp_path: Path) -> None:
    imports = Imports(tmp_path / "imports")
    imports.add([Raw("a.csv", 2, "가"), Rejected("a.csv", 3, "empty text"), Raw("a.csv", 4, "나")])
    before = imports.index()
    imports.add([Raw("b.csv", 2, "다"), Rejected("b.csv", 3, "empty text")])
    count = len(before.row) + len(before.refused)
    again = imports.index(count)
    assert again.row.tolist() == before.row.tolist() == [
        0,
        2,
    ] and again.refused.tolist() == before.refused.tolist() == [1]
    assert again.ids.tolist() == before.ids.tolist() and len(imports.index().row) == 3
