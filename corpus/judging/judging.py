"""Which rules a document is judged by, and in which order: the first that refuses it gives the reason."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.judging.advertisement import advertisement
from corpus.judging.code import code
from corpus.judging.hangul import hangul
from corpus.judging.lists import lists
from corpus.judging.long import long
from corpus.judging.menus import menus
from corpus.judging.mojibake import mojibake
from corpus.judging.notices import notices
from corpus.judging.recipes import recipes
from corpus.judging.repetition import repetition
from corpus.judging.rule import Rule
from corpus.judging.short import short
from corpus.judging.symbols import symbols

_BOUNDED: dict[str, Callable[[str, Any], str | None]] = {
    "short": short,
    "long": long,
    "symbols": symbols,
    "hangul": hangul,
}
_SWITCHED: dict[str, Callable[[str], str | None]] = {
    "mojibake": mojibake,
    "code": code,
    "repetition": repetition,
    "menus": menus,
    "recipes": recipes,
    "advertisement": advertisement,
    "notices": notices,
    "lists": lists,
}


@dataclass(frozen=True, slots=True)
class Judging:
    """The settings of `[corpus.judge]`: bounds, 0 for none, and a switch for each rule that has none.

    ``bits_least`` and ``bits_most``: for :class:`finetune.judging.Perplexity`, which is no rule of the text alone.
    ``learnt``: the least score by the judge that the user has taught (:mod:`corpus.judging.learnt`), which is no rule.
    """

    short: int = 0
    long: int = 0
    mojibake: bool = True
    menus: bool = True
    recipes: bool = True
    advertisement: bool = True
    notices: bool = True
    code: bool = True
    lists: bool = True
    symbols: float = 0.25
    hangul: float = 0.5
    repetition: bool = True
    bits_least: float = 0.0
    bits_most: float = 0.0
    learnt: float = 0.0

    def __post_init__(self) -> None:
        for name in ("short", "long"):
            if getattr(self, name) < 0:
                raise GeulgamError(f"corpus.judge.{name} is {getattr(self, name)}", "give a length, or 0 for no bound")
        if self.bits_least < 0 or self.bits_most < 0:
            raise GeulgamError(
                f"corpus.judge.bits_least is {self.bits_least:g}, bits_most {self.bits_most:g}",
                "give bits per character, or 0 for no bound",
            )
        for name in ("symbols", "hangul"):
            if not 0 <= getattr(self, name) <= 1:
                raise GeulgamError(f"corpus.judge.{name} is {getattr(self, name)}", "give a share from 0 to 1; 0: off")
        if not 0 <= self.learnt <= 1:
            raise GeulgamError(f"corpus.judge.learnt is {self.learnt}", "give a score from 0 to 1; 0: off")

    def rules(self) -> tuple[Rule, ...]:
        """Those that are switched on, in their order."""
        chosen: list[Rule] = []
        for name in NAMES:
            value = getattr(self, name)
            if value and name in _SWITCHED:
                chosen.append(Rule(f"judge.{name}", _SWITCHED[name]))
            elif value and name in _BOUNDED:
                chosen.append(Rule(f"judge.{name} {value:g}", partial(_bounded, _BOUNDED[name], value)))
        return tuple(chosen)


NAMES = tuple(name.name for name in fields(Judging) if name.name in _SWITCHED or name.name in _BOUNDED)  # of the rules


def _bounded(rule: Callable[[str, Any], str | None], bound: float, text: str) -> str | None:
    return rule(text, bound)


@dataclass(frozen=True, slots=True)
class Judge:
    """The rules as one :class:`corpus.step.Step`, to come after cleaning."""

    steps: tuple[Rule, ...]
    name: str = "judging"
    version: int = 1

    def __call__(self, document: Document) -> Document | str:
        """The document as it is, or the reason of the first rule that refuses it."""
        for rule in self.steps:
            reason = rule.refuse(document.text)
            if reason is not None:
                return reason
        return document
