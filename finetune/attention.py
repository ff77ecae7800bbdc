"""Attention on a CPU that computes no more than is looked at, as transformers' attention function.

torch's CPU kernel reads the keys once for each query head, even where heads share them, as Gemma's four do, and given a
mask it computes what the mask then leaves out. Here the heads that share keys are taken together, as one with more
queries, and

- one new token looks at the keys so far (writing) in the same kernel, a fifth of a token's time less;
- a trained pass goes over each text of a block by itself, queries in chunks, with the keys that they may look at alone:
  none of another text, of a later chunk, or from before a layer's sliding window. A chunk is two batched products.

Everything else (another device, dropout, soft-capping, very long blocks) goes to transformers' own function.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

_NAME = "geulgam_grouped"
_CHUNK = 128  # queries taken at once; the fewer, the less is computed for nothing, and the more often
_LONG = 2048  # tokens; the weights of longer blocks, kept for the backward pass, would take too much memory


@contextmanager
def grouped_attention(model: Any) -> Iterator[None]:
    """The model attends in grouped form inside the block, if it is one that uses torch's attention.

    A trained pass there may be given ``position_ids`` that begin again with each text, and no mask of its own.
    """
    config = model.config
    before = config._attn_implementation
    if before != "sdpa" or getattr(config, "attention_chunk_size", None):
        yield
        return
    AttentionInterface.register(_NAME, _attend)
    AttentionMaskInterface.register(_NAME, sdpa_mask)
    config._attn_implementation = _NAME
    try:
        yield
    finally:
        config._attn_implementation = before


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
    shared = key.shape[1]
    unusual = any(kwargs.get(name) is not None for name in ("softcap", "cache", "position_bias"))
    if query.device.type == "cpu" and not (dropout or unusual):
        if attention_mask is None and length == 1 and heads > shared:
            packed = query.reshape(batch, shared, heads // shared, width)
            attended = scaled_dot_product_attention(packed, key, value, scale=scaling)
            return attended.reshape(batch, 1, heads, width), None
        is_causal = kwargs.get("is_causal") is not False and getattr(module, "is_causal", True)
        positions = kwargs.get("position_ids")
        known = attention_mask is None or positions is not None
        if query.requires_grad and is_causal and known and 1 < length <= _LONG and length == key.shape[2]:
            if torch.is_autocast_enabled("cpu"):
                dtype = torch.get_autocast_dtype("cpu")
                query, key, value = query.to(dtype), key.to(dtype), value.to(dtype)
            chunks = _chunks(positions, batch, length, kwargs.get("sliding_window"))
            scaled = query * (width**-0.5 if scaling is None else scaling)
            return _Attention.apply(scaled, key, value, chunks), None  # type: ignore[no-untyped-call]
    attended, _ = sdpa_attention_forward(
        module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
    )
    return attended, None


class _Chunk(NamedTuple):
    """Queries ``start`` to ``end`` of the ``rows`` of a batch, and the first key that one of them looks at.

    ``last``: the last of the queries, counted from ``start``, that looks at that key too; None: all of them do.
    """

    rows: slice
    start: int
    end: int
    first: int
    last: int | None


def _chunks(positions: torch.Tensor | None, batch: int, length: int, window: int | None) -> list[_Chunk]:
    """All queries of a batch, divided where a text begins (positions do not go on by one), and into chunks."""
    begun = [[0]] if positions is None else [_starts(row) for row in positions]
    if all(starts == begun[0] for starts in begun):
        rows = [(slice(0, batch), begun[0])]
    else:
        rows = [(slice(i, i + 1), starts) for i, starts in enumerate(begun)]
    found = []
    for row, starts in rows:
        for begin, over in zip(starts, [*starts[1:], length], strict=True):
            for start in range(begin, over, _CHUNK):
                end = min(start + _CHUNK, over)
                first = begin if window is None else max(begin, start - window + 1)
                seen_to = end if window is None else min(end, first + window)  # where the first key is seen no more
                found.append(_Chunk(row, start, end, first, None if seen_to == end else seen_to - 1 - start))
    return found


def _starts(positions: torch.Tensor) -> list[int]:
    """Where the texts of a block begin, (T,) positions."""
    return [0, *(torch.nonzero(positions.diff() != 1).flatten() + 1).tolist()]


class _Attention(torch.autograd.Function):
    """Causal attention of queries (B, heads, T, D), scaled, to keys (B, key heads, T, D): (B, T, heads, D)."""

    @staticmethod
    def forward(
        ctx: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, chunks: list[_Chunk]
    ) -> torch.Tensor:
        batch, heads, length, width = query.shape
        attended = query.new_empty(batch, length, heads, width)
        weights = []
        for chunk in chunks:
            queries, keys, values = _taken(chunk, query, key, value)
            scores = torch.bmm(queries, keys.transpose(1, 2))
            _hide(scores.view(len(scores), -1, chunk.end - chunk.start, scores.shape[-1]), chunk)
            weights.append(scores.softmax(-1))
            result = torch.bmm(weights[-1], values).view(-1, heads, chunk.end - chunk.start, width)
            attended[chunk.rows, chunk.start : chunk.end] = result.transpose(1, 2)
        ctx.save_for_backward(query, key, value, *weights)
        ctx.chunks = chunks
        return attended

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        query, key, value, *weights = ctx.saved_tensors
        gradient = gradient.transpose(1, 2)
        of_query, of_key, of_value = torch.empty_like(query), torch.zeros_like(key), torch.zeros_like(value)
        for chunk, weight in zip(ctx.chunks, weights, strict=True):
            rows, queried, looked_at = chunk.rows, slice(chunk.start, chunk.end), slice(chunk.first, chunk.end)
            queries, keys, values = _taken(chunk, query, key, value)
            of_result = gradient[rows, :, queried].reshape(queries.shape)
            of_weight = torch.bmm(of_result, values.transpose(1, 2))
            of_scores = torch.ops.aten._softmax_backward_data(of_weight, weight, -1, weight.dtype)
            of_query[rows, :, queried] = torch.bmm(of_scores, keys).view(of_query[rows, :, queried].shape)
            of_key[rows, :, looked_at] += torch.bmm(of_scores.transpose(1, 2), queries).view(
                of_key[rows, :, looked_at].shape
            )
            of_value[rows, :, looked_at] += torch.bmm(weight.transpose(1, 2), of_result).view(
                of_value[rows, :, looked_at].shape
            )
        return of_query, of_key, of_value, None


def _taken(
    chunk: _Chunk, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A chunk's queries (rows * key heads, heads per key head * queries, D), and its keys and values, grouped alike."""
    keys, values = (tensor[chunk.rows, :, chunk.first : chunk.end].flatten(0, 1) for tensor in (key, value))
    return query[chunk.rows, :, chunk.start : chunk.end].reshape(len(keys), -1, query.shape[-1]), keys, values


def _hide(scores: torch.Tensor, chunk: _Chunk) -> None:
    """Make the scores (groups, heads, queries, keys) minus infinity where a key comes later, or before the window."""
    triangle = _triangle(_CHUNK, scores.dtype)
    number = chunk.end - chunk.start
    scores[..., -number:] += triangle[:number, :number]
    if chunk.last is not None:
        past = number - chunk.last
        scores[..., chunk.last :, :past] += triangle.t()[:past, :past]


@lru_cache(maxsize=2)
def _triangle(size: int, dtype: torch.dtype) -> torch.Tensor:
    """Minus infinity above the diagonal, else 0."""
    return torch.full((size, size), -torch.inf, dtype=dtype).triu(1)
