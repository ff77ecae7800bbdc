import numpy as np

from retrieval.lengths import BYTE4_TO_INT, lucene_length


def test_lengths_are_exact_to_40_and_then_keep_four_bits_as_in_lucene() -> None:
    assert lucene_length(np.arange(41)).tolist() == list(range(41))
    given = np.array([41, 42, 55, 56, 57, 100, 490, 1_000, 100_000])
    assert lucene_length(given).tolist() == [40, 42, 54, 56, 56, 96, 472, 984, 98_328]


def test_the_table_is_lucenes() -> None:
    assert len(BYTE4_TO_INT) == 256
    assert (np.diff(BYTE4_TO_INT) > 0).all()
    assert BYTE4_TO_INT[255] == 2_013_265_944  # SmallFloat.byte4ToInt((byte) 255)
