"""`geulgam review`, as a user types it: a person's file beside the corpus's essays."""

from pathlib import Path

import docx
import pytest

from geulgam.workspace import Workspace
from tests.geulgam.conftest import Command

TEXT = (
    "우리는 함께 시장에 갔다. 비가 와서 우산을 같이 썼다. 어머니는 사과를 샀다. 나는 떡을 골랐다. "
    "돌아오는 길에 이웃을 만났다. 이웃은 배를 나누어 주었다. 우리는 처마 밑에서 비를 보았다. 저녁은 따뜻했다. "
)


@pytest.mark.slow
def test_a_file_of_ones_own_is_reviewed_beside_the_essays_held_out_for_a_topic(
    geulgam: Command, indexed: Workspace
) -> None:
    geulgam("topic", "add", "함께", "--query", "함께 우산 등대")
    Path("내 글.md").write_text(f"# 장날\n\n## 길\n\n{TEXT * 3}\n\n## 집\n\n{TEXT}\n", encoding="utf-8")
    said = geulgam("review", "내 글.md", "--topic", "함께")
    assert said.code == 0
    assert "people (" in said.out and "coherence" in said.out and "keyword recall" in said.out
    assert "diversity: The same turns come again" in said.out
    assert said.err.endswith("compared with essays of 함께; the report: 내 글.review.html\n")
    page = Path("내 글.review.html").read_text(encoding="utf-8")
    assert "장날" in page and "길" in page and "Keywords that it does not name" in page and "등대" in page
    assert not (indexed.folder / "topics").exists()  # nothing was made for the topic


@pytest.mark.slow
def test_json_has_the_sections_and_the_report_goes_where_it_is_told_to(geulgam: Command, indexed: Workspace) -> None:
    word = docx.Document()
    word.add_heading("장날", 0)
    word.add_heading("길", 1)
    word.add_paragraph(TEXT)
    word.save("글.docx")
    told = geulgam("review", "글.docx", "--out", "보고/하나.html", "--json").json
    assert [section["title"] for section in told["sections"]] == ["길"]
    assert told["copied_from_whole_corpus"] is True and told["held_out_essays"] > 0
    assert all(told[name]["whole_essay"] is not None for name in ("coherence", "topic", "spelling", "spacing"))
    assert Path("보고/하나.html").is_file() and not Path("글.review.html").exists()


@pytest.mark.slow
def test_what_stands_in_any_essay_of_the_corpus_is_named_with_its_title(geulgam: Command, indexed: Workspace) -> None:
    from corpus.store import Corpus

    essay = list(Corpus(indexed.corpus))[-1]
    Path("a.txt").write_text(f"{TEXT}{essay.text[:80]}", encoding="utf-8")
    told = geulgam("review", "a.txt", "--json").json
    assert essay.title in {span["title"] for span in told["copied_spans"]}
    assert told["longest_copied"]["whole_essay"] >= 70


@pytest.mark.slow
def test_an_essay_of_the_workspace_is_found_by_its_name_and_compared_with_its_topic(
    geulgam: Command, written: Workspace
) -> None:
    said = geulgam("review", "함께-001")
    assert said.code == 0
    assert said.err.endswith("compared with essays of 함께; the report: essays/함께-001/essay.review.html\n")
    assert (written.essay("함께", 1) / "essay.review.html").is_file()


@pytest.mark.slow
def test_with_pmi_the_topics_model_reads_the_text_and_people_and_else_none_is_loaded(
    geulgam: Command, written: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from corpus.store import Corpus
    from geulgam.stages.subset import read_subset

    Path("글.md").write_text(TEXT * 3, encoding="utf-8")
    said = geulgam("review", "글.md", "--topic", "함께", "--pmi", "--json")
    figure = said.json["pmi"]
    assert figure["essay"] is not None and figure["whole_essay"] is not None
    assert "information (PMI)" in Path("글.review.html").read_text(encoding="utf-8")
    trained = Corpus(written.corpus).get(read_subset(written.adapter("함께")).ids("train"))
    longest = max(trained, key=lambda one: len(one.text))
    Path("배운 글.txt").write_text(longest.text, encoding="utf-8")
    said = geulgam("review", "배운 글.txt", "--topic", "함께", "--pmi")
    assert "information (PMI)" not in said.out and "information was not measured" in said.err
    monkeypatch.setattr("finetune.base.BaseModel.load", None)  # what is not called may be nothing
    assert geulgam("review", "글.md", "--topic", "함께", "--json").json["pmi"]["essay"] is None


def test_pmi_needs_a_topic_with_an_adapter(geulgam: Command, indexed: Workspace) -> None:
    Path("글.md").write_text(TEXT, encoding="utf-8")
    said = geulgam("review", "글.md", "--pmi")
    assert (said.code, said.err) == (1, "error: --pmi needs a topic, whose model reads the text\nhint: --topic TOPIC\n")
    geulgam("topic", "add", "함께", "--query", "함께 우산")
    said = geulgam("review", "글.md", "--topic", "함께", "--pmi")
    assert (said.code, said.err) == (1, "error: 함께 has no adapter yet\nhint: geulgam finetune 함께\n")
    assert not Path("글.review.html").exists()


def test_what_cannot_be_reviewed_is_told_in_one_line(geulgam: Command, workspace: Workspace) -> None:
    Path("a.hwp").write_bytes(b"HWP Document")
    Path("b.md").write_text(TEXT, encoding="utf-8")
    for words, error in (
        (("a.hwp",), "cannot read a.hwp: not one of .md, .markdown, .txt, .docx"),
        (("b.md",), "the corpus is empty: there is nothing to compare with"),
        (("nowhere.md",), "no essay, topic or file is called nowhere.md"),
        (("dir/nowhere.md",), "no essay, topic or file is called dir/nowhere.md"),
    ):
        said = geulgam("review", *words)
        assert said.code == 1 and said.err.startswith(f"error: {error}\nhint: ")
