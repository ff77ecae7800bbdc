"""What a group of passages is about: its words against all the others', and a title made of them."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from retrieval.kiwi import Morpheme, term
from retrieval.korean import joined, says_nothing

_WEIGHT = {"NNG": 1.0, "NNP": 0.7, "MAG": 0.3, "VV": 0.4, "VA": 0.4}  # what can begin a sentence comes first
_SHORT = 0.6  # a word of one syllable is more often another one
_NOUNS = ("NNG", "NNP")
_EVERYWHERE = 0.25  # of all other passages: a word of so many tells none apart
_ESSAYS, _SHARE = 3, 0.08  # that a keyword has to stand in, and of the group's
_FEWEST = 4  # nouns of a group that is told well enough
_PER_ESSAY = 2  # passages of one essay that count for a word: an essay says its own word in each of them
_SURE = 3.84  # log-likelihood ratio of p = 0.05
_MODIFIERS = ("는", "은", "ᆫ", "던")  # endings of what stands before a noun
_LONGEST = 12  # characters of a title
_FIRST = 4  # keywords that a title is made of

Words = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Content:
    """What a passage of an essay says: its ``words`` with the kind of each, and ``phrases`` of two words, as a title
    would have them."""

    essay: int
    words: Mapping[str, str]
    phrases: Mapping[str, tuple[str, str]]


def content(essay: int, text: str, morphemes: Sequence[Morpheme]) -> Content:
    """The content of a passage, of which these are the morphemes."""
    return Content(essay, dict(_words(morphemes)), dict(_phrases(text, morphemes)))


def _kind(morpheme: Morpheme) -> str:
    return morpheme.tag.partition("-")[0]


def _words(morphemes: Sequence[Morpheme]) -> Iterator[tuple[str, str]]:
    """(term, kind); a noun that is the root of a verb (집중하다) counts as the verb."""
    for place, morpheme in enumerate(morphemes):
        word, kind = term(morpheme), _kind(morpheme)
        following = _kind(morphemes[place + 1]) if place + 1 < len(morphemes) else ""
        if says_nothing(word) or kind not in _WEIGHT or not word.isalpha():
            continue
        if kind in _NOUNS and following in ("XSV", "XSA"):
            yield f"{word}하다", "VV"
        else:
            yield word, kind


def _phrases(text: str, morphemes: Sequence[Morpheme]) -> Iterator[tuple[str, tuple[str, str]]]:
    """파란 하늘, 책 읽기, 엄마의 손: (phrase, its two terms)."""
    for place in range(2, len(morphemes)):
        first, between, last = morphemes[place - 2 : place + 1]
        words = term(first), term(last)
        if words[0] == words[1] or any(map(says_nothing, words)) or not _is_whole(morphemes, place):
            continue
        match _kind(first), between.tag, _kind(last):
            case "VV" | "VA", "ETM", "NNG" if between.form in _MODIFIERS:
                yield " ".join(text[first.start : last.end].split()), words
            case "NNG", "JKG", "NNG":
                yield " ".join(text[first.start : last.end].split()), words
            case "NNG", "JKO", "VV":
                yield f"{first.form} {last.form}기", words


def _is_whole(morphemes: Sequence[Morpheme], place: int) -> bool:
    """Whether the three morphemes up to this place are no part of a longer word."""
    first, last = morphemes[place - 2], morphemes[place]
    before = morphemes[place - 3] if place > 2 else None
    after = morphemes[place + 1] if place + 1 < len(morphemes) else None
    begins = before is None or before.end < first.start or before.tag.startswith("S")
    return begins and (last.tag.startswith("V") or after is None or after.start > last.end or after.tag[0] in "JES")


def worth(word: str, kind: str) -> float:
    """How much a word of this kind (Kiwi's tag) says beside a noun of several syllables, which says 1."""
    return _WEIGHT[kind] * (1.0 if len(word) > 1 else _SHORT)


def weighed(groups: Sequence[Sequence[Content]], rest: Sequence[Content] = ()) -> list[Words]:
    """For each group its words by weight, the weightiest first: the log-likelihood ratio against all others and the
    ``rest`` (Dunning 1993), more for a word of many essays, nouns before verbs before adverbs.

    Left out are words of too few essays, and those that stand everywhere. A word is named by the group alone that it
    tells most of. A group with hardly a noun by these rules has words of two essays, of the group or of all; else any.
    """
    counts = [_counts(group) for group in groups]
    total = sum(counts, _counts(rest))
    sizes = [_size(group) for group in groups]
    everything = sum(sizes) + _size(rest)
    kinds = _kinds([*groups, rest])
    everywhere = _essays([passage for group in (*groups, rest) for passage in group])
    of_group: list[Words] = []
    for group, own, size in zip(groups, counts, sizes, strict=True):
        essays = _essays(group)
        ratios = {word: _ratio(count, size, total[word] - count, everything - size) for word, count in own.items()}
        more = {word for word, ratio in ratios.items() if ratio > 0}
        telling = {word for word in more if total[word] - own[word] <= _EVERYWHERE * (everything - size)}
        shared = {word for word in telling if everywhere[word] > 1}
        fair = {word for word in shared if essays[word] > 1}
        needed = max(_ESSAYS, _SHARE * len({passage.essay for passage in group}))
        sure = {word for word in fair if essays[word] >= needed and ratios[word] > _SURE}
        kept = next((w for w in (sure, fair, shared) if sum(kinds[word] in _NOUNS for word in w) >= _FEWEST), more)
        weights = {word: ratio * math.log1p(essays[word]) * worth(word, kinds[word]) for word, ratio in ratios.items()}
        of_group.append({word: weights[word] for word in ratios if word in kept})
    best = {word: max(range(len(groups)), key=lambda i: of_group[i].get(word, 0.0)) for word in total}
    return [
        dict(sorted(((w, weight) for w, weight in own.items() if best[w] == i), key=lambda item: (-item[1], item[0])))
        for i, own in enumerate(of_group)
    ]


def keywords(words: Words, groups: Sequence[Sequence[Content]], most: int = 6) -> tuple[str, ...]:
    """The weightiest, those that cannot begin a sentence last and two of them at most."""
    kinds = _kinds(groups)
    nouns = [word for word in words if kinds[word] in _NOUNS]
    rest = [word for word in words if kinds[word] not in _NOUNS]
    rest = rest[: max(2, most - len(nouns))]
    chosen = sorted([*nouns[: most - min(len(rest), 1)], *rest], key=lambda word: -words[word])[:most]
    return tuple(sorted(chosen, key=lambda word: (kinds[word] not in _NOUNS, kinds[word] != "MAG")))


def title(words: Words, group: Sequence[Content], keywords: Sequence[str]) -> str:
    """A phrase that several of the essays have, made of the group's words; else the two of its first nouns that stand
    together most: "책 읽기", "바다와 섬"."""
    heard: dict[str, set[int]] = defaultdict(set)
    pairs: dict[str, tuple[str, str]] = {}
    for passage in group:
        for phrase, pair in passage.phrases.items():
            heard[phrase].add(passage.essay)
            pairs[phrase] = pair

    def telling(phrase: str) -> float:
        return sum(words.get(word, 0.0) for word in pairs[phrase]) * math.log(1 + len(heard[phrase]))

    first = set(keywords[:_FIRST])
    fit = [
        phrase
        for phrase, essays in heard.items()
        if len(phrase) <= _LONGEST and len(essays) > 1 and first & {*pairs[phrase]}
        if len(essays) > 2 or all(word in words for word in pairs[phrase])
    ]
    if fit:
        return max(fit, key=lambda phrase: (telling(phrase), phrase))
    kinds = _kinds([group])
    nouns = [word for word in keywords if kinds[word] not in ("VV", "VA")][:_FIRST]
    if len(long := [word for word in nouns if len(word) > 1]) > 1:
        nouns = long
    if len(nouns) < 2:
        return next(iter(nouns or keywords), "")
    together = Counter(pair for passage in group for pair in combinations(nouns, 2) if passage.words.keys() >= {*pair})
    return joined(*max(combinations(nouns, 2), key=lambda pair: together[pair]))


def _counts(group: Sequence[Content]) -> Counter[str]:
    """In how many passages each word stands, of one essay two at most."""
    of_essay = Counter((passage.essay, word) for passage in group for word in passage.words)
    counts: Counter[str] = Counter()
    for (_, word), count in of_essay.items():
        counts[word] += min(count, _PER_ESSAY)
    return counts


def _size(group: Sequence[Content]) -> int:
    """The group's passages, of one essay two at most."""
    return sum(min(count, _PER_ESSAY) for count in Counter(passage.essay for passage in group).values())


def _essays(group: Sequence[Content]) -> Counter[str]:
    return Counter(word for _, word in {(passage.essay, word) for passage in group for word in passage.words})


def _kinds(groups: Sequence[Sequence[Content]]) -> dict[str, str]:
    """The kind that each word mostly is."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for group in groups:
        for passage in group:
            for word, kind in passage.words.items():
                seen[word][kind] += 1
    return {word: kinds.most_common(1)[0][0] for word, kinds in seen.items()}


def _ratio(inside: int, size: int, outside: int, rest: int) -> float:
    """Twice the log-likelihood ratio of the word's being likelier inside; 0 where it is not."""
    expected = size * (inside + outside) / (size + rest)
    if inside <= expected:
        return 0.0
    expected_outside = rest * (inside + outside) / (size + rest)
    other = outside * math.log(outside / expected_outside) if outside else 0.0
    return 2 * (inside * math.log(inside / expected) + other)
