"""Repeated punctuation is shortened: !!!! → !!, ..... → ..., ?!?!?! → ?!, ======== → ===.

As soynlp's repeat_normalize does (KcBERT, Lee 2020), but three points, and a line of three signs that parts scenes,
are how it is written.
"""

import re

from corpus.cleaning.text_step import TextStep

_TWO = re.compile(r"([!?~,;:♡♥★☆※^—…、。])\1{2,}")  # are left at two
_THREE = re.compile(r"([.·ㆍ=_*#+<>|\-])\1{3,}")  # are left at three
_MIXED = re.compile(r"(\?!|!\?)\1+")


def punctuation(text: str) -> str:
    """The text with shorter runs."""
    if _THREE.search(text):
        text = _THREE.sub(r"\1\1\1", text)
    while _TWO.search(text) or _MIXED.search(text):
        text = _MIXED.sub(r"\1", _TWO.sub(r"\1\1", text))
    return text


STEP = TextStep("punctuation", punctuation)
