"""A topic to each section of a plan, so that an adapter of its own can write it: the winners of 2021 trained one for
each sub-topic."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from corpus.errors import GeulgamError
from generate.planning.plan import Plan, Section
from retrieval.topic import topic_name

_BYTES = 60, 50  # of UTF-8, of the topic's name and of the title in a name: with a number less than a name may have
_FIRST, _LAST = 2.0, 1.0  # weights of a section's first keyword and of its last
_TOPIC = 0.5  # what the topic's own query counts: enough to say which essays are on it, too little to choose among them
_OPERATORS = ("AND", "OR", "NOT", "TO")


def with_topics(plan: Plan, topic: str, query: str, known: Mapping[str, str]) -> tuple[Plan, dict[str, str]]:
    """The plan with a topic for the adapter of every section, and the queries of those that are still to be made.

    ``query``: the topic's own. ``known``: the queries of the topics that there are, by name; a section that names one
    of them keeps it as it is, and one that names another gets it by that name. One that names none never gets a known
    topic whose query does not begin as :func:`section_query` begins it: a person made that. The same plan gives the
    same names. Raises GeulgamError for a section without a word to look for, and for a name that will not do.
    """
    others = (name for name, asked in known.items() if not asked.startswith(_within(query)))
    taken = {name.casefold() for name in (topic, *others, *(section.adapter for section in plan.sections))}
    queries: dict[str, str] = {}
    sections = []
    for number, section in enumerate(plan.sections, 1):
        name = topic_name(section.adapter or _free(section_name(topic, section.title, number), taken))
        if name not in queries and not (section.adapter and name in (topic, *known)):
            queries[name] = section_query(section, query, number)
        taken.add(name.casefold())
        sections.append(replace(section, adapter=name))
    return replace(plan, sections=tuple(sections)), queries


def section_name(topic: str, title: str, number: int) -> str:
    """What the topic of a section is called: `함께-기차-타기`, a name that needs no quotes in a shell; its number where
    the title has no letter."""
    return "-".join(filter(None, (_plain(topic, _BYTES[0]), _plain(title, _BYTES[1]) or str(number))))


def is_named_after(name: str, topic: str) -> bool:
    """Whether a topic may have been made for a section of a plan on ``topic``: its name begins so."""
    plain = _plain(topic, _BYTES[0])
    return bool(plain) and name.startswith(f"{plain}-")


def section_query(section: Section, query: str, number: int) -> str:
    """What finds the essays of a section, in Lucene's language: those that the topic's query finds (with what it leaves
    out and what it insists on), the ones first that say most of the section's keywords, or of its title without any.

    `+(함께^2 더불어)^0.5 기차^2 창밖^1.5 역`
    """
    words = list(_words(section.keywords)) or list(_words(section.title.split()))
    if not words:
        raise GeulgamError(f"section {number} has neither keywords nor a title to look for", "give it keywords")
    step = (_FIRST - _LAST) / max(1, len(words) - 1)
    weighed = (f"{word}{_boost(_FIRST - place * step)}" for place, word in enumerate(words))
    return " ".join([f"{_within(query)}{_boost(_TOPIC)}", *weighed])


def _within(query: str) -> str:
    """How the query of every section begins."""
    return f"+({query})"


def _words(texts: Iterable[str]) -> Iterator[str]:
    """Each text once, as a word of a query; several words as a phrase, since signs would be operators."""
    for text in dict.fromkeys(texts):
        parts = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text))
        if len(parts) > 1 or set(parts) & set(_OPERATORS):
            yield f'"{" ".join(parts)}"'
        else:
            yield from parts


def _boost(weight: float) -> str:
    return "" if round(weight, 1) == 1 else f"^{round(weight, 1):g}"


def _plain(text: str, most: int) -> str:
    """Its letters and digits, hyphens between, in so many bytes at most."""
    text = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", text)).strip("-")
    return text.encode()[:most].decode(errors="ignore").strip("-")


def _free(name: str, taken: Collection[str]) -> str:
    """The name, numbered where another section or another topic has it."""
    number, free = 1, name
    while free.casefold() in taken:
        number += 1
        free = f"{name}-{number}"
    return free
