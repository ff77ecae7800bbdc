"""Files are found, opened by what they are, and whatever is not taken is told; nothing is lost in silence."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from corpus.document import Document, Raw, document_id
from corpus.errors import GeulgamError
from corpus.events import Begun, Event, Finished, Progress
from corpus.read import read
from tests.corpus.conftest import Take


def test_a_folder_is_read_below_in_order_hidden_files_apart(
    tmp_path: Path, essays: tuple[str, ...], take: Take
) -> None:
    for name, text in zip(
        ("b/z.txt", "b/a.TXT", "a.md", ".hidden.txt", ".git/x.txt", "c.json"),
        [*essays, "둘", "[]"],
        strict=True,
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    documents, rejected = take(tmp_path)
    assert [document.source for document in documents] == [
        str(tmp_path / name) for name in ("a.md", "b/a.TXT", "b/z.txt")
    ]
    assert [item.file for item in rejected] == [str(tmp_path / "c.json")]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("글.hwp", "unknown kind of file: .hwp"),
        ("글", "unknown kind of file: no suffix"),
        ("글.tar.gz", "unknown kind of file: .tar.gz"),
        ("글.parquet.gz", "unknown kind of file: .parquet.gz"),
    ],
)
def test_a_file_of_an_unknown_kind_is_refused(tmp_path: Path, take: Take, name: str, reason: str) -> None:
    (tmp_path / name).write_text("글", encoding="utf-8")
    (tmp_path / "a.txt").write_text("글", encoding="utf-8")
    _, [rejected] = take(tmp_path)
    assert (rejected.file, rejected.line, rejected.reason) == (str(tmp_path / name), 0, reason)


def test_a_missing_path_and_an_empty_folder_are_errors_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty" / "below").mkdir(parents=True)
    (tmp_path / "empty" / ".hidden.txt").write_text("글", encoding="utf-8")
    with pytest.raises(GeulgamError, match=r"no such file or folder: .*/none\.csv"):
        read([tmp_path / "none.csv"])
    with pytest.raises(GeulgamError, match=r"no files in the folder .*/empty"):
        read([tmp_path / "empty"])


@pytest.mark.parametrize("suffix", [".txt", ".md", ".json", ".jsonl", ".csv", ".tsv", ".parquet"])
def test_an_empty_file_is_refused_as_such(tmp_path: Path, take: Take, suffix: str) -> None:
    (tmp_path / f"a{suffix}").touch()
    if suffix != ".parquet":
        with gzip.open(tmp_path / f"a{suffix}.gz", "wb"):
            pass
    documents, rejected = take(tmp_path)
    assert not documents
    assert {(item.line, item.reason) for item in rejected} == {(0, "empty file")}


@pytest.mark.parametrize("suffix", [".txt", ".md", ".json", ".jsonl", ".csv", ".tsv"])
def test_a_binary_under_any_name_is_refused(tmp_path: Path, take: Take, suffix: str) -> None:
    (tmp_path / f"a{suffix}").write_bytes(Path(sys.executable).read_bytes()[:200_000])
    (tmp_path / f"b{suffix}").write_bytes(b"\x00\x01\x02\x03" * 1000)
    documents, rejected = take(tmp_path)
    assert not documents
    assert [item.reason for item in rejected] == [
        "not text: a program",
        "not text: a binary file, it has NUL bytes",
    ]


def test_gzip_of_each_text_format_is_read(tmp_path: Path, essays: tuple[str, ...], take: Take) -> None:
    contents = {
        "a.txt.gz": essays[0],
        "b.jsonl.gz": json.dumps({"text": essays[1]}),
        "c.csv.gz": f'text\n"{essays[2]}"\n',
        "d.JSON.GZ": json.dumps([essays[3]]),
        "e.md.gz": "# 제목\n글",
    }
    for name, text in contents.items():
        (tmp_path / name).write_bytes(gzip.compress(text.encode()))
    documents, rejected = take(tmp_path)
    assert [document.text for document in documents] == [*essays, "글"]
    assert [document.title for document in documents] == ["a", "", "", "", "제목"]
    assert not rejected


def test_a_truncated_gzip_gives_its_whole_rows_and_tells_where_it_ends(tmp_path: Path, prose: str, take: Take) -> None:
    lines = [json.dumps({"text": line + os.urandom(40).hex()}, ensure_ascii=False) for line in prose.split("\n")]
    jsonl = gzip.compress("\n".join(lines).encode())
    table = gzip.compress(("text\n" + "\n".join(f'"{json.loads(line)["text"]}"' for line in lines)).encode())
    for name, packed in {"a.jsonl.gz": jsonl, "b.csv.gz": table}.items():
        (tmp_path / name).write_bytes(packed[: len(packed) // 2])
        documents, [rejected] = take(tmp_path / name)
        assert 300 < len(documents) < 700
        assert rejected.line == len(documents) + (1 if name.startswith("a") else 2)
        assert rejected.reason == "truncated gzip: the file breaks off here"


def test_a_truncated_gzip_of_one_document_is_refused(tmp_path: Path, prose: str, take: Take) -> None:
    for name in ("a.txt.gz", "b.md.gz", "c.json.gz"):
        (tmp_path / name).write_bytes(gzip.compress(prose.encode())[:-20])
    (tmp_path / "d.txt.gz").write_bytes(gzip.compress(prose.encode())[:5])
    (tmp_path / "e.txt.gz").write_text("not packed", encoding="utf-8")
    documents, rejected = take(tmp_path)
    assert not documents
    assert [item.reason for item in rejected] == [
        *["truncated gzip: the file breaks off here"] * 4,
        "broken gzip: Not a gzipped file (b'no')",
    ]


def test_a_link_to_nothing_and_a_pipe_are_refused_and_a_circle_of_links_ends(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.txt").write_text("글", encoding="utf-8")
    (tmp_path / "b.txt").symlink_to(tmp_path / "gone.txt")
    (tmp_path / "c").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(tmp_path / "d.txt")
    documents, rejected = take(tmp_path)
    assert [document.text for document in documents] == ["글"]
    assert [(Path(item.file).name, item.reason) for item in rejected] == [
        ("b.txt", "cannot be read: not a regular file"),
        ("d.txt", "cannot be read: not a regular file"),
    ]


def test_a_file_that_may_not_be_read_is_refused_and_the_others_are_taken(
    tmp_path: Path, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("글", encoding="utf-8")
    (tmp_path / "b.txt").write_text("글", encoding="utf-8")
    open_ = Path.open

    def forbidding(path: Path, *args: str, **kwargs: str) -> object:
        if path.name == "a.txt":
            raise PermissionError(13, "Permission denied", str(path))
        return open_(path, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", forbidding)
    documents, [rejected] = take(tmp_path)
    assert [document.title for document in documents] == ["b"]
    assert rejected.reason == "cannot be read: Permission denied"


def test_a_file_name_that_is_not_utf8_does_not_cost_the_document(tmp_path: Path, take: Take) -> None:
    (tmp_path / os.fsdecode("글.txt".encode("cp949"))).write_text("글", encoding="utf-8")
    [document], rejected = take(tmp_path)
    assert (document.title, rejected) == ("\\xb1\\xdb", [])


def test_reading_tells_how_many_bytes_of_all_files_it_has_read(tmp_path: Path, prose: str) -> None:
    (tmp_path / "a.txt").write_text(prose, encoding="utf-8")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(("text\n" + prose).encode()))
    (tmp_path / "c.txt").write_bytes(bytes(1000))
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    events: list[Event] = []
    list(read([tmp_path], on=events.append))
    begun, *steps, finished = events
    assert begun == Begun("reading", size, "byte")
    done = [step.done for step in steps if isinstance(step, Progress)]
    assert len(done) > 1000
    assert done == sorted(done)
    assert done[-1] == size
    assert isinstance(finished, Finished)
    assert finished.complete


def test_a_row_is_given_as_it_stands_in_the_file_and_its_document_tidied(tmp_path: Path) -> None:
    decomposed = "\u1112\u1161\u11ab\u1100\u1173\u11af"
    row = {"text": f"\n {decomposed} \n", "title": f" {decomposed} ", "memo ": " 쪽 "}
    (tmp_path / "a.jsonl").write_text("\n" + json.dumps(row), encoding="utf-8")
    [raw] = read([tmp_path])
    file = str(tmp_path / "a.jsonl")
    assert raw == Raw(file, 2, row["text"], row["title"], "", {"memo ": " 쪽 "})
    assert isinstance(raw, Raw)
    assert raw.document() == Document(document_id("한글"), "한글", "한글", file, {"memo": " 쪽 "})


def test_rows_are_given_while_the_file_is_read(tmp_path: Path) -> None:
    with (tmp_path / "a.jsonl").open("w", encoding="utf-8") as file:
        for i in range(20_000):
            file.write(json.dumps({"text": f"글 {i} " + "가" * 500}) + "\n")
    rows = read([tmp_path])
    assert isinstance(first := next(rows), Raw)
    assert first.text.startswith("글 0")
    rows.close()  # type: ignore[attr-defined]


# VmHWM begins anew with the program; ru_maxrss would count the parent's memory too.
_MEASURE = """
import re, sys
from pathlib import Path
from corpus.read import read
for item in read([Path(sys.argv[1])]):
    print(getattr(item, "reason", None) or f"taken: {item.text}")
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to measure memory")
@pytest.mark.parametrize("suffix", [".txt", ".jsonl", ".json", ".csv"])
def test_100_megabytes_on_one_line_are_refused_by_size_and_memory_stays_bounded(tmp_path: Path, suffix: str) -> None:
    head, open_, close, tail = {
        ".txt": ("", "", "", ""),
        ".jsonl": ('{"text": "앞"}\n', '{"text": "', '"}\n', '{"text": "뒤"}\n'),
        ".json": ('["앞",\n', '"', '",\n', '"뒤"]'),
        ".csv": ("text\n앞\n", '"', '"\n', "뒤\n"),
    }[suffix]
    with (tmp_path / f"a{suffix}").open("w", encoding="utf-8") as file:
        file.write(head + open_)
        for _ in range(100):
            file.write("가나다라 마바사 아자차카 타파하 " * 20_000)
        file.write(close + tail)
    assert (tmp_path / f"a{suffix}").stat().st_size == 92_000_000 + len((head + open_ + close + tail).encode())
    lines = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(tmp_path / f"a{suffix}")],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    ).stdout.splitlines()
    *rest, peak = lines
    refused = "too long: a document of 36,000,000 characters, the limit is 10,000,000"
    assert rest == ([refused] if suffix == ".txt" else ["taken: 앞", refused, "taken: 뒤"])
    (tmp_path / f"a{suffix}").unlink()
    assert int(peak) < (100 if suffix == ".txt" else 400)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to measure memory")
