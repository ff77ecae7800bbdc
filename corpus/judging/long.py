"""Too long to be one essay. Gopher (Rae et al. 2021, 2112.11446, A.1.1) takes up to 100,000 words."""


def long(text: str, most: int) -> str | None:
    """The reason, if it has more characters than ``most``."""
    return f"too long: {len(text):,} characters, more than {most:,}" if len(text) > most else None
