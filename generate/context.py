"""What the model has read so far, and what it expects next, in one text or in several that begin alike.

What was read before a piece is not read again: the keys and values of every token stay in transformers' cache from
piece to piece; of the candidates the chosen one is read again, at once, so that a resumed essay is the same. Going back
to an earlier point (a :class:`Mark`) costs nothing, because that cache makes new tensors instead of changing its own.
Calling the model once per token is as fast as transformers' generate (35 against 33 tokens/s, Gemma 3 270M, trimmed,
bf16, two cores), which would neither keep its cache while a window slides nor stop between two tokens. Cache tensors
allocated ahead gained 2 % at 900 tokens, leaving out the mask nothing; neither is worth its code.

Rows that branch off start with what was read before, and a token in each of eight takes 1.3 times as long as a token
in one behind 250 tokens, 1.6 times behind 700, on that machine: `python -m bench.generation --rows 8` prints it. There
a step waits for the weights, which all rows share, and then for the rows' keys and values.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer


@dataclass(frozen=True)
class Mark:
    """A point in a context to which it can go back."""

    rows: tuple[tuple[int, ...], ...]
    cache: Any
    logits: torch.Tensor
    hidden: torch.Tensor


class Context:
    """The tokens (trimmed ids) that a model sees: one row of them, or several that :meth:`branch` off.

    ``rows``: the tokens of each. They are read when :attr:`logits` are asked for, block by block.
    ``before_reading`` is called before each of these; what it raises leaves the context as it is, to go on with.
    """

    def __init__(self, model: Any, before_reading: Callable[[], None] = lambda: None) -> None:
        self.rows: list[list[int]] = [[]]
        self._model = model
        self._device = next(model.parameters()).device
        self._before_reading = before_reading
        self._cache: Any = None
        self._logits = self._hidden = torch.empty(0)
        self._unread: list[list[Sequence[int]]] = []  # each a tensor (rows, n) to be

    @property
    def tokens(self) -> list[int]:
        """What the first row, where there is no other the only one, has read."""
        return self.rows[0]

    def begin(self, tokens: Sequence[int]) -> None:
        """Forget everything and read these tokens (one or more) at once, in one row."""
        self.rows = [list(tokens)]
        self._cache = DynamicCache(config=self._model.config)
        self._unread = [[tokens]]

    def read(self, tokens: Sequence[int]) -> None:
        """Read on, the same in every row, at once."""
        if tokens:
            for row in self.rows:
                row.extend(tokens)
            self._unread.append([list(tokens)] * len(self.rows))

    def read_each(self, tokens: Sequence[int]) -> None:
        """Read on, one token in each row."""
        for row, token in zip(self.rows, tokens, strict=True):
            row.append(token)
        self._unread.append([[token] for token in tokens])

    @property
    def logits(self) -> torch.Tensor:
        """(rows, V) float32 on the CPU: what the model expects after the tokens of each row."""
        self._read()
        return self._logits

    @property
    def hidden(self) -> torch.Tensor:
        """(rows, H) float32 on the CPU: the last layer's state at the last token of each row."""
        self._read()
        return self._hidden

    def _read(self) -> None:
        while self._unread:
            self._before_reading()
            with torch.inference_mode():
                seen = self._model(
                    input_ids=torch.tensor(self._unread[0], device=self._device),
                    past_key_values=self._cache,
                    use_cache=True,
                    logits_to_keep=1,
                    output_hidden_states=True,
                )
            self._logits = seen.logits[:, -1].float().cpu()
            self._hidden = seen.hidden_states[-1][:, -1].float().cpu()
            del self._unread[0]

    def branch(self, rows: int) -> None:
        """Go on in so many rows, each of which has read what the one that there is has read; nothing is read again."""
        (tokens,) = self.rows
        self._logits, self._hidden = self.logits.expand(rows, -1), self.hidden.expand(rows, -1)
        self._cache = _selected(self._cache, [0] * rows)
        self.rows = [list(tokens) for _ in range(rows)]

    def keep(self, *rows: int) -> None:
        """Go on in these rows only, in this order: those that have not ended, or the one that was chosen."""
        if not self._unread:
            self._logits, self._hidden = self._logits[list(rows)], self._hidden[list(rows)]
        self._unread = [[block[row] for row in rows] for block in self._unread]
        self._cache = _selected(self._cache, rows)
        self.rows = [self.rows[row] for row in rows]

    def mark(self) -> Mark:
        """This point, to go back to until the next :meth:`begin`."""
        logits, hidden = self.logits, self.hidden
        return Mark(tuple(map(tuple, self.rows)), _copied(self._cache), logits, hidden)

    def rewind(self, mark: Mark) -> None:
        """Go back to a marked point, and to the rows that there were."""
        self.rows = [list(row) for row in mark.rows]
        self._cache = _copied(mark.cache)
        self._logits, self._hidden = mark.logits, mark.hidden
        self._unread = []


def _copied(cache: Any) -> Any:
    """A cache that can be read on from, leaving the given one as it is."""
    twin = copy.copy(cache)
    twin.layers = [_copied_layer(layer) for layer in cache.layers]
    return twin


def _copied_layer(layer: Any) -> Any:
    makes_new_tensors = type(layer) in (
        DynamicLayer,
        DynamicSlidingWindowLayer,
    )  # others, even of these, write into theirs
    return copy.copy(layer) if makes_new_tensors else copy.deepcopy(layer)


def _selected(cache: Any, rows: Sequence[int]) -> Any:
    """A cache of these rows of the given one, which stays as it is."""
    twin = _copied(cache)
    twin.reorder_cache(torch.tensor(rows))
    return twin
