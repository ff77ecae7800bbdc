"""What an essay never holds: spans of the corpus, and phrases that the user has banned."""

import hashlib
from collections.abc import Sequence

from generate.guards.letters import behind, letters_of
from generate.guards.spans import SpanIndex


class Guards:
    """Asked before each token. ``spans``: of the documents of which no span of 30 letters may be written again.

    ``banned``: phrases that never appear, spaces, punctuation and capitals aside.
    """

    def __init__(self, spans: SpanIndex | None = None, banned: Sequence[str] = ()) -> None:
        self._spans = spans
        self._banned = sorted({letters for phrase in banned if (letters := letters_of(phrase))})

    def forbid(self, before: str, text: str) -> bool:
        """Whether the text may not stand behind what stands before it."""
        if any(phrase in behind(before, text, len(phrase) - 1) for phrase in self._banned):
            return True
        return self._spans is not None and self._spans.completes(before, text)

    @property
    def fingerprint(self) -> str:
        """Changes with what is forbidden; empty where nothing is."""
        if self._spans is None and not self._banned:
            return ""
        told = [self._spans.fingerprint if self._spans else "", *self._banned]
        return hashlib.sha256("\0".join(told).encode()).hexdigest()[:16]
