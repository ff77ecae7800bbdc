"""The plan of an essay: its sections, what each is about and how long it is, and the facts that stay the same."""

from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from typing import Literal

Role = Literal["opening", "middle", "closing"]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the essay. ``title``: for who reads the plan, in the essay only where the plan asks for headings.

    ``characters``: its length. ``keywords``: what it has to name, the weightiest first. ``adapter``: the topic whose
    adapter writes it, "": the essay's own.
    """

    title: str
    characters: int
    keywords: tuple[str, ...] = ()
    role: Role = "middle"
    adapter: str = ""


def role_of(number: int, sections: int) -> Role:
    """The usual role of the ``number``-th of so many sections, from 0."""
    return "opening" if number == 0 else "closing" if number == sections - 1 else "middle"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is the same in all sections; "" and () where nothing is laid down.

    ``teller``: who tells it, as it stands in the text ("나", "우리", "그녀"). ``ending``: the style in which sentences
    end. ``tense``: in which most of them do. ``people``, ``places``: the only names that may be used, where a person
    has laid some down.
    """

    teller: str = ""
    ending: Literal["", "해라체", "합쇼체", "해요체"] = ""
    tense: Literal["", "past", "present"] = ""
    people: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written. ``title``: what stands above the essay, its topic as a rule.

    ``opening``: its first sentences, written by a person; part of the essay. ``headings``: whether the sections' titles
    stand in it.
    """

    title: str
    sections: tuple[Section, ...]
    opening: str = ""
    facts: Facts = field(default_factory=Facts)
    headings: bool = False

    @property
    def characters(self) -> int:
        """The length of the whole essay."""
        return sum(section.characters for section in self.sections)

    def heading(self, section: Section) -> str:
        """The line that stands above a section in Markdown; "" where the plan has no headings."""
        return f"## {section.title}" if self.headings else ""

    def resized(self, characters: int) -> "Plan":
        """The same plan for an essay of that length, each section longer or shorter in proportion.

        Raises ValueError for fewer characters than sections.
        """
        if characters < len(self.sections):
            raise ValueError(f"{characters} characters for {len(self.sections)} sections")
        ends = [
            round(total * characters / self.characters) for total in accumulate(s.characters for s in self.sections)
        ]
        lengths = [max(1, end - start) for start, end in pairwise((0, *ends))]
        while sum(lengths) > characters:  # some came to nothing and were given one
            lengths[lengths.index(max(lengths))] -= 1
        return replace(
            self, sections=tuple(replace(s, characters=n) for s, n in zip(self.sections, lengths, strict=True))
        )

    @classmethod
    def of_one_section(cls, title: str, characters: int, opening: str = "") -> "Plan":
        """The plan of an essay that has no other."""
        return cls(title, (Section(title, characters, role="opening"),), opening)
