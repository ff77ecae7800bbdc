"""How much a text repeats itself: rep-n and diversity (Su et al. 2022, A Contrastive Framework, section 5.1).

The review counts morphemes (:func:`generate.korean.morphemes`): words between spaces carry their particles in Korean,
so that 학교에 and 학교는 would be no repetition; single characters repeat in any text; and the model's own tokens
differ from model to model. The figures grow with the length of a text: compare equal lengths.
"""

from collections.abc import Sequence

LENGTHS = (2, 3, 4)  # the n of rep-n


def repetition(tokens: Sequence[str], n: int) -> float:
    """rep-n: per cent of the sequences of n tokens that stand in the text before; 0 for a text below n tokens."""
    total = len(tokens) - n + 1
    if total < 1:
        return 0.0
    different = len(set(zip(*(tokens[i:] for i in range(n)), strict=False)))
    return 100 * (1 - different / total)


def diversity(tokens: Sequence[str]) -> float:
    """The product of 1 - rep-n / 100 over n = 2, 3, 4: from near 0 (a loop) to 1 (no two tokens twice in a row)."""
    product = 1.0
    for n in LENGTHS:
        product *= 1 - repetition(tokens, n) / 100
    return product
