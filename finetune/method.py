"""The three methods, as adapters of PEFT: what of a base is trained, put on it and taken off again."""

from pathlib import Path
from typing import Any

import torch

from corpus.errors import GeulgamError
from finetune.base import BaseModel
from finetune.recipe import Recipe


def attach(base: BaseModel, recipe: Recipe, start: Path | None = None) -> Any:
    """The base with a trainable adapter of the recipe's method; :meth:`BaseModel.take_off` undoes it.

    ``start``: an adapter to go on from, of the same method and rank; None: a fresh one. "freeze" and "full" are PEFT
    adapters as well: LN-tuning, which holds whole copies of the layers it trains. Raises GeulgamError for a start of
    another form.
    """
    from peft import LNTuningConfig, LoraConfig, get_peft_model

    config: LoraConfig | LNTuningConfig
    if recipe.method == "lora":
        config = LoraConfig(
            r=recipe.rank,
            lora_alpha=recipe.alpha,
            lora_dropout=recipe.dropout,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        )
    else:
        config = LNTuningConfig(target_modules=trained_modules(base.model, recipe), task_type="CAUSAL_LM")
    model = get_peft_model(base.model, config)
    model.peft_config["default"].base_model_name_or_path = base.model.config.name_or_path or base.name
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()  # master weights; autocast multiplies in the base's precision
    if start is not None:
        put_weights(model, weights_of(start), start)
    return model


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    """An adapter's own weights by name."""
    from peft.utils.save_and_load import load_peft_weights

    loaded: dict[str, torch.Tensor] = load_peft_weights(str(folder), device="cpu")
    return loaded


def put_weights(model: Any, weights: dict[str, torch.Tensor], where: Path) -> None:
    """Give the model's adapter these weights, which come from ``where``. Raises GeulgamError if they do not fit."""
    from peft import get_peft_model_state_dict, set_peft_model_state_dict

    own = {name: tensor.shape for name, tensor in get_peft_model_state_dict(model, save_embedding_layers=False).items()}
    if own != {name: tensor.shape for name, tensor in weights.items()}:
        raise GeulgamError(
            f"the adapter {where} has another form than the recipe's", "train it again with the same method and rank"
        )
    set_peft_model_state_dict(model, weights)


def trained_modules(model: Any, recipe: Recipe) -> list[str]:
    """Names of the weight-bearing modules that "freeze" and "full" train: those of the upper layers, and the last norm.

    The layers are the model's longest list of modules, whatever its architecture calls it.
    """
    lists = [(name, m) for name, m in model.named_modules() if isinstance(m, torch.nn.ModuleList)]
    prefix, layers = max(lists, key=lambda pair: len(pair[1]))
    frozen = 0 if recipe.method == "full" else recipe.frozen_layers
    frozen = len(layers) // 2 if frozen is None else frozen
    if frozen >= len(layers):
        raise GeulgamError(
            f"finetune.frozen_layers is {frozen}, the model has {len(layers)} layers", "leave at least one to train"
        )
    trained = tuple(f"{prefix}.{i}." for i in range(frozen, len(layers)))
    last_norm = prefix.rsplit(".", 1)[0] + "."
    embeddings = {id(model.get_input_embeddings()), id(model.get_output_embeddings())}
    names = []
    for name, module in model.named_modules():
        own = list(module.parameters(recurse=False))
        above = name.startswith(trained) or (
            name.startswith(last_norm) and not name.startswith(f"{prefix}.") and all(p.dim() == 1 for p in own)
        )
        if own and above and id(module) not in embeddings:
            names.append(name)
    return names
