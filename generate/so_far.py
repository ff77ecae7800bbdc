"""What stands of an essay so far, and where in its plan the next piece goes."""

import copy
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from finetune.layout import MOST_KEYWORDS, PARAGRAPH, Header, header
from generate.candidates import derived
from generate.guards.letters import letters_of
from generate.korean import Word, words
from generate.phrases import Gram, phrases
from generate.planning.facts import tellings
from generate.planning.plan import Plan, Section
from generate.sentences import sentences
from retrieval.analyzer import Analyzer
from retrieval.kiwi import tagged
from retrieval.korean import says_nothing

_NEAR = 60  # characters, of a short section a quarter; with no more of one left, the next piece begins the next one
_REST = 30  # characters; with no more missing, no sentence is added
_CLOSING = 400  # characters: with no more missing, the essay comes back to its beginning
_BEGINNING = 200  # characters
_PARAGRAPH = 160, 360  # characters behind which a new paragraph begins, the first and the last of them


@dataclass
class SoFar:
    """An essay so far. ``text``: all of it, ``section``: the number of the section that it has come to.

    ``headers``: what a model that was trained with them is told of each section that was begun, this one's last.

    ``known``: the letters of its sentences. ``words``: its morphemes. ``phrases``: how often each of its phrases
    stands there. ``people``: whom it has named. ``said``: the terms of the section so far, as the analyzer has them.
    """

    plan: Plan
    seed: int
    terms_of: Analyzer
    text: str = ""
    section: int = 0
    headers: list[Header] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    words: list[Word] = field(default_factory=list)
    phrases: Counter[Gram] = field(default_factory=Counter)
    people: list[str] = field(default_factory=list)
    said: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._begin(0)
        self.add(self.plan.opening)

    @property
    def current(self) -> Section:
        """The section that the next piece belongs to."""
        return self.plan.sections[self.section]

    @property
    def start(self) -> int:
        """Where the part of that section begins in the text."""
        return self.headers[-1].start

    @property
    def own(self) -> str:
        """What stands of that section."""
        return self.text[self.start :]

    @property
    def room(self) -> int:
        """Characters that remain of the essay."""
        return self.plan.characters - len(self.text)

    @property
    def tolerance(self) -> int:
        """Characters that the essay may be longer or shorter than it was to be."""
        return max(3, self.plan.characters // 100)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is to be added to the essay."""
        return self.room <= max(_REST, self.tolerance)

    @property
    def section_room(self) -> int:
        """Characters that remain of the section."""
        return self._ends[self.section] - len(self.text)

    @property
    def is_last(self) -> bool:
        """Whether no section follows."""
        return self.section == len(self.plan.sections) - 1

    def turn(self, number: int) -> str:
        """Go on to the section of the next piece, the ``number``-th; what stands before it: "", or an empty line.

        A section that an earlier one has left no room for is passed over.
        """
        if self.is_full:
            while self.is_full:
                self.section += 1
            self.said = set()
            heading = self.plan.heading(self.current)
            lead = (PARAGRAPH + heading if heading else "") + PARAGRAPH if self.text else ""
            self._begin(len(self.text) + len(lead))
            return lead
        shortest, longest = _PARAGRAPH
        paragraph = len(self.text) - (self.text.rfind("\n") + 1)
        enough = shortest + derived(self.seed, number) % (longest - shortest)
        return PARAGRAPH if self.text and paragraph >= enough else ""

    def _begin(self, start: int) -> None:
        keywords = self.current.keywords[:MOST_KEYWORDS]
        self.headers.append(Header(start, header(self.section + 1, len(self.plan.sections), keywords)))

    @property
    def is_full(self) -> bool:
        """Whether the next piece begins the next section."""
        return not self.is_last and self.section_room <= min(_NEAR, self.current.characters // 4)

    def add(self, text: str) -> None:
        """What was written, with its lead; a heading's words are not the section's."""
        self.text += text
        text = text.removeprefix(PARAGRAPH + self.plan.heading(self.current))
        self.known |= {letters_of(sentence) for sentence in sentences(text)}
        added = words(text)
        self.words += added
        self.phrases.update(gram for gram, _ in phrases(added))
        named = (person for telling in tellings(sentences(text)) for person in telling.people)
        self.people = list(dict.fromkeys((*self.people, *named)))
        self.said |= self._terms(text)

    def twin(self) -> "SoFar":
        """Another one that stands where this one does, and can be gone on with alone."""
        twin = copy.copy(self)
        twin.known, twin.words, twin.said = set(self.known), list(self.words), set(self.said)
        twin.headers = list(self.headers)
        twin.phrases = self.phrases.copy()
        return twin

    def open_keywords(self) -> list[str]:
        """The keywords of the section that it has not named."""
        return [keyword for keyword, needed in self._needed[self.section] if not needed <= self.said]

    def to_take_up(self) -> list[str]:
        """What an essay begins with and has to come back to before it ends: words of its first sentences that its last
        ones have not named; none while the end is far, or the essay short."""
        last = self.plan.characters - _CLOSING
        if last < 2 * _CLOSING or len(self.text) < last:
            return []
        return [word for word in self._begun_with if word not in self.text[last:]]

    @property
    def _begun_with(self) -> list[str]:
        """The two nouns of the first sentences that the essay says most often."""
        (morphemes,) = tagged([self.text[:_BEGINNING]])
        nouns = dict.fromkeys(m.form for m in morphemes if m.tag in ("NNG", "NNP") and len(m.form) > 1)
        return sorted((n for n in nouns if not says_nothing(n)), key=lambda noun: -self.text.count(noun))[:2]

    def named_by(self, text: str) -> list[str]:
        """What of them, and of what the essay has to come back to, the text names."""
        said = self.said | self._terms(text)
        named = [
            keyword for keyword, needed in self._needed[self.section] if not needed <= self.said and needed <= said
        ]
        return [*named, *(word for word in self.to_take_up() if word in text)]

    def _terms(self, text: str) -> set[str]:
        return set(next(iter(self.terms_of([text])))) if text.strip() else set()

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(section.characters for section in self.plan.sections))

    @cached_property
    def _needed(self) -> list[list[tuple[str, set[str]]]]:
        """The terms of each section's keywords; at least one each."""
        return [
            [(word, set(terms) or {word}) for word, terms in zip(s.keywords, self.terms_of(s.keywords), strict=True)]
            for s in self.plan.sections
        ]
