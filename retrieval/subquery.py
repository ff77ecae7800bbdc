"""A part of a topic: what it is called, and the query that finds its essays among those of the topic."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence

_BYTES = 60, 50  # of UTF-8, of the topic's name and of the title in a name: with a number less than a name may have
_FIRST, _LAST = 2.0, 1.0  # weights of a part's first keyword and of its last
_TOPIC = 0.5  # what the topic's own query counts: enough to say which essays are on it, too little to choose among them
PART = "+("  # what the query of every part begins with
_OPERATORS = ("AND", "OR", "NOT", "TO")


def part_name(topic: str, title: str, number: int) -> str:
    """What the topic of a part is called: `함께-기차-타기`, a name that needs no quotes in a shell; its number where
    the title has no letter."""
    return "-".join(filter(None, (_plain(topic, _BYTES[0]), _plain(title, _BYTES[1]) or str(number))))


def is_named_after(name: str, topic: str) -> bool:
    """Whether a topic may have been made for a part of ``topic``: its name begins so."""
    plain = _plain(topic, _BYTES[0])
    return bool(plain) and name.startswith(f"{plain}-")


def part_query(query: str, words: Sequence[str]) -> str:
    """What finds the essays of a part, in Lucene's language: those that the topic's query finds (with what it leaves
    out and what it insists on), the ones first that say most of the words, of which the first weigh most.

    `+(함께^2 더불어)^0.5 기차^2 창밖^1.5 역`
    """
    return f"{within(query)}{boost(_TOPIC)} {falling(words)}".rstrip()


def falling(words: Sequence[str]) -> str:
    """The words of a query by their weights, from 2 for the first to 1 for the last: `기차^2 창밖^1.5 역`."""
    step = (_FIRST - _LAST) / max(1, len(words) - 1)
    return " ".join(f"{word}{boost(_FIRST - place * step)}" for place, word in enumerate(words))


def within(query: str) -> str:
    """How the query of every part begins."""
    return f"{PART}{query})"


def words(texts: Iterable[str]) -> Iterator[str]:
    """Each text once, as a word of a query; several words as a phrase, since signs would be operators."""
    for text in dict.fromkeys(texts):
        parts = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text))
        if len(parts) > 1 or set(parts) & set(_OPERATORS):
            yield f'"{" ".join(parts)}"'
        else:
            yield from parts


def boost(weight: float) -> str:
    """The weight of a word as it stands behind it, to one decimal: "^1.5", "" for 1."""
    return "" if round(weight, 1) == 1 else f"^{round(weight, 1):g}"


def free(name: str, taken: Collection[str]) -> str:
    """The name, numbered where one of those taken (casefolded) is the same."""
    number, found = 1, name
    while found.casefold() in taken:
        number += 1
        found = f"{name}-{number}"
    return found


def _plain(text: str, most: int) -> str:
    """Its letters and digits, hyphens between, in so many bytes at most."""
    text = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", text)).strip("-")
    return text.encode()[:most].decode(errors="ignore").strip("-")
