"""One piece of an essay, and the candidates for it: the next few sentences, as they may stand there."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import Literal

from generate.candidates import LOOP, Candidate, Desk, Stand, drafted
from generate.context import Context
from generate.guards.letters import letters_of
from generate.korean import statement
from generate.sentences import ends, sentences, starts

ATTEMPTS = 4
_SHORTEST_REPEATED = 10  # letters; a shorter sentence may stand in an essay twice ("그랬다.")


@dataclass(frozen=True, slots=True)
class Piece:
    """What one round added to the essay: ``text``, and the ``tokens`` (trimmed ids) that the model read of it
    (without the empty line before a new paragraph). ``section``: its number in the plan, from 0.

    ``ending``: "sentence"; "document" where the model wrote the end of an essay; "cut" where a full stop had to be
    added: all candidates ran on without one, or got stuck, in each of ``attempts`` rounds.
    """

    text: str
    tokens: tuple[int, ...]
    attempts: int
    ending: Literal["sentence", "document", "cut"]
    section: int = 0

    @classmethod
    def of(cls, chosen: Candidate, lead: str, attempts: int, section: int) -> "Piece":
        """The candidate as a piece, with what stands before it."""
        assert chosen.ending != "stuck"
        return cls(lead + chosen.text, chosen.tokens, attempts, chosen.ending, section)


@dataclass(frozen=True, slots=True)
class Fit:
    """That a piece is to be ``characters`` long, give or take ``tolerance``: the last one of an essay."""

    characters: int
    tolerance: int


def offered(
    desk: Desk, context: Context, stand: Stand, known: Set[str], fit: Fit | None = None
) -> tuple[list[Candidate], int]:
    """What may follow ``stand.text``, the whole text so far, one candidate or more; and in how many attempts.

    ``context`` has read what it should know of it, and is afterwards where it was. ``known``: the letters
    (:func:`generate.guards.letters.letters_of`) of the sentences that stand already. The only one is "cut" where all
    got stuck in each of ATTEMPTS rounds. The same arguments give the same candidates.
    """
    near: list[Candidate] = []
    for attempt in range(1, ATTEMPTS + 1):
        drafts = drafted(desk, context, replace(stand, attempt=attempt))
        ended = drafts if fit is None else [_fitted(draft, fit, desk) for draft in drafts]
        pool = [draft for draft in ended if draft.ending != "stuck" and not repeats(draft.text, known)]
        if fit is not None:
            near += pool
            pool = [draft for draft in near if abs(len(draft.text) - fit.characters) <= fit.tolerance]
            if near and not pool and attempt == ATTEMPTS:
                pool = [min(near, key=lambda draft: abs(len(draft.text) - fit.characters))]
        if pool:
            return pool, attempt
    text = _closed(drafts, known, desk, stand.text)
    return [replace(drafts[0], text=text, tokens=tuple(desk.surfaces.vocabulary.encode(text)), ending="cut")], ATTEMPTS


def repeats(text: str, known: Set[str]) -> bool:
    """Whether one of the text's sentences is among the known ones, or in the text twice."""
    own = [found for found in map(letters_of, sentences(text)) if len(found) >= _SHORTEST_REPEATED]
    return len(set(own)) < len(own) or any(found in known for found in own)


def _fitted(draft: Candidate, fit: Fit, desk: Desk) -> Candidate:
    """The candidate up to the end of that sentence of it which brings it nearest to the length.

    Its likelihood and states stay those of the whole draft.
    """
    cuts = [text for start in starts(draft.text) if ends(text := draft.text[:start].rstrip())]
    if draft.ending != "stuck" or not cuts:
        cuts.append(draft.text)
    best = min(cuts, key=lambda text: abs(len(text) - fit.characters))
    if best == draft.text:
        return draft
    return replace(draft, text=best, tokens=tuple(desk.surfaces.vocabulary.encode(best)), ending="sentence")


def _closed(drafts: Sequence[Candidate], known: Set[str], desk: Desk, before: str) -> str:
    """What can be kept of candidates that all got stuck, with a full stop behind it."""
    for draft in drafts:
        kept = statement(draft.text) if len(draft.tokens) == desk.longest else ""
        if kept and not repeats(kept, known):
            return kept
    each = [_ended(draft.text, known) for draft in drafts]  # of which what was left out may have kept sentences apart
    allowed = [text for text in each if not desk.forbids(before, text)] or ["…"]
    return max(allowed, key=lambda text: not repeats(text, known))


def _ended(text: str, known: Set[str]) -> str:
    """What can be kept of one that got stuck: its sentences that are new, else its last words with a full stop."""
    loop = LOOP.search(text[-200:])
    if loop:
        text = text[: loop.start() - len(text[-200:])] + (loop[1] or loop[2])
    text = text.replace("\ufffd", "")
    lead = text[: len(text) - len(text.lstrip())]
    written = list(dict.fromkeys(sentences(text)))
    whole = [sentence for sentence in written if ends(sentence) and not repeats(sentence, known)]
    if whole:
        return lead + " ".join(whole)
    words = (written or ["…"])[-1].split()
    last = " ".join(words[:-1] or words).rstrip(",;:")
    return lead + (last if ends(last) else last + ".")
