"""The writer: an essay of the asked length, in short pieces that each continue what stands already."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from corpus.document import document
from corpus.errors import GeulgamError
from corpus.events import On, Task, TextWritten, silent
from finetune.attention import grouped_attention
from finetune.base import BaseModel
from finetune.layout import PARAGRAPH
from finetune.memory import enough_memory
from generate.context import Context
from generate.decoding import PRESETS, Sampling
from generate.draft import Draft
from generate.merging import merged
from generate.piece import LONGEST, Desk, letters, write_piece
from generate.sentences import sentences
from generate.surfaces import Surfaces
from generate.window import Window

VERSION = 1  # of all that decides on the text, in this package; another one where the same seed gives another essay
WINDOW = 1024  # tokens
PULSE = 0.25  # seconds, after which the next token tells that the work goes on, so that it can be broken off
_ADVICE = "end what else uses the device, or write on another: finetune.device"


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

    def begin(
        self,
        prompt: str = "",
        characters: int = 1500,
        sampling: Sampling = PRESETS["default"],
        seed: int = 0,
        *,
        title: str = "",
    ) -> Draft:
        """The draft with which :meth:`write` begins when it is given the same: the prompt alone.

        Its ``key`` is that of every draft which can be gone on with to the same essay. Raises GeulgamError for a
        prompt that is longer than the model's context or the asked length.
        """
        opening = document(prompt, title)
        if characters < 1:
            raise GeulgamError(f"{characters} characters were asked for", "ask for 1 or more")
        self._view(opening.title).check(opening.text, self.base.context)
        if len(opening.text) >= characters:
            raise GeulgamError(
                f"the prompt has {len(opening.text):,} characters already, and {characters:,} were asked for",
                "ask for more, or give a shorter prompt",
            )
        return Draft(
            title=opening.title,
            prompt=opening.text,
            text=opening.text,
            characters=characters,
            seed=seed,
            sampling=sampling,
            model=self._model_name,
            window=self.window,
            version=VERSION,
        )

    def write(
        self,
        prompt: str = "",
        characters: int = 1500,
        sampling: Sampling = PRESETS["default"],
        seed: int = 0,
        *,
        title: str = "",
        on: On = silent,
        on_piece: Callable[[Draft], None] | None = None,
        resume: Draft | None = None,
    ) -> Draft:
        """An essay of at least ``characters`` characters that is longer by no more than its last sentence.

        ``prompt``: how the essay begins, part of it. ``title``: what the model reads above it, as above the essays
        it was trained on; a topic's name, say. ``on_piece`` is called with the draft so far after each piece; such a
        draft, given as ``resume`` with the other arguments unchanged, is finished as if nothing had interrupted it
        (on the same machine, bit by bit). The same seed gives the same essay.

        ``on`` is told of the task "writing" in characters, several times a second, and of each piece as it is
        written, after ``on_piece``: the prompt and all that is told of stand one after the other in the essay. Of a
        draft that is gone on with, what stands is told first. What ``on`` raises ends the writing between two tokens.

        Raises GeulgamError as :meth:`begin` does, for a ``resume`` with another ``key``, and where memory runs out.
        """
        with enough_memory("writing", _ADVICE), self.base.borrowed(on):
            draft = self.begin(prompt, characters, sampling, seed, title=title)
            if resume is not None and resume.key != draft.key:
                raise GeulgamError(
                    "the draft to go on with was begun with other settings or another model",
                    "give the same ones, or begin a new essay",
                )
            return self._written(draft, resume, on, on_piece)

    def _written(self, draft: Draft, kept: Draft | None, on: On, on_piece: Callable[[Draft], None] | None) -> Draft:
        """The draft, finished, first with the pieces of the one that was kept of it."""
        replayed = kept.pieces if kept else ()
        standing = "".join(piece.text for piece in replayed)
        done = min(len(draft.text + standing), draft.characters)
        began = time.monotonic() - (kept.seconds if kept else 0.0)
        with (
            Task(on, "writing", draft.characters, "character", done=done) as task,
            merged(self.base, self.adapter) as model,
            grouped_attention(model),
        ):
            if standing:
                on(TextWritten(standing))
            vocabulary, window = self.base.vocabulary, self._view(draft.title)
            desk = Desk(Surfaces(vocabulary), draft.sampling, draft.seed, draft.characters, self.longest)
            known = {letters(sentence) for sentence in sentences(draft.text)}
            context = Context(model, _pulse(task))
            context.begin(window.view(draft.text))
            while not draft.is_finished:
                number = len(draft.pieces)
                lead = PARAGRAPH if number and draft.pieces[-1].ending == "document" else ""
                if window.is_full(len(context.tokens) + len(lead)):
                    context.begin(window.view(draft.text))
                context.read(vocabulary.encode(lead))
                is_new = number >= len(replayed)
                if is_new:
                    piece = write_piece(desk, context, draft.text + lead, number, known)
                    piece = replace(piece, text=lead + piece.text)
                else:
                    piece = replayed[number]
                    context.read(piece.tokens)
                known |= {letters(sentence) for sentence in sentences(piece.text)}
                draft = replace(
                    draft,
                    text=draft.text + piece.text,
                    pieces=(*draft.pieces, piece),
                    seconds=time.monotonic() - began,
                )
                if is_new:
                    if on_piece:
                        on_piece(draft)
                    on(TextWritten(piece.text))
                    task.reach(min(len(draft.text), draft.characters))
            draft = replace(draft, text=draft.text.rstrip())
            task.result = f"{len(draft.text):,} characters in {len(draft.pieces)} pieces"
        return draft

    def _view(self, title: str) -> Window:
        return Window(self.base.vocabulary, title, self.window, self.longest)

    @property
    def _model_name(self) -> str:
        weights = self.adapter / "adapter_model.safetensors" if self.adapter else None
        if weights is None or not weights.exists():
            return self.base.fingerprint
        with weights.open("rb") as file:
            return f"{self.base.fingerprint} {hashlib.file_digest(file, 'sha256').hexdigest()[:16]}"


def _pulse(task: Task) -> Callable[[], None]:
    """What tells, whenever it is called and PULSE has passed, that the task goes on."""
    told = time.monotonic()

    def tell() -> None:
        nonlocal told
        if time.monotonic() - told >= PULSE:
            task.advance(0)
            told = time.monotonic()

    return tell
