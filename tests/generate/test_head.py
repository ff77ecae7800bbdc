"""The learnt part of the critic: it tells next passages from others, on places it has not seen."""

from pathlib import Path

import numpy as np
import pytest

from corpus.errors import GeulgamError
from generate.critic.head import Example, Head, Kind


def made(places: int, seed: int = 0) -> list[Example]:
    """Passages of which the true next ones lean one way, among much noise."""
    generator = np.random.default_rng(seed)
    lean = np.zeros(40)
    lean[:5] = 2.0

    def example(place: int, kind: Kind) -> Example:
        hidden = generator.normal(size=40) + (lean if kind == "next" else 0)
        before, own = generator.normal(size=(2, 8)).astype(np.float32)
        return Example(place, kind, hidden.astype(np.float32), before, own)

    kinds: tuple[Kind, ...] = ("next", "later", "other", "model", "model", "model")
    return [example(place, kind) for place in range(places) for kind in kinds]


def test_it_puts_next_passages_above_others_on_places_it_was_not_taught_on() -> None:
    head = Head.of(made(40))
    assert min(head.told.model, head.told.later, head.told.other) > 0.9
    unseen = made(30, seed=1)
    scores = {
        kind: [head.score(e.hidden, e.before, e.own) for e in unseen if e.kind == kind] for kind in ("next", "model")
    }
    assert np.mean(scores["next"]) > np.mean(scores["model"]) + 1


def test_what_tells_nothing_is_told_to_tell_nothing() -> None:
    examples = made(60)
    generator = np.random.default_rng(5)
    shuffled = [
        Example(e.place, e.kind, generator.normal(size=40).astype(np.float32), e.before, e.own) for e in examples
    ]
    assert 0.3 < Head.of(shuffled).told.model < 0.7


def test_the_models_own_passages_lie_around_zero_with_a_deviation_of_one() -> None:
    examples = made(40)
    head = Head.of(examples)
    own = [head.score(e.hidden, e.before, e.own) for e in examples if e.kind == "model"]
    assert np.mean(own) == pytest.approx(0, abs=1e-6)
    assert np.std(own) == pytest.approx(1, abs=1e-6)


def test_it_is_kept_in_a_folder(tmp_path: Path) -> None:
    head = Head.of(made(20))
    head.save(tmp_path)
    again = Head.load(tmp_path)
    assert again.fingerprint == head.fingerprint
    assert again.told == head.told
    with pytest.raises(GeulgamError, match="no critic"):
        Head.load(tmp_path / "elsewhere")


def test_without_a_next_passage_nothing_can_be_taught() -> None:
    with pytest.raises(GeulgamError, match="too few"):
        Head.of([example for example in made(5) if example.kind != "next"])
