"""Which steps a corpus is cleaned by, and in which order; they are run again until nothing changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from corpus.cleaning import (
    boilerplate,
    brackets,
    bylines,
    captions,
    copyrights,
    dashes,
    emails,
    endings,
    hanja,
    hashtags,
    html,
    invisible,
    jamo,
    mentions,
    nfc,
    punctuation,
    quotes,
    residue,
    spaces,
    spacing,
    urls,
)
from corpus.cleaning.boilerplate import NO_LINES, Lines
from corpus.cleaning.personal import (
    account,
    address,
    car_plate,
    card,
    email_address,
    passport,
    resident_number,
    telephone,
)
from corpus.cleaning.tally import Tally
from corpus.cleaning.text_step import TextStep
from corpus.document import Document
from corpus.errors import GeulgamError

Hanja = Literal["keep", "read", "remove"]
ROUNDS = 8  # after which a text is left as it is; two or three are usual

_STEPS = (
    html, invisible, nfc, urls, dashes, quotes, captions, bylines, copyrights, residue, emails, mentions, hashtags,
    resident_number, card, passport, telephone, account, car_plate, address, email_address,
    brackets, jamo, punctuation, spaces, spacing, endings,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cleaning:
    """The settings of `[corpus.clean]`: a switch for each step, named as it is, and what becomes of hanja."""

    html: bool = True
    invisible: bool = True
    nfc: bool = True
    urls: bool = True
    dashes: bool = True
    quotes: bool = True
    captions: bool = True
    bylines: bool = True
    copyrights: bool = True
    residue: bool = True
    emails: bool = True
    mentions: bool = True
    hashtags: bool = True
    resident_number: bool = True
    card: bool = True
    passport: bool = True
    telephone: bool = True
    account: bool = True
    car_plate: bool = True
    address: bool = True
    email_address: bool = True
    hanja: Hanja = "keep"
    brackets: bool = False
    jamo: bool = True
    punctuation: bool = True
    spaces: bool = True
    spacing: bool = False
    endings: bool = False
    boilerplate: bool = False

    def __post_init__(self) -> None:
        if self.hanja not in ("keep", "read", "remove"):
            raise GeulgamError(f"corpus.clean.hanja is {self.hanja}", 'give "keep", "read" or "remove"')

    def switched(self, values: Mapping[str, Any]) -> "Cleaning":
        """The same but for these, by their names."""
        return replace(self, **values)

    def steps(self, lines: Lines = NO_LINES) -> tuple[TextStep, ...]:
        """Those that are switched on, in their order; ``lines``: what ``boilerplate`` takes out, which comes first."""
        chosen = [boilerplate.step(lines)] if self.boilerplate else []
        for module in _STEPS:
            if module is brackets and self.hanja != "keep":
                chosen.append(hanja.READ if self.hanja == "read" else hanja.REMOVED)
            if getattr(self, module.STEP.name):
                chosen.append(module.STEP)
        return tuple(chosen)


NAMES = tuple(name.name for name in fields(Cleaning))


@dataclass(frozen=True, slots=True)
class Cleaner:
    """The steps as one :class:`corpus.step.Step`: run in their order, and again over what they changed.

    So what comes out is what the same steps leave alone, but for a text that is not at rest after :data:`ROUNDS`.
    ``tally`` counts what each has done.
    """

    steps: tuple[TextStep, ...]
    tally: Tally = field(default_factory=Tally, compare=False)
    name: str = "cleaning"
    version: int = 1

    def __call__(self, document: Document) -> Document:
        """The document with its text cleaned."""
        changes = list(self.changes(document.text))
        self.tally.count(document.text, changes)
        return replace(document, text=changes[-1][2]) if changes else document

    def clean(self, text: str) -> str:
        """The text, cleaned."""
        changes = list(self.changes(text))
        return changes[-1][2] if changes else text

    def changes(self, text: str) -> Iterator[tuple[str, str, str]]:
        """What each step does to it, one after the other, where it does something: (its name, before, after)."""
        for _ in range(ROUNDS):
            began = text
            for step in self.steps:
                after = step.change(text)
                if after != text:
                    yield step.name, text, after
                    text = after
            stripped = text.strip()
            if stripped != text:
                yield "spaces", text, stripped
                text = stripped
            if text == began:
                return
