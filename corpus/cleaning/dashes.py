"""One hyphen (-), one dash (—) and one tilde (~), of the many that Unicode has.

An en dash is a hyphen between figures, as in telephone numbers and years, and elsewhere a dash. ㅡ is a letter, and
stays.
"""

import re

from corpus.cleaning.text_step import TextStep

_FIGURES = re.compile(r"(?<=\d)( ?)[–—―−]( ?)(?=\d)")
_PLAIN = {"-": "‐‑‒−﹣－", "—": "–―⸺─━", "~": "∼〜～˜"}


def dashes(text: str) -> str:
    """The text with these alone."""
    if "–" in text or "—" in text or "―" in text or "−" in text:
        text = _FIGURES.sub(r"\1-\2", text)
    for plain, others in _PLAIN.items():
        for other in others:
            if other in text:
                text = text.replace(other, plain)
    return text


STEP = TextStep("dashes", dashes)
