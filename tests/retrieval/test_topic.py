import unicodedata
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from corpus.document import document
from corpus.errors import GeulgamError
from retrieval.topic import Row, Subset, Topic, name_after, topic_name
from tests.retrieval.conftest import corpus_of


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("가/나", "contains '/'"),
        ("가\\나", "contains"),
        ("가:나", "contains ':'"),
        ("..", r"begins with '\.'"),
        ("가..나", r"contains '\.\.'"),
        (".가", r"begins with '\.'"),
        ("-가", "begins with '-'"),
        ("가.", "ends with a dot"),
        ("가\n나", "contains"),
        ("가\0", "contains"),
        ("가\u202e나", "contains"),
        ("가\u2028나", "contains"),
        ("\ud800", "contains"),
        ("가" * 41, "over 120 bytes"),
        ("a" * 121, "over 120 bytes"),
    ],
)
def test_a_name_that_is_no_safe_folder_name_is_refused(name: str, why: str) -> None:
    with pytest.raises(GeulgamError, match=why) as caught:
        Topic(name, "함께")
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    with pytest.raises(GeulgamError, match=why):
        topic_name(name)


def test_a_name_is_the_same_however_it_was_typed() -> None:
    assert Topic(unicodedata.normalize("NFD", " 함께 걷기"), "함께").name == "함께 걷기"


@pytest.mark.parametrize("name", ["a" * 61, "a" * 120, "가" * 40, "together, 2025 (2)"])
def test_a_name_that_may_be_a_folders_may_be_a_topics(name: str) -> None:
    assert Topic(name, "함께").name == topic_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("글쓰기", "글쓰기"),
        ("기차를 타고 떠난 바다.", "기차를 타고 떠난 바다"),
        ("왜 우리는 떠났을까?!", "왜 우리는 떠났을까"),
        ("“그날”… 우리는", "그날… 우리는"),
        ("- 12:30에 만난\n사람/사랑", "12 30에 만난 사람 사랑"),
        ("가..나", "가 나"),
        ("가" * 40 + " 나", "가" * 40),
        ("아주 " * 30 + "길다", "아주 " * 16 + "아주"),
        ("가" * 50, "가" * 40),
    ],
)
def test_a_sentence_gives_a_name_that_may_be_a_folders(text: str, name: str) -> None:
    assert name_after(text) == name == topic_name(name)


def test_signs_alone_give_no_name() -> None:
    with pytest.raises(GeulgamError, match="is empty"):
        name_after("…?")


def test_a_topic_needs_a_query_and_a_k() -> None:
    assert Topic("함께", "함께").k == 500
    with pytest.raises(GeulgamError, match="query is empty"):
        Topic("함께", " ")
    with pytest.raises(GeulgamError, match="k is 0"):
        Topic("함께", "함께", 0)


MORE = ["words", "meaning", "passage", "parts"]
SUBSET = Subset(
    Topic("함께", "함께^2 더불어", 5),
    (Row("a1", 1, 3.5, "train", "v1"), Row("b2", 2, 2.25, "test", "v2"), Row("c3", 3, 2.0, "valid", "v3")),
    "3 of 5 asked: no more documents match",
)


def test_a_saved_subset_is_loaded_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "함께" / "subset.parquet"
    SUBSET.save(path)
    assert Subset.load(path) == SUBSET
    table = pq.read_table(path)
    assert table.column_names == ["document_id", "rank", "score", "side", "version", *MORE]
    assert table.schema.metadata[b"note"].decode() == SUBSET.note
    assert table.schema.metadata[b"query"].decode() == "함께^2 더불어"


def test_a_subset_of_words_and_meaning_keeps_both_scores_and_an_older_file_has_none(tmp_path: Path) -> None:
    path = tmp_path / "subset.parquet"
    rows = (replace(SUBSET.rows[0], words=7.0, meaning=0.25), replace(SUBSET.rows[1], words=0.0, meaning=0.5))
    both = Subset(SUBSET.topic, rows)
    both.save(path)
    assert Subset.load(path) == both
    pq.write_table(pq.read_table(path).drop_columns(MORE), path)
    assert Subset.load(path) == Subset(SUBSET.topic, SUBSET.rows[:2])


def test_ids_are_those_of_a_side_best_first() -> None:
    assert SUBSET.ids() == ["a1", "b2", "c3"]
    assert SUBSET.ids("test") == ["b2"]


def test_the_fingerprint_depends_on_documents_versions_and_sides_alone() -> None:
    moved = Subset(SUBSET.topic, (*SUBSET.rows[:2], Row("c3", 3, 2.0, "train", "v3")), SUBSET.note)
    corrected = Subset(SUBSET.topic, (*SUBSET.rows[:2], Row("c3", 3, 2.0, "valid", "v4")), SUBSET.note)
    rescored = Subset(Topic("x", "y"), tuple(Row(r.document_id, r.rank, 9.0, r.side, r.version) for r in SUBSET.rows))
    assert moved.fingerprint() != SUBSET.fingerprint()
    assert corrected.fingerprint() != SUBSET.fingerprint()
    assert rescored.fingerprint() == SUBSET.fingerprint()


def test_of_a_document_its_parts_are_taken_where_it_has_any(tmp_path: Path) -> None:
    essay = document("하나 둘 셋 넷 다섯", "수", "여기")
    corpus = corpus_of(tmp_path / "corpus", [essay])
    whole = Subset(SUBSET.topic, (Row(essay.id, 1, 3.5, "train", essay.version),))
    parts = Subset(SUBSET.topic, (replace(whole.rows[0], passage=1.5, parts=[[0, 4], [7, 8]]),))
    assert whole.documents(corpus, "train") == [essay] and whole.documents(corpus, "valid") == []
    taken = parts.documents(corpus, "train")
    assert [(d.text, d.title, d.source) for d in taken] == [("하나 둘", "수", "여기"), ("넷", "수", "여기")]
    assert len({essay.id, *(d.id for d in taken)}) == 3
    parts.save(tmp_path / "subset.parquet")
    loaded = Subset.load(tmp_path / "subset.parquet")
    assert loaded == parts and loaded.fingerprint() == parts.fingerprint() != whole.fingerprint()


def test_a_missing_or_foreign_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(GeulgamError, match="no subset"):
        Subset.load(tmp_path / "subset.parquet")
    (tmp_path / "subset.parquet").write_bytes(b"nothing like it")
    with pytest.raises(GeulgamError, match="cannot read"):
        Subset.load(tmp_path / "subset.parquet")
