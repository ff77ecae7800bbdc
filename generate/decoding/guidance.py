"""Guidance: what a context makes likelier than a poorer one does, made likelier still."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from generate.context import Context, Mark


def guided(logits: torch.Tensor, other: torch.Tensor, gamma: float) -> torch.Tensor:
    """Logits of log p + ``gamma`` · (log p − log q).

    ``logits`` (R, V) give p, ``other`` (R, V) or (V,) give q; returns (R, V), at the level of ``logits``, so that a
    penalty which multiplies them does what it does without guidance. With q from the text without its header it is
    classifier-free guidance, whose weight there is 1 + γ (Sanchez et al. 2023, 2306.17806); with q from the last few
    tokens alone, coherence boosting (Malkin et al. 2022, 2110.08294). Ban tokens afterwards: what is impossible in
    both has no difference.
    """
    if not gamma:
        return logits
    return logits + gamma * (logits.log_softmax(-1) - other.log_softmax(-1))


class Guided(Context):
    """A context whose logits are guided by ``gamma`` away from those behind a poorer beginning.

    ``poorer``: what of the tokens that a text :meth:`begin` s with the other context reads; from there on both read the
    same, in the same rows. Each token is read twice: it costs twice the time.
    """

    def __init__(
        self,
        model: Any,
        gamma: float,
        poorer: Callable[[Sequence[int]], Sequence[int]],
        before_reading: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(model, before_reading)
        self._gamma, self._poorer = gamma, poorer
        self._other = Context(model, before_reading)

    def begin(self, tokens: Sequence[int]) -> None:
        """As a context does; the other with the poorer ones."""
        super().begin(tokens)
        self._other.begin(self._poorer(tokens))

    def read(self, tokens: Sequence[int]) -> None:
        """As a context does."""
        super().read(tokens)
        self._other.read(tokens)

    def read_each(self, tokens: Sequence[int]) -> None:
        """As a context does."""
        super().read_each(tokens)
        self._other.read_each(tokens)

    def _read(self) -> None:
        if self._unread:
            other = self._other.logits  # first: what is broken off in either is gone on with
            super()._read()
            self._logits = guided(self._logits, other, self._gamma)

    def branch(self, rows: int) -> None:
        """As a context does."""
        super().branch(rows)
        self._other.branch(rows)

    def keep(self, *rows: int) -> None:
        """As a context does."""
        super().keep(*rows)
        self._other.keep(*rows)

    def mark(self) -> Mark:
        """This point in both."""
        own = super().mark()
        return _Marks(own.rows, own.cache, own.logits, own.hidden, self._other.mark())

    def rewind(self, mark: Mark) -> None:
        """Go back to a point that this one marked."""
        assert isinstance(mark, _Marks)
        super().rewind(mark)
        self._other.rewind(mark.other)


@dataclass(frozen=True)
class _Marks(Mark):
    other: Mark
