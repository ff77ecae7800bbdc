"""`geulgam plan`: an outline that is printed and written, and never over what a person has changed."""

import json
import shutil
from pathlib import Path

import pytest

from generate.planning.plan_file import read_plan
from geulgam.settings import TopicSettings
from geulgam.settings_file import put_setting
from geulgam.stages.plan import plan_essay
from geulgam.stages.topic import put_topic
from geulgam.workspace import Workspace
from tests.generate.test_planner import Model, model
from tests.geulgam.conftest import Command

__all__ = ["model"]


@pytest.fixture(scope="session")
def _planned(_indexed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planned") / "workspace"
    shutil.copytree(_indexed, folder)
    made = Workspace(folder)
    put_topic(made, made.settings(), TopicSettings(name="가족", query="가족^2 어머니 아버지", k=30))
    plan_essay(made, made.settings(), "가족", sections=2, out=folder / "first.toml")
    return folder


@pytest.fixture
def topic(_planned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with a topic for which a plan was made, elsewhere; the current folder."""
    folder = tmp_path / "planned"
    shutil.copytree(_planned, folder)
    monkeypatch.chdir(folder)
    return Workspace(folder)


def test_a_plan_is_printed_and_written(topic: Workspace, geulgam: Command) -> None:
    said = geulgam("plan", "가족", "--sections", 3, "--chars", 6000, "--opening", "저는 편지를 읽습니다.")
    plan = read_plan(topic.plan("가족"))
    assert said.code == 0 and "topics/가족/plan.toml" in said.err
    assert (len(plan.sections), plan.characters, plan.opening) == (3, 6000, "저는 편지를 읽습니다.")
    for section in plan.sections:
        assert section.title in said.out and f"{section.characters:,}" in said.out
        assert section.keywords
    assert plan.facts.ending == "합쇼체" and "합쇼체" in said.out


def test_the_plan_may_go_elsewhere_and_be_json(topic: Workspace, geulgam: Command) -> None:
    said = geulgam("plan", "가족", "--chars", 1200, "--out", "mine.toml", "--json")
    told = json.loads(said.out)
    assert not topic.plan("가족").exists()
    assert len(told["plan"]["sections"]) == 2  # of at least 500 characters
    assert read_plan(topic.folder / "mine.toml").characters == 1200


def test_a_changed_plan_is_left_alone(topic: Workspace, geulgam: Command) -> None:
    file = topic.plan("가족")
    assert geulgam("plan", "가족", "--sections", 2).code == 0
    assert geulgam("plan", "가족", "--sections", 3).code == 0  # nobody has changed it
    changed = file.read_text("utf-8").replace('title = "가족"', 'title = "우리 집"')
    file.write_text(changed, "utf-8")
    said = geulgam("plan", "가족")
    assert said.code == 1 and "plan.toml was changed by hand" in said.err and "--again" in said.err
    assert file.read_text("utf-8") == changed
    assert geulgam("plan", "가족", "--again").code == 0
    assert read_plan(file).title == "가족"


def test_a_second_plan_encodes_nothing_again(topic: Workspace, geulgam: Command) -> None:
    kept = sorted(topic.vectors.rglob("*.npy"))
    geulgam("plan", "가족", "--sections", 4)
    assert kept and sorted(topic.vectors.rglob("*.npy")) == kept


def test_what_cannot_be_planned_is_told(topic: Workspace, geulgam: Command) -> None:
    assert "no topic is called 가죽" in geulgam("plan", "가죽").err
    said = geulgam("plan", "가족", "--sections", 900, "--chars", 90_000)
    assert said.code == 1 and "too few for 900 sections" in said.err
    said = geulgam("plan", "가족", "--out", ".")
    assert said.code == 1 and "is a folder" in said.err
    assert not topic.plan("가족").exists()


def test_the_planner_of_the_settings_gives_the_titles(topic: Workspace, geulgam: Command, model: Model) -> None:
    put_setting(topic.settings_file, "generate.planner", model.where)
    model.answers([{"number": 2, "title": "아버지의 구두"}, {"number": 1, "title": "낡은 사진"}])
    assert geulgam("plan", "가족", "--sections", 2).code == 0
    assert [section.title for section in read_plan(topic.plan("가족")).sections] == ["아버지의 구두", "낡은 사진"]
    put_setting(topic.settings_file, "generate.planner", "http://127.0.0.1:9/v1")
    said = geulgam("plan", "가족", "--sections", 2)
    assert said.code == 1 and "could not reach the planner" in said.err
    assert read_plan(topic.plan("가족")).sections[0].title == "아버지의 구두"
