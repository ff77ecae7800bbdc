"""A round of writing: the next piece, the best of its candidates, or the next two that are best together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from finetune.layout import PARAGRAPH
from generate.candidates import SHORTEST, Candidate, Desk, Stand, derived
from generate.context import Context
from generate.critic.critic import Critic
from generate.korean import stem
from generate.likelihood import alone
from generate.piece import Fit, Piece, offered
from generate.so_far import SoFar
from generate.window import Window

_LAST = 240  # characters; with no more of the essay left, the next piece is to be its last
_PER_TOKEN = 1.25  # characters that a token has at least, as a rule: a piece of so many can be written
_FORCED = 4  # of so many candidates one begins with a keyword that the section has not named yet
_PIECE = 180  # characters that a piece takes, a long one


@dataclass(frozen=True, slots=True)
class Reader:
    """The model with the adapter of a section in it, and what it has read.

    ``is_headed``: whether it was trained to be told which section of how many is to come, and its keywords.
    """

    adapter: Path | None
    model: Any
    context: Context
    is_headed: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """How pieces are found. ``desk``: how their candidates are drafted, ``critic``: what they are chosen by.

    ``beam``: from so many of the best candidates it is looked one piece further, each with its share of a round's
    candidates, and the pair with the highest sum of the critic's scores is taken, both pieces of it; with 1, each piece
    is the best by itself. A beam of 2 drafts as many candidates for two pieces as without it, but the second ones in
    two passes of half the rows, and half of what they draw is written for nothing: 14 characters/s, against 18 to 25
    in other runs.
    """

    desk: Desk
    critic: Critic
    window: Window
    beam: int = 1

    def next(self, reader: Reader, so_far: SoFar, lead: str, number: int) -> list[Piece]:
        """The next piece, the ``number``-th, or the next two, each with its lead; ``lead`` is that of the first.

        ``reader`` has read what stands and the lead, and is afterwards where it was. There is one piece alone where a
        section, the essay or the window is near its end, and where fewer than two candidates can stand.
        """
        pool, attempts = self._offered(self.desk, reader, so_far, lead, number)
        if len(pool) == 1:
            return [Piece.of(pool[0], lead, attempts, so_far.section)]
        ranked = self._ranked(reader, pool, so_far)[: self.beam]
        firsts = [(score, Piece.of(candidate, lead, attempts, so_far.section)) for score, candidate in ranked]
        return self._pair(reader, so_far, firsts, number) or [firsts[0][1]]

    def _pair(self, reader: Reader, so_far: SoFar, firsts: Sequence[tuple[float, Piece]], number: int) -> list[Piece]:
        """The two pieces that are best together, of those that begin with one of these; none where there are none."""
        context, encode = reader.context, self.desk.surfaces.vocabulary.encode
        if len(firsts) < 2 or self.window.is_full(len(context.tokens) + self.desk.longest + len(PARAGRAPH)):
            return []
        ways: list[tuple[SoFar, str]] = []
        for _, first in firsts:
            after = so_far.twin()
            after.add(first.text)
            if after.is_full or after.is_whole or self._fit(after, lead := after.turn(number + 1)):
                return []
            ways.append((after, lead))
        mark = context.mark()
        pairs: list[tuple[float, list[Piece]]] = []
        for way, ((score, first), (after, lead)) in enumerate(zip(firsts, ways, strict=True)):
            share = max(1, self.desk.rows // len(firsts))
            desk = replace(self.desk, rows=share, seed=derived(self.desk.seed, number, way))
            context.read(first.tokens)
            context.read(encode(lead))
            pool, attempts = self._offered(desk, reader, after, lead, number + 1)
            context.rewind(mark)
            if pool[0].ending != "cut":
                more, second = self._ranked(reader, pool, after)[0]
                pairs.append((score + more, [first, Piece.of(second, lead, attempts, after.section)]))
        return max(pairs, key=lambda pair: pair[0])[1] if pairs else []

    def _offered(
        self, desk: Desk, reader: Reader, so_far: SoFar, lead: str, number: int
    ) -> tuple[list[Candidate], int]:
        """The candidates for the next piece, without the lead, and the attempts that it took."""
        text, fit = so_far.text + lead, self._fit(so_far, lead)
        stand = Stand(
            text,
            number,
            shortest=0 if fit else SHORTEST,
            least=max(1, fit.characters - fit.tolerance) if fit else 0,
            may_end=fit is not None,
            starts=_starts(desk, so_far, text),
        )
        return offered(desk, reader.context, stand, so_far.known, fit)

    def _fit(self, so_far: SoFar, lead: str) -> Fit | None:
        """How long the next piece is to be, if it is the essay's last."""
        room = so_far.room - len(lead)
        is_last = so_far.is_last and room <= min(_LAST, _PER_TOKEN * self.desk.longest)
        return Fit(room, so_far.tolerance) if is_last else None

    def _ranked(self, reader: Reader, pool: Sequence[Candidate], so_far: SoFar) -> list[tuple[float, Candidate]]:
        """The candidates with the critic's scores, the best first, of two that are alike the earlier one."""
        vocabulary = self.desk.surfaces.vocabulary
        told = vocabulary.encode(so_far.headers[-1].text) if reader.is_headed else ()
        free = alone(reader.model, vocabulary, [candidate.tokens for candidate in pool], told)
        scores = [self.critic.score(parts) for parts in self.critic.parts(pool, free, so_far)]
        return sorted(zip(scores, pool, strict=True), key=lambda scored: -scored[0])


def _starts(desk: Desk, so_far: SoFar, text: str) -> list[list[int]]:
    """What the first candidates begin with: keywords that the section has still to name, the more of them the less room
    it has, and what the essay has to come back to."""
    still = so_far.open_keywords()
    is_urgent = bool(still) and len(still) * _PIECE >= so_far.section_room
    wanted = still if is_urgent else [*so_far.to_take_up(), *still]
    if not wanted or (desk.rows == 1 and not is_urgent):
        return []
    space = "" if not text or text[-1].isspace() else " "
    count = desk.rows if is_urgent else max(1, desk.rows // _FORCED)
    words = [wanted[place % len(wanted)] for place in range(count)]
    return [desk.surfaces.vocabulary.encode(space + stem(word)) for word in words]
