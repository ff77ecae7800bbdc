"""One piece of an essay: a few sentences, sampled until one of them ends, cut off and begun again if it gets stuck."""

import hashlib
import re
from collections.abc import Set
from dataclasses import dataclass
from typing import Literal

import torch

from generate.context import Context
from generate.decoding import Sampling, draw
from generate.korean import statement
from generate.sentences import ends, sentences
from generate.surfaces import Surfaces

SHORTEST = 40  # tokens; the first sentence end after that many ends a piece
LONGEST = 192  # tokens; a piece without a sentence end by then runs on
ATTEMPTS = 4
_LOOP = re.compile(r"(?:(.{2,40}?)\1{3,}|(.)\2{7,})$", re.DOTALL)
_SHORTEST_REPEATED = 10  # letters; a shorter sentence may stand in an essay twice ("그랬다.")
_NO_LETTER = re.compile(r"\W+")


@dataclass(frozen=True, slots=True)
class Piece:
    """What one round added to the essay: ``text``, and the ``tokens`` (trimmed ids) that the model read of it
    (without the empty line before a new paragraph).

    ``ending``: "sentence"; "document" where the model wrote the end of an essay; "cut" where a full stop had to be
    added: the model ran on without one, or got stuck ``attempts`` times.
    """

    text: str
    tokens: tuple[int, ...]
    attempts: int
    ending: Literal["sentence", "document", "cut"]


@dataclass(frozen=True, slots=True)
class Desk:
    """What is the same for all pieces of an essay. ``characters``: the asked length; ``longest``: tokens of a piece."""

    surfaces: Surfaces
    sampling: Sampling
    seed: int
    characters: int
    longest: int = LONGEST


def write_piece(desk: Desk, context: Context, standing: str, number: int, known: Set[str]) -> Piece:
    """The piece that follows ``standing`` (the whole text so far), as the ``number``-th of the essay.

    ``context`` has read what it should know of ``standing`` and reads the piece too. ``known``: the
    :func:`letters` of the sentences that stand already. The same arguments give the same piece.
    """
    mark = context.mark()
    for attempt in range(1, ATTEMPTS + 1):
        tokens, ending = _sampled(desk, context, standing, number, attempt)
        text = desk.surfaces.text(tokens)
        if ending and not repeats(text, known):
            return Piece(text, tuple(tokens), attempt, ending)
        context.rewind(mark)
        kept = statement(text) if len(tokens) == desk.longest else ""
        if kept and not repeats(kept, known):
            text = kept
            break
    else:
        text = _closed(text, known)
    tokens = desk.surfaces.vocabulary.encode(text)
    context.read(tokens)
    return Piece(text, tuple(tokens), attempt, "cut")


def _sampled(
    desk: Desk, context: Context, standing: str, number: int, attempt: int
) -> tuple[list[int], Literal["sentence", "document"] | None]:
    """Tokens sampled from where the context stands, and how they end; None: they got stuck."""
    surfaces = desk.surfaces
    generator = torch.Generator().manual_seed(_derived(desk.seed, number, attempt))
    sight = standing[-500:]
    before = len(standing) - len(sight)
    tokens: list[int] = []
    text = ""
    while len(tokens) < desk.longest:
        so_far = sight + text
        is_late = len(tokens) > desk.longest // 3  # then a quotation mark that is missing is not waited for
        is_ended = ends(so_far, within_quotation=is_late)
        if not so_far or so_far[-1].isspace():
            banned = surfaces.after_space
        elif not tokens and (number or is_ended):
            banned = surfaces.after_sentence
        else:
            banned = surfaces.inside if is_ended else surfaces.within_sentence
        [token] = draw(context.logits, context.rows, desk.sampling, [generator], banned, surfaces.breakers)
        if token == surfaces.vocabulary.eos:
            return tokens, "document"
        extended = surfaces.text([*tokens, token])
        is_enough = len(tokens) >= SHORTEST or before + len(so_far.rstrip()) >= desk.characters
        if tokens and is_enough and is_ended and ends(so_far, extended[len(text) :], is_late):
            return tokens, "sentence"
        tokens.append(token)
        text = extended
        if "\ufffd" in text[:-3] or (len(tokens) % 8 == 0 and _LOOP.search(text[-200:])):
            return tokens, None
        context.read([token])
    return tokens, None


def repeats(text: str, known: Set[str]) -> bool:
    """Whether one of the text's sentences is among the known ones, or in the text twice."""
    own = [found for found in map(letters, sentences(text)) if len(found) >= _SHORTEST_REPEATED]
    return len(set(own)) < len(own) or any(found in known for found in own)


def letters(sentence: str) -> str:
    """A sentence without spaces, marks and quotes, to compare it with others."""
    return _NO_LETTER.sub("", sentence)


def _closed(text: str, known: Set[str]) -> str:
    """What can be kept of a stuck attempt: its sentences that are new, else its last words with a full stop."""
    loop = _LOOP.search(text[-200:])
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


def _derived(seed: int, number: int, attempt: int) -> int:
    """A seed of 63 bits for one attempt at one piece."""
    return int.from_bytes(hashlib.sha256(f"{seed} {number} {attempt}".encode()).digest()[:8], "big") >> 1
