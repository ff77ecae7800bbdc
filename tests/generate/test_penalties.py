"""A token is penalised by what it repeats: the same as by counting, token by token."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from generate.decoding.penalties import LONGEST, forbid_ngrams, penalise_runs, penalise_used, repeated_runs
from tests.timing import quickest


def array(tokens: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(tokens, np.int64)


def dry(seen: list[int], multiplier: float, base: float, allowed: int, breakers: set[int]) -> dict[int, float]:
    """What each token loses, by the words of the pull request, one place after the other."""
    lost: dict[int, float] = {}
    for place in range(len(seen) - 1):
        length = 0
        while length <= place and length < LONGEST and seen[place - length] == seen[-1 - length] not in breakers:
            length += 1
        follower = seen[place + 1]
        if length >= allowed and follower not in breakers:
            lost[follower] = max(lost.get(follower, 0), multiplier * base ** (length - allowed))
    return lost


few = st.lists(st.integers(0, 3), max_size=80)


@given(few, st.integers(1, 4), st.sets(st.integers(0, 3), max_size=2))
def test_dry_takes_from_each_token_what_its_longest_run_costs(
    seen: list[int], allowed: int, breakers: set[int]
) -> None:
    row = torch.zeros(5)
    penalise_runs(row, array(seen), 0.8, 1.25, allowed, breakers)
    expected = torch.zeros(5)
    for token, lost in dry(seen, 0.8, 1.25, allowed, breakers).items():
        expected[token] = -lost
    torch.testing.assert_close(row, expected)


@given(few, st.integers(2, 5))
def test_no_n_tokens_come_twice(seen: list[int], n: int) -> None:
    row = torch.zeros(5)
    forbid_ngrams(row, array(seen), n)
    grams = {tuple(seen[i : i + n]) for i in range(len(seen) - n + 1)}
    tail = seen[len(seen) - n + 1 :] if len(seen) >= n else [9] * (n - 1)
    assert [token for token in range(5) if row[token] == -torch.inf] == [t for t in range(5) if (*tail, t) in grams]


@given(few, st.integers(1, 60))
def test_runs_are_as_long_as_what_they_share_with_the_end(seen: list[int], longest: int) -> None:
    followers, lengths = repeated_runs(array(seen), longest)
    expected = []
    for place in range(len(seen) - 1):
        shared = [seen[: place + 1][-n:] == seen[-n:] for n in range(1, place + 2)]
        if shared[0]:
            expected.append((seen[place + 1], min(shared.index(False) if False in shared else len(shared), longest)))
    assert list(zip(followers.tolist(), lengths.tolist(), strict=True)) == expected


def test_what_was_used_is_penalised_once_whatever_its_sign() -> None:
    row = torch.tensor([2.0, -2.0, 0.0, 3.0])
    penalise_used(row, array([0, 1, 0, 0, 2]), 2.0)
    assert row.tolist() == [1.0, -4.0, 0.0, 3.0]


@pytest.mark.parametrize("period", [1, 7, 300])
def test_dry_behind_two_thousand_tokens_takes_no_longer_than_going_over_them_forty_times(period: int) -> None:
    row, seen = torch.zeros(20_000), [place * place % period for place in range(2000)]
    tokens = array(seen)
    penalising = quickest(lambda: penalise_runs(row, tokens, 0.8, 1.75, 2, {1, 2, 3}))
    assert penalising < 40 * quickest(lambda: [token + 1 for token in seen])
