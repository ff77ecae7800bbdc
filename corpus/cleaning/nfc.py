"""Unicode's composed form: a syllable is one character, however the file wrote it (Unicode Annex 15).

Files named or written on a Mac have 한글 in six pieces. Rows are composed when they are read; this is for what the
steps before have uncovered.
"""

import unicodedata

from corpus.cleaning.text_step import TextStep


def nfc(text: str) -> str:
    """The text in NFC."""
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


STEP = TextStep("nfc", nfc)
