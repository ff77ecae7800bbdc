"""Too short to be an essay.

Gopher (Rae et al. 2021, 2112.11446, A.1.1) asks for 50 words, C4 (Raffel et al. 2020,
1910.10683) for three sentences.
"""


def short(text: str, least: int) -> str | None:
    """The reason, if it has fewer characters than ``least``."""
    return f"too short: {len(text):,} characters, less than {least:,}" if len(text) < least else None
