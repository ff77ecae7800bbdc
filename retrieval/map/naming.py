"""What the themes of a map are called, by the corpus's own statistics: which words each has more than all others."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from corpus.events import On, Task, silent
from retrieval.keywords import Content, content, keywords, title, weighed, worth
from retrieval.kiwi import Kiwi, tagged
from retrieval.korean import joined
from retrieval.subquery import falling, free, part_name

KEYWORDS = 6  # of a theme, and of its query
_EVERYWHERE = 0.5  # of the passages: a word of more tells none apart; names are choosier, see retrieval/keywords.py
_ESSAYS = 2  # that a word has to stand in


@dataclass(frozen=True, slots=True)
class MapWord:
    """A word by which passages are told apart. ``worth``: of a noun of several syllables 1, of others less."""

    word: str
    worth: float


@dataclass(frozen=True, slots=True)
class ThemeName:
    """What a theme is called, as people and as `topic add` do, its keywords, and the query that looks for them."""

    title: str
    name: str
    keywords: tuple[str, ...]
    query: str


def contents(essays: Sequence[int], texts: Sequence[str], on: On = silent) -> list[Content]:
    """What each passage says, in those words that tell passages apart.

    Left out are words of one essay alone, words of more than half of the passages, and those that Kiwi reads otherwise
    alone than in a text: as a query they would look for something else.
    """
    made = []
    with Task(on, "reading", len(texts), "passage") as task:
        for essay, text, morphemes in zip(essays, texts, tagged(texts), strict=True):
            made.append(content(essay, text, morphemes))
            task.advance()
    passages = Counter(word for each in made for word in each.words)
    standing: dict[str, set[int]] = defaultdict(set)
    for each in made:
        for word in each.words:
            standing[word].add(each.essay)
    fit = [w for w, count in passages.items() if len(standing[w]) >= _ESSAYS and count <= _EVERYWHERE * len(made)]
    found = {word for word, terms in zip(fit, Kiwi()(fit), strict=True) if terms == [word]}
    return [
        Content(each.essay, {w: kind for w, kind in each.words.items() if w in found}, each.phrases) for each in made
    ]


def vocabulary(said: Sequence[Content]) -> list[MapWord]:
    """The words of these passages, in the order of their letters, each of the kind that it mostly is."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for each in said:
        for word, kind in each.words.items():
            kinds[word][kind] += 1
    return [MapWord(word, worth(word, kinds[word].most_common(1)[0][0])) for word in sorted(kinds)]


def named(groups: Sequence[Sequence[Content]]) -> list[ThemeName]:
    """A name for each group of passages, no two alike; a group without a word of its own has a number for one and no
    query."""
    names: list[ThemeName] = []
    taken: set[str] = set()
    for number, (own, group) in enumerate(zip(weighed(groups), groups, strict=True), 1):
        keys = keywords(own, groups, KEYWORDS)
        called = _title(own, group, keys, {name.title for name in names}) or f"theme {number}"
        name = free(part_name("", called, number), taken)
        taken.add(name.casefold())
        names.append(ThemeName(called, name, keys, falling(keys)))
    return names


def _title(own: Mapping[str, float], group: Sequence[Content], keys: Sequence[str], taken: set[str]) -> str:
    """As a topic's parts are called, or where another theme is called so, by the first words: no other has those."""
    found = title(own, group, keys)
    return joined(*keys[:2]) if found in taken and len(keys) > 1 else found
