"""Korean-looking essays that never were: as many as wanted, and changed as editors and copyists change them."""

import random

from corpus.document import Document, document

LETTERS = "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허"


def prose(seed: int, length: int = 600) -> str:
    """So many letters, and spaces between some of them; no two seeds have a run of eight in common."""
    chosen = random.Random(seed)
    return "".join(chosen.choice(LETTERS) + (" " if chosen.random() < 0.3 else "") for _ in range(length))


def essay(seed: int, title: str = "", source: str = "", length: int = 600) -> Document:
    """A document with such a text."""
    return document(prose(seed, length), title, source)


def reworded(text: str, share: float, seed: int = 0) -> str:
    """The text with that share of its words, chosen at random, replaced by others; its paragraphs are lost."""
    chosen = random.Random(seed)
    words = text.split()
    for place in chosen.sample(range(len(words)), round(share * len(words))):
        words[place] = prose(chosen.randrange(1 << 30), max(1, len(words[place])))
    return " ".join(words)
