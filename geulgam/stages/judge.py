"""The judge that the user has taught, as the settings have it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from corpus.errors import GeulgamError
from corpus.events import On, silent
from corpus.judging.learnt.features import Vectors
from corpus.judging.learnt.judge import LearntJudge
from corpus.judging.learnt.marks import Marks
from corpus.judging.learnt.refusing import LearntStep
from corpus.judging.learnt.scoring import LearntScores
from geulgam.settings import Settings
from geulgam.workspace import Workspace

if TYPE_CHECKING:
    from retrieval.vectors import KeptVectors


class CorpusVectors:
    """The encoder of the settings, loaded when it is first asked; it computes only what the workspace has not seen."""

    def __init__(self, workspace: Workspace, settings: Settings, wanted: str = "", on: On = silent) -> None:
        self._workspace, self._settings, self._wanted, self._on = workspace, settings, wanted, on

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """The vectors (len(texts), d). Raises GeulgamError where a judge wants those of another encoder."""
        if self._wanted not in ("", self.name):
            what = f"the judge was learnt with the encoder {self._wanted}, but generate.encoder is {self.name}"
            raise GeulgamError(what, "geulgam corpus label --list learns it again from the same marks")
        return self._kept.encode(texts, on=self._on)

    def __getstate__(self) -> dict[str, Any]:
        """All but the encoder, which another process loads for itself."""
        return {name: value for name, value in self.__dict__.items() if name != "_kept"}

    @property
    def name(self) -> str:
        """The encoder's."""
        return self._kept.name

    @cached_property
    def _kept(self) -> "KeptVectors":
        from retrieval.encoder import encoder
        from retrieval.vectors import KeptVectors

        return KeptVectors(encoder(self._settings.generate.encoder), self._workspace.vectors)


def learnt_step(workspace: Workspace, settings: Settings) -> LearntStep:
    """The step of `corpus.judge.learnt`. Raises GeulgamError where nothing was learnt yet."""
    threshold = settings.corpus.judge.learnt
    judge = _judge(workspace, f"corpus.judge.learnt is {threshold:g}", "corpus.judge.learnt = 0")
    return LearntStep(judge, threshold, CorpusVectors(workspace, settings, judge.encoder))


def learnt_scores(workspace: Workspace, settings: Settings) -> LearntScores | None:
    """What `corpus.deduplicate.keep = "best"` goes by; None for another rule.

    Raises GeulgamError where nothing was learnt yet.
    """
    if settings.corpus.deduplicate.rule != "best":
        return None
    judge = _judge(workspace, 'corpus.deduplicate.keep is "best"', 'corpus.deduplicate.keep = "longest"')
    return LearntScores(judge, CorpusVectors(workspace, settings, judge.encoder))


def _judge(workspace: Workspace, why: str, otherwise: str) -> LearntJudge:
    """The judge that was learnt last, with the marks that stand now, some of which may have come since."""
    try:
        return replace(LearntJudge.load(workspace.judge), marks=dict(Marks(workspace.marks).standing))
    except FileNotFoundError:
        what = f"{why}, but nothing was learnt from marks yet"
        raise GeulgamError(what, f"geulgam corpus label, or {otherwise}") from None
