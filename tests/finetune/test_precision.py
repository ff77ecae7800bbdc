"""fp16, as on a GPU without bf16: losses are scaled, what is trained is fp32, an overflow costs one step.

On a CPU, with torch's scaler and autocast for it; a GPU's own kernels and their rounding are not tried here.
"""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import Trainer

from corpus.errors import GeulgamError
from corpus.events import Cancelled
from finetune import device
from finetune.base import BaseModel
from finetune.checkpoints import WEIGHTS
from finetune.device import best_dtype
from finetune.execution import Execution
from finetune.layout import essay_text
from finetune.method import attach
from finetune.quantization import quantization
from finetune.recipe import METHODS, Method, Recipe
from tests.finetune.tiny import tiny_essays
from tests.finetune.trainings import ended_at, trained

T4, A100 = (7, 5), (8, 0)


@pytest.fixture()
def base(tiny: Path) -> BaseModel:
    return BaseModel.load(str(tiny), [essay_text(d) for d in tiny_essays()], precision="fp16", device="cpu")


@pytest.mark.parametrize(
    ("capability", "kind", "expected"),
    [
        (T4, "llama", torch.float16),
        (T4, "gpt2", torch.float16),
        (T4, "gemma3_text", torch.float32),  # its activations overflow fp16
        (A100, "gemma3_text", torch.bfloat16),
    ],
)
def test_a_gpu_without_bf16_has_fp16_but_for_models_that_overflow_it(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], kind: str, expected: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert best_dtype(torch.device("cuda"), kind) == expected


@pytest.mark.parametrize(
    ("tiles", "instructions", "bf16_seconds", "expected"),
    [
        (True, True, 2.0, torch.bfloat16),
        (False, True, 0.5, torch.bfloat16),
        (False, True, 2.0, torch.float32),  # instructions that are slower than those for fp32
        (False, False, 0.5, torch.float32),
    ],
)
def test_a_processor_has_bf16_where_it_is_faster(
    monkeypatch: pytest.MonkeyPatch, tiles: bool, instructions: bool, bf16_seconds: float, expected: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: tiles)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: instructions)
    monkeypatch.setattr(device, "_seconds", {torch.bfloat16: bf16_seconds, torch.float32: 1.0}.__getitem__)
    monkeypatch.setattr(device, "cpu_multiplies_bf16", device.cpu_multiplies_bf16.__wrapped__)
    assert best_dtype(torch.device("cpu")) == expected


@pytest.mark.parametrize("method", METHODS)
def test_what_is_trained_is_fp32_whatever_the_base_is(base: BaseModel, method: Method) -> None:
    model = attach(base, Recipe(method=method))
    dtypes = {parameter.requires_grad: parameter.dtype for parameter in model.parameters()}
    base.take_off()
    assert dtypes == {True: torch.float32, False: torch.float16}


def test_the_loss_is_scaled_and_a_gradient_that_overflows_is_left_out_and_halves_the_scale(
    base: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, scales = Trainer.training_step, []

    def training_step(self: Any, model: Any, *given: Any) -> torch.Tensor:
        scaler = self.accelerator.scaler
        loss = step(self, model, *given)
        scales.append(scaler.get_scale())
        if len(scales) == 4:
            next(p for p in model.parameters() if p.grad is not None).grad[0, 0] = torch.inf
        return loss

    monkeypatch.setattr(Trainer, "training_step", training_step)
    adapter = trained(base, tmp_path / "adapter")
    assert scales[0] > 1 and scales[4] == scales[3] / 2
    assert adapter.metrics["valid_loss"] < adapter.metrics["valid_loss_start"] - 0.1
    weights = load_file(adapter.folder / WEIGHTS)
    assert all(tensor.dtype == torch.float32 and tensor.isfinite().all() for tensor in weights.values())


def test_the_scale_is_kept_so_that_a_training_that_is_broken_off_ends_with_the_same_weights(
    base: BaseModel, tmp_path: Path
) -> None:
    whole = trained(base, tmp_path / "whole")
    with pytest.raises(Cancelled):
        trained(base, tmp_path / "ended", on=ended_at(7))
    assert (tmp_path / "ended.part" / "checkpoint-6" / "scaler.pt").exists()
    again = trained(base, tmp_path / "ended")
    assert (again.folder / WEIGHTS).read_bytes() == (whole.folder / WEIGHTS).read_bytes()


def test_a_base_in_fewer_bits_wants_a_gpu_and_its_package(monkeypatch: pytest.MonkeyPatch, tiny: Path) -> None:
    with pytest.raises(GeulgamError, match="base_bits is 4, which needs a CUDA device"):
        BaseModel.load(str(tiny), device="cpu", bits=4)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(GeulgamError, match="needs bitsandbytes") as caught:
        quantization(8, torch.device("cuda"), torch.float16)
    assert "geulgam[bits]" in caught.value.hint
    with pytest.raises(GeulgamError, match=r"finetune\.base_bits is 5"):
        Execution(base_bits=5)
