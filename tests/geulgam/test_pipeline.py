"""`geulgam run` does what is stale, in order, says why, and does nothing else."""

import re
from pathlib import Path
from typing import Any

import pytest

from geulgam.pipeline import plan
from geulgam.workspace import Workspace
from tests.geulgam.conftest import Command

STAGES = ["sides", "index", "spans", "wording", "shared-stage", "subset", "adapter", "evaluation", "essay"]


def edit(workspace: Workspace, pattern: str, line: str) -> None:
    """Change a line of geulgam.toml, as a user would."""
    text = workspace.settings_file.read_text(encoding="utf-8")
    changed, count = re.subn(rf"^(# )?{pattern}.*$", line, text, count=1, flags=re.MULTILINE)
    assert count == 1
    workspace.settings_file.write_text(changed, encoding="utf-8")


def lines(workspace: Workspace) -> list[str]:
    return [f"{state.node.name}: {state.why}" for state in plan(workspace, workspace.settings())]


def test_a_run_does_all_stages_and_a_second_run_none(geulgam: Command, small: Workspace) -> None:
    assert [state.node.stage for state in plan(small, small.settings())] == STAGES
    first = geulgam("run")
    assert first.code == 0
    assert first.err.splitlines() == [
        "sides: not made yet",
        "index: not built yet",
        "spans: not made yet",
        "wording: not made yet",
        "subset 함께: not selected yet",
        "shared-stage: not made yet",
        "adapter 함께: not made yet",
        "evaluation 함께: not measured yet",
        "essay 함께: not written yet",
    ]
    assert (small.folder / "essays" / "함께-001" / "essay.md").read_text(encoding="utf-8").startswith("# 함께\n\n")
    second = geulgam("run")
    assert (second.code, second.out, second.err) == (0, "everything is up to date\n", "")


@pytest.mark.slow
def test_a_topic_that_matches_nothing_fails_at_the_end_and_the_others_are_done(
    geulgam: Command, small: Workspace
) -> None:
    edit(small, r"\[\[topics\]\]", '[[topics]]\nname = "우주"\nquery = "블랙홀"\n\n[[topics]]')
    said = geulgam("run")
    assert said.code == 1
    assert "error: " in said.err and "블랙홀" in said.err.splitlines()[-2]
    assert "adapter 우주" not in said.err
    assert (small.folder / "essays" / "함께-001" / "essay.md").exists()


