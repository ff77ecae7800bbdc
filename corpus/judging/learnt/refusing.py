"""The learnt judge as a step by which the corpus is derived, behind the rules."""

from dataclasses import dataclass
from typing import ClassVar

from corpus.document import Document
from corpus.judging.learnt.features import Encode, features
from corpus.judging.learnt.judge import LearntJudge


@dataclass(frozen=True)
class LearntStep:
    """Refuses what scores less than ``threshold``; what the user has marked is as it was marked.

    A :class:`corpus.step.Step`: what it gives depends on the document alone, the marks and what was learnt from them.
    """

    judge: LearntJudge
    threshold: float
    encode: Encode
    version: int = 1
    at_once: ClassVar[int] = 8  # each may hold an encoder, of 0.3 GB

    @property
    def name(self) -> str:
        """With the threshold and the judge's digest, so that the corpus is made anew when either changes."""
        return f"judge.learnt {self.threshold:g} {self.judge.digest}"

    def __call__(self, document: Document) -> Document | str:
        """The document as it is, or the reason for refusing it."""
        mark = self.judge.marks.get(document.id)
        if mark is not None:
            return document if mark else "learnt: marked as no essay"
        score = float(self.judge.scores(features([document.text], self.encode))[0])
        return document if score >= self.threshold else f"learnt: score {score:.2f}"
