"""The writer: an essay by its plan, in short pieces, each the best of several candidates that continue what stands."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from corpus.document import document
from corpus.errors import GeulgamError
from corpus.events import On, Task, TextWritten, silent
from finetune.attention import grouped_attention
from finetune.base import BaseModel
from finetune.memory import enough_memory
from generate.candidates import LONGEST, SHORTEST, Candidate, Desk, Stand
from generate.context import Context
from generate.critic.critic import Critic
from generate.decoding.sampling import PRESETS, Sampling
from generate.draft import Draft
from generate.guards.guards import Guards
from generate.korean import stem
from generate.likelihood import alone
from generate.merging import merged
from generate.piece import Fit, Piece, write_piece
from generate.planning.plan import Plan
from generate.so_far import SoFar
from generate.surfaces import Surfaces
from generate.window import Window

VERSION = 4  # of all that decides on the text, in this package; another one where the same seed gives another essay
WINDOW = 1024  # tokens
BEST_OF = 8
PULSE = 0.25  # seconds, after which the next token tells that the work goes on, so that it can be broken off
_LAST = 240  # characters; with no more of the essay left, the next piece is to be its last
_PER_TOKEN = 1.25  # characters that a token has at least, as a rule: a piece of so many can be written
_REST = 30  # characters; with no more missing, no sentence is added
_FORCED = 4  # of so many candidates one begins with a keyword that the section has not named yet
_PIECE = 180  # characters that a piece takes, a long one
_ADVICE = "end what else uses the device, or write on another: finetune.device"


class Writer:
    """Writes essays with a base model and, if given, an adapter.

    ``adapters``: by name, for sections that have their own; with the vocabulary of the first. ``critic``: chooses among
    the candidates. ``guards``: what may not be written. ``window``: how many tokens of the essay the model sees at
    most. When they are full, it goes on from the title, the essay's beginning and the latest half.
    """

    def __init__(
        self,
        base: BaseModel,
        adapter: Path | None = None,
        *,
        adapters: Mapping[str, Path] | None = None,
        critic: Critic | None = None,
        guards: Guards | None = None,
        window: int = WINDOW,
    ) -> None:
        self.base = base
        self.adapter = adapter
        self.adapters = adapters or {}
        self.critic = critic or Critic()
        self.guards = guards or Guards()
        self.window = min(window, base.context)
        self.longest = max(1, min(LONGEST, self.window // 4))

    def begin(
        self, plan: Plan, sampling: Sampling = PRESETS["default"], seed: int = 0, *, best_of: int = BEST_OF
    ) -> Draft:
        """The draft with which :meth:`write` begins when it is given the same: the plan's opening alone.

        Its ``key`` is that of every draft which can be gone on with to the same essay. Raises GeulgamError for an
        opening that is longer than the model's context or the essay, and for a section whose adapter is not there.
        """
        opening = document(plan.opening, plan.title)
        plan = replace(plan, opening=opening.text, title=opening.title)
        if best_of < 1 or plan.characters < 1:
            raise GeulgamError(f"the best of {best_of} for {plan.characters} characters", "ask for 1 or more")
        self._view(plan).check(plan.opening, self.base.context)
        if len(plan.opening) >= plan.characters:
            raise GeulgamError(
                f"the opening has {len(plan.opening):,} characters already, and {plan.characters:,} were asked for",
                "ask for more, or give a shorter opening",
            )
        if missing := {section.adapter for section in plan.sections} - {"", *self.adapters}:
            raise GeulgamError(f"a section wants the adapter {min(missing)}", "train it, or take it out of the plan")
        return Draft(
            plan=plan,
            text=plan.opening,
            seed=seed,
            sampling=sampling,
            best_of=best_of,
            weights=self.critic.weights,
            model=self._model_name,
            window=self.window,
            version=VERSION,
        )

    def write(
        self,
        plan: Plan,
        sampling: Sampling = PRESETS["default"],
        seed: int = 0,
        *,
        best_of: int = BEST_OF,
        on: On = silent,
        on_piece: Callable[[Draft], None] | None = None,
        resume: Draft | None = None,
    ) -> Draft:
        """An essay by the plan, as long as it says to the nearest end of a sentence that could be had.

        ``on_piece`` is called with the draft so far after each piece; such a draft, given as ``resume`` with the other
        arguments unchanged, is finished as if nothing had interrupted it (on the same machine, bit by bit). The same
        seed gives the same essay.

        ``on`` is told of the task "writing" in characters, several times a second, and of each piece as it is
        written, after ``on_piece``: the opening and all that is told of stand one after the other in the essay. Of a
        draft that is gone on with, what stands is told first. What ``on`` raises ends the writing between two tokens.

        Raises GeulgamError as :meth:`begin` does, for a ``resume`` with another ``key``, and where memory runs out.
        """
        with enough_memory("writing", _ADVICE), self.base.borrowed(on):
            draft = self.begin(plan, sampling, seed, best_of=best_of)
            if resume is not None and resume.key != draft.key:
                raise GeulgamError(
                    "the draft to go on with was begun with other settings or another model",
                    "give the same ones, or begin a new essay",
                )
            return self._written(draft, resume, on, on_piece)

    def _written(self, draft: Draft, kept: Draft | None, on: On, on_piece: Callable[[Draft], None] | None) -> Draft:
        """The draft, finished, first with the pieces of the one that was kept of it."""
        replayed = kept.pieces if kept else ()
        told = "".join(piece.text for piece in replayed)
        began = time.monotonic() - (kept.seconds if kept else 0.0)
        done = min(len(draft.text + told), draft.characters)
        with Task(on, "writing", draft.characters, "character", done=done) as task, ExitStack() as models:
            if told:
                on(TextWritten(told))
            so_far = SoFar(draft.plan, draft.seed, self.critic.terms_of)
            vocabulary, window = self.base.vocabulary, self._view(draft.plan)
            desk = Desk(
                Surfaces(vocabulary), draft.sampling, draft.seed, draft.best_of, self.longest, self.guards.forbid
            )
            at: _Model | None = None
            while not draft.is_finished:
                number = len(draft.pieces)
                lead = so_far.turn(number)
                adapter = self.adapters.get(so_far.current.adapter, self.adapter)
                if at is None or at.adapter != adapter:
                    models.close()
                    at = models.enter_context(self._reading(adapter, task))
                    at.context.begin(window.view(so_far.text))
                context = at.context
                if window.is_full(len(context.tokens) + len(lead)):
                    context.begin(window.view(so_far.text))
                context.read(vocabulary.encode(lead))
                if number < len(replayed):
                    piece = replayed[number]
                    context.read(piece.tokens)
                else:
                    piece = self._piece(desk, at, so_far, lead, number)
                so_far.add(piece.text)
                draft = replace(
                    draft,
                    text=so_far.text,
                    pieces=(*draft.pieces, piece),
                    seconds=time.monotonic() - began,
                    is_finished=so_far.room <= max(_REST, _tolerance(draft.plan)),
                )
                if number >= len(replayed):
                    if on_piece:
                        on_piece(draft)
                    on(TextWritten(piece.text))
                    task.reach(min(len(draft.text), draft.characters))
            draft = replace(draft, text=draft.text.rstrip())
            task.result = f"{len(draft.text):,} characters in {len(draft.pieces)} pieces"
        return draft

    def _piece(self, desk: Desk, at: "_Model", so_far: SoFar, lead: str, number: int) -> Piece:
        """The next piece, with its lead."""
        text, room = so_far.text + lead, so_far.room - len(lead)
        is_last = so_far.is_last and room <= min(_LAST, _PER_TOKEN * self.longest)
        tolerance = _tolerance(so_far.plan)
        fit = Fit(room, tolerance) if is_last else None
        stand = Stand(
            text,
            number,
            shortest=0 if is_last else SHORTEST,
            least=max(1, room - tolerance) if is_last else 0,
            may_end=is_last,
            starts=self._starts(so_far, text, desk.rows),
        )

        def choose(pool: Sequence[Candidate]) -> int:
            free = alone(at.model, self.base.vocabulary, [candidate.tokens for candidate in pool])
            return self.critic.best(pool, free, so_far)

        piece = write_piece(desk, at.context, stand, so_far.known, choose, fit)
        return replace(piece, text=lead + piece.text, section=so_far.section)

    def _starts(self, so_far: SoFar, text: str, rows: int) -> list[list[int]]:
        """What the first candidates begin with: keywords that the section has still to name, the more of them the less
        room it has."""
        still = so_far.open_keywords()
        is_urgent = len(still) * _PIECE >= so_far.section_room
        if not still or (rows == 1 and not is_urgent):
            return []
        space = "" if not text or text[-1].isspace() else " "
        count = rows if is_urgent else max(1, rows // _FORCED)
        words = [still[place % len(still)] for place in range(count)]
        return [self.base.vocabulary.encode(space + stem(word)) for word in words]

    @contextmanager
    def _reading(self, adapter: Path | None, task: Task) -> Iterator["_Model"]:
        with merged(self.base, adapter) as model, grouped_attention(model):
            yield _Model(adapter, model, Context(model, _pulse(task)))

    def _view(self, plan: Plan) -> Window:
        return Window(self.base.vocabulary, plan.title, self.window, self.longest)

    @property
    def _model_name(self) -> str:
        names = [self.base.fingerprint, self.critic.fingerprint, self.guards.fingerprint]
        for adapter in filter(None, (self.adapter, *(self.adapters[name] for name in sorted(self.adapters)))):
            weights = adapter / "adapter_model.safetensors"
            if weights.exists():
                with weights.open("rb") as file:
                    names.append(hashlib.file_digest(file, "sha256").hexdigest()[:16])
        return " ".join(filter(None, names))


@dataclass(frozen=True, slots=True)
class _Model:
    """The model with the adapter of a section in it, and what it has read."""

    adapter: Path | None
    model: Any
    context: Context


def _tolerance(plan: Plan) -> int:
    """Characters that an essay may be longer or shorter than it was to be."""
    return max(3, plan.characters // 100)


def _pulse(task: Task) -> Callable[[], None]:
    """What tells, whenever it is called and PULSE has passed, that the task goes on."""
    told = time.monotonic()

    def tell() -> None:
        nonlocal told
        if time.monotonic() - told >= PULSE:
            task.advance(0)
            told = time.monotonic()

    return tell
