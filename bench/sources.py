"""Which source of candidates is worth asking: default sampling, guidance, contrastive search, typical-p, min-p.

    python -m bench.sources FOLDER [--topics …] [--places 40] [--sources default contrastive]

FOLDER is that of bench.writing: corpus, index and the seven topics' adapters, made where they are not there. At each
place, behind the opening and some 200 characters more of a held-out essay, every source drafts eight candidates, but
contrastive search, which knows no chance, one. The critic of the default writer judges them as one pool. Of each
source is printed

- usable: of the candidates, the share that ends, without saying a sentence twice; the other columns are of these;
- chosen: how often the pool's best is of this source, against its share of the candidates (1: as chance would have it),
  and the number of places; by default: the same in a pool of it and default sampling alone;
- score: the critic's, and five of the parts that it is made of; characters of a candidate;
- true: the encoder's cosine to the passage that the person wrote there, which the critic does not see; above: how far
  it lies above default sampling's at the same places; gain: how much nearer to that passage the critic's choice comes
  if these candidates are added to default sampling's; each with its standard error over the places;
- ms: milliseconds of processor time that drafting a candidate takes, on one thread.

The line "people" has what the critic would say of the person's passage, which is in no pool. Half a minute a place on
one core.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, nan, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache

from bench.blind import Passage
from bench.essays import QUERIES
from bench.topics import excerpts, ground
from bench.writing import adapters
from finetune.attention import grouped_attention
from finetune.base import BaseModel
from finetune.layout import beginning, essay_text
from finetune.vocabulary import Vocabulary
from generate.candidates import LOOP, SHORTEST, Candidate, Desk, Ending, Stand, drafted
from generate.context import Context
from generate.critic.critic import Critic
from generate.critic.wording import Wording
from generate.decoding.contrastive import contrastive
from generate.decoding.guidance import Guided
from generate.decoding.sampling import PRESETS
from generate.guards.letters import letters_of
from generate.likelihood import alone
from generate.merging import merged
from generate.piece import repeats
from generate.planning.plan import Plan
from generate.sentences import ends, sentences, starts
from generate.so_far import SoFar
from generate.surfaces import Surfaces
from retrieval.encoder import encoder

GAMMA = 0.3
SHORT = 48  # tokens that the short context begins with
_STANDING = 200  # characters behind the opening, to the nearest end of a sentence
_PARTS = ("likelihood", "information", "cohesion", "variety", "pairs")
_DEFAULT, _PEOPLE = "default", "people"
SOURCES = (_DEFAULT, "guided, last 48", "guided, title", "typical-p 0.9", "min-p 0.05", "contrastive")
_NO_STATE = np.zeros(1, np.float32)


@dataclass(frozen=True, slots=True)
class Judged:
    """A usable candidate, or the person's passage."""

    source: str
    score: float
    parts: Mapping[str, float]
    true: float
    characters: int


@dataclass(frozen=True, slots=True)
class Place:
    """What came of one place: the candidates ``offered`` by each source, the usable ones ``judged``, the seconds that
    each source took, and what the critic says of the ``person``."""

    offered: Mapping[str, int]
    judged: Sequence[Judged]
    seconds: Mapping[str, float]
    person: Judged

    def of(self, *sources: str) -> list[Judged]:
        """The usable candidates of these sources, or the person's passage."""
        return [each for each in (*self.judged, self.person) if each.source in sources]

    def best(self, *sources: str) -> Judged | None:
        """The one of them that the critic puts first."""
        return max(self.of(*sources), key=lambda each: each.score, default=None)


def cut(passage: Passage, vocabulary: Vocabulary) -> tuple[str, str]:
    """What stands at the place of an excerpt, and the passage that the person wrote there, as long as a candidate."""
    first = min(starts(passage.text)[1:], key=lambda start: abs(start - _STANDING))
    standing, rest = passage.opening + " " + passage.text[:first].rstrip(), passage.text[first:]
    passages = [" " + rest[:start].strip() for start in [*starts(rest)[1:], len(rest)]]
    long = [text for text in passages if len(vocabulary.encode(text)) >= SHORTEST]
    return standing, (long or passages[-1:])[0]


