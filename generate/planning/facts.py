"""What stays the same in an essay, as Kiwi tells it: who tells it, how its sentences end, their tense, its names.

What is quoted is another's voice and is not looked at. A sentence may tell nothing: Korean leaves its subject out more
often than not, and some endings (을까, 지) stand in every style.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeVar, cast

from generate.planning.korean_words import HUMBLE, MANY, OTHERS, PLAIN, ending_style, names_person, names_place, whose
from generate.planning.plan import Facts
from generate.sentences import sentences
from retrieval.kiwi import Morpheme, tagged

_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|「[^」]*」|『[^』]*』|《[^》]*》|〈[^〉]*〉|<[^>]*>|‘[^’]{12,}’|'[^']{12,}'")
_TELLS = 0.05  # of all sentences: so many with a pronoun of the first person, and it is the teller's
_TELLS_OF = 0.15  # of all sentences: so many with one of the third, where there is none of the first
_CLEAR = 0.6  # of the sentences that tell: a majority

Ending = Literal["", "해라체", "합쇼체", "해요체"]
Tense = Literal["", "past", "present"]
_Value = TypeVar("_Value", bound=str)


@dataclass(frozen=True, slots=True)
class Telling:
    """What one sentence tells of the facts; "" and () where it tells nothing. ``teller``: a pronoun."""

    teller: str
    ending: Ending
    tense: Tense
    people: tuple[str, ...]
    places: tuple[str, ...]


def tellings(texts: Iterable[str]) -> Iterator[Telling]:
    """What each sentence tells."""
    for morphemes in tagged(_QUOTED.sub(" ", text) for text in texts):
        yield Telling(_teller(morphemes), *_end(morphemes), *_names(morphemes))


def facts_of(text: str) -> Facts:
    """The facts of a text: for each what most of its sentences tell, "" where there is no clear majority; all names."""
    return _majority(list(tellings(sentences(text))))


def facts_of_essays(texts: Sequence[str], opening: str = "") -> Facts:
    """What most of the texts have, a text one vote; whatever the opening tells wins.

    Without names: those whom the opening names are not all who may come, only a person can tell who may.
    """
    each, own = [facts_of(text) for text in texts], facts_of(opening)
    return Facts(
        own.teller or _most(facts.teller for facts in each),
        own.ending or _most(facts.ending for facts in each),
        own.tense or _most(facts.tense for facts in each),
    )


def agrees(text: str, facts: Facts, named: Sequence[str] = ()) -> dict[str, float]:
    """How far a text keeps the facts: for each that is laid down and that its sentences tell, the share that agrees.

    ``people`` and ``places``: the share of the named that are on the sheet. ``named``: the people who came up before
    it; ``kin``: 1 where the teller, who has a husband (남편) or a wife (아내), can have all that it names besides them,
    else 0; for one who says I, as all do of whom nothing is laid down. What nothing is told of is not in the dict.
    """
    told = list(tellings(sentences(text)))
    found: dict[str, float] = {}
    if facts.teller and (tellers := [telling.teller for telling in told if telling.teller not in ("", *OTHERS)]):
        found["teller"] = _share(_same_voice(teller, facts.teller) for teller in tellers)
    if facts.ending and (endings := [telling.ending for telling in told if telling.ending]):
        found["ending"] = _share(ending == facts.ending for ending in endings)
    if facts.tense and (tenses := [telling.tense for telling in told if telling.tense]):
        found["tense"] = _share(tense == facts.tense for tense in tenses)
    for name in ("people", "places"):
        known: tuple[str, ...] = getattr(facts, name)
        if known and (used := [word for telling in told for word in getattr(telling, name)]):
            found[name] = _share(word in known for word in used)
    own = {whose(person) for telling in told for person in telling.people} - {""}
    if facts.teller in ("", *PLAIN, *HUMBLE, *MANY) and own:
        before = {whose(person) for person in named} - {""}
        found["kin"] = float(len(before) == 2 or len(own | before) == 1)
    return found


def _teller(morphemes: Sequence[Morpheme]) -> str:
    """나, 저, 우리, 저희, or the one of the third person whom the sentence is about."""
    said = {m.form for m in morphemes if m.tag == "NP"}
    for forms, name in ((PLAIN, PLAIN[0]), (HUMBLE, HUMBLE[0])):
        if said & {*forms}:
            return name
    if many := next((form for form in MANY if form in said), ""):
        return many
    pairs = pairwise(morphemes)
    return next((m.form for m, after in pairs if m.tag == "NP" and m.form in OTHERS and after.tag in ("JKS", "JX")), "")


def _end(morphemes: Sequence[Morpheme]) -> tuple[Ending, Tense]:
    """The style and tense of the sentence's last predicate, if the sentence ends with one."""
    end = len(morphemes)
    while end and (morphemes[end - 1].tag.startswith("S") or morphemes[end - 1].tag in ("JX", "W_EMOJI")):
        end -= 1
    if not end or morphemes[end - 1].tag != "EF":
        return "", ""
    form = morphemes[end - 1].form
    before = end - 1
    marks = []
    while before and morphemes[before - 1].tag == "EP":
        before -= 1
        marks.append(morphemes[before].form)
    style = ending_style(form)
    if any(mark[0] in "었았였" for mark in marks) or form.endswith("더라"):
        return style, "past"
    verb = morphemes[before - 1] if before else None
    thing = morphemes[before - 2].tag == "NNB" if verb is not None and verb.tag == "VCP" and before > 1 else False
    is_open = "겠" in marks or thing or not style or form.endswith(("자", "라", "오", "시다", "세요", "ᆯ게요", "을게요"))
    return style, "" if is_open else "present"


