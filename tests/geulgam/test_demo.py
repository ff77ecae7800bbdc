"""The demo: its topics find what they should, and it goes from nothing to an essay."""

from pathlib import Path

import pytest

from corpus.store import Corpus
from geulgam.demo import TOPICS, add_sample, demo_workspace
from geulgam.settings import TopicSettings
from geulgam.stages.index import build_index, search
from geulgam.workspace import Workspace
from tests.geulgam.conftest import Command


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = demo_workspace(tmp_path_factory.mktemp("demo") / "d")
    assert add_sample(made, made.settings()) == 238
    build_index(made, made.settings())
    return made


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_nine_of_a_topics_ten_best_are_labelled_with_it(demo: Workspace, topic: TopicSettings) -> None:
    best = search(demo, demo.settings(), topic.query, 10)
    labels = [essay.metadata["topic"] for essay in Corpus(demo.corpus).get([hit.document_id for hit in best])]
    assert labels.count(topic.name) >= 9, labels


def test_each_topic_has_essays_to_train_on_to_choose_by_and_to_measure_on(demo: Workspace) -> None:
    from geulgam.stages.subset import selected

    sizes = {}
    for topic in TOPICS:
        subset = selected(demo, demo.settings(), topic.name)
        sizes[topic.name] = [len(subset.ids(side)) for side in ("train", "valid", "test")]
    assert sizes["함께"] == [32, 3, 5]
    assert all(train >= 20 and valid >= 1 and test >= 2 for train, valid, test in sizes.values()), sizes


def test_a_topics_subset_is_mostly_its_own(demo: Workspace) -> None:
    from geulgam.stages.subset import selected

    for topic in TOPICS:
        rows = sorted(selected(demo, demo.settings(), topic.name).rows, key=lambda row: row.rank)
        documents = Corpus(demo.corpus).get([row.document_id for row in rows])
        assert sum(essay.metadata["topic"] == topic.name for essay in documents[:20]) >= 17


@pytest.mark.slow
def test_the_demo_goes_from_nothing_to_an_essay_and_on_from_where_it_stood(
    geulgam: Command, _one_thread: None, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = {"BASE": str(tiny), "MAX_STEPS": "2", "EVALUATIONS": "1", "BLOCK_TOKENS": "128"}
    for name, value in {**quick, "SHARED__MAX_STEPS": "2", "SHARED__EVALUATIONS": "1"}.items():
        monkeypatch.setenv(f"GEULGAM_FINETUNE__{name}", value)
    folder = tmp_path / "demo"
    said = geulgam("demo", folder, "--topic", "이별", "--chars", "30")
    assert said.code == 0
    for told in ("238 essays", "[6/6]", "bits per character", "copied, 30+ letters", "rep-2"):
        assert told in said.out
    essay = folder / "essays" / "이별-001" / "essay.md"
    assert str(essay) in said.out
    text = essay.read_text(encoding="utf-8").partition("\n\n")[2].strip()
    assert text in said.out

    again = geulgam("demo", folder, "--topic", "이별", "--chars", "30")
    assert again.code == 0 and "이별: up to date" in again.out


def test_the_demo_keeps_out_of_other_workspaces(geulgam: Command, workspace: Workspace) -> None:
    said = geulgam("demo", workspace.folder)
    assert said.code == 1 and "a workspace already" in said.err
    said = geulgam("demo", "--topic", "정치")
    assert said.code == 1 and "함께, 가족, 여행, 자연, 이별, 학교, 글쓰기" in said.err