@pytest.mark.parametrize(
    ("name", "head", "piece", "tail", "refused"),
    [
        ("a.csv", "text,title\n앞,1\n", "12,", "\n뒤,3\n", "too many values: a line with 32,000,000 delimiters"),
        ("a.jsonl", '{"text": "앞"}\n[', "{},", '{}]\n{"text": "뒤"}\n', "too many values: a line with 32,000,000"),
        ("a.jsonl", '{"text": "앞"}\n', "[[[[", '\n{"text": "뒤"}\n', "broken JSON: nested too deeply"),
    ],
)
def test_100_megabytes_of_values_on_one_line_are_refused_and_memory_stays_bounded(
    tmp_path: Path, name: str, head: str, piece: str, tail: str, refused: str
) -> None:
    with (tmp_path / name).open("w", encoding="utf-8") as file:
        file.write(head)
        for _ in range(320):
            file.write(piece * 100_000)
        file.write(tail)
    command = [sys.executable, "-c", _MEASURE, str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    (tmp_path / name).unlink()
    *rest, peak = done.stdout.splitlines()
    assert [line[: len(refused)] for line in rest] == ["taken: 앞", refused, "taken: 뒤"]
    assert int(peak) < 600


def test_more_values_or_columns_than_a_row_of_essays_has_are_refused(
    tmp_path: Path, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corpus.read_table.VALUES_LIMIT", 5)
    monkeypatch.setattr("corpus.read_json.VALUES_LIMIT", 5)
    reason = "too many values: a line with 6 delimiters, the limit is 2,000,000"
    (tmp_path / "a.csv").write_text('text\n앞\n"가,나,다,라,마,바,사"\n"뒤\n,"\n', encoding="utf-8")
    documents, [rejected] = take(tmp_path / "a.csv")
    assert [document.text for document in documents] == ["앞", "뒤\n,"]
    assert (rejected.line, rejected.reason) == (3, reason)
    (tmp_path / "b.csv").write_text('text\n앞\n"가,나,다\n,라,마,바,사\n뒤\n', encoding="utf-8")
    documents, [rejected] = take(tmp_path / "b.csv")
    assert len(documents) == 1 and (rejected.line, rejected.reason) == (3, f"{reason}; the rest is not read")
    (tmp_path / "c.jsonl").write_text('["가,나,다,라,마,바,사"]\n{"text": "뒤"}\n', encoding="utf-8")
    documents, [rejected] = take(tmp_path / "c.jsonl")
    assert len(documents) == 1 and (rejected.line, rejected.reason) == (1, reason)

    monkeypatch.setattr("corpus.columns.COLUMNS_LIMIT", 3)
    monkeypatch.setattr("corpus.read_table.COLUMNS_LIMIT", 3)
    (tmp_path / "d.csv").write_text("a,b,c,d,text\n1,2,3,4,5\n", encoding="utf-8")
    (tmp_path / "d.jsonl").write_text('{"a": 1, "b": 2, "c": 3, "text": "봄"}\n', encoding="utf-8")
    for name, count, line in (("d.csv", 5, 0), ("d.jsonl", 4, 1)):
        documents, [rejected] = take(tmp_path / name)
        assert not documents and rejected.line == line
        assert rejected.reason == f"too many columns: {count}, the limit is 3"


def test_a_line_beyond_what_is_held_at_all_is_read_past(
    tmp_path: Path, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corpus.opening.LINE_LIMIT", 1000)
    rows = [json.dumps({"text": "앞"}), json.dumps({"text": "가" * 5000}), json.dumps({"text": "뒤"})]
    (tmp_path / "a.jsonl").write_text("\n".join(rows), encoding="utf-8")
    documents, [rejected] = take(tmp_path / "a.jsonl")
    assert [document.text for document in documents] == ["앞", "뒤"]
    assert (rejected.line, rejected.reason) == (
        2,
        f"too long: a line of {len(rows[1]) + 1:,} characters, the limit is 1,000",
    )
    (tmp_path / "b.csv").write_text("text\n앞\n" + "가" * 5000 + "\n뒤\n", encoding="utf-8")
    documents, [rejected] = take(tmp_path / "b.csv")
    assert [document.text for document in documents] == ["앞"]
    assert (rejected.line, rejected.reason) == (
        3,
        "too long: a line of 5,001 characters, the limit is 1,000; the rest is not read",
    )


def test_a_json_file_beyond_what_is_held_is_refused_by_size(
    tmp_path: Path, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corpus.read_json.JSON_LIMIT", 1000)
    (tmp_path / "a.json").write_text(json.dumps(["가" * 2000], ensure_ascii=False), encoding="utf-8")
    _, [rejected] = take(tmp_path)
    assert rejected.reason == "too long: a .json file of 2,004 characters, the limit is 1,000"
