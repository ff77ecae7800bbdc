"""An adapter merged for writing changes what the model says while it is borrowed, and nothing afterwards."""

from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model

from finetune.base import BaseModel
from generate.merging import merged

TOKENS = torch.tensor([[5, 6, 7, 8]])


@pytest.fixture
def adapter(practised: BaseModel, tmp_path: Path) -> Path:
    torch.manual_seed(1)
    config = LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False)
    model = get_peft_model(practised.model, config)
    model.save_pretrained(str(tmp_path), save_embedding_layers=False)
    model.unload()
    return tmp_path


def test_merged_is_the_adapter_and_the_base_stays_as_it_was(practised: BaseModel, adapter: Path) -> None:
    with torch.inference_mode():
        before = practised.model(TOKENS).logits
        with practised.using(adapter) as model:
            beside = model(TOKENS).logits
        with merged(practised, adapter) as model:
            inside = model(TOKENS).logits
        after = practised.model(TOKENS).logits
    torch.testing.assert_close(inside, beside, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(inside, before, atol=1e-2)
    assert torch.equal(before, after)


def test_the_base_is_itself_again_after_an_interruption(practised: BaseModel, adapter: Path) -> None:
    before = {name: weight.clone() for name, weight in practised.model.state_dict().items()}
    with pytest.raises(KeyboardInterrupt), merged(practised, adapter):
        raise KeyboardInterrupt
    after = practised.model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_without_an_adapter_it_is_the_base(practised: BaseModel) -> None:
    with merged(practised, None) as model:
        assert model is practised.model
