"""What may come next is what transformers' generate would allow; what comes is decided by the seed."""

import pytest
import torch
from transformers import (
    LogitsProcessorList,
    MinPLogitsWarper,
    NoRepeatNGramLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from corpus.errors import GeulgamError
from generate.decoding import PRESETS, Sampling, candidates, draw, preset

LOGITS = torch.randn(500, generator=torch.Generator().manual_seed(1)) * 3
SEEN = [7, 3, 9, 3, 7, 3, 9, 400, 12, 7, 3]

SETTINGS = [
    *PRESETS.values(),
    Sampling(),
    Sampling(temperature=0.5, top_k=5),
    Sampling(top_p=0.3),
    Sampling(min_p=0.1, temperature=1.5),
    Sampling(repetition_penalty=1.3, no_repeat_ngram=3, top_k=40, top_p=0.9),
]


def peer(sampling: Sampling) -> torch.Tensor:
    """The probabilities that transformers' processors leave, (V,)."""
    seen = SEEN[-sampling.repetition_window :]
    warpers = LogitsProcessorList([TemperatureLogitsWarper(sampling.temperature)])
    if sampling.no_repeat_ngram:
        warpers.insert(0, NoRepeatNGramLogitsProcessor(sampling.no_repeat_ngram))
    if sampling.top_k:
        warpers.append(TopKLogitsWarper(sampling.top_k))
    if sampling.top_p < 1:
        warpers.append(TopPLogitsWarper(sampling.top_p))
    if sampling.min_p:
        warpers.append(MinPLogitsWarper(sampling.min_p))
    scores = LOGITS[None].clone()
    if sampling.repetition_penalty > 1:
        ids = torch.tensor([seen], dtype=torch.long)
        scores = RepetitionPenaltyLogitsProcessor(sampling.repetition_penalty)(ids, scores)
    return torch.softmax(warpers(torch.tensor([SEEN]), scores)[0], dim=0)  # type: ignore[arg-type]


@pytest.mark.parametrize("sampling", SETTINGS)
def test_candidates_are_those_of_transformers_with_the_same_probabilities(sampling: Sampling) -> None:
    probabilities, tokens = candidates(LOGITS, SEEN, sampling)
    ours = torch.zeros(len(LOGITS)).index_put((tokens,), probabilities / probabilities.sum())
    torch.testing.assert_close(ours, peer(sampling), atol=1e-6, rtol=1e-4)


def test_the_contest_preset_is_the_call_the_winners_published() -> None:
    assert preset("contest") == Sampling(temperature=1.0, top_k=30, top_p=0.95, repetition_penalty=2.0)


def test_draws_follow_the_probabilities() -> None:
    logits = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05]))
    generator = torch.Generator().manual_seed(0)
    drawn = [draw(logits, [], Sampling(top_k=3), generator) for _ in range(4000)]
    shares = torch.bincount(torch.tensor(drawn), minlength=4) / 4000
    torch.testing.assert_close(shares, torch.tensor([0.5, 0.3, 0.15, 0.0]) / 0.95, atol=0.03, rtol=0)


def test_the_same_seed_draws_the_same_and_leaves_the_logits_alone() -> None:
    before = LOGITS.clone()
    first, second = (
        [draw(LOGITS, SEEN, PRESETS["contest"], generator) for _ in range(50)]
        for generator in (torch.Generator().manual_seed(5), torch.Generator().manual_seed(5))
    )
    assert first == second
    assert len(set(first)) > 1
    assert torch.equal(LOGITS, before)


def test_a_banned_token_never_comes() -> None:
    banned = torch.ones(500, dtype=torch.bool)
    banned[[4, 8]] = False
    generator = torch.Generator().manual_seed(0)
    drawn = {draw(LOGITS, SEEN, Sampling(), generator, banned) for _ in range(200)}
    assert drawn == {4, 8}


def test_the_penalty_looks_back_no_further_than_its_window() -> None:
    sampling = Sampling(repetition_penalty=2.0, repetition_window=2)
    assert torch.equal(candidates(LOGITS, SEEN, sampling)[0], candidates(LOGITS, [7, 3], sampling)[0])
    assert not torch.equal(candidates(LOGITS, SEEN, sampling)[0], candidates(LOGITS, [], sampling)[0])


def test_logits_that_are_no_numbers_say_what_to_do() -> None:
    with pytest.raises(GeulgamError, match="no probabilities") as caught:
        draw(torch.full((9,), torch.nan), [], Sampling(), torch.Generator())
    assert "adapter" in caught.value.hint


@pytest.mark.parametrize(
    "setting", [{"temperature": 0.0}, {"top_k": -1}, {"top_p": 0.0}, {"min_p": 1.0}, {"repetition_penalty": 0.5}]
)
def test_a_setting_out_of_range_is_named(setting: dict[str, float]) -> None:
    with pytest.raises(GeulgamError, match=next(iter(setting))):
        preset("default", **setting)


def test_an_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(GeulgamError, match="kontest") as caught:
        preset("kontest")
    assert "contest" in caught.value.hint
