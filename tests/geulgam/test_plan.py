"""`geulgam plan`: an outline that is printed and written, and never over what a person has changed."""

import json
import shutil
from pathlib import Path

import pytest

from generate.planning.plan_file import read_plan
from geulgam.settings import TopicSettings
from geulgam.settings_file import put_setting
from geulgam.stages.plan import plan_essay
from geulgam.stages.sides import read_sides
from geulgam.stages.subset import read_subset
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
    said = geulgam("plan", "가족", "--sections", 11, "--chars", 10)
    assert said.code == 1 and "10 characters make no 11 sections" in said.err
    said = geulgam("plan", "가족", "--sections", 0)
    assert said.code == 2 and "Traceback" not in said.err
    assert not topic.plan("가족").exists()
    said = geulgam("plan", "가족", "--chars", 10, "--out", "short.toml")
    assert said.code == 0 and "a section of 10 characters has no room for its keywords" in said.err
    assert read_plan(topic.folder / "short.toml").characters == 10


def test_the_planner_of_the_settings_gives_the_titles(topic: Workspace, geulgam: Command, model: Model) -> None:
    put_setting(topic.settings_file, "generate.planner", model.where)
    model.answers([{"number": 2, "title": "아버지의 구두"}, {"number": 1, "title": "낡은 사진"}])
    assert geulgam("plan", "가족", "--sections", 2).code == 0
    assert [section.title for section in read_plan(topic.plan("가족")).sections] == ["아버지의 구두", "낡은 사진"]
    put_setting(topic.settings_file, "generate.planner", "http://127.0.0.1:9/v1")
    said = geulgam("plan", "가족", "--sections", 2)
    assert said.code == 1 and "could not reach the planner" in said.err
    assert read_plan(topic.plan("가족")).sections[0].title == "아버지의 구두"


def _adapters(workspace: Workspace) -> list[str]:
    return [section.adapter for section in read_plan(workspace.plan("가족")).sections]


def test_each_section_becomes_a_topic_and_the_same_command_again_makes_no_more(
    topic: Workspace, geulgam: Command
) -> None:
    said = geulgam("plan", "가족", "--sections", 3, "--chars", 6000, "--topics")
    names = _adapters(topic)
    assert said.code == 0 and len({*names}) == 3 and all(name.startswith("가족-") for name in names)
    assert f"geulgam finetune 가족 {' '.join(names)}\n" in said.err
    made = {each.name: each for each in topic.settings().topics}
    assert list(made)[-3:] == names and all(made[name].k == 30 for name in names)  # as the topic has it
    for section in read_plan(topic.plan("가족")).sections:
        query = made[section.adapter].query
        assert query.startswith(f"+(가족^2 어머니 아버지)^0.5 {section.keywords[0]}^2 ") and query not in topic.plan(
            "가족"
        ).read_text("utf-8")
    before = topic.settings_file.read_bytes(), topic.plan("가족").read_bytes()
    again = geulgam("plan", "가족", "--sections", 3, "--chars", 6000, "--topics")
    assert again.code == 0 and "plan.toml was taken as it stood, --again plans anew" in again.err
    assert "no room" not in again.err
    assert (topic.settings_file.read_bytes(), topic.plan("가족").read_bytes()) == before


def test_a_sections_topic_finds_essays_of_its_own_and_none_that_is_held_out(topic: Workspace, geulgam: Command) -> None:
    said = geulgam("plan", "가족", "--sections", 3, "--topics", "--json")
    sides = read_sides(topic)
    held_out = {*sides.ids("valid"), *sides.ids("test")}
    found = [read_subset(topic.subset(name)) for name in _adapters(topic)]
    for subset, told in zip(found, said.json["topics"], strict=True):
        train = subset.ids("train")
        assert train and not held_out & {*train}
        assert told["train"] == len(train) and told["query"] == subset.topic.query and told["adapter"] == "none"
    assert len({tuple(subset.ids("train")) for subset in found}) == 3
    within = read_subset(topic.subset("가족"))
    assert {*sides.ids("train")} > {*within.ids("train")} and not held_out & {*within.ids("train")}


MINE = """\
title = "우리 집"
[[sections]] # the beginning
title = "아버지의 구두"
characters = 1500
keywords = ["구두", "낡은 신발"]

[[sections]]
adapter = "신발" # my own
characters = 500
"""


