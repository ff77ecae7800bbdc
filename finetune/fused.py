"""Training in fewer passes over memory: the same mathematics as transformers' and peft's modules, on a CPU.

A small model on a CPU spends half a step outside its large matrix products: in casts, in a norm's eight passes, in
LoRA's separate multiplications and additions, in an attention kernel made for long sequences. Inside :func:`fused`

- a LoRA layer computes its update into the frozen layer's result (after Unsloth's `LoRA_W`, which does so on a GPU);
- a frozen RMS norm of Gemma keeps what its backward pass needs, instead of going through eight small operations;
- attention over short blocks is two batched matrix products, for all query heads that share a key head at once.

What a module does not fit (dropout, a bias, a mask, another device, a trained norm) runs as it was.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

import torch
from torch import nn
from torch.autograd.function import FunctionCtx, once_differentiable
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

_ATTENTION = "geulgam_short_blocks"
SHORT = 512  # tokens; the weights of longer blocks, kept for the backward pass, would take too much memory


@contextmanager
def fused(model: Any) -> Iterator[None]:
    """The model computes its trained pass fused inside the block, where its modules allow; nothing on a GPU."""
    if next(model.parameters()).device.type != "cpu":
        yield
        return
    changed = [module for module in model.modules() if _fuse(module)]
    config, attention = model.config, model.config._attn_implementation
    if attention == "sdpa":
        AttentionInterface.register(_ATTENTION, _attend)
        AttentionMaskInterface.register(_ATTENTION, sdpa_mask)
        config._attn_implementation = _ATTENTION
    try:
        yield
    finally:
        config._attn_implementation = attention
        for module in changed:
            del vars(module)["forward"]  # the class's own again


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


def _attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """transformers' attention function. query: (B, heads, T, D); key, value: (B, key heads, S, D)."""
    batch, heads, length, width = query.shape
    is_whole_block = attention_mask is None and length == key.shape[2] and 1 < length <= SHORT
    is_plain = not dropout and not any(kwargs.get(name) for name in ("softcap", "position_bias"))
    is_causal = kwargs.get("is_causal") in (None, True) and getattr(module, "is_causal", True)
    if scaling is None or not (query.requires_grad and is_whole_block and is_plain and is_causal):
        attended, _ = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
        )
        return attended, None
    shared = key.shape[1]
    grouped = query.reshape(batch * shared, -1, width)  # (B * key heads, heads per key head * T, D)
    keys, values = key.reshape(-1, length, width), value.reshape(-1, length, width)
    future = _future(length, heads // shared, query.dtype)
    weights = torch.baddbmm(future, grouped, keys.transpose(1, 2), alpha=scaling).softmax(-1)
    return torch.bmm(weights, values).view(batch, heads, length, width).transpose(1, 2).contiguous(), None


@lru_cache(maxsize=4)
def _future(length: int, heads: int, dtype: torch.dtype) -> torch.Tensor:
    """0 where a query may look, minus infinity where the key comes later: (1, heads * length, length)."""
    return torch.full((length, length), -torch.inf, dtype=dtype).triu(1).repeat(heads, 1).unsqueeze(0)
