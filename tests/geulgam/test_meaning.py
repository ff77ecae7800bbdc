"""`--meaning` and `--unit` on the command line: built, found, kept in the settings and in the subset."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from retrieval.fusion import WEIGHT
from tests.geulgam.conftest import Command

ESSAYS = {
    "강아지": "우리 집 강아지가 어젯밤에 새끼를 낳았다. 온 식구가 잠을 못 잤다.",
    "김치": "할머니는 배추를 소금에 절이셨다. 마늘과 고춧가루를 버무렸다.",
    "파도": "여름이면 모래밭에 앉아 파도를 보았다. 갈매기가 높이 날았다.",
    "시험": "수학 시험을 망친 날 교실에 늦게까지 앉아 있었다. 선생님이 불을 끄셨다.",
}


@pytest.fixture
def place(geulgam: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with the four essays, indexed by words and meaning."""
    folder = tmp_path / "meant"
    geulgam("new", folder)
    for title, text in ESSAYS.items():
        (tmp_path / f"{title}.txt").write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)
    assert geulgam("corpus", "add", *(tmp_path / f"{title}.txt" for title in ESSAYS)).code == 0
    said = geulgam("index", "build", "--meaning")
    assert said.code == 0 and "4 encoded" in said.out
    return folder


def test_an_essay_is_found_by_what_it_means(geulgam: Command, place: Path) -> None:
    assert "meaning = true" in (place / "geulgam.toml").read_text(encoding="utf-8")
    assert geulgam("index", "search", "애완동물이 출산했다", "--words", "--json").json == []
    found = geulgam("index", "search", "애완동물이 출산했다", "--json").json
    assert found[0]["snippet"].startswith("우리 집 강아지가") and len(found) == 4
    assert found[0]["words"] == 0 and found[0]["meaning"] > found[1]["meaning"]
    assert found[0]["score"] == pytest.approx(WEIGHT * found[0]["meaning"], abs=2e-4)
    twice = geulgam("index", "search", "애완동물이 출산했다", "--weight", "2", "--json").json
    assert twice[0]["score"] == pytest.approx(2 * found[0]["meaning"], abs=2e-4)
    shown = geulgam("index", "search", "애완동물이 출산했다")
    assert "강아지가 어젯밤에" in shown.out


def test_the_index_tells_by_what_it_goes_and_when_it_does_not_fit(geulgam: Command, place: Path) -> None:
    told = geulgam("index", "status", "--json").json
    assert told["fresh"] and told["encoder"].startswith("use-multilingual-3") and told["unit"] == "essay"
    assert f"unit essay; vectors by {told['encoder']}\n" in geulgam("index", "status").out
    assert geulgam("index", "build").out.strip() == "4 documents, up to date"
    assert geulgam("index", "build", "--unit", "passage").code == 0
    told = geulgam("index", "status", "--json").json
    assert told["fresh"] and told["unit"] == "passage"
    assert geulgam("index", "search", "배추 마늘", "--json").json[0]["snippet"].endswith("고춧가루를 버무렸다.")
    assert geulgam("index", "build", "--words", "--unit", "essay").code == 0
    assert geulgam("index", "status", "--json").json["encoder"] is None
    assert "unit essay; by words alone\n" in geulgam("index", "status").out


def test_meaning_without_vectors_says_what_to_type(geulgam: Command, place: Path) -> None:
    geulgam("index", "build", "--words")
    import shutil

    shutil.rmtree(place / "index" / "vectors")
    said = geulgam("index", "search", "바다", "--meaning")
    assert said.code == 1 and "geulgam index build --meaning" in said.err


def test_a_subset_keeps_both_scores(geulgam: Command, place: Path) -> None:
    assert geulgam("topic", "add", "동물", "--query", "애완동물 출산 배추", "--k", "4").code == 0
    from geulgam.stages.subset import select_topics
    from geulgam.workspace import Workspace

    workspace = Workspace.find(None)
    (subset,) = select_topics(workspace, workspace.settings(), ["동물"])
    table = pq.read_table(workspace.subset("동물") / "subset.parquet").to_pydict()
    assert len(subset) == 4 and table["meaning"] == [row.meaning for row in subset.rows]
    assert max(table["words"]) > 0 == min(table["words"]) and None not in table["meaning"]
    for row in subset.rows:
        assert row.words is not None and row.meaning is not None
        by_words = row.score - WEIGHT * row.meaning  # the square of their share of what the query could score
        assert 0 < by_words < 1 if row.words else by_words == pytest.approx(0, abs=1e-6)


def test_a_query_of_which_no_essay_has_a_word_is_no_topic_though_something_is_always_near(
    geulgam: Command, place: Path
) -> None:
    assert geulgam("topic", "add", "오타", "--query", "쿼크퀘렙", "--k", "4").code == 0
    said = geulgam("topic", "show", "오타")
    assert said.code == 1 and "nothing matches 쿼크퀘렙" in said.err
    assert geulgam("topic", "add", "동물", "--query", "애완동물 출산 배추", "--k", "4").code == 0
    assert "3 found by meaning alone" in geulgam("topic", "show", "동물").err


def test_a_filter_alone_shows_the_beginnings(geulgam: Command, place: Path) -> None:
    found = geulgam("index", "search", "+title:김치", "--json").json
    assert [hit["snippet"] for hit in found] == [ESSAYS["김치"]]


def test_of_ranked_passages_the_best_is_shown_and_those_that_match_may_be_taken(
    geulgam: Command, place: Path, sample: Path, tmp_path: Path
) -> None:
    from corpus.store import Corpus
    from geulgam.stages.subset import select_topics, summary
    from geulgam.workspace import Workspace

    lines = sorted(sample.glob("*.jsonl"))[0].read_text(encoding="utf-8").splitlines()
    before, after = ("\n\n".join(json.loads(line)["text"] for line in some) for some in (lines[:3], lines[3:6]))
    text = f"{before}\n\n돌담 위로 저녁별이 떴다. 별을 셌다.\n\n{after}"
    (tmp_path / "긴 글.txt").write_text(text, encoding="utf-8")
    geulgam("corpus", "add", tmp_path / "긴 글.txt")
    assert geulgam("index", "build", "--unit", "passage").code == 0
    (hit,) = geulgam("index", "search", "돌담 저녁별", "--words", "--json").json
    assert "돌담 위로 저녁별이" in hit["snippet"] and hit["passage"] > hit["words"] > 0 and "meaning" not in hit

    geulgam("topic", "add", "별", "--query", "돌담 저녁별 배추 시험 강아지 파도", "--k", "9")
    file = place / "geulgam.toml"
    text = file.read_text(encoding="utf-8")
    assert '# take = "essay"' in text
    file.write_text(text.replace('# take = "essay"', 'take = "passage"'), encoding="utf-8")
    workspace = Workspace.find(None)
    (subset,) = select_topics(workspace, workspace.settings(), ["별"])
    taken = [document.text for document in subset.documents(Corpus(workspace.corpus), "train")]
    whole = {document.title: document.text for document in Corpus(workspace.corpus).get(subset.ids("train"))}
    assert len(taken) == len(whole) and all(len(text) <= 200 for text in taken)
    assert f"{len(whole)} to train on by {len(taken)} passages" in summary(subset)
    assert all(row.parts is None for row in subset.rows if row.side != "train")
    file.write_text(text.replace('# take = "essay"', 'take = "passage"').replace('unit = "passage"', 'unit = "essay"'))
    said = geulgam("topic", "show", "별")
    assert said.code == 1 and 'unit = "passage"' in said.err