def searched(desk: Desk, context: Context, stand: Stand) -> Candidate:
    """The one candidate of contrastive search, ended as :func:`generate.candidates.drafted` ends one.

    Its likelihood and states are yet to be told. ``context`` goes on.
    """
    surfaces, tokens, text = desk.surfaces, list[int](), ""
    ending: Ending = "stuck"
    search = contrastive(context, banned=lambda: surfaces.within_sentence if tokens else surfaces.after_sentence)
    for token in search:
        extended = surfaces.text([*tokens, token])
        if len(tokens) >= SHORTEST and ends(stand.text + text, extended[len(text) :]):
            ending = "sentence"
            break
        tokens.append(token)
        text = extended
        if len(tokens) == desk.longest or LOOP.search(text[-200:]):
            break
    return Candidate(text, tuple(tokens), ending, nan, _NO_STATE)


def likelihoods(model: Any, before: Sequence[int], texts: Sequence[Sequence[int]]) -> list[float]:
    """Nats of each text's tokens behind ``before``, the mean of log p, whatever drafted it."""
    longest = max(map(len, texts))
    ids = torch.zeros((len(texts), longest), dtype=torch.long)
    for row, text in zip(ids, texts, strict=True):
        row[: len(text)] = torch.tensor([before[-1], *text[:-1]])
    with torch.inference_mode():
        cache = DynamicCache(config=model.config)
        model(input_ids=torch.tensor([before[:-1]]), past_key_values=cache, use_cache=True, logits_to_keep=1)
        cache.batch_repeat_interleave(len(texts))
        logits = model(input_ids=ids, past_key_values=cache, use_cache=True).logits
    return [
        float(scores[: len(text)].float().log_softmax(-1).gather(1, torch.tensor(text)[:, None]).mean())
        for scores, text in zip(logits, texts, strict=True)
    ]


class Sources:
    """The sources of these names behind one model."""

    def __init__(self, model: Any, desk: Desk, names: Sequence[str] = SOURCES) -> None:
        self._model, self._desk, self._names = model, desk, names

    def candidates(self, head: Sequence[int], stand: Stand) -> tuple[dict[str, list[Candidate]], dict[str, float]]:
        """What each source drafts at a place, by its name, and the seconds that it takes. ``head``: bos and title."""
        tokens = [*head, *self._desk.surfaces.vocabulary.encode(stand.text)]
        plain = Context(self._model)
        contexts = {
            "guided, last 48": Guided(self._model, GAMMA, lambda tokens: [tokens[0], *tokens[1:][-SHORT:]]),
            "guided, title": Guided(self._model, GAMMA, lambda tokens: [tokens[0], *tokens[len(head) :]]),
        }
        default = self._desk.sampling
        samplings = {
            "typical-p 0.9": replace(default, top_p=1.0, typical_p=0.9),
            "min-p 0.05": replace(default, top_p=1.0, min_p=0.05),
        }
        found, seconds = {}, {}
        for name in self._names:
            context = contexts.get(name, plain)
            if not context.tokens:
                context.begin(tokens)
                _ = context.logits  # what stands is read by all alike, before the clock
            began = time.process_time()
            if name == "contrastive":
                mark = context.mark()
                found[name] = [searched(self._desk, context, stand)]
                context.rewind(mark)
            else:
                desk = replace(self._desk, sampling=samplings.get(name, default))
                found[name] = drafted(desk, context, stand)
            seconds[name] = time.process_time() - began
        return found, seconds

    def judged(self, passage: Passage, critic: Critic, number: int) -> Place:
        """What comes of one place."""
        vocabulary = self._desk.surfaces.vocabulary
        standing, true = cut(passage, vocabulary)
        head = beginning(passage.topic, vocabulary)
        found, seconds = self.candidates(head, Stand(standing, number))
        known = set(map(letters_of, sentences(standing)))
        pool = [
            (name, each)
            for name, drafts in found.items()
            for each in drafts
            if each.ending != "stuck" and not repeats(each.text, known)
        ]
        pool.append((_PEOPLE, Candidate(true, tuple(vocabulary.encode(true)), "sentence", nan, _NO_STATE)))
        candidates = [candidate for _, candidate in pool]
        before = [*head, *vocabulary.encode(standing)]
        told = likelihoods(self._model, before, [candidate.tokens for candidate in candidates])
        candidates = [replace(each, likelihood=value) for each, value in zip(candidates, told, strict=True)]
        free = alone(self._model, vocabulary, [candidate.tokens for candidate in candidates])
        so_far = SoFar(Plan.of_one_section(passage.topic, 1000, standing), 0, critic.terms_of)
        parts = critic.parts(candidates, free, so_far)
        vectors = encoder().encode([candidate.text.strip() for candidate in candidates])
        *judged, person = (
            Judged(name, critic.score(own), own, float(cosine), len(candidate.text.strip()))
            for (name, candidate), own, cosine in zip(pool, parts, vectors @ vectors[-1], strict=True)
        )
        return Place({name: len(drafts) for name, drafts in found.items()}, judged, seconds, person)


