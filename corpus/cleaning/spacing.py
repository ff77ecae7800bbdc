"""Spaces between words as Kiwi would write them (Lee 2024, Kiwi): off unless it is asked for.

It puts in those that are missing; where both are usual it leaves what is there. A line is corrected by itself, so that
paragraphs stay.
"""

from corpus.cleaning.kiwi import model
from corpus.cleaning.text_step import TextStep


def spacing(text: str) -> str:
    """The text with these spaces."""
    lines = text.split("\n")
    spoken = [place for place, line in enumerate(lines) if line.strip()]
    for place, line in zip(spoken, model().space([lines[place] for place in spoken]), strict=True):
        lines[place] = line
    return "\n".join(lines)


STEP = TextStep("spacing", spacing)
