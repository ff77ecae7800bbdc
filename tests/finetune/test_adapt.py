"""An adapter is trained whole or not at all, survives any kill, and is loadable by peft alone."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from corpus.errors import GeulgamError
from finetune.adapt import adapt
from finetune.base import BaseModel
from finetune.layout import essay_text
from finetune.card import Card
from finetune.execution import Execution
from finetune.method import attach
from finetune.recipe import METHODS, Method, Recipe
from finetune.selection import DivergedError
from tests.finetune.tiny import tiny_essays

QUICK = Recipe(epochs=4, block_tokens=32, batch=2, learning_rate=5e-3, evaluations=4, rank=4, patience=9)
OFTEN = Execution(checkpoint_steps=2)
CARD = Card("함께", "함께^2 더불어", 12)


@pytest.fixture()
def base(tiny: Path) -> BaseModel:
    return BaseModel.load(str(tiny), [essay_text(d) for d in tiny_essays()])


@pytest.mark.parametrize("method", METHODS)
def test_each_recipe_lowers_the_held_out_loss(base: BaseModel, tmp_path: Path, method: Method) -> None:
    essays = tiny_essays()
    recipe = Recipe(
        method=method, epochs=4, block_tokens=32, batch=2, learning_rate=5e-3, evaluations=2, rank=4, patience=9
    )
    adapter = adapt(base, essays[:9], essays[9:], recipe, tmp_path / "adapter", CARD)
    assert adapter.metrics["valid_loss"] < adapter.metrics["valid_loss_base"] - 0.1
    assert not (tmp_path / "adapter.part").exists()


@pytest.mark.parametrize("method", METHODS)
def test_peft_alone_loads_the_adapter_on_the_untrimmed_base(
    base: BaseModel, tiny: Path, tmp_path: Path, method: Method
) -> None:
    essays = tiny_essays()
    recipe = Recipe(method=method, max_steps=3, block_tokens=32, learning_rate=5e-3, rank=4)
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
    adapt(base, essays[:9], essays[9:], Recipe(max_steps=2, block_tokens=32), tmp_path / "a", CARD)
    card = (tmp_path / "a" / "README.md").read_text()
    for said in ("함께^2 더불어", "| k | 12 |", "hash of their ids", "learning_rate", "valid_loss", "base_model:"):
        assert said in card


def test_the_base_is_unchanged_after_a_training(base: BaseModel, tmp_path: Path) -> None:
    ids = torch.tensor([[base.vocabulary.bos, *base.vocabulary.encode("함께 걸었다")]])
    with torch.inference_mode():
        before = base.model(input_ids=ids).logits
    essays = tiny_essays()
    adapt(base, essays[:9], essays[9:], Recipe(max_steps=2, block_tokens=32), tmp_path / "a", CARD)
    with torch.inference_mode():
        assert torch.equal(before, base.model(input_ids=ids).logits)


_RUN = """
import sys
from pathlib import Path
from finetune.adapt import adapt
from finetune.base import BaseModel
from finetune.layout import essay_text
from tests.finetune.test_adapt import CARD, OFTEN, QUICK
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


def test_another_recipe_begins_anew(base: BaseModel, tmp_path: Path) -> None:
    essays = tiny_essays()
    part = tmp_path / "adapter.part"
    part.mkdir()
    (part / "run").write_text("the fingerprint of another run")
    (part / "checkpoint-99").mkdir()
    adapter = adapt(base, essays[:9], essays[9:], Recipe(max_steps=2, block_tokens=32), tmp_path / "adapter", CARD)
    assert adapter.metrics["steps"] == 2


def test_a_loss_that_is_no_number_stops_and_says_what_to_change(base: BaseModel, tmp_path: Path) -> None:
    essays = tiny_essays()
    recipe = Recipe(epochs=20, block_tokens=32, batch=2, learning_rate=1e30, schedule="constant")
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
        epochs=60, block_tokens=32, batch=2, learning_rate=3e-2, schedule="constant", evaluations=20, patience=2, rank=4
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
