"""A set of 16-byte values in sorted arrays holds what a set would."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.digests import DTYPE, Digests

VALUES = st.lists(st.integers(0, 40).map(lambda n: (n << 64).to_bytes(16, "big")[::-1] if n % 2 else n.to_bytes(16)))


@given(VALUES, VALUES, st.integers(1, 5))
def test_what_is_new_is_what_a_set_says_is_new(known: list[bytes], added: list[bytes], recent: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("corpus.digests._RECENT", recent)
        values = set(known)
        digests = Digests(np.sort(np.array(sorted(values), DTYPE)))
        for value in added:
            assert digests.add(value) == (value not in values)
            values.add(value)
