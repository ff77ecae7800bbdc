"""Runs of single letters are shortened to two: ㅋㅋㅋㅋ → ㅋㅋ, ㅠㅜㅠㅜ → ㅠㅜ.

As soynlp's repeat_normalize does, with which KcBERT's corpus was cleaned (Lee 2020, Korean comments BERT).
"""

import re

from corpus.cleaning.text_step import TextStep

_THREE = re.compile("[ㄱ-ㅣ]{3}")
_RUN = re.compile(r"([ㄱ-ㅎㅏ-ㅣ])\1{2,}|([ㅠㅜ]{2})[ㅠㅜ]+|([ㅋㅎ]{2})[ㅋㅎ]+")


def jamo(text: str) -> str:
    """The text with shorter runs."""
    return _RUN.sub(lambda run: run[0][:2], text) if _THREE.search(text) else text


STEP = TextStep("jamo", jamo)
