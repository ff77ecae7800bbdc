"""new, corpus, index and topic, as a user types them."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpus.document import document
from corpus.store import Corpus
from geulgam.workspace import Workspace
from tests.geulgam.conftest import Command


def test_new_makes_a_workspace_and_says_what_comes_next(
    geulgam: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = geulgam("new", "my-contest")
    assert said.code == 0 and "cd my-contest && geulgam corpus add" in said.err
    assert (tmp_path / "my-contest" / "geulgam.toml").is_file()
    assert geulgam("new", "my-contest").code == 1


def test_without_a_workspace_every_command_says_how_to_make_one(
    geulgam: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (
        ("corpus", "add", "."),
        ("corpus", "stats"),
        ("index", "build"),
        ("index", "search", "가"),
        ("index", "status"),
        ("topic", "add", "가", "--query", "가"),
        ("topic", "list"),
        ("finetune",),
        ("generate", "가"),
        ("evaluate",),
        ("run",),
        ("status",),
    ):
        said = geulgam(*words)
        assert said.code == 1 and said.err.startswith("error: no workspace here") and "geulgam new" in said.err


def test_essays_are_added_once_and_what_is_refused_is_told(
    geulgam: Command, workspace: Workspace, sample: Path
) -> None:
    (workspace.folder / "bad.jsonl").write_text('{"text": "좋은 글"}\n{"text": \n', encoding="utf-8")
    said = geulgam("corpus", "add", sample / "together.jsonl", "bad.jsonl")
    assert said.code == 0
    assert "22" in said.out  # added: 21 and one
    assert "not taken: 1 ×" in said.err and "corpus/rejected.jsonl" in said.err
    again = geulgam("corpus", "add", sample / "together.jsonl")
    assert again.code == 0 and "known already" in again.out


def test_nothing_found_is_a_failure(geulgam: Command, workspace: Workspace) -> None:
    (workspace.folder / "empty.txt").touch()
    said = geulgam("corpus", "add", "empty.txt")
    assert said.code == 1 and "error: no document was taken" in said.err
    assert geulgam("corpus", "add", "nowhere.csv").code == 1


def test_a_column_can_be_named_by_option_variable_and_file(
    geulgam: Command, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace.folder / "a.csv").write_text("제호,글월\n가을,잎이 떨어졌다\n", encoding="utf-8")
    without = geulgam("corpus", "add", "a.csv")
    assert without.code == 1 and "글월" in without.err  # the columns it has
    assert geulgam("corpus", "add", "a.csv", "--text-column", "글월").code == 0
    monkeypatch.setenv("GEULGAM_CORPUS__TEXT_COLUMN", "글월")
    assert geulgam("corpus", "add", "a.csv").code == 0


def test_a_title_column_that_is_corrected_corrects_the_titles_everywhere(
    geulgam: Command, workspace: Workspace
) -> None:
    rows = "".join(
        f"부제 {i},제목은 {name},{name}에 대하여 쓴 글이다\n" for i, name in enumerate(("바다", "하늘", "들판"))
    )
    (workspace.folder / "a.csv").write_text("title,headline2,contents\n" + rows, encoding="utf-8")
    geulgam("corpus", "add", "a.csv")
    geulgam("index", "build")
    assert [hit["title"] for hit in geulgam("index", "search", "부제", "--json").json] != []
    said = geulgam("corpus", "add", "a.csv", "--title-column", "headline2")
    assert said.code == 0 and "changed" in said.out
    assert geulgam("index", "status", "--json").json["reasons"] == ["corpus changed"]
    assert geulgam("index", "build").code == 0
    assert geulgam("index", "search", "부제", "--json").json == []
    assert {hit["title"] for hit in geulgam("index", "search", "제목은", "--json").json} == {
        f"제목은 {name}" for name in ("바다", "하늘", "들판")
    }


def test_a_workspace_of_the_version_before_is_taken_over(geulgam: Command, indexed: Workspace) -> None:
    documents = list(Corpus(indexed.corpus))
    shutil.rmtree(indexed.folder / "imports")
    shutil.rmtree(indexed.corpus)
    indexed.corpus.mkdir()
    kinds = [("id", pa.string()), ("text", pa.string()), ("title", pa.string()), ("source", pa.string())]
    schema = pa.schema([*kinds, ("metadata", pa.map_(pa.string(), pa.string()))])
    rows = [{"metadata": list(d.metadata.items()), **{n: getattr(d, n) for n, _ in kinds}} for d in documents]
    table = pa.Table.from_pylist(rows, schema=schema)
    pq.write_table(table, indexed.corpus / "part-000001.parquet")
    assert "geulgam run" in geulgam("corpus", "stats").err
    assert geulgam("index", "build").code == 0
    assert list(Corpus(indexed.corpus)) == documents


def test_documents_that_a_program_added_stay_when_files_are_imported(geulgam: Command, workspace: Workspace) -> None:
    Corpus(workspace.corpus).add([document("프로그램이 넣은 글이다.", "제목", "https://a.kr/1", {"author": "김"})])
    (workspace.folder / "a.txt").write_text("사람이 넣은 글이다.", encoding="utf-8")
    assert geulgam("corpus", "add", "a.txt").code == 0
    first, second = Corpus(workspace.corpus)
    assert (first.title, first.source, dict(first.metadata)) == ("제목", "https://a.kr/1", {"author": "김"})
    assert second.text == "사람이 넣은 글이다."


def test_stats_draw_lengths_and_give_json_alone_on_stdout(geulgam: Command, indexed: Workspace) -> None:
    assert "█" in geulgam("corpus", "stats").out
    said = geulgam("corpus", "stats", "--json")
    assert said.json["documents"] == 238 and sum(said.json["lengths"]["counts"]) == 238


def test_an_empty_corpus_has_stats_but_no_index(geulgam: Command, workspace: Workspace) -> None:
    assert geulgam("corpus", "stats").code == 0
    said = geulgam("index", "build")
    assert said.code == 1 and "the corpus is empty" in said.err and "geulgam corpus add" in said.err


def test_search_finds_and_marks_what_matched(geulgam: Command, indexed: Workspace) -> None:
    said = geulgam("index", "search", "함께 -가족", "--k", "3")
    assert said.code == 0 and "  1  " in said.out and "함께" in said.out
    hits = geulgam("index", "search", "함께", "--k", "3", "--json").json
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    assert all("함께" in hit["snippet"] and "함께" in hit["matched"] for hit in hits)
    assert hits[0]["score"] >= hits[1]["score"]


def test_a_query_may_begin_with_a_minus(geulgam: Command, indexed: Workspace) -> None:
    assert geulgam("index", "search", "-정치 함께").code == 0


def test_a_wrong_query_is_shown_with_a_caret(geulgam: Command, indexed: Workspace) -> None:
    said = geulgam("index", "search", "함께 AND (가족")
    assert said.code == 1
    query, caret = said.err.splitlines()[1:3]
    assert query == "  함께 AND (가족" and caret == "  " + " " * 9 + "^"  # Hangul is two columns wide


def test_search_before_the_index_says_to_build_it(geulgam: Command, workspace: Workspace) -> None:
    said = geulgam("index", "search", "함께")
    assert said.code == 1 and "geulgam index build" in said.err


def test_search_in_a_stale_index_works_and_says_so(geulgam: Command, indexed: Workspace) -> None:
    (indexed.folder / "new.txt").write_text("새로 쓴 글이다.", encoding="utf-8")
    geulgam("corpus", "add", "new.txt")
    said = geulgam("index", "search", "함께", "--json")
    assert "corpus changed: 1 new documents" in said.err and len(said.json) == 10
    assert geulgam("index", "status", "--json").json["fresh"] is False
    geulgam("index", "build")
    assert geulgam("index", "status", "--json").json["fresh"] is True


def test_both_backends_find_the_same(geulgam: Command, indexed: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded = geulgam("index", "search", '함께^2 "우리 집"', "--json").json
    monkeypatch.setenv("GEULGAM_RETRIEVAL__BACKEND", "rank-bm25")
    reference = geulgam("index", "search", '함께^2 "우리 집"', "--json").json
    assert [hit["document_id"] for hit in embedded] == [hit["document_id"] for hit in reference]


def test_topics_come_are_listed_shown_and_go(geulgam: Command, indexed: Workspace) -> None:
    assert geulgam("topic", "add", "여행", "--query", "여행 기차", "--k", "30").code == 0
    listed = geulgam("topic", "list", "--json").json
    assert [(t["name"], t["k"], t["adapter"]) for t in listed] == [("함께", 500, "none"), ("여행", 30, "none")]
    shown = geulgam("topic", "show", "여행", "--json").json
    assert shown["documents"] <= 30 and sum(shown["sides"].values()) == shown["documents"]
    assert shown["best"][0]["rank"] == 1
    assert geulgam("topic", "show", "여행").code == 0
    changed = geulgam("topic", "add", "여행", "--query", "여행 배낭")
    assert "its query was: 여행 기차" in changed.out
    assert geulgam("topic", "remove", "여행").code == 0
    assert geulgam("topic", "list", "--json").json == listed[:1]


@pytest.mark.parametrize("name", ["a/b", "../x", "..", ""])
def test_a_bad_topic_name_changes_nothing(geulgam: Command, workspace: Workspace, name: str) -> None:
    before = workspace.settings_file.read_bytes()
    said = geulgam("topic", "add", name, "--query", "가족")
    assert said.code == 1 and said.err.startswith("error: a topic") and "hint: " in said.err
    assert workspace.settings_file.read_bytes() == before


def test_a_topic_with_a_query_that_cannot_be_read_is_not_added(geulgam: Command, workspace: Workspace) -> None:
    before = workspace.settings_file.read_bytes()
    assert geulgam("topic", "add", "가족", "--query", "(가족").code == 1
    assert workspace.settings_file.read_bytes() == before


def test_bytes_that_are_no_text_are_refused(geulgam: Command, workspace: Workspace) -> None:
    before = workspace.settings_file.read_bytes()
    for words in (("topic", "add", "\udcff", "--query", "가족"), ("topic", "add", "가족", "--query", "가\udcff족")):
        said = geulgam(*words)
        assert said.code == 1 and said.err.startswith("error: ")
    assert workspace.settings_file.read_bytes() == before


def test_a_topic_that_finds_nothing_names_near_terms(geulgam: Command, indexed: Workspace) -> None:
    geulgam("topic", "add", "없음", "--query", "쀍뛟")
    said = geulgam("topic", "show", "없음")
    assert said.code == 1 and said.err.startswith("error: ")


def test_an_unknown_topic_names_the_nearest(geulgam: Command, workspace: Workspace) -> None:
    said = geulgam("generate", "함꼐")
    assert said.code == 1 and "did you mean 함께?" in said.err


def test_an_unknown_key_stops_every_command_that_reads_settings(geulgam: Command, workspace: Workspace) -> None:
    text = workspace.settings_file.read_text(encoding="utf-8").replace("[finetune]", "[finetune]\nepoch = 3")
    workspace.settings_file.write_text(text, encoding="utf-8")
    for words in (("topic", "list"), ("finetune",), ("run", "--dry-run")):
        said = geulgam(*words)
        assert said.code == 1 and "unknown key finetune.epoch" in said.err and "finetune.epochs" in said.err


def test_what_an_index_was_built_with_is_what_is_searched_from_then_on(geulgam: Command, indexed: Workspace) -> None:
    said = geulgam("index", "build", "--backend", "rank-bm25", "--analyzer", "whitespace")
    assert said.code == 0 and 'retrieval.analyzer is now "whitespace"' in said.err
    told = geulgam("index", "status", "--json").json
    assert (told["backend"], told["fresh"]) == ("rank-bm25", True)
    assert geulgam("index", "search", "함께").code == 0


def test_the_doctor_advises_on_the_backend(
    geulgam: Command, indexed: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def backend() -> dict[str, Any]:
        return next(
            found for found in geulgam("doctor", "--json").json["findings"] if found["name"].startswith("backend")
        )

    assert (backend()["found"], backend()["ok"]) == ("bm25s, for 238 documents", True)
    monkeypatch.setattr("geulgam.doctor._EMBEDDED_MOST", 100)
    assert "elasticsearch" in backend()["remedy"]


def test_doctor_tells_what_is_there_and_fails_for_what_is_missing(
    geulgam: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geulgam.doctor.requirements", lambda: ["torch>=2.6", "no-such-thing>=1.0"])
    said = geulgam("doctor", "--json")
    told = {finding["name"]: finding for finding in said.json["findings"]}
    assert said.code == 1 and said.json["ok"] is False
    assert told["torch"]["ok"] and told["Python"]["ok"] and "CPU" in told
    assert told["no-such-thing"]["remedy"] == "pip install 'no-such-thing>=1.0'"
    assert json.dumps(told)  # plain values all the way down


def test_a_required_version_that_is_too_old_is_told(geulgam: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geulgam.doctor.requirements", lambda: ["torch>=99.0", "numpy>=2.0rc1,<2"])
    told = geulgam("doctor").out
    assert "but >=99.0 is needed" in told and "pip install -U 'torch>=99.0'" in told
    assert "but <2,>=2.0rc1 is needed" in told  # a bound from above, and a version that is no row of numbers