def _names(morphemes: Sequence[Morpheme]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    people, places = [], []
    for place, morpheme in enumerate(morphemes):
        following = morphemes[place + 1].form if place + 1 < len(morphemes) else ""
        if names_place(morpheme.tag, following):
            places.append(morpheme.form)
        elif names_person(morpheme.form, morpheme.tag, following):
            people.append(morpheme.form)
    return tuple(dict.fromkeys(people)), tuple(dict.fromkeys(places))


def _majority(told: Sequence[Telling]) -> Facts:
    places = tuple(dict.fromkeys(word for telling in told for word in telling.places))
    people = dict.fromkeys(word for telling in told for word in telling.people if word not in places)
    tellers = Counter(telling.teller for telling in told if telling.teller)
    return Facts(
        _of(tellers, len(told)),
        _most(telling.ending for telling in told),
        _most(telling.tense for telling in told),
        tuple(people),
        places,
    )


def _of(tellers: Counter[str], sentences: int) -> str:
    """Whoever says I, most often; else we; else the one who is told of."""
    for names, share in (((PLAIN[0], HUMBLE[0]), _TELLS), (MANY, _TELLS), (OTHERS, _TELLS_OF)):
        name = max(names, key=lambda name: tellers[name])
        if tellers[name] and tellers[name] >= share * sentences:
            return name
    return ""


def _most(told: Iterable[_Value]) -> _Value:
    """What more than a slight majority of those tell that tell something."""
    counts = Counter(value for value in told if value)
    if not counts:
        return cast(_Value, "")
    value, count = counts.most_common(1)[0]
    return value if count >= _CLEAR * counts.total() else cast(_Value, "")


def _same_voice(teller: str, laid_down: str) -> bool:
    """Whether one may stand beside the other: 나 beside 우리, 저 beside 저희, none of them in another's story."""
    if laid_down in (*PLAIN, "우리"):
        return teller in (*PLAIN, "우리") or (laid_down == "우리" and teller in (*HUMBLE, "저희"))
    if laid_down in (*HUMBLE, "저희"):
        return teller in (*HUMBLE, *MANY)
    return False


def _share(agreeing: Iterable[bool]) -> float:
    each = list(agreeing)
    return sum(each) / len(each)
