"""The writer: an essay by its plan, in short pieces, each the best of several candidates that continue what stands."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from corpus.document import document
from corpus.errors import GeulgamError
from corpus.events import On, Task, TextWritten, silent
from finetune.adapt import is_headed
from finetune.attention import grouped_attention
from finetune.base import BaseModel
from finetune.memory import enough_memory, give_back
from generate.candidates import LONGEST, Desk, derived
from generate.context import Context
from generate.course import Course
from generate.critic.critic import Critic
from generate.decoding.sampling import PRESETS, Sampling
from generate.draft import Draft
from generate.guards.guards import Guards
from generate.merging import merged
from generate.piece import Piece
from generate.planning.plan import Plan
from generate.search import Reader, Search
from generate.surfaces import Surfaces
from generate.window import Window

# Of all that decides on the text, in this package; another one where the same seed gives another essay, and then
# EssayNode has another one too.
VERSION = 9
WINDOW = 1024  # tokens
BEST_OF = 8
REDRAFTS = 1
PULSE = 0.25  # seconds, after which the next token tells that the work goes on, so that it can be broken off
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
        self,
        plan: Plan,
        sampling: Sampling = PRESETS["default"],
        seed: int = 0,
        *,
        best_of: int = BEST_OF,
        beam: int = 1,
        redrafts: int = REDRAFTS,
    ) -> Draft:
        """The draft with which :meth:`write` begins when it is given the same: the plan's opening alone.

        Its ``key`` is that of every draft which can be gone on with to the same essay. Raises GeulgamError for an
        opening that is longer than the model's context or the essay, and for a section whose adapter is not there.
        """
        opening = document(plan.opening, plan.title)
        plan = replace(plan, opening=opening.text, title=opening.title)
        if best_of < 1 or plan.characters < 1:
            raise GeulgamError(f"the best of {best_of} for {plan.characters} characters", "ask for 1 or more")
        if beam < 1 or redrafts < 0:
            raise GeulgamError(
                f"a beam of {beam}, {redrafts} redrafts", "ask for a beam of 1, or more; and for no redraft, or more"
            )
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
            beam=beam,
            redrafts=redrafts,
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
        beam: int = 1,
        redrafts: int = REDRAFTS,
        on: On = silent,
        on_piece: Callable[[Draft], None] | None = None,
        resume: Draft | None = None,
    ) -> Draft:
        """An essay by the plan, as long as it says to the nearest end of a sentence that could be had.

        Each piece is the best of ``best_of`` candidates; with a ``beam`` of 2 or more, each two pieces are the best
        pair that so many of the best candidates begin (:class:`generate.search.Search`, at the price stated there). A
        section that falls out of the human band, as the critic sees it, is written again up to ``redrafts`` times, and
        the best of its versions stays (:func:`generate.redraft.settled`).

        ``on_piece`` is called with the draft so far after each piece, or pair; such a draft, given as ``resume`` with
        the other arguments unchanged, is finished as if nothing had interrupted it (on the same machine, bit by bit).
        The same seed gives the same essay.

        ``on`` is told of the task "writing" in characters, several times a second; they become fewer where a section
        is written again. It is told of the text after ``on_piece``, as soon as it stays: with ``redrafts`` of 0 each
        piece, else each section, so that the opening and all that is told of stand one after the other in the essay.
        Of a draft that is gone on with, what stays is told first. What ``on`` raises ends the writing between two
        tokens.

        Raises GeulgamError as :meth:`begin` does, for a ``resume`` with another ``key``, and where memory runs out.
        """
        with enough_memory("writing", _ADVICE), self.base.borrowed(on):
            draft = self.begin(plan, sampling, seed, best_of=best_of, beam=beam, redrafts=redrafts)
            if resume is not None and resume.key != draft.key:
                raise GeulgamError(
                    "the draft to go on with was begun with other settings or another model",
                    "give the same ones, or begin a new essay",
                )
            return self._written(draft, resume, on, on_piece)

    def _written(self, draft: Draft, kept: Draft | None, on: On, on_piece: Callable[[Draft], None] | None) -> Draft:
        """The draft, finished, first with the pieces of the one that was kept of it."""
        kept = kept or draft
        began, told = time.monotonic() - kept.seconds, kept.settled
        done = min(len(kept.text), draft.characters)
        with Task(on, "writing", draft.characters, "character", done=done) as task, ExitStack() as models:
            if told:
                on(TextWritten(_text(kept.pieces[:told])))
            vocabulary, window = self.base.vocabulary, self._view(draft.plan)
            desk = Desk(
                Surfaces(vocabulary), draft.sampling, draft.seed, draft.best_of, self.longest, self.guards.forbid
            )
            search = Search(desk, self.critic, window, draft.beam)
            course = Course(draft, self.critic.terms_of, window, vocabulary.encode, self._readers(models, task))
            course.follow(kept.pieces)
            course.draft = replace(
                course.draft, settled=kept.settled, aside=kept.aside, again=kept.again, seconds=kept.seconds
            )
            while not course.draft.is_finished:
                lead, number = course.turn(), len(course.draft.pieces)
                again = course.draft.again.count(course.so_far.section)
                seeded = replace(desk, seed=derived(draft.seed, again)) if again else desk
                first, *others = replace(search, desk=seeded).next(course.reader, course.so_far, lead, number)
                course.add(first)
                course.follow(others)
                course.settle(self.critic.strain)
                course.draft = replace(course.draft, seconds=time.monotonic() - began)
                if on_piece:
                    on_piece(course.draft)
                give_back()
                if course.draft.settled > told:
                    on(TextWritten(_text(course.draft.pieces[told : course.draft.settled])))
                    told = course.draft.settled
                task.reach(min(len(course.draft.text), draft.characters))
            draft = replace(course.draft, text=course.draft.text.rstrip())
            task.result = f"{len(draft.text):,} characters in {len(draft.pieces)} pieces"
        return draft

    def _readers(self, models: ExitStack, task: Task) -> Callable[[str], Reader]:
        """What gives the model with the adapter of that name, one at a time."""
        reader: Reader | None = None

        def reading(name: str) -> Reader:
            nonlocal reader
            adapter = self.adapters.get(name, self.adapter)
            if reader is None or reader.adapter != adapter:
                models.close()
                reader = models.enter_context(self._reading(adapter, task))
            return reader

        return reading

    @contextmanager
    def _reading(self, adapter: Path | None, task: Task) -> Iterator[Reader]:
        with merged(self.base, adapter) as model, grouped_attention(model):
            yield Reader(adapter, model, Context(model, _pulse(task)), adapter is not None and is_headed(adapter))

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


def _text(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def _pulse(task: Task) -> Callable[[], None]:
    """What tells, whenever it is called and PULSE has passed, that the task goes on."""
    told = time.monotonic()

    def tell() -> None:
        nonlocal told
        if time.monotonic() - told >= PULSE:
            task.advance(0)
            told = time.monotonic()

    return tell
