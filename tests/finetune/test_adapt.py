"""An adapter is trained whole or not at all, survives any kill, and is loadable by peft alone."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from corpus.document import document
from corpus.errors import GeulgamError
from corpus.events import Begun, Cancelled, Event, Figure, Finished, Progress
from finetune.adapt import VOCABULARY, adapt, within_reach
from finetune.base import BaseModel
from finetune.checkpoints import WEIGHTS
from finetune.execution import Execution, Precision
from finetune.headers import Frequencies
from finetune.layout import essay_text
from finetune.method import attach
from finetune.recipe import METHODS, Method, Recipe
from finetune.selection import DivergedError
from finetune.vocabulary import Vocabulary
from tests.finetune.tiny import tiny_essays
from tests.finetune.trainings import CARD, OFTEN, QUICK, ended_at, trained, weights


@pytest.fixture()
def base(tiny: Path) -> BaseModel:
    return BaseModel.load(str(tiny), [essay_text(d) for d in tiny_essays()])


@pytest.mark.parametrize("method", METHODS)
def test_each_recipe_lowers_the_held_out_loss(base: BaseModel, tmp_path: Path, method: Method) -> None:
    essays = tiny_essays()
    recipe = Recipe(
        method=method,
        epochs=4,
        block_tokens=32,
        headers=False,
        batch=2,
        learning_rate=5e-3,
        evaluations=2,
        rank=4,
        patience=9,
    )
    adapter = adapt(base, essays[:9], essays[9:], recipe, tmp_path / "adapter", CARD)
    assert adapter.metrics["valid_loss"] < adapter.metrics["valid_loss_start"] - 0.1
    assert not (tmp_path / "adapter.part").exists()


@pytest.mark.parametrize("method", METHODS)
def test_peft_alone_loads_the_adapter_on_the_untrimmed_base(
    base: BaseModel, tiny: Path, tmp_path: Path, method: Method
) -> None:
    essays = tiny_essays()
    recipe = Recipe(method=method, max_steps=3, block_tokens=32, headers=False, learning_rate=5e-3, rank=4)
    adapter = adapt(base, essays[:9], essays[9:], recipe, tmp_path / "adapter", CARD)
    names = {path.name for path in adapter.folder.iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "README.md"} <= names
    whole = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny, dtype=base.dtype), adapter.folder)
    whole.eval()
    ids = torch.tensor([[base.vocabulary.bos, *base.vocabulary.encode("우리는 함께 걸었다.")]])
    kept = torch.from_numpy(base.vocabulary.kept)
    with torch.inference_mode(), base.using(adapter.folder) as model:
        ours = model(input_ids=ids).logits.float()
        theirs = whole(input_ids=kept[ids]).logits.float()[..., kept]
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-3)
    with torch.inference_mode():
        assert not torch.allclose(base.model(input_ids=ids).logits.float(), ours, atol=1e-3)


def test_freeze_leaves_the_lower_layers_alone(base: BaseModel) -> None:
    model = attach(base, Recipe(method="freeze", frozen_layers=3))
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert any(".layers.3." in name for name in trained) and any("model.norm" in name for name in trained)
    assert not any(f".layers.{i}." in name for name in trained for i in range(3))
    assert not any("embed" in name or "lm_head" in name for name in trained)
    base.take_off()


def test_the_card_says_what_the_adapter_was_made_from(base: BaseModel, tmp_path: Path) -> None:
    essays = tiny_essays()
    adapt(base, essays[:9], essays[9:], Recipe(max_steps=2, block_tokens=32, headers=False), tmp_path / "a", CARD)
    card = (tmp_path / "a" / "README.md").read_text()
    for said in ("함께^2 더불어", "| k | 12 |", "hash of their ids", "learning_rate", "valid_loss", "base_model:"):
        assert said in card


def test_headers_are_of_what_is_trained_on_alone_and_go_on_as_they_began(base: BaseModel, tmp_path: Path) -> None:
    essays, recipe = tiny_essays(), Recipe(max_steps=2, block_tokens=32)
    first = adapt(base, essays[:9], essays[9:], recipe, tmp_path / "a", CARD)
    plain = adapt(base, essays[:9], essays[9:], replace(recipe, headers=False), tmp_path / "b", CARD)
    assert first.metrics["valid_loss_start"] == plain.metrics["valid_loss_start"]
    assert "    [2/3] 우산, 정류장, 비\n" in (first.folder / "README.md").read_text(encoding="utf-8")
    assert Frequencies.of_adapter(plain.folder) is None and "[2/3]" not in (plain.folder / "README.md").read_text()
    after = adapt(base, essays[:3], essays[9:], recipe, tmp_path / "c", CARD, start=first.folder)
    assert Frequencies.of_adapter(after.folder) == Frequencies.of_adapter(first.folder) is not None


def test_the_base_is_unchanged_after_a_training(base: BaseModel, tmp_path: Path) -> None:
    ids = torch.tensor([[base.vocabulary.bos, *base.vocabulary.encode("함께 걸었다")]])
    with torch.inference_mode():
        before = base.model(input_ids=ids).logits
    essays = tiny_essays()
    adapt(base, essays[:9], essays[9:], Recipe(max_steps=2, block_tokens=32, headers=False), tmp_path / "a", CARD)
    with torch.inference_mode():
        assert torch.equal(before, base.model(input_ids=ids).logits)


_RUN = """
import sys
from pathlib import Path
from finetune.adapt import adapt
from finetune.base import BaseModel
from finetune.layout import essay_text
from tests.finetune.trainings import CARD, OFTEN, QUICK
from tests.finetune.tiny import tiny_essays
essays = tiny_essays()
base = BaseModel.load(sys.argv[1], [essay_text(d) for d in essays], device="cpu")
adapt(base, essays[:9], essays[9:], QUICK, Path(sys.argv[2]), CARD, OFTEN)
"""


def _start(tiny: Path, folder: Path) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    return subprocess.Popen([sys.executable, "-c", _RUN, str(tiny), str(folder)], cwd=root, env=os.environ.copy())


@pytest.mark.slow
def test_killed_at_any_step_the_same_call_ends_with_the_same_weights(tiny: Path, tmp_path: Path) -> None:
    assert _start(tiny, tmp_path / "whole").wait() == 0
    kills = 0
    for after in (2, 6, 12):
        process = _start(tiny, tmp_path / "killed")
        part = tmp_path / "killed.part"
        while process.poll() is None:
            steps = [int(p.name.split("-")[1]) for p in part.glob("checkpoint-*") if p.name.count("-") == 1]
            if max(steps, default=0) >= after:
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
                break
            time.sleep(0.005)
    assert kills >= 2
    assert _start(tiny, tmp_path / "killed").wait() == 0
    one = load_file(tmp_path / "whole" / "adapter_model.safetensors")
    other = load_file(tmp_path / "killed" / "adapter_model.safetensors")
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_ended_between_two_steps_the_same_call_goes_on_to_the_same_weights(base: BaseModel, tmp_path: Path) -> None:
    whole = trained(base, tmp_path / "whole")
    with pytest.raises(Cancelled):
        trained(base, tmp_path / "ended", on=ended_at(7))
    assert not (tmp_path / "ended").exists()
    told: list[Event] = []
    again = trained(base, tmp_path / "ended", on=told.append)
    assert told[0] == Begun("training", 16, "step", done=6)
    assert weights(again.folder) == weights(whole.folder)
    timings = ("seconds", "tokens_per_second")
    assert all(again.metrics[name] == value for name, value in whole.metrics.items() if name not in timings)


def test_what_is_told_is_kept_before_it_is_told(base: BaseModel, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        trained(base, tmp_path / "adapter", on=ended_at(2))
    assert (tmp_path / "adapter.part" / "checkpoint-2" / "reached.json").exists()


def test_how_it_is_run_does_not_make_a_training_begin_anew(base: BaseModel, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        trained(base, tmp_path / "adapter", on=ended_at(7))
    told: list[Event] = []
    otherwise = Execution(device_batch=1, gradient_checkpointing=True, checkpoint_steps=5)
    trained(base, tmp_path / "adapter", execution=otherwise, on=told.append)
    assert told[0] == Begun("training", 16, "step", done=6)


@pytest.mark.parametrize("change", ["text", "recipe", "precision"])
def test_what_changes_the_weights_makes_it_begin_anew(base: BaseModel, tiny: Path, tmp_path: Path, change: str) -> None:
    with pytest.raises(Cancelled):
        trained(base, tmp_path / "adapter", on=ended_at(7))
    told: list[Event] = []
    essays, recipe = tiny_essays(), QUICK
    if change == "text":
        essays[0] = replace(essays[0], title="다른 제목")
    elif change == "recipe":
        recipe = replace(QUICK, learning_rate=1e-3)
    else:
        other: Precision = "fp32" if base.dtype == torch.bfloat16 else "bf16"
        base = BaseModel.load(str(tiny), [essay_text(d) for d in tiny_essays()], precision=other)
    adapt(base, essays[:9], essays[9:], recipe, tmp_path / "adapter", CARD, OFTEN, on=told.append)
    assert isinstance(told[0], Begun) and told[0].done == 0


def test_seconds_and_tokens_are_those_of_all_sessions(base: BaseModel, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        trained(base, tmp_path / "adapter", on=ended_at(7))
    reached = tmp_path / "adapter.part" / "checkpoint-6" / "reached.json"
    noted = json.loads(reached.read_text())
    assert 0 < noted["seconds"] < 60
    reached.write_text(json.dumps({**noted, "seconds": 1000.0}))
    metrics = trained(base, tmp_path / "adapter").metrics
    assert 1000 < metrics["seconds"] < 1060
    assert metrics["tokens_per_second"] == pytest.approx(metrics["tokens"] / metrics["seconds"], abs=0.1)


def test_a_device_that_holds_less_at_once_learns_the_same(tiny: Path, tmp_path: Path) -> None:
    base = BaseModel.load(str(tiny), [essay_text(d) for d in tiny_essays()], precision="fp32")
    whole = trained(base, tmp_path / "whole").metrics
    one_by_one = trained(base, tmp_path / "one", execution=Execution(device_batch=1)).metrics
    assert one_by_one["steps"] == whole["steps"] == 16
    for (_, loss), (_, expected) in zip(one_by_one["history"], whole["history"], strict=True):
        assert loss == pytest.approx(expected, abs=2e-4)


def test_gradient_checkpointing_changes_no_weight_and_ends_with_the_training(base: BaseModel, tmp_path: Path) -> None:
    whole = trained(base, tmp_path / "whole")
    sparing = trained(base, tmp_path / "sparing", execution=Execution(gradient_checkpointing=True))
    assert weights(sparing.folder) == weights(whole.folder)
    assert not base.model.is_activation_checkpointing


def test_every_step_and_every_measurement_is_told(
    base: BaseModel, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told: list[Event] = []
    metrics = trained(base, tmp_path / "adapter", on=told.append).metrics
    steps = [event.done for event in told if isinstance(event, Progress)]
    assert steps == sorted(steps) and set(steps) == set(range(17))
    assert any("tok/s, loss" in event.note for event in told if isinstance(event, Progress))
    measured = [(event.step, round(event.value, 4)) for event in told if isinstance(event, Figure)]
    assert measured == [tuple(pair) for pair in metrics["history"]]
    assert isinstance(told[-1], Finished) and told[-1].complete and "loss on the valid side" in told[-1].result
    assert capfd.readouterr() == ("", "")


def test_the_folder_is_sealed_before_it_stands_in_its_place(base: BaseModel, tmp_path: Path) -> None:
    def seal(made: Path, metrics: dict[str, Any]) -> None:
        names = {path.name for path in made.iterdir()}
        assert {WEIGHTS, "adapter_config.json", "README.md", "training.json", VOCABULARY} <= names
        assert not (tmp_path / "adapter").exists()
        (made / "manifest.json").write_text(json.dumps(metrics["steps"]))

    adapter = trained(base, tmp_path / "adapter", seal=seal)
    assert json.loads((adapter.folder / "manifest.json").read_text()) == 16
    kept = Vocabulary.load(adapter.folder / VOCABULARY, base.vocabulary.tokenizer)
    assert kept.kept.tolist() == base.vocabulary.kept.tolist()


def test_the_configuration_is_the_same_in_every_process(base: BaseModel, tmp_path: Path) -> None:
    config = json.loads((trained(base, tmp_path / "adapter").folder / "adapter_config.json").read_text())
    assert list(config) == sorted(config) and len(config["target_modules"]) > 1
    assert config["target_modules"] == sorted(config["target_modules"])


@pytest.mark.slow
@pytest.mark.parametrize("failing", ["seal", "training"])
def test_whatever_fails_the_adapter_that_was_there_stays(base: BaseModel, tmp_path: Path, failing: str) -> None:
    before = weights(trained(base, tmp_path / "adapter").folder)
    other = replace(QUICK, learning_rate=1e-3)

    def fail(*given: Any) -> None:
        raise OSError("no")

    failure: dict[str, Any] = {"seal": fail} if failing == "seal" else {"on": ended_at(9)}
    with pytest.raises((OSError, Cancelled)):
        trained(base, tmp_path / "adapter", recipe=other, **failure)
    assert weights(tmp_path / "adapter") == before
    told: list[Event] = []
    assert weights(trained(base, tmp_path / "adapter", recipe=other, on=told.append).folder) != before
    assert isinstance(told[0], Begun) and told[0].done == (16 if failing == "seal" else 8)
    assert [path.name for path in tmp_path.iterdir()] == ["adapter"]


def test_killed_after_it_was_put_in_its_place_nothing_is_trained_again(base: BaseModel, tmp_path: Path) -> None:
    def keep_run(made: Path, metrics: dict[str, Any]) -> None:
        shutil.copytree(made.parent, tmp_path / "kept", ignore=shutil.ignore_patterns("best-*"))

    done = trained(base, tmp_path / "adapter", seal=keep_run)
    before = weights(done.folder)
    (tmp_path / "kept").rename(tmp_path / "adapter.part")
    told: list[Event] = []
    again = trained(base, tmp_path / "adapter", on=told.append)
    assert not told and again.metrics == done.metrics and weights(again.folder) == before
    assert not (tmp_path / "adapter.part").exists()


def test_another_recipe_begins_anew(base: BaseModel, tmp_path: Path) -> None:
    essays = tiny_essays()
    part = tmp_path / "adapter.part"
    part.mkdir()
    (part / "run").write_text("the fingerprint of another run")
    (part / "checkpoint-99").mkdir()
    adapter = adapt(
        base, essays[:9], essays[9:], Recipe(max_steps=2, block_tokens=32, headers=False), tmp_path / "adapter", CARD
    )
    assert adapter.metrics["steps"] == 2


def test_a_loss_that_is_no_number_stops_and_says_what_to_change(base: BaseModel, tmp_path: Path) -> None:
    essays = tiny_essays()
    recipe = Recipe(epochs=20, block_tokens=32, headers=False, batch=2, learning_rate=1e30, schedule="constant")
    with pytest.raises(DivergedError) as caught:
        adapt(base, essays[:9], essays[9:], recipe, tmp_path / "adapter", CARD, Execution(checkpoint_steps=1))
    assert "step" in str(caught.value) and "learning_rate" in caught.value.hint
    assert not (tmp_path / "adapter").exists()
    good = sorted((tmp_path / "adapter.part").glob("checkpoint-*/adapter_model.safetensors"))
    for file in good:
        assert all(torch.isfinite(tensor).all() for tensor in load_file(file).values())


@pytest.mark.slow
def test_early_stopping_keeps_the_best_adapter(base: BaseModel, tmp_path: Path) -> None:
    essays = tiny_essays()
    recipe = Recipe(
        epochs=60,
        block_tokens=32,
        headers=False,
        batch=2,
        learning_rate=3e-2,
        schedule="constant",
        evaluations=20,
        patience=2,
        rank=4,
    )
    adapter = adapt(base, essays[:5], essays[8:], recipe, tmp_path / "adapter", CARD)
    losses = dict(adapter.metrics["history"])
    assert adapter.metrics["stopped_early"]
    assert adapter.metrics["valid_loss"] == min(loss for step, loss in losses.items() if step)
    assert json.loads((adapter.folder / "training.json").read_text())["metrics"]["best_step"] < max(losses)


def test_an_empty_side_or_too_long_a_block_is_a_clear_line(base: BaseModel, tmp_path: Path) -> None:
    with pytest.raises(GeulgamError, match="valid side of 함께 is empty"):
        adapt(base, tiny_essays(), [], QUICK, tmp_path / "a", CARD)
    with pytest.raises(GeulgamError, match="context"):
        adapt(base, tiny_essays(), tiny_essays(), Recipe(block_tokens=100_000), tmp_path / "a", CARD)


def test_of_far_more_than_the_steps_read_a_part_is_drawn() -> None:
    essays = [document("물과 산. " * 100, f"{number}") for number in range(200)]
    short, long = (
        Recipe(max_steps=5, block_tokens=64, headers=False, batch=2),
        Recipe(max_steps=500, block_tokens=64, batch=2),
    )

    drawn = within_reach(essays, short)
    assert 5 * 64 * 2 * 5 <= sum(len(essay.text) for essay in drawn) < 5 * 64 * 2 * 5 + len(essays[0].text)
    assert drawn == within_reach(essays, short) != essays[: len(drawn)]
    assert [int(essay.title) for essay in drawn] == sorted(int(essay.title) for essay in drawn)
    assert list(within_reach(essays, long)) == list(within_reach(essays, Recipe())) == essays
