"""What is measured of a topic, with and without controls, and how long that stays."""

import json
from pathlib import Path
from typing import Any

import pytest

from corpus.document import document
from corpus.events import Begun, Cancelled, Event
from corpus.store import Corpus
from geulgam.manifest import read as manifest
from geulgam.pipeline import plan
from geulgam.settings_file import put_setting
from geulgam.stages.evaluation import compared, evaluate_topics, read
from geulgam.stages.evaluation_controls import RandomControl
from geulgam.stages.subset import read_subset
from geulgam.workspace import Workspace
from tests.geulgam.conftest import Command


def controls(workspace: Workspace) -> Path:
    return workspace.topic("함께") / "controls"


def test_models_are_compared_by_the_bits_of_the_same_essays() -> None:
    essays = [document("가" * 100), document("나" * 300)]
    told = compared({"base": [200.0, 600.0], "shared": [190.0, 600.0], "adapted": [180.0, 540.0]}, essays, [0, 1])
    assert told["base"].bits == 2.0 and told["adapted"].bits == 1.8
    assert told["adapted"].gain == pytest.approx(10) and told["adapted"].gain_interval == (10.0, 10.0)
    assert told["shared"].gain == pytest.approx(1.25) and told["shared"].lead == pytest.approx(
        100 * (1 - 720 / 790), abs=1e-3
    )
    assert told["base"].lead == told["adapted"].gain and told["base"].gain_interval is None
    low, high = told["shared"].lead_interval or (0, 0)
    assert low == pytest.approx(100 * (1 - 180 / 190), abs=0.01) and high == pytest.approx(10)
    alone = compared({"base": [2.0, 2.0], "adapted": [1.0, 1.0]}, essays, [7, 7])  # kin: one is no sample
    assert alone["adapted"].gain_interval is None


def test_evaluate_says_of_each_model_what_it_needs(geulgam: Command, written: Workspace) -> None:
    said = geulgam("evaluate")
    assert all(name in said.out for name in ("base", "shared stage", "topic over it", "95 %"))
    assert "report.html" in said.err
    (told,) = geulgam("evaluate", "--json").json
    assert list(told["models"]) == ["base", "shared", "adapted"]
    kept = json.loads((written.evaluation("함께") / "metrics.json").read_text(encoding="utf-8"))
    assert len(kept["each"]) == told["essays"] and set(kept["by_position"]) == set(told["models"])
    characters = sum(essay["characters"] for essay in kept["each"])
    for name, model in told["models"].items():
        assert sum(essay["bits"][name] for essay in kept["each"]) / characters == pytest.approx(model["bits"], abs=1e-4)


@pytest.mark.slow
def test_controls_take_as_many_steps_from_the_same_start(geulgam: Command, written: Workspace) -> None:
    (told,) = geulgam("evaluate", "--full", "--json").json
    assert list(told["models"]) == ["base", "shared", "random", "corpus", "adapted"]
    own, random, whole = (
        manifest(folder)
        for folder in (written.adapter("함께"), controls(written) / "random", controls(written) / "corpus")
    )
    assert own and random and whole
    assert own.facts["steps"] == random.facts["steps"] == whole.facts["steps"] == 3
    split = read_subset(written.adapter("함께"))
    corpus, train = Corpus(written.corpus), split.ids("train")
    held_out = {*split.ids("valid"), *split.ids("test")}
    assert whole.facts["train_documents"] == len(corpus) - sum(
        side != "train" for side in _sides(written, [d.id for d in corpus])
    )
    assert random.facts["goes_on"] and whole.facts["goes_on"] and random.facts["of_own"] == len(train)
    kind = RandomControl(written, written.settings(), "함께")
    drawn = kind.drawn(corpus, [d.id for d in corpus if d.id not in held_out], 2_000, 0)
    sizes = [len(essay.text) for essay in drawn]
    assert sum(sizes) >= 2_000 > sum(sizes[:-1]) and not {e.id for e in drawn} & held_out
    page = (written.evaluation("함께") / "report.html").read_text(encoding="utf-8")
    assert "What the controls are" in page and "as many steps on random essays" in page

    # neither is made again, nor does `run` undo or ask for what they told
    steps: list[Event] = []
    evaluate_topics(written, written.settings(), ["함께"], full=True, on=steps.append)
    assert not steps
    assert plan(written, written.settings()) == []
    assert len((read(written, "함께") or pytest.fail()).models) == 5
    assert "random essays" in geulgam("evaluate").out
    put_setting(written.settings_file, "finetune.max_steps", 2)
    assert "adapter" in [state.node.stage for state in plan(written, written.settings())]
    geulgam("finetune")
    (told,) = geulgam("evaluate", "--json").json
    assert list(told["models"]) == ["base", "shared", "adapted"]  # the controls were of another adapter


@pytest.mark.slow
def test_a_control_that_was_broken_off_goes_on(written: Workspace) -> None:
    settings = written.settings()

    def stop(event: Event) -> None:
        if getattr(event, "task", "") == "training" and getattr(event, "done", 0) == 2:
            raise Cancelled("now")

    with pytest.raises(Cancelled):
        evaluate_topics(written, settings, ["함께"], full=True, on=stop)
    begun: list[Any] = []

    def on(event: Event) -> None:
        if isinstance(event, Begun) and event.task == "training":
            begun.append((event.artifact, event.done))

    evaluate_topics(written, settings, ["함께"], full=True, on=on)
    assert begun[0][0] == "random essays 함께" and begun[0][1] in (1, 2) and begun[1] == ("whole corpus 함께", 0)


def test_what_was_kept_in_another_form_is_measured_anew(written: Workspace) -> None:
    file = written.evaluation("함께") / "metrics.json"
    told = json.loads(file.read_text(encoding="utf-8"))
    del told["models"]
    file.write_text(json.dumps(told), encoding="utf-8")
    assert read(written, "함께") is None
    assert [state.node.stage for state in plan(written, written.settings())] == ["evaluation"]


def _sides(workspace: Workspace, ids: list[str]) -> list[str]:
    from geulgam.stages.sides import read_sides

    return list(read_sides(workspace).of(ids))


@pytest.mark.slow
def test_the_doctor_speaks_after_each_training_and_only_then(geulgam: Command, small: Workspace) -> None:
    said = geulgam("finetune").err
    assert "shared stage: trained on" in said
    assert said.count("doctor: only ") == 2  # tokens, of the shared stage and of the topic
    assert "doctor" not in geulgam("finetune").err
    found = manifest(small.adapter("함께"))
    assert found and any("tokens of text" in line for line in found.facts["diagnosis"])
    put_setting(small.settings_file, "finetune.max_steps", 2)
    assert "doctor: only " in geulgam("run").out
