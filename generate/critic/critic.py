"""The critic: which of several candidates an essay goes on with.

It looks for what people do, not for what is likely: a part rewards nearness to the band in which human essays lie, and
is silent inside it, wherever a figure can be too high as well as too low. What only rewards likeness to what stands,
or likelihood, is won by circling. The bands are the middle half to four fifths of next passages in human essays;
docs/writing.md has them, and what each part is worth to a reader.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict

import numpy as np

from generate.candidates import Candidate
from generate.critic.head import Head
from generate.critic.weights import Weights
from generate.critic.wording import Wording
from generate.korean import Word, words
from generate.phrases import LEAST_SCORE, LEAST_TIMES, overuse, phrases
from generate.planning.facts import agrees
from generate.sentences import sentences
from generate.so_far import SoFar
from retrieval.analyzer import Analyzer
from retrieval.analyzers import analyzer
from retrieval.encoder import Encoder

_NEAR = 300  # characters: the passage that a candidate follows
_LIKELY = -1.6  # nats per token; people's next passages have -3.3, and what is likelier than this circles
_INFORMATIVE = 0.5  # nats per token; people's have 0.32, nine of ten below 0.63
_COHESION = 0.10, 0.35  # share of content words that the passage before has too
_VARIETY = 0.12  # share of content words that the candidate has twice
_COHERENCE = 0.33, 0.60  # cosine to the passage before
_LIKE = 0.45  # cosine to the essay's beginning or the section's keywords, enough
_LATELY = 1000  # characters looked back on for words that wear
_AGAIN = 0.50  # share of content words that stand in them; of people's passages a quarter have more
_WORN = 4, 0.17  # times that a word stands in them before it is worn, and the share of such words that people have
_COUNTED = 3  # numbers in a passage; nine in ten of people's have none
_NUMBER = re.compile(r"\d+")
_VARIED = 0.60  # share of different ones among a hundred content words; a tenth of people's sections have less
_NEAR_BY = 0.30, 0.58  # mean cosine of four sentences to the next four; nine in ten of people's sections lie in it


class Critic:
    """Judges candidates. Without ``encoder``, ``wording`` or ``head`` the parts that need it are silent.

    ``terms_of``: how keywords are found, by default as words between spaces. ``fingerprint`` changes with
    whatever changes a judgement but the weights.
    """

    def __init__(
        self,
        weights: Weights | None = None,
        *,
        encoder: Encoder | None = None,
        wording: Wording | None = None,
        head: Head | None = None,
        terms_of: Analyzer | None = None,
    ) -> None:
        self.weights = weights or Weights()
        self.terms_of: Analyzer = terms_of or analyzer("whitespace")
        self._encoder, self._wording, self._head = encoder, wording, head
        told = [
            encoder.name if encoder else "",
            *(part.fingerprint if part else "" for part in (wording, head)),
            self.terms_of.fingerprint,
        ]
        self.fingerprint = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]

    def score(self, parts: dict[str, float]) -> float:
        """What the parts come to."""
        weights: dict[str, float] = asdict(self.weights)
        return sum(weight * parts.get(name, 0.0) for name, weight in weights.items())

    def strain(self, text: str) -> float:
        """How far a section lies outside the band of human ones: 0.0 inside it, 1.0 for a standard deviation of theirs.

        By its variety of words, where it has a hundred content words, and by how near in meaning its passages are to
        each other, where it has two of four sentences: too near is as bad as too far.
        """
        naming = [word.surface for word in words(text) if _names(word)]
        spans = [len(set(naming[at : at + 100])) / 100 for at in range(0, len(naming) - 99, 10)]
        strain = _beyond(float(np.mean(spans)), _VARIED, 1.0) / 0.08 if spans else 0.0
        own = sentences(text)
        blocks = [" ".join(own[at : at + 4]) for at in range(0, len(own) - 3, 4)]
        if self._encoder is None or len(blocks) < 2:
            return strain
        vectors = self._encoder.encode(blocks)
        return strain + _beyond(float((vectors[:-1] * vectors[1:]).sum(1).mean()), *_NEAR_BY) / 0.09

    def parts(self, candidates: Sequence[Candidate], alone: Sequence[float], so_far: SoFar) -> list[dict[str, float]]:
        """What each part says of each candidate: higher is better."""
        near = so_far.text[-_NEAR:]
        before = {word.surface for word in words(near) if _names(word)}
        lately = Counter(word.surface for word in words(so_far.text[-_LATELY:]) if _names(word))
        used = frozenset(word.surface for word in so_far.words if _names(word))
        meant = self._meant(candidates, so_far)
        found = []
        for number, (candidate, free) in enumerate(zip(candidates, alone, strict=True)):
            own = words(candidate.text)
            naming = [word.surface for word in own if _names(word)]
            parts = {
                "likelihood": min(candidate.likelihood, _LIKELY) - 2 * max(0.0, candidate.likelihood - _LIKELY),
                "information": min(candidate.likelihood - free, _INFORMATIVE),
                "cohesion": -_beyond(_share(word in before for word in naming), *_COHESION),
                "variety": -_beyond(1 - len(set(naming)) / max(1, len(naming)), 0.0, _VARIETY),
                "wear": -_worn(naming, lately),
                "numbers": -float(min(_COUNTED, len(_NUMBER.findall(candidate.text)))),
                **{name: values[number] for name, values in meant.items()},
            }
            if self._wording is not None:
                parts["pairs"] = self._wording.share_of_pairs(own)
                parts["words"] = self._wording.share_of_words(own, used)
                parts["phrases"] = -_overused(own, so_far, self._wording)
            if self.weights.keywords:
                parts["keywords"] = float(len(so_far.named_by(candidate.text)))
            if self.weights.facts or self.weights.kin:
                kept = agrees(candidate.text, so_far.plan.facts, so_far.people)
                parts["kin"] = kept.pop("kin", 1.0) - 1
                parts["facts"] = min(kept.values(), default=1.0) - 1
            found.append(parts)
        return found

    def _meant(self, candidates: Sequence[Candidate], so_far: SoFar) -> dict[str, list[float]]:
        """What the encoder says."""
        if self._encoder is None:
            return {}
        section, first = so_far.current, " ".join(sentences(so_far.text[:_NEAR])[:3])
        asked = {"coherence": passage_before(so_far.text), "beginning": first}
        if section.keywords:
            asked["topic"] = " ".join((section.title, *section.keywords))
        asked = {name: text for name, text in asked.items() if text.strip()}
        vectors = self._encoder.encode([*asked.values(), *(candidate.text.strip() for candidate in candidates)])
        cosines = vectors[: len(asked)] @ vectors[len(asked) :].T
        found = {}
        for name, row in zip(asked, cosines.tolist(), strict=True):
            if name == "coherence":
                found[name] = [-_beyond(cosine, *_COHERENCE) for cosine in row]
                if self._head is not None:
                    pairs = zip(candidates, vectors[len(asked) :], strict=True)
                    found["learnt"] = [self._head.score(candidate.hidden, vectors[0], own) for candidate, own in pairs]
            else:
                much = 2 if name == "beginning" and section.role == "closing" else 1
                found[name] = [much * min(cosine, _LIKE) for cosine in row]
        return found


def passage_before(text: str) -> str:
    """What a passage behind the text is compared with: the latest four sentences."""
    return " ".join(sentences(text[-3 * _NEAR :])[-4:])[-_NEAR:]


def _names(word: Word) -> bool:
    """Whether it names something, and is not only a turn of speech."""
    return word.content and not word.turn


def _beyond(value: float, low: float, high: float) -> float:
    """How far the value lies outside the band; 0 inside it."""
    return max(0.0, low - value, value - high)


def _share(each: Iterable[bool]) -> float:
    values = list(each)
    return sum(values) / len(values) if values else 0.0


def _worn(naming: Sequence[str], lately: Counter[str]) -> float:
    """How far the share of words that stand lately is above people's, and that of words that do so often."""
    often, share = _WORN
    again = _share(word in lately for word in naming)
    return _beyond(again, 0.0, _AGAIN) + _beyond(_share(lately[word] >= often for word in naming), 0.0, share)


def _overused(own: Sequence[Word], so_far: SoFar, wording: Wording) -> float:
    """The share of the morphemes that stand in phrases which the essay has with them three times or more, and far more
    often than people."""
    found = list(phrases(own))
    times, tokens = Counter(gram for gram, _ in found), len(so_far.words) + len(own)
    places: set[int] = set()
    for gram, place in found:
        standing = so_far.phrases[gram] + times[gram]
        if standing >= LEAST_TIMES and overuse(standing, tokens, wording.most(gram), wording.tokens) >= LEAST_SCORE:
            places.update(range(place, place + len(gram)))
    return len(places) / max(1, len(own))
