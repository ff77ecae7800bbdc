"""Candidates for the next sentences: several drafts decoded side by side behind what stands, each until it ends.

They share what was read before them, and a step of eight takes 1.3 to 1.6 times that of one
(:mod:`generate.context`); a row that has ended is read no further.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from generate.context import Context
from generate.decoding.sampling import Sampling, draw
from generate.sentences import ends
from generate.surfaces import Surfaces

Ending = Literal["sentence", "document", "stuck", "cut"]

SHORTEST = 40  # tokens; the first sentence end after that many ends a candidate
LONGEST = 192  # tokens; a candidate without a sentence end by then is stuck
SIGHT = 500  # characters looked back on to see whether a sentence has ended
_REDRAWN = 20  # tokens that were forbidden, one after the other at one place, after which a candidate is given up
LOOP = re.compile(r"(?:(.{2,40}?)\1{3,}|(.)\2{7,})$", re.DOTALL)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """What may stand next: ``text``, and its ``tokens`` (trimmed ids).

    ``ending``: "sentence"; "document" where the model wrote the end of an essay; "stuck" where it ran on without an
    end, in a circle or into half a character; "cut" where such a one was closed. ``likelihood``: nats that the model,
    without any setting of sampling, gives each of its tokens, the mean of log p. ``hidden``: (H,) its last layer's
    state, the mean over the tokens.
    """

    text: str
    tokens: tuple[int, ...]
    ending: Ending
    likelihood: float
    hidden: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Desk:
    """What is the same for all pieces of an essay. ``rows``: how many candidates are drafted at once.

    ``forbids``: whether what is given second may not stand behind what is given first (a copied span, a banned
    phrase); it is asked of each token's text before the token is taken. ``longest``: tokens of a candidate.
    """

    surfaces: Surfaces
    sampling: Sampling
    seed: int
    rows: int = 8
    longest: int = LONGEST
    forbids: Callable[[str, str], bool] = lambda _before, _text: False


@dataclass(frozen=True, slots=True)
class Stand:
    """Where candidates begin. ``text``: all that stands. ``number``: of the piece, from 0; ``attempt`` at it, from 1.

    A candidate ends with the first sentence behind ``shortest`` tokens and ``least`` characters. ``may_end``: whether
    the model may write the end of an essay then. ``starts``: what the first rows have to begin with, as trimmed ids.
    """

    text: str
    number: int
    attempt: int = 1
    shortest: int = SHORTEST
    least: int = 0
    may_end: bool = False
    starts: Sequence[Sequence[int]] = ()


def drafted(desk: Desk, context: Context, stand: Stand) -> list[Candidate]:
    """The candidates, in the order of their rows; the same arguments give the same ones.

    ``context`` has read what it should know of ``stand.text``, and is afterwards where it was.
    """
    mark = context.mark()
    context.branch(desk.rows)
    rows = [_Row(desk, stand, number) for number in range(desk.rows)]
    active = rows
    while active:
        logits = context.logits
        hidden = context.hidden.numpy()
        for row, state in zip(active, hidden, strict=True):
            row.see(state)
        tokens = _drawn(desk, context, active, logits)
        norms = logits.logsumexp(1)
        for place, (row, token) in enumerate(zip(active, tokens, strict=True)):
            row.take(token, float(logits[place, token] - norms[place]))
        staying = [place for place, row in enumerate(active) if not row.ending]
        if not staying:
            break
        if len(staying) < len(active):
            context.keep(*staying)
        active = [active[place] for place in staying]
        context.read_each([row.tokens[-1] for row in active])
    context.rewind(mark)
    return [row.candidate() for row in rows]


def _drawn(desk: Desk, context: Context, rows: Sequence["_Row"], logits: torch.Tensor) -> list[int]:
    """A token for each row that nothing forbids: where one is forbidden, the row draws again without it."""
    surfaces = desk.surfaces
    banned = torch.stack([row.banned() for row in rows])
    generators = [row.generator for row in rows]
    tokens = draw(logits, context.rows, desk.sampling, generators, banned, surfaces.breakers)
    for place, row in enumerate(rows):
        if (forced := row.forced()) is not None:
            if not row.is_forbidden(forced):
                tokens[place] = forced
                continue
            row.is_free = True
        for _ in range(_REDRAWN):
            if not row.is_forbidden(tokens[place]):
                break
            banned[place, tokens[place]] = True
            one = slice(place, place + 1)
            [tokens[place]] = draw(
                logits[one], context.rows[one], desk.sampling, generators[one], banned[one], surfaces.breakers
            )
        else:
            row.ending = "stuck"
    return tokens


@dataclass(slots=True, eq=False)
class _Row:
    """One candidate on the way."""

    desk: Desk
    stand: Stand
    number: int
    generator: torch.Generator = field(init=False)
    tokens: list[int] = field(default_factory=list)
    text: str = ""
    ending: Ending | None = None
    log_p: float = 0.0
    hidden: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros(1, np.float32))
    is_free: bool = False  # what it had to begin with may not stand here
    _sight: str = field(init=False)
    _is_ended: bool = False
    _read: tuple[int, int] = -1, -1  # how many tokens stood before the one whose text was read last, and that one
    _extended: str = ""

    def __post_init__(self) -> None:
        stand = self.stand
        self.generator = torch.Generator().manual_seed(
            derived(self.desk.seed, stand.number, stand.attempt, self.number)
        )
        self._sight = stand.text[-SIGHT:]

    def see(self, state: npt.NDArray[np.float32]) -> None:
        """The model's state after the latest token of this row."""
        if self.tokens:
            self.hidden = self.hidden + state

    def forced(self) -> int | None:
        """The token that has to come now."""
        starts = self.stand.starts
        start = starts[self.number] if self.number < len(starts) and not self.is_free else ()
        return start[len(self.tokens)] if len(self.tokens) < len(start) else None

    def banned(self) -> torch.Tensor:
        """(V,) bool: the tokens that may not come now."""
        surfaces, so_far = self.desk.surfaces, self._sight + self.text
        self._is_ended = ends(so_far, within_quotation=self._is_late)
        if not so_far or so_far[-1].isspace():
            return surfaces.after_space
        if not self.tokens and (self.stand.number or self._is_ended):
            return surfaces.after_sentence
        may_end = self.stand.may_end and self._is_ended and len(self.text) >= self.stand.least
        return surfaces.inside if may_end else surfaces.within_sentence

    def is_forbidden(self, token: int) -> bool:
        """Whether this token may not come because of the text that it would make."""
        if token == self.desk.surfaces.vocabulary.eos:
            return False
        return self.desk.forbids(self._sight + self.text, self._with(token)[len(self.text) :])

    def take(self, token: int, log_p: float) -> None:
        """Go on with this token, or end before it."""
        if self.ending:
            return
        if token == self.desk.surfaces.vocabulary.eos:
            self.ending = "document"
            return
        extended = self._with(token)
        is_enough = len(self.tokens) >= self.stand.shortest and len(self.text) >= self.stand.least
        following = extended[len(self.text) :]
        if self.tokens and is_enough and self._is_ended and ends(self._sight + self.text, following, self._is_late):
            self.ending = "sentence"
            return
        self.tokens.append(token)
        self.text = extended
        self.log_p += log_p
        is_circling = len(self.tokens) % 8 == 0 and LOOP.search(extended[-200:])
        if len(self.tokens) >= self.desk.longest or is_circling or "\ufffd" in extended[:-3]:
            self.ending = "stuck"

    def _with(self, token: int) -> str:
        """The text with this token behind it, decoded once for both who ask for it."""
        if self._read != (read := (len(self.tokens), token)):
            self._read, self._extended = read, self.desk.surfaces.text([*self.tokens, token])
        return self._extended

    def candidate(self) -> Candidate:
        """What has come of it."""
        count = max(1, len(self.tokens))
        assert self.ending is not None
        return Candidate(
            self.text, tuple(self.tokens), self.ending, self.log_p / count, (self.hidden / count).astype(np.float32)
        )

    @property
    def _is_late(self) -> bool:
        """Whether a quotation mark that is missing is waited for no longer."""
        return len(self.tokens) > self.desk.longest // 3


def derived(*parts: int) -> int:
    """A seed of 63 bits for one row of one attempt at one piece."""
    return int.from_bytes(hashlib.sha256(" ".join(map(str, parts)).encode()).digest()[:8], "big") >> 1
