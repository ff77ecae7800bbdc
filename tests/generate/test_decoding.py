"""What may come next is what transformers' generate would allow; what comes is decided by the row's own seed."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import (
    LogitsProcessorList,
    MinPLogitsWarper,
    NoRepeatNGramLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from corpus.errors import GeulgamError
from generate.decoding.sampling import PRESETS, Sampling, candidates, draw, preset
from tests.timing import quickest

LOGITS = torch.randn(500, generator=torch.Generator().manual_seed(1)) * 3
SEEN = [7, 3, 9, 3, 7, 3, 9, 400, 12, 7, 3]

# Each with the twelve tokens that one row drew from LOGITS by the seed 5 when a step was one row's.
SETTINGS = {
    PRESETS["contest"]: [123, 120, 214, 32, 125, 120, 159, 95, 120, 142, 140, 140],
    Sampling(temperature=0.9, top_k=50, top_p=0.9, repetition_penalty=1.2, repetition_window=128): [
        *[32, 120, 125, 32, 194, 120, 159, 55, 120, 13, 140, 307]
    ],
    Sampling(): [60, 159, 228, 46, 97, 159, 159, 156, 120, 19, 213, 95],
    Sampling(temperature=0.5, top_k=5): [44, 120, 44, 44, 307, 120, 120, 260, 120, 307, 159, 159],
    Sampling(top_p=0.3): [44, 120, 44, 260, 44, 120, 120, 260, 120, 44, 159, 159],
    Sampling(min_p=0.1, temperature=1.5): [13, 159, 46, 459, 60, 159, 159, 223, 120, 433, 123, 213],
    Sampling(repetition_penalty=1.3, no_repeat_ngram=3, top_k=40, top_p=0.9): [
        *[454, 120, 125, 123, 194, 120, 159, 95, 120, 459, 431, 140]
    ],
}
EVERYTHING = Sampling(0.8, 40, 0.95, 0.01, 0.9, 1.2, 6, 4, 0.8, 1.75, 2)


def seeds(*numbers: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(number) for number in numbers]


def peer(logits: torch.Tensor, seen: list[int], sampling: Sampling) -> torch.Tensor:
    """The probabilities that transformers' processors leave of one row's logits, (V,)."""
    warpers = LogitsProcessorList([TemperatureLogitsWarper(sampling.temperature)])
    if sampling.no_repeat_ngram:
        warpers.insert(0, NoRepeatNGramLogitsProcessor(sampling.no_repeat_ngram))
    if sampling.top_k:
        warpers.append(TopKLogitsWarper(sampling.top_k))
    if sampling.top_p < 1:
        warpers.append(TopPLogitsWarper(sampling.top_p))
    if sampling.min_p:
        warpers.append(MinPLogitsWarper(sampling.min_p))
    if sampling.typical_p < 1:
        warpers.append(TypicalLogitsWarper(sampling.typical_p))
    scores = logits[None].clone()
    if sampling.repetition_penalty > 1:
        ids = torch.tensor([seen[-sampling.repetition_window :]], dtype=torch.long)
        scores = RepetitionPenaltyLogitsProcessor(sampling.repetition_penalty)(ids, scores)
    return torch.softmax(warpers(torch.tensor([seen]), scores)[0], dim=0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "sampling", [*SETTINGS, Sampling(typical_p=0.8), Sampling(top_k=30, top_p=0.9, min_p=0.02, typical_p=0.7)]
)
def test_candidates_are_those_of_transformers_with_the_same_probabilities(sampling: Sampling) -> None:
    logits = torch.stack([LOGITS, LOGITS.flip(0), LOGITS.roll(7)])
    seen = [SEEN, SEEN[:1], SEEN[::-1] * 3]
    probabilities, tokens = candidates(logits, seen, sampling)
    ours = torch.zeros_like(logits).scatter(1, tokens, probabilities)
    expected = torch.stack([peer(*row, sampling) for row in zip(logits, seen, strict=True)])
    torch.testing.assert_close(ours, expected, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize(("sampling", "drawn"), SETTINGS.items())
def test_a_seed_still_draws_what_it_drew_when_a_step_was_one_row(sampling: Sampling, drawn: list[int]) -> None:
    (generator,) = seeds(5)
    assert [draw(LOGITS[None], [SEEN], sampling, [generator])[0] for _ in drawn] == drawn


def rows(sampling: Sampling, order: list[int]) -> list[int]:
    """What eight quite different rows draw, side by side in this order: given back by their numbers."""
    made = torch.Generator().manual_seed(2)
    logits = torch.randn(8, 300, generator=made) * 4
    banned = torch.rand(8, 300, generator=made) < 0.2
    seen = [torch.randint(0, 30, (number * 9,), generator=made).tolist() for number in range(8)]  # the first: none
    drawn = draw(logits[order], [seen[i] for i in order], sampling, seeds(*order), banned[order], {3, 4})
    return [token for _, token in sorted(zip(order, drawn, strict=True))]


@pytest.mark.parametrize("sampling", [*SETTINGS, EVERYTHING])
def test_a_row_draws_the_same_alone_and_beside_any_others(sampling: Sampling) -> None:
    alone = [rows(sampling, [number])[0] for number in range(8)]
    assert len(set(alone)) > 4
    assert rows(sampling, [5, 2, 7, 0, 1, 6, 4, 3]) == alone
    assert rows(sampling, [6, 2, 3]) == [alone[2], alone[3], alone[6]]


def test_the_contest_preset_is_the_call_the_winners_published() -> None:
    assert preset("contest") == Sampling(temperature=1.0, top_k=30, top_p=0.95, repetition_penalty=2.0)


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_draws_follow_the_probabilities(order: list[int]) -> None:
    shares = torch.tensor([0.5, 0.3, 0.15, 0.05])
    logits = shares.log()[order].expand(4, -1)
    generators = seeds(0, 1, 2, 3)
    drawn = torch.tensor([draw(logits, [[]] * 4, Sampling(top_k=3), generators) for _ in range(4000)])
    expected = torch.where(shares < 0.1, 0.0, shares / 0.95)[order]
    for row in drawn.T:
        torch.testing.assert_close(torch.bincount(row, minlength=4) / 4000, expected, atol=0.03, rtol=0)


@given(st.lists(st.sampled_from([-9.0, -1.0, 0.0, 0.5, 3.0, 40.0]), min_size=1, max_size=9), st.integers(0, 2**32))
def test_what_is_drawn_may_come_whatever_the_settings(values: list[float], seed: int) -> None:
    logits = torch.tensor([values, values[::-1]])
    for sampling in (Sampling(top_p=0.5), Sampling(typical_p=0.3), Sampling(0.1, 2, 0.9, 0.2, 0.5)):
        probabilities, tokens = candidates(logits, [[], []], sampling)
        for row, token in enumerate(draw(logits, [[], []], sampling, seeds(seed, seed + 1))):
            assert probabilities[row, tokens[row] == token] > 0


def test_the_same_seeds_draw_the_same_and_leave_the_logits_alone() -> None:
    logits = torch.stack([LOGITS, LOGITS])
    before = logits.clone()
    first, second = (
        [draw(logits, [SEEN, SEEN], EVERYTHING, generators) for _ in range(50)]
        for generators in (seeds(5, 6), seeds(5, 6))
    )
    assert first == second
    assert len({token for pair in first for token in pair}) > 2
    assert any(left != right for left, right in first)
    assert torch.equal(logits, before)


def test_a_banned_token_never_comes_in_the_row_that_it_is_banned_in() -> None:
    banned = torch.ones(2, 500, dtype=torch.bool)
    banned[0, [4, 8]] = banned[1, [15, 16]] = False
    generators = seeds(0, 1)
    drawn = [draw(LOGITS.expand(2, -1), [SEEN, []], Sampling(), generators, banned) for _ in range(200)]
    assert [set(row) for row in zip(*drawn, strict=True)] == [{4, 8}, {15, 16}]
    for_both = {
        token for _ in range(99) for token in draw(LOGITS.expand(2, -1), [[], []], Sampling(), generators, banned[1])
    }
    assert for_both == {15, 16}


@pytest.mark.parametrize("dry", [0.0, 1e-9])  # DRY looks further back
def test_the_penalty_looks_back_no_further_than_its_window(dry: float) -> None:
    def of(seen: list[int]) -> torch.Tensor:
        sampling = Sampling(repetition_penalty=2.0, repetition_window=2, dry_multiplier=dry)
        return candidates(LOGITS[None], [seen], sampling)[0]

    assert torch.equal(of(SEEN), of([7, 3]))
    assert not torch.equal(of(SEEN), of([]))


def test_dry_makes_going_on_as_before_less_likely_and_not_after_a_breaker() -> None:
    seen = [50, 51, 52, 53, 10, 50, 51, 52]
    dry = Sampling(dry_multiplier=2.0, dry_base=3.0, dry_allowed=2)

    def of_53(sampling: Sampling, breakers: set[int]) -> float:
        probabilities, tokens = candidates(torch.zeros(1, 99), [seen], sampling, None, breakers)
        return float(probabilities[tokens == 53].log() - probabilities[tokens == 0].log())

    assert of_53(Sampling(), set()) == pytest.approx(0)
    assert of_53(dry, set()) == pytest.approx(-2 * 3.0 ** (3 - 2))
    assert of_53(dry, {50}) == pytest.approx(-2)  # a run of two is left
    assert of_53(dry, {51}) == of_53(dry, {53}) == pytest.approx(0)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_logits_that_are_no_numbers_say_what_to_do(value: float) -> None:
    logits = torch.stack([LOGITS, LOGITS])
    logits[1, 100] = value
    with pytest.raises(GeulgamError, match="no probabilities") as caught:
        draw(logits, [[], []], PRESETS["default"], seeds(1, 2))
    assert "adapter" in caught.value.hint


def test_a_row_without_what_it_has_seen_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match="zip"):
        draw(LOGITS.expand(2, -1), [[]], Sampling(), seeds(1, 2))


@pytest.mark.parametrize(
    "setting",
    [
        *[{"temperature": 0.0}, {"top_k": -1}, {"top_p": 0.0}, {"min_p": 1.0}, {"repetition_penalty": 0.5}],
        *[{"typical_p": 0.0}, {"dry_multiplier": -1}, {"dry_base": 0.9}, {"dry_allowed": 0}],
    ],
)
def test_a_setting_out_of_range_is_named(setting: dict[str, float]) -> None:
    with pytest.raises(GeulgamError, match=next(iter(setting))):
        preset("default", **setting)


def test_an_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(GeulgamError, match="kontest") as caught:
        preset("kontest")
    assert "contest" in caught.value.hint


@pytest.mark.parametrize(
    "changes", [{}, {"dry_multiplier": 0.8, "no_repeat_ngram": 4, "typical_p": 0.95, "min_p": 0.01}]
)
def test_a_token_in_each_of_eight_rows_takes_less_time_than_sorting_them(changes: dict[str, float]) -> None:
    logits = torch.randn(8, 20_000) * 3
    seen = [torch.randint(0, 400, (2000,)).tolist() for _ in range(8)]
    sampling, generators, banned = preset("default", **changes), seeds(*range(8)), torch.rand(8, 20_000) < 0.2
    drawing = quickest(lambda: draw(logits, seen, sampling, generators, banned))
    assert drawing < quickest(lambda: logits.sort(-1))