@pytest.mark.slow
def test_a_topic_for_which_memory_does_not_suffice_ends_with_advice_and_the_others_are_done(
    geulgam: Command, small: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from finetune.trainer import AdapterTrainer

    step = AdapterTrainer.training_step
    calls: list[int] = []

    def first_is_too_large(*given: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) <= 4:  # with 4, 2 and 1 blocks at once, then with gradient checkpointing
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return step(*given, **named)

    monkeypatch.setattr(AdapterTrainer, "training_step", first_is_too_large)
    monkeypatch.setenv("GEULGAM_FINETUNE__SHARED__EPOCHS", "0")  # so that the first to be trained is a topic's
    geulgam("topic", "add", "가족", "--query", "가족 식구 어머니 아버지")
    said = geulgam("run")
    assert said.code == 1 and "Traceback" not in said.err
    assert "memory" in said.err.splitlines()[-2] and "finetune.device_batch" in said.err.splitlines()[-1]
    assert (small.folder / "essays" / "가족-001" / "essay.md").exists()
    assert not (small.folder / "essays" / "함께-001").exists()


@pytest.mark.slow
def test_what_was_trained_on_essays_that_are_held_out_now_is_stale_and_says_why(
    geulgam: Command, written: Workspace
) -> None:
    edit(written, "test_share =", "test_share = 0.5")
    told = lines(written)
    assert told[0] == "sides: settings changed: test_share 0.12 → 0.5"
    said = geulgam("run")
    (why,) = [line for line in said.err.splitlines() if line.startswith("adapter 함께: ")]
    assert re.search(r"\d+ of its training documents are held out now", why)
    assert lines(written) == []


def test_a_dry_run_changes_nothing(geulgam: Command, small: Workspace) -> None:
    before = {path: path.stat().st_mtime_ns for path in small.folder.rglob("*")}
    steps = geulgam("run", "--dry-run", "--json").json
    assert [step["stage"] for step in steps] == STAGES
    assert {path: path.stat().st_mtime_ns for path in small.folder.rglob("*")} == before


def test_new_essays_are_counted_and_what_follows_is_conditional(
    geulgam: Command, written: Workspace, sample: Path
) -> None:
    geulgam("corpus", "add", sample / "travel.jsonl")
    assert lines(written) == [
        "sides: corpus changed",
        "index: corpus changed: 21 new documents",
        "spans: corpus changed",
        "wording: corpus changed",
        "shared-stage: if the sides comes out different",
        "subset 함께: if the index or the sides come out different",
        "adapter 함께: if the subset or the shared-stage come out different",
        "evaluation 함께: if the adapter comes out different",
        "essay 함께: if the adapter or the spans or the wording come out different",
    ]


def test_a_subset_that_comes_out_the_same_costs_no_training(geulgam: Command, written: Workspace) -> None:
    (written.folder / "far.txt").write_text("전혀 다른 이야기다.\n", encoding="utf-8")
    geulgam("corpus", "add", "far.txt")
    said = geulgam("run")
    assert said.code == 0
    assert said.err.splitlines() == [
        "sides: corpus changed",
        "index: corpus changed: 1 new documents",
        "spans: corpus changed",
        "wording: corpus changed; sides changed",
        "subset 함께: index changed; sides changed",
        "essay 함께: spans changed; wording changed",  # it might have copied the new one
    ]


@pytest.mark.slow
def test_a_changed_recipe_is_named_and_trains_again(geulgam: Command, written: Workspace) -> None:
    edit(written, "epochs =", "epochs = 3")
    edit(written, "max_steps =", "max_steps = 4")
    said = geulgam("run")
    assert said.code == 0
    assert said.err.splitlines() == [
        "adapter 함께: recipe changed: epochs 1 → 3, max_steps 3 → 4",
        "evaluation 함께: adapter changed",
        "essay 함께: adapter changed",
    ]
    assert len(written.essays_of("함께")) == 2  # the old essay stays


def test_a_critic_that_is_to_learn_is_made_between_the_adapter_and_the_essay(
    geulgam: Command, written: Workspace
) -> None:
    edit(written, "places =", "places = 8")
    told = lines(written)
    assert told[0] == "critic 함께: not made yet" and told[1].startswith("essay 함께: ") and len(told) == 2
    assert geulgam("run").code == 0
    assert lines(written) == []


def test_each_setting_makes_only_its_own_stages_stale(written: Workspace) -> None:
    edit(written, "checkpoint_steps =", "checkpoint_steps = 7")
    assert lines(written) == []  # changes no weight
    edit(written, "characters =", "characters = 40")
    assert lines(written) == ["essay 함께: settings changed: characters 30 → 40"]
    edit(written, "k =", "k = 15")
    assert lines(written)[0] == "subset 함께: settings changed: k 20 → 15"
    edit(written, "query =", 'query = "더불어"')
    assert lines(written)[0] == "subset 함께: settings changed: query 함께^2 더불어 동행 → 더불어, k 20 → 15"
    edit(written, "analyzer =", 'analyzer = "whitespace"')
    assert lines(written)[0].startswith("index: analyzer changed: bigram")


def test_the_backend_makes_nothing_stale_since_both_rank_alike(written: Workspace) -> None:
    edit(written, "backend =", 'backend = "rank-bm25"')
    assert lines(written) == []


def test_another_topic_leaves_the_first_alone(geulgam: Command, written: Workspace) -> None:
    geulgam("topic", "add", "가족", "--query", "가족 식구")
    assert {state.node.topic for state in plan(written, written.settings())} == {"가족"}


def test_a_lost_artifact_is_made_again(written: Workspace) -> None:
    (written.adapter("함께") / "adapter_model.safetensors").unlink()
    assert lines(written)[0] == "adapter 함께: not made yet"
    (written.subset("함께") / "subset.parquet").unlink()
    assert lines(written)[0] == "subset 함께: not selected yet"


def test_a_damaged_manifest_counts_as_none(written: Workspace) -> None:
    (written.evaluation("함께") / "metrics.json").write_text("{", encoding="utf-8")
    assert lines(written) == ["evaluation 함께: not measured yet"]


def test_without_topics_or_essays_it_says_what_to_type(geulgam: Command, workspace: Workspace) -> None:
    said = geulgam("run")
    assert said.code == 1 and "the corpus is empty" in said.err and "geulgam corpus add" in said.err
    geulgam("topic", "remove", "함께")
    said = geulgam("run")
    assert said.code == 1 and "there is no topic yet" in said.err and "geulgam topic add" in said.err


def test_status_is_a_tree_of_all_artifacts(geulgam: Command, written: Workspace) -> None:
    shown = geulgam("status").out
    for name in ("imports", "corpus", *(stage if stage in STAGES[:5] else f"{stage} 함께" for stage in STAGES)):
        assert re.search(rf"{name}  fresh", shown), shown
    edit(written, "epochs =", "epochs = 3")
    (written.evaluation("함께") / "metrics.json").unlink()
    states = {state["name"]: state for state in geulgam("status", "--json").json}
    assert states["adapter 함께"]["reasons"] == ["recipe changed: epochs 1 → 3"]
    assert states["adapter 함께"]["seconds"] > 0 and states["adapter 함께"]["bytes"] > 1000
    assert states["adapter 함께"]["made"].startswith("20") and states["adapter 함께"]["inputs"] == [
        "subset 함께",
        "shared-stage",
    ]
    assert states["evaluation 함께"]["there"] is False and states["evaluation 함께"]["depends"] == ["adapter"]
    assert states["index"]["fresh"] and states["corpus"]["fresh"]
    assert "stale: recipe changed: epochs 1 → 3" in geulgam("status").out


@pytest.mark.parametrize("command", ["finetune", "evaluate"])
def test_stages_by_name_refuse_a_topic_that_is_not_there(geulgam: Command, written: Workspace, command: str) -> None:
    said = geulgam(command, "없는것")
    assert said.code == 1 and said.err.startswith("error: no topic is called 없는것\nhint: ")
