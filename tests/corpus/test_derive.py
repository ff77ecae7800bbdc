"""The corpus is what steps make of the imports, whatever order things happened in."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.derive import Derived, derive
from corpus.document import Document, Raw, Rejected, document
from corpus.errors import GeulgamError
from corpus.events import Event, Progress
from corpus.imports import Imports
from corpus.read import read
from corpus.store import Corpus
from tests.corpus.disks import forbidden
from tests.corpus.test_imports import DOCUMENTS, old_corpus


@dataclass(frozen=True)
class Made:
    """A step made of a function."""

    call: Callable[[Document], Document | str]
    name: str = "made for the test"
    version: int = 1

    def __call__(self, document: Document) -> Document | str:
        return self.call(document)


WITHOUT_PICTURES = Made(
    lambda document: replace(document, text=document.text.replace("[사진]", "").strip()), "pictures"
)
LONG_ENOUGH = Made(lambda document: document if len(document.text) > 3 else "too short: under 4 letters", "length")


@pytest.fixture
def imports(tmp_path: Path) -> Imports:
    return Imports(tmp_path / "imports")


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path / "corpus")


def rows(*texts: str, file: str = "가.csv", title: str = "") -> list[Raw]:
    return [Raw(file, line, text, title) for line, text in enumerate(texts, start=2)]


def refused(corpus: Corpus) -> list[tuple[str, int, str]]:
    if not corpus.rejected_path.exists():
        return []
    lines = [json.loads(line) for line in corpus.rejected_path.read_text("utf-8").splitlines()]
    return [(line["file"], line["line"], line["reason"]) for line in lines]


def test_the_real_essays_are_imported_and_derived_in_a_second_and_doing_it_again_changes_nothing(
    shared: Path, imports: Imports, corpus: Corpus
) -> None:
    started = time.process_time()
    imports.add(read([shared / "data" / "essays"]))
    first = derive(imports, corpus)
    seconds = time.process_time() - started
    assert (first.taken, first.known, first.rejected, first.changed, first.gone) == (1259, 2, 0, 0, 0)
    assert first.characters == sum(len(document.text) for document in corpus) > 2_300_000
    assert seconds < 5  # one, as a rule
    before = {path.name: path.stat().st_mtime_ns for path in corpus.folder.iterdir()}
    imports.add(read([shared / "data" / "essays"]))
    assert derive(imports, Corpus(corpus.folder)) == Derived()
    assert {path.name: path.stat().st_mtime_ns for path in corpus.folder.iterdir()} == before


def test_without_steps_the_documents_are_the_rows_each_text_once(imports: Imports, corpus: Corpus) -> None:
    imports.add([*rows("하나 ", "둘", " 하나", "셋"), *rows("셋", "넷", file="나.csv")])
    derived = derive(imports, corpus)
    assert [document.text for document in corpus] == ["하나", "둘", "셋", "넷"]
    assert [document.source for document in corpus] == ["가.csv", "가.csv", "가.csv", "나.csv"]
    assert (derived.taken, derived.known, derived.characters) == (4, 2, 5)


def test_only_what_is_new_is_looked_at(imports: Imports, corpus: Corpus) -> None:
    imports.add(rows("하나", "둘"))
    derive(imports, corpus)
    [first] = corpus.parts()
    written = first.stat().st_mtime_ns
    imports.add([*rows("셋", "둘", file="나.csv"), Rejected("나.csv", 9, "empty text")])
    derived = derive(imports, corpus)
    assert (derived.taken, derived.known, derived.rejected, derived.changed) == (1, 1, 0, 0)
    assert [document.text for document in corpus] == ["하나", "둘", "셋"]
    assert corpus.parts()[0] == first
    assert first.stat().st_mtime_ns == written
    assert refused(corpus) == [("나.csv", 9, "empty text")]


def test_a_title_column_that_is_corrected_changes_titles_and_no_ids(
    tmp_path: Path, imports: Imports, corpus: Corpus
) -> None:
    """Defect: a corrected title was in no fingerprint, so the index stayed as it was."""
    table = tmp_path / "essays.csv"
    table.write_text("title,heading,text\n틀린,바른,글 하나\n틀린,옳은,글 둘\n", encoding="utf-8")
    imports.add(read([table]))
    derive(imports, corpus)
    before = corpus.digests().tolist(), corpus.versions().tolist(), corpus.fingerprint()
    assert {document.title for document in corpus} == {"틀린"}

    imports.add(read([table], title_column="heading"))
    derived = derive(imports, corpus)
    assert [document.title for document in corpus] == ["바른", "옳은"]
    assert [document.text for document in corpus] == ["글 하나", "글 둘"]
    assert (derived.taken, derived.changed, derived.known) == (0, 2, 2)
    assert corpus.digests().tolist() == before[0]
    assert not set(corpus.versions().tolist()) & set(before[1])
    assert corpus.fingerprint() != before[2]

    imports.add(read([table]))
    derive(imports, corpus)
    assert corpus.fingerprint() == before[2]


def test_another_file_with_the_same_text_changes_nothing(imports: Imports, corpus: Corpus) -> None:
    imports.add(rows("글", title="제목"))
    imports.add(rows("글", file="나.csv", title="다른 제목"))
    imports.add(rows("글", file="나.csv", title="제목 없음"))
    derive(imports, corpus)
    assert [(document.title, document.source) for document in corpus] == [("제목", "가.csv")]


def test_of_a_text_that_stands_twice_in_a_file_the_first_counts_however_often_it_is_read(
    imports: Imports, corpus: Corpus
) -> None:
    twice = [Raw("가.csv", 2, "글", "하나"), Raw("가.csv", 3, "글", "둘")]
    for rows in (twice, twice, [Raw("가.csv", 1, "새 글"), *twice]):
        imports.add(rows)
        derive(imports, corpus)
        assert corpus.get([document("글").id])[0].title == "하나"
    imports.add([replace(twice[1], line=2), replace(twice[0], line=3)])
    derive(imports, corpus)
    assert corpus.get([document("글").id])[0].title == "둘"


def test_cleaning_changes_the_text_and_keeps_the_id_and_can_be_taken_back(imports: Imports, corpus: Corpus) -> None:
    imports.add(rows("[사진] 봄이 왔다.", "여름이 왔다."))
    derive(imports, corpus)
    before = list(corpus), corpus.fingerprint()

    derived = derive(imports, corpus, [WITHOUT_PICTURES])
    assert [document.text for document in corpus] == ["봄이 왔다.", "여름이 왔다."]
    assert [document.id for document in corpus] == [document.id for document in before[0]]
    assert (derived.taken, derived.changed, derived.gone) == (0, 1, 0)
    assert corpus.fingerprint() != before[1]
    assert derive(imports, corpus, [WITHOUT_PICTURES]) == Derived()

    derive(imports, corpus)
    assert (list(corpus), corpus.fingerprint()) == before


def test_what_is_refused_is_told_with_the_file_and_line_it_was_imported_from(imports: Imports, corpus: Corpus) -> None:
    imports.add([*rows("긴 글이다.", "글"), Rejected("가.csv", 4, "empty text"), *rows("[사진]", file="나.csv")])
    derived = derive(imports, corpus, [WITHOUT_PICTURES, LONG_ENOUGH])
    assert [document.text for document in corpus] == ["긴 글이다."]
    assert (derived.taken, derived.rejected) == (1, 2)
    assert derived.reasons == {"too short: under 4 letters": 2}
    assert refused(corpus) == [
        ("가.csv", 3, "too short: under 4 letters"),
        ("가.csv", 4, "empty text"),
        ("나.csv", 2, "too short: under 4 letters"),
    ]
    derived = derive(imports, corpus)
    assert (derived.taken, len(corpus)) == (2, 3)
    assert refused(corpus) == [("가.csv", 4, "empty text")]
    assert derive(imports, corpus, [LONG_ENOUGH]).gone == 1


def test_nothing_left_after_cleaning_is_refused(imports: Imports, corpus: Corpus) -> None:
    imports.add(rows("[사진]", "글"))
    derive(imports, corpus, [WITHOUT_PICTURES])
    assert refused(corpus) == [("가.csv", 2, "empty text: nothing is left after cleaning")]


def test_of_two_that_cleaning_makes_the_same_the_first_stays(imports: Imports, corpus: Corpus) -> None:
    imports.add(rows("[사진] 봄이 왔다.", "봄이 왔다.", "여름이 왔다."))
    derive(imports, corpus, [WITHOUT_PICTURES])
    first = document("[사진] 봄이 왔다.").id
    assert [one.id for one in corpus] == [first, document("여름이 왔다.").id]
    reason = f"duplicate: after cleaning the same text as {first}"
    assert refused(corpus) == [("가.csv", 3, reason)]
    imports.add(rows("봄이  왔다.[사진]", file="나.csv"))
    assert derive(imports, corpus, [WITHOUT_PICTURES]).reasons == {reason: 1}
    assert refused(corpus) == [("가.csv", 3, reason), ("나.csv", 2, reason)]


@pytest.mark.parametrize("other", [replace(LONG_ENOUGH, version=2), replace(LONG_ENOUGH, name="other")])
def test_another_version_of_a_step_makes_the_corpus_anew(imports: Imports, corpus: Corpus, other: Made) -> None:
    imports.add(rows("긴 글이다."))
    derive(imports, corpus, [LONG_ENOUGH])
    parts = corpus.parts()
    derive(imports, corpus, [other])
    assert corpus.parts() != parts


def test_imports_that_went_are_gone_from_the_corpus(imports: Imports, corpus: Corpus) -> None:
    imports.add(rows("하나"))
    imports.add(rows("둘", file="나.csv"))
    derive(imports, corpus)
    imports.parts()[0].unlink()
    assert derive(Imports(imports.folder), corpus).gone == 1
    assert [document.text for document in corpus] == ["둘"]


def stopping(done: int) -> Callable[[Event], None]:
    def on(event: Event) -> None:
        if isinstance(event, Progress) and event.task == "deriving" and event.done == done:
            raise KeyboardInterrupt

    return on


def test_ctrl_c_keeps_what_is_derived_and_the_same_call_goes_on(
    imports: Imports, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corpus.parts.PART_ROWS", 10)
    items: list[Raw | Rejected] = [*rows(*(f"글 {i}" for i in range(55)))]
    items.insert(3, Rejected("가.csv", 99, "empty text"))
    imports.add(items)
    with pytest.raises(KeyboardInterrupt):
        derive(imports, corpus, on=stopping(38))
    assert [document.text for document in corpus] == [f"글 {i}" for i in range(30)]
    derived = derive(imports, corpus)
    assert [document.text for document in corpus] == [f"글 {i}" for i in range(55)]
    assert derived.taken == 25
    assert refused(corpus) == [("가.csv", 99, "empty text")]


def test_ctrl_c_while_the_corpus_is_made_anew_leaves_the_old_one(
    imports: Imports, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corpus.parts.PART_ROWS", 10)
    imports.add([*rows(*(f"[사진] 글 {i}" for i in range(55))), Rejected("가.csv", 99, "empty text")])
    derive(imports, corpus)
    before = list(corpus), refused(corpus), corpus.fingerprint()
    with pytest.raises(KeyboardInterrupt):
        derive(imports, corpus, [WITHOUT_PICTURES, LONG_ENOUGH], on=stopping(38))
    assert (list(corpus), refused(corpus), corpus.fingerprint()) == before
    derive(imports, corpus, [WITHOUT_PICTURES, LONG_ENOUGH])
    assert [document.text for document in corpus] == [f"글 {i}" for i in range(10, 55)]
    assert len(list(corpus.folder.glob("*.parquet"))) == 6 + 5


def test_half_a_refusal_left_by_a_kill_is_mended(imports: Imports, corpus: Corpus) -> None:
    imports.add([Rejected("가", 1, "x"), Rejected("가", 2, "x")])
    derive(imports, corpus)
    corpus.rejected_path.write_bytes(corpus.rejected_path.read_bytes()[:-5])
    imports.add([Rejected("가", 3, "x")])
    derive(imports, corpus)
    assert refused(corpus) == [("가", 1, "x"), ("가", 3, "x")]


def test_a_corpus_that_may_not_be_written_is_told(open_folder: Path) -> None:
    (open_folder / "corpus").mkdir()
    imports, corpus = Imports(open_folder / "imports"), Corpus(open_folder / "corpus")
    imports.add([Rejected("가", 1, "x")])
    with forbidden(corpus.folder), pytest.raises(GeulgamError, match=r"may not write .*rejected\.jsonl: Permission"):
        derive(imports, corpus)
    derive(imports, corpus)
    imports.add(rows("글"))
    with forbidden(corpus.folder), pytest.raises(GeulgamError, match=r"may not write .*parquet: Permission"):
        derive(imports, corpus)
    assert len(corpus) == 0
    assert derive(imports, corpus).taken == 1


def test_an_old_corpus_that_was_taken_in_is_derived_as_it_was(tmp_path: Path, imports: Imports) -> None:
    folder = old_corpus(tmp_path / "corpus", DOCUMENTS, [Rejected("나.csv", 3, "empty text")])
    imports.adopt(folder)
    corpus = Corpus(folder)
    assert derive(imports, corpus).taken == 5
    assert list(corpus) == DOCUMENTS
    assert refused(corpus) == [("나.csv", 3, "empty text")]


ROWS = st.builds(
    Raw,
    file=st.sampled_from(["가", "나"]),
    line=st.integers(1, 4),
    text=st.sampled_from(["하나", "둘", "[사진] 둘", "셋 [사진]", "셋"]),
    title=st.sampled_from(["", "제목"]),
)
IMPORTS = st.lists(
    st.lists(ROWS, max_size=5).map(lambda rows: sorted(rows, key=lambda r: (r.file, r.line))), max_size=4
)


@pytest.mark.slow
@given(IMPORTS, st.lists(st.sampled_from([(), (WITHOUT_PICTURES,)]), min_size=4, max_size=4))
@settings(max_examples=60)
def test_deriving_after_each_import_is_deriving_once(
    tmp_path_factory: pytest.TempPathFactory, readings: list[list[Raw]], steps: list[tuple[Made, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("workspace")
    imports, often, once = Imports(folder / "imports"), Corpus(folder / "often"), Corpus(folder / "once")
    for reading, chosen in zip(readings, steps, strict=False):
        imports.add(reading)
        derive(imports, often, chosen)
    derive(imports, often, [WITHOUT_PICTURES])
    derive(imports, once, [WITHOUT_PICTURES])
    assert list(often) == list(once)
    assert often.fingerprint() == once.fingerprint()
    assert sorted(refused(often)) == sorted(refused(once))
