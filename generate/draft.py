"""A draft: an essay on the way, or finished, with all that decided how it was written."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from corpus.errors import GeulgamError
from generate.critic.weights import Weights
from generate.decoding.sampling import Sampling
from generate.piece import Piece
from generate.planning.plan import Facts, Plan, Section


@dataclass(frozen=True, slots=True)
class Draft:
    """An essay as far as it is written, and how it came to be.

    ``text``: with the plan's opening it begins with, without its title. ``best_of``: how many candidates each piece
    was chosen from, by the critic with these ``weights``. ``beam``: from how many of them it was looked further.
    ``redrafts``: how often a section may be written again. ``model``: fingerprints of the base with its vocabulary, of
    the adapters' weights and of all else that the writer was given. ``window``: how many tokens the model sees.
    ``version``: of the writer's code. ``seconds``: spent on writing it.

    The first ``settled`` of its ``pieces`` stay whatever comes. ``aside``: the best that a section had before it was
    begun again, while that goes on. ``again``: the number of each section that was written again, each time.
    """

    plan: Plan
    text: str
    seed: int
    sampling: Sampling
    best_of: int
    beam: int
    redrafts: int
    weights: Weights
    model: str
    window: int
    version: int
    pieces: tuple[Piece, ...] = ()
    settled: int = 0
    aside: tuple[Piece, ...] = ()
    again: tuple[int, ...] = ()
    seconds: float = 0.0
    is_finished: bool = False

    @property
    def key(self) -> str:
        """32 hexadecimal digits that name the essay, whatever is written of it yet.

        They change with all that decides what is written. Of two drafts with one key either can be gone on with to
        the same essay; with another key, a draft has to be begun anew.
        """
        begun = replace(self.with_pieces(()), settled=0, aside=(), again=(), seconds=0.0, is_finished=False)
        return hashlib.sha256(json.dumps(asdict(begun), sort_keys=True).encode()).hexdigest()[:32]

    @property
    def characters(self) -> int:
        """The length asked for."""
        return self.plan.characters

    @property
    def resampled(self) -> int:
        """How many rounds of candidates had none that could stand, and were drawn again."""
        return sum(piece.attempts - 1 for piece in self.pieces)

    @property
    def redrafted(self) -> int:
        """How many sections were written again."""
        return len(set(self.again))

    def with_pieces(self, pieces: tuple[Piece, ...]) -> "Draft":
        """The draft with these pieces behind its opening."""
        return replace(self, pieces=pieces, text=self.plan.opening + "".join(piece.text for piece in pieces))

    def sections(self) -> list[tuple[Section, str]]:
        """Each section of the plan with its text, without its heading."""
        texts = [self.plan.opening, *("" for _ in self.plan.sections[1:])]
        for piece in self.pieces:
            texts[piece.section] += piece.text
        return [
            (section, text.strip().removeprefix(self.plan.heading(section)).lstrip())
            for section, text in zip(self.plan.sections, texts, strict=True)
        ]

    def markdown(self, title: str) -> str:
        """The essay as a Markdown file, its headings where the plan has some. ``title``: for a plan without one."""
        heading = self.plan.heading(self.plan.sections[0])
        return "\n\n".join(filter(None, (f"# {self.plan.title or title}", heading, self.text))) + "\n"

    def as_dict(self) -> dict[str, Any]:
        """The draft as JSON can hold it, to go on from later."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "Draft":
        """The draft that :meth:`as_dict` gave; GeulgamError if it is something else."""
        try:
            plan = saved["plan"]
            return cls(
                **{
                    **saved,
                    "plan": Plan(
                        **{
                            **plan,
                            "sections": tuple(Section(**_tuples(section)) for section in plan["sections"]),
                            "facts": Facts(**_tuples(plan["facts"])),
                        }
                    ),
                    "sampling": Sampling(**saved["sampling"]),
                    "weights": Weights(**saved["weights"]),
                    "pieces": tuple(Piece(**_tuples(piece)) for piece in saved["pieces"]),
                    "aside": tuple(Piece(**_tuples(piece)) for piece in saved["aside"]),
                    "again": tuple(saved["again"]),
                }
            )
        except (KeyError, TypeError) as error:
            raise GeulgamError(
                "the saved draft cannot be read", "begin it anew: the same seed gives the same essay"
            ) from error


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    """The values, with a tuple for each list: JSON has no tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
