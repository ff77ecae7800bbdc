"""The writer: an essay of the asked length, in short pieces that each continue what stands already."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from corpus.document import document
from corpus.errors import GeulgamError
from finetune.attention import grouped_attention
from finetune.base import BaseModel
from generate.context import Context
from generate.decoding import PRESETS, Sampling
from generate.merging import merged
from generate.piece import LONGEST, Desk, Piece, letters, write_piece
from generate.sentences import sentences
from generate.surfaces import Surfaces
from generate.window import PARAGRAPH, Window

WINDOW = 1024  # tokens


@dataclass(frozen=True, slots=True)
class Essay:
    """An essay, finished or on the way, and how it came to be.

    ``text``: the essay with the prompt it begins with, without its ``title``. ``characters``: the length asked for.
    ``model``: fingerprints of the base and of the adapter's weights. ``seconds``: spent on writing it.
    """

    title: str
    prompt: str
    text: str
    characters: int
    seed: int
    sampling: Sampling
    model: str
    pieces: tuple[Piece, ...] = ()
    seconds: float = 0.0

    @property
    def is_finished(self) -> bool:
        """Whether the asked length is reached."""
        return len(self.text.rstrip()) >= self.characters and bool(self.pieces)

    @property
    def resampled(self) -> int:
        """How many attempts got stuck and were sampled again."""
        return sum(piece.attempts - 1 for piece in self.pieces)

    def as_dict(self) -> dict[str, Any]:
        """The essay as JSON can hold it, to go on from later."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "Essay":
        """The essay that :meth:`as_dict` gave; GeulgamError if it is something else."""
        try:
            pieces = tuple(Piece(**{**piece, "tokens": tuple(piece["tokens"])}) for piece in saved["pieces"])
            return cls(**{**saved, "sampling": Sampling(**saved["sampling"]), "pieces": pieces})
        except (KeyError, TypeError) as error:
            raise GeulgamError(
                "the saved essay cannot be read", "begin it anew: the same seed gives the same essay"
            ) from error


class Writer:
    """Writes essays with a base model and, if given, an adapter.

    ``window``: how many tokens of the essay the model sees at most. When they are full, it goes on from the title
    and the latest half, beginning with a whole sentence.
    """

    def __init__(self, base: BaseModel, adapter: Path | None = None, *, window: int = WINDOW) -> None:
        self.base = base
        self.adapter = adapter
        self.window = min(window, base.context)
        self.longest = max(1, min(LONGEST, self.window // 4))
        self._surfaces = Surfaces(base.vocabulary)

    def write(
        self,
        prompt: str = "",
        characters: int = 1500,
        sampling: Sampling = PRESETS["default"],
        seed: int = 0,
        progress: bool = False,
        *,
        title: str = "",
        on_piece: Callable[[Essay], None] | None = None,
        resume: Essay | None = None,
    ) -> Essay:
        """An essay of at least ``characters`` characters that is longer by no more than its last sentence.

        ``prompt``: how the essay begins, part of it. ``title``: what the model reads above it, as above the essays
        it was trained on; a topic's name, say. ``on_piece`` is called with the essay so far after each piece;
        such an essay, given as ``resume`` with the other arguments unchanged, is finished as if nothing had
        interrupted it (on the same machine, bit by bit). The same seed gives the same essay.

        Raises GeulgamError for a prompt that is longer than the model's context or the asked length, and for a
        ``resume`` of other settings.
        """
        opening = document(prompt, title)
        essay = Essay(opening.title, opening.text, opening.text, characters, seed, sampling, self._model_name)
        window = Window(self.base.vocabulary, essay.title, self.window, self.longest)
        self._check(essay, window)
        if resume is not None and replace(resume, text=essay.text, pieces=(), seconds=0.0) != essay:
            raise GeulgamError(
                "the essay to go on with was begun with other settings or another model",
                "give the same ones, or begin a new essay",
            )
        began = time.monotonic() - (resume.seconds if resume else 0.0)
        replayed = resume.pieces if resume else ()
        desk = Desk(self._surfaces, sampling, seed, characters, self.longest)
        bar = tqdm(total=characters, unit="자", desc=title or None, disable=not progress)
        with merged(self.base, self.adapter) as model, grouped_attention(model), bar:
            context = Context(model)
            context.begin(window.view(essay.text))
            known = {letters(sentence) for sentence in sentences(essay.text)}
            while not essay.is_finished:
                number = len(essay.pieces)
                lead = PARAGRAPH if number and essay.pieces[-1].ending == "document" else ""
                if window.is_full(len(context.tokens) + len(lead)):
                    context.begin(window.view(essay.text))
                context.read(self.base.vocabulary.encode(lead))
                if number < len(replayed):
                    piece = replayed[number]
                    context.read(piece.tokens)
                else:
                    piece = write_piece(desk, context, essay.text + lead, number, known)
                    piece = replace(piece, text=lead + piece.text)
                known |= {letters(sentence) for sentence in sentences(piece.text)}
                essay = replace(
                    essay,
                    text=essay.text + piece.text,
                    pieces=(*essay.pieces, piece),
                    seconds=time.monotonic() - began,
                )
                bar.update(min(len(essay.text), characters) - bar.n)
                if on_piece and number >= len(replayed):
                    on_piece(essay)
        return replace(essay, text=essay.text.rstrip())

    @property
    def _model_name(self) -> str:
        weights = self.adapter / "adapter_model.safetensors" if self.adapter else None
        if weights is None or not weights.exists():
            return self.base.fingerprint
        with weights.open("rb") as file:
            return f"{self.base.fingerprint} {hashlib.file_digest(file, 'sha256').hexdigest()[:16]}"

    def _check(self, essay: Essay, window: Window) -> None:
        if essay.characters < 1:
            raise GeulgamError(f"{essay.characters} characters were asked for", "ask for 1 or more")
        window.check(essay.prompt, self.base.context)
        if len(essay.prompt) >= essay.characters:
            raise GeulgamError(
                f"the prompt has {len(essay.prompt):,} characters already, and {essay.characters:,} were asked for",
                "ask for more, or give a shorter prompt",
            )
