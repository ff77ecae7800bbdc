"""A draft: an essay on the way, or finished, with all that decided how it was written."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from corpus.errors import GeulgamError
from generate.decoding import Sampling
from generate.piece import Piece


@dataclass(frozen=True, slots=True)
class Draft:
    """An essay as far as it is written, and how it came to be.

    ``text``: with the ``prompt`` it begins with, without its ``title``. ``characters``: the length asked for.
    ``model``: fingerprints of the base with its vocabulary and of the adapter's weights. ``window``: how many tokens
    the model sees. ``version``: of the writer's code. ``seconds``: spent on writing it.
    """

    title: str
    prompt: str
    text: str
    characters: int
    seed: int
    sampling: Sampling
    model: str
    window: int
    version: int
    pieces: tuple[Piece, ...] = ()
    seconds: float = 0.0

    @property
    def key(self) -> str:
        """32 hexadecimal digits that name the essay, whatever is written of it yet.

        They change with all that decides what is written. Of two drafts with one key either can be gone on with to
        the same essay; with another key, a draft has to be begun anew.
        """
        begun = asdict(replace(self, text=self.prompt, pieces=(), seconds=0.0))
        return hashlib.sha256(json.dumps(begun, sort_keys=True).encode()).hexdigest()[:32]

    @property
    def is_finished(self) -> bool:
        """Whether the asked length is reached."""
        return len(self.text.rstrip()) >= self.characters and bool(self.pieces)

    @property
    def resampled(self) -> int:
        """How many attempts got stuck and were sampled again."""
        return sum(piece.attempts - 1 for piece in self.pieces)

    def as_dict(self) -> dict[str, Any]:
        """The draft as JSON can hold it, to go on from later."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "Draft":
        """The draft that :meth:`as_dict` gave; GeulgamError if it is something else."""
        try:
            pieces = tuple(Piece(**{**piece, "tokens": tuple(piece["tokens"])}) for piece in saved["pieces"])
            return cls(**{**saved, "sampling": Sampling(**saved["sampling"]), "pieces": pieces})
        except (KeyError, TypeError) as error:
            raise GeulgamError(
                "the saved draft cannot be read", "begin it anew: the same seed gives the same essay"
            ) from error