def test_a_plan_that_a_person_has_changed_is_taken_as_it_is(topic: Workspace, geulgam: Command) -> None:
    file = topic.plan("가족")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(MINE, "utf-8")
    geulgam("topic", "add", "신발", "--query", "신발")
    said = geulgam("plan", "가족", "--topics")
    assert said.code == 0 and _adapters(topic) == ["가족-아버지의-구두", "신발"]
    assert topic.settings().topic("신발").query == "신발"
    assert topic.settings().topic("가족-아버지의-구두").query.endswith(' 구두^2 "낡은 신발"')
    own = 'adapter = "가족-아버지의-구두"\n'
    assert own in file.read_text("utf-8") and file.read_text("utf-8").replace(own, "") == MINE
    for option, told in [("--sections", "has 2 sections, not 3"), ("--chars", "is of 2,000 characters, not 3")]:
        said = geulgam("plan", "가족", "--topics", option, 3)
        assert said.code == 1 and told in said.err and "--again plans anew" in said.err
    said = geulgam("plan", "가족", "--topics", "--opening", "비가 온다.")
    assert said.code == 1 and "begins otherwise than --opening" in said.err
    file.write_text("title = ", "utf-8")
    said = geulgam("plan", "가족", "--topics")
    assert said.code == 1 and "plan.toml is not valid TOML" in said.err


@pytest.mark.slow
def test_topics_are_renewed_with_what_they_were_told_and_those_left_over_named(
    topic: Workspace, geulgam: Command
) -> None:
    geulgam("plan", "가족", "--sections", 3, "--topics")
    first, *left = _adapters(topic)
    before = topic.settings_file.read_bytes()
    anew = geulgam("plan", "가족", "--sections", 3, "--topics", "--again", "--json").json
    assert [each["name"] for each in anew["topics"]] == [first, *left] and topic.settings_file.read_bytes() == before
    geulgam("topic", "add", first, "--query", "구두")
    assert geulgam("plan", "가족", "--topics").code == 0 and topic.settings().topic(first).query == "구두"
    geulgam("topic", "remove", first)  # what a section names and is gone is made again, by its name
    assert geulgam("plan", "가족", "--topics").code == 0 and topic.settings().topic(first).query.startswith("+(가족^2")
    file = topic.plan("가족")
    made = "+(가족^2 어머니 아버지)^0.5 구두^2"
    geulgam("topic", "add", first, "--query", made)
    without = file.read_text("utf-8").replace(f'adapter = "{first}"\n', "")
    file.write_text(without, "utf-8")
    said = geulgam("plan", "가족", "--topics")
    assert f"changed {first} in geulgam.toml; its query was: {made}" in said.err
    said = geulgam("plan", "가족", "--again")
    assert "no section is written by these any more" in said.err and all(name in said.err for name in [first, *left])
    assert {*_adapters(topic)} == {""}  # without --topics


def test_a_topic_of_ones_own_stays_though_a_section_would_be_called_so(topic: Workspace, geulgam: Command) -> None:
    file = topic.plan("가족")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(MINE, "utf-8")
    geulgam("topic", "add", "신발", "--query", "신발")
    geulgam("topic", "add", "가족-아버지의-구두", "--query", "구두")
    said = geulgam("plan", "가족", "--topics")
    assert said.code == 0 and "changed" not in said.err
    assert _adapters(topic) == ["가족-아버지의-구두-2", "신발"]
    assert topic.settings().topic("가족-아버지의-구두").query == "구두"
    assert topic.settings().topic("가족-아버지의-구두-2").query.endswith(' 구두^2 "낡은 신발"')


@pytest.mark.slow
def test_each_section_is_written_by_the_adapter_of_its_own_topic(geulgam: Command, written: Workspace) -> None:
    said = geulgam("plan", "함께", "--sections", 2, "--chars", 80, "--topics")
    assert said.code == 0
    names = [section.adapter for section in read_plan(written.plan("함께")).sections]
    said = geulgam("generate", "함께")
    assert said.code == 1 and said.err.splitlines()[-2:] == [
        f"error: {', '.join(sorted(names))} have no adapter yet", f"hint: geulgam finetune {' '.join(sorted(names))}"
    ]  # fmt: skip
    assert geulgam("finetune", "함께", *names).code == 0
    sides = read_sides(written)
    for name in names:
        trained = read_subset(written.adapter(name)).ids("train")
        assert trained and set(sides.of(trained)) == {"train"}
    assert geulgam("generate", "함께").code == 0
    folder = written.essays_of("함께")[-1]
    assert [section.adapter for section in read_plan(folder / "plan.toml").sections] == names
    made = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert {f"adapter {name}" for name in names} < made["inputs"].keys()
    assert "geulgam finetune" not in geulgam("plan", "함께", "--topics").err
    geulgam("topic", "remove", names[0])
    said = geulgam("generate", "함께")
    assert said.code == 1 and f"error: the plan has {names[0]} write a section, which is no topic\n" in said.err
    assert geulgam("status").code == 0 and geulgam("run", "--dry-run").code == 0
