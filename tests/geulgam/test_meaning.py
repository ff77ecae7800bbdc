"""`--meaning` and `--unit` on the command line: built, found, kept in the settings and in the subset."""

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
