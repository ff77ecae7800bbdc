"""Training in fewer passes over memory: the same mathematics as transformers' and peft's modules, on a CPU.

A small model on a CPU spends half a step outside its large matrix products: in casts, in a norm's eight passes, in
LoRA's separate multiplications and additions, in an attention kernel made for long sequences. Inside :func:`fused`

- a LoRA layer computes its update into the frozen layer's result (after Unsloth's `LoRA_W`, which does so on a GPU);
- a frozen RMS norm of Gemma keeps what its backward pass needs, instead of going through eight small operations;
- attention computes what is looked at alone, with the query heads that share keys together:
  :mod:`finetune.attention`.

What a module does not fit (dropout, a bias, another device, a trained norm) runs as it was.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.autograd.function import FunctionCtx, once_differentiable

from finetune.attention import attention_by_text


@contextmanager
def fused(model: Any) -> Iterator[None]:
    """The model computes its trained pass fused inside the block, where its modules allow; nothing on a GPU."""
    if next(model.parameters()).device.type != "cpu":
        yield
        return
    changed = [module for module in model.modules() if _fuse(module)]
    try:
        with attention_by_text(model):
            yield
    finally:
        for module in changed:
            del vars(module)["forward"]  # the class's own again


def reads_joined(model: Any) -> bool:
    """Whether inside :func:`fused` it reads blocks text by text, so that :func:`finetune.blocks.joined` saves time."""
    config = model.config
    by_text = config._attn_implementation == "sdpa" and not getattr(config, "attention_chunk_size", None)
    dropout = any(getattr(config, name, 0.0) for name in ("attention_dropout", "attn_pdrop"))
    return next(model.parameters()).device.type == "cpu" and by_text and not dropout


def _fuse(module: nn.Module) -> bool:
    """Give the module a forward of its own if there is a fused one for it; whether there is."""
    from peft.tuners.lora import Linear as LoraLinear
    from transformers.models.gemma3.modeling_gemma3 import Gemma3RMSNorm

    if isinstance(module, LoraLinear) and _is_plain(module):
        forward = _lora_forward
    elif isinstance(module, Gemma3RMSNorm) and not module.weight.requires_grad:
        forward = _norm_forward
    else:
        return False
    vars(module)["forward"] = partial(forward, module)
    return True


def _is_plain(module: Any) -> bool:
    """One LoRA adapter without dropout, variants or biases on a frozen linear layer."""
    if len(module.active_adapters) != 1 or type(module.base_layer) is not nn.Linear:
        return False
    name = module.active_adapters[0]
    return (
        module.base_layer.bias is None
        and not module.base_layer.weight.requires_grad
        and isinstance(module.lora_dropout[name], nn.Identity)
        and module.lora_B[name].bias is None
        and name not in module.lora_variant
    )


def _lora_forward(module: Any, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    weight = module.base_layer.weight
    if args or kwargs or module.disable_adapters or module.merged or x.dtype != weight.dtype:
        result: torch.Tensor = type(module).forward(module, x, *args, **kwargs)
        return result
    name = module.active_adapters[0]
    down, up = module.lora_A[name].weight, module.lora_B[name].weight
    fused_result: torch.Tensor = _Lora.apply(x, weight, down, up, module.scaling[name])  # type: ignore[no-untyped-call]
    return fused_result


class _Lora(torch.autograd.Function):
    """x W' + s (x A') B' of x (…, in), W (out, in), A (rank, in), B (out, rank); A and B may be of higher precision."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weight: torch.Tensor, down: torch.Tensor, up: torch.Tensor, scaling: float
    ) -> torch.Tensor:
        rows = x.reshape(-1, x.shape[-1])
        low_down, low_up = down.to(x.dtype), up.to(x.dtype)
        inner = rows @ low_down.t()
        result = (rows @ weight.t()).addmm_(inner, low_up.t(), alpha=scaling)
        ctx.save_for_backward(rows, inner, weight, low_down, low_up)
        ctx.scaling, ctx.shape, ctx.dtype = scaling, x.shape, down.dtype
        return result.view(*x.shape[:-1], -1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        rows, inner, weight, down, up = ctx.saved_tensors
        gradient = gradient.reshape(-1, gradient.shape[-1])
        of_inner = (gradient @ up).mul_(ctx.scaling)
        of_up = (gradient.t() @ inner).to(ctx.dtype).mul_(ctx.scaling)
        of_down = (of_inner.t() @ rows).to(ctx.dtype)
        of_x = (gradient @ weight).addmm_(of_inner, down).view(ctx.shape) if ctx.needs_input_grad[0] else None
        return of_x, None, of_down, of_up, None


def _norm_forward(module: Any, x: torch.Tensor) -> torch.Tensor:
    result: torch.Tensor = _Norm.apply(x, 1.0 + module.weight.float(), module.eps)  # type: ignore[no-untyped-call]
    return result


class _Norm(torch.autograd.Function):
    """x / rms(x) * w over the last axis, computed in single precision; w is frozen."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
        exact = x.float()
        mean_square = torch.linalg.vector_norm(exact, dim=-1, keepdim=True).square_().div_(x.shape[-1])
        inverse = mean_square.add_(eps).rsqrt_()
        normed = exact * inverse
        ctx.save_for_backward(normed, inverse, weight)
        scaled: torch.Tensor = (normed * weight).to(x.dtype)
        return scaled

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        normed, inverse, weight = ctx.saved_tensors
        of_normed = gradient * weight  # in single precision, as the weight
        along = torch.linalg.vecdot(of_normed, normed).unsqueeze(-1).div_(normed.shape[-1])
        return of_normed.addcmul_(normed, along, value=-1).mul_(inverse).to(gradient.dtype), None, None