def table(places: Sequence[Place]) -> list[str]:
    """The lines, one for each source and one for people."""
    names = [*places[0].offered]
    wide = ("usable", "chosen", "by default", "score", *_PARTS, "characters", "true", "above", "gain", "ms")
    lines = ["".ljust(17) + "".join(name.rjust(15) for name in wide)]
    for name in (*names, _PEOPLE):
        own = [place.of(name) for place in places]
        figures = [_mean([[each.score for each in some] for some in own])]
        figures += [_mean([[each.parts[part] for each in some] for some in own]) for part in _PARTS]
        shown = [f"{figure:.3f}" for figure in figures]
        shown.append(f"{_mean([[each.characters for each in some] for some in own]):.0f}")
        if name != _PEOPLE:
            offered = sum(place.offered[name] for place in places)
            true, more, gain = [], [], []
            for place in places:
                true.append(_true(place.of(name)))
                more.append(true[-1] - _true(place.of(_DEFAULT)))
                with_it, without = place.best(name, _DEFAULT), place.best(_DEFAULT)
                gain.append(with_it.true - without.true if with_it and without else 0.0)
            used = f"{sum(map(len, own)) / offered:.2f}"
            beside = "" if name == _DEFAULT else chosen(places, name, [name, _DEFAULT])
            shown = [used, chosen(places, name, names), beside, *shown, _with_error(true)]
            shown += ["", ""] if name == _DEFAULT else [_with_error(more, "+"), _with_error(gain, "+")]
            shown.append(f"{1000 * sum(place.seconds[name] for place in places) / offered:.0f}")
        else:
            shown = ["", "", "", *shown]
        lines.append(name.ljust(17) + "".join(value.rjust(15) for value in shown))
    return lines


def chosen(places: Sequence[Place], name: str, pool: Sequence[str]) -> str:
    """How often the best of these sources' candidates is of that source, against its share of them, and the number."""
    chance = sum(len(place.of(name)) / max(1, len(place.of(*pool))) for place in places)
    wins = sum((best := place.best(*pool)) is not None and best.source == name for place in places)
    return f"{wins / chance:.2f} ({wins})" if chance else "-"


def _mean(of_places: Sequence[Sequence[float]]) -> float:
    return float(np.mean([np.mean(own) for own in of_places if own]))


def _true(own: Sequence[Judged]) -> float:
    return float(np.mean([each.true for each in own])) if own else nan


def _with_error(values: Sequence[float], sign: str = "") -> str:
    known = np.array(values)[~np.isnan(values)]
    return f"{known.mean():{sign}.3f} ± {known.std(ddof=1) / sqrt(len(known)):.3f}"


def main() -> None:
    """Draft, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--topics", nargs="+", default=list(QUERIES), metavar="TOPIC")
    parser.add_argument("--places", type=int, default=40)
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=SOURCES, help="besides default sampling")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    made = ground(options.folder)
    base = BaseModel.load(texts=(essay_text(document) for document in made.corpus))
    trained = adapters(made, base, options.folder, options.topics)
    critic = Critic(encoder=encoder(), wording=Wording.of(made.corpus.get(made.sides.ids("train"))))
    desk = Desk(Surfaces(base.vocabulary), PRESETS["default"], options.seed)
    per_topic = ceil(options.places / len(options.topics))
    passages = [passage for passage in excerpts(made, per_topic) if passage.topic in options.topics]
    names = [_DEFAULT, *(name for name in options.sources if name != _DEFAULT)]
    places: list[Place] = []
    for topic in options.topics:
        with merged(base, trained[topic]) as model, grouped_attention(model):
            for passage in (passage for passage in passages if passage.topic == topic):
                places.append(Sources(model, desk, names).judged(passage, critic, len(places) + 1))
                print(f"{topic} {passage.id}: {time.process_time():.0f} s so far", flush=True)
    print(f"{len(places)} places; gamma {GAMMA}, k 5, alpha 0.6")
    print("\n".join(table(places)))


if __name__ == "__main__":
    main()
