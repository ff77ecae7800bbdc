"""Attention on a CPU that computes no more than is looked at, as transformers' attention function.

torch's CPU kernel reads the keys once for each query head, even where heads share them, as Gemma's four do, and given a
mask it computes what the mask then leaves out. Here the heads that share keys are taken together, as one with more
queries, and

- one new token looks at the keys so far (writing) in the same kernel, a fifth of a token's time less;
- blocks (training) are gone over text by text, queries in chunks, with the keys that they may look at alone: none of
  another text, of a later chunk, or from before a layer's sliding window. A chunk is two batched products.

Everything else (another device, dropout, soft-capping, very long texts) goes to transformers' own function.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

_CHUNK = 128  # queries taken at once; the fewer, the less is computed for nothing, and the more often
_LONG = 2048  # tokens; the weights of longer texts, kept for the backward pass, would take too much memory


@contextmanager
def grouped_attention(model: Any) -> Iterator[None]:
    """Inside the block one token at a time is read in grouped form, if the model is one that uses torch's attention."""
    with _attending(model, "geulgam_grouped", _grouped):
        yield


@contextmanager
def attention_by_text(model: Any) -> Iterator[None]:
    """Inside the block blocks are read text by text, if the model is one that uses torch's attention.

    Where texts begin ``position_ids`` say, which start again there; the model may be given no mask and no cache.
    """
    chunked = getattr(model.config, "attention_chunk_size", None)  # which positions alone do not tell
    with nullcontext() if chunked else _attending(model, "geulgam_by_text", _by_text):
        yield


@contextmanager
def _attending(model: Any, name: str, function: Callable[..., tuple[torch.Tensor, None]]) -> Iterator[None]:
    config = model.config
    before = config._attn_implementation
    if before != "sdpa":
        yield
        return
    AttentionInterface.register(name, function)
    AttentionMaskInterface.register(name, sdpa_mask)
    config._attn_implementation = name
    try:
        yield
    finally:
        config._attn_implementation = before


def _grouped(
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
    if attention_mask is None and length == 1 and heads > shared and _is_plain(query, dropout, kwargs):
        packed = query.reshape(batch, shared, heads // shared, width)
        attended = scaled_dot_product_attention(packed, key, value, scale=scaling)
        return attended.reshape(batch, 1, heads, width), None
    return sdpa_attention_forward(module, query, key, value, attention_mask, dropout, scaling, **kwargs)


def _by_text(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """The same function. The mask says nothing that positions and the layer's window do not."""
    length, positions = query.shape[2], kwargs.get("position_ids")
    is_causal = kwargs.get("is_causal") is not False and getattr(module, "is_causal", True)
    known = attention_mask is None or positions is not None
    if is_causal and known and length == key.shape[2] and _is_plain(query, dropout, kwargs):
        texts = _texts(positions, *query.shape[:3:2])
        if max(end - start for _, places in texts for start, end in places) <= _LONG:
            if torch.is_autocast_enabled("cpu"):
                dtype = torch.get_autocast_dtype("cpu")
                query, key, value = query.to(dtype), key.to(dtype), value.to(dtype)
            scaled = query * (query.shape[-1] ** -0.5 if scaling is None else scaling)
            chunks = list(_chunks(texts, kwargs.get("sliding_window")))
            return _Attention.apply(scaled, key, value, chunks), None  # type: ignore[no-untyped-call]
    return sdpa_attention_forward(module, query, key, value, attention_mask, dropout, scaling, **kwargs)


def _is_plain(query: torch.Tensor, dropout: float, kwargs: dict[str, Any]) -> bool:
    unusual = any(kwargs.get(name) is not None for name in ("softcap", "cache", "position_bias"))
    return query.device.type == "cpu" and not dropout and not unusual


class _Chunk(NamedTuple):
    """Queries ``start`` to ``end`` of the ``rows`` of a batch, and the first key that one of them looks at.

    ``last``: the last of the queries, counted from ``start``, that looks at that key too; None: all of them do.
    """

    rows: slice
    start: int
    end: int
    first: int
    last: int | None


_Texts = list[tuple[slice, list[tuple[int, int]]]]  # rows of a batch, and where their texts start and end


def _texts(positions: torch.Tensor | None, batch: int, length: int) -> _Texts:
    """The texts of a batch: one begins where positions (B or 1, T) do not go on by one. Rows that are alike are one."""
    begun = [[0]] if positions is None else [_starts(row) for row in positions]
    places = [list(pairwise([*starts, length])) for starts in begun]
    if all(these == places[0] for these in places):
        return [(slice(0, batch), places[0])]
    return [(slice(row, row + 1), these) for row, these in enumerate(places)]


def _starts(positions: torch.Tensor) -> list[int]:
    return [0, *(torch.nonzero(positions.diff() != 1).flatten() + 1).tolist()]


def _chunks(texts: _Texts, window: int | None) -> Iterator[_Chunk]:
    """All queries of the texts, those of each text in chunks."""
    for rows, places in texts:
        for begin, over in places:
            for start in range(begin, over, _CHUNK):
                end = min(start + _CHUNK, over)
                first = begin if window is None else max(begin, start - window + 1)
                seen_to = end if window is None else min(end, first + window)  # where the first key is seen no more
                yield _Chunk(rows, start, end, first, None if seen_to == end else seen_to - 1 - start)


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
