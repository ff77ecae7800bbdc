"""Lucene's query syntax, parsed by luqum, as a tree of terms.

    함께 더불어          any of the words (should)       +함께 -정치      with 함께, without 정치
    함께^2 (가족 친구)^3  boosts, also of groups          "함께 걷는 길"    a phrase
    A AND B             both                            NOT B, A OR B   as -B, as A B
    +metadata.author:김  -source:"http://a.b/c"  +title:"첫 눈"          exactly so; changes no score

The operators mean what they mean in Lucene: they mark the clauses of one flat list. ``A OR B AND C`` is ``A +B
+C`` (``QueryParserBase.addClause`` with OR as the default). A word that the analyzer takes apart is found by any
of its parts; where it must stand or must not, all of them count. Everything else that luqum reads (wildcards,
ranges, fuzzy words, slop, regular expressions) is refused.
"""

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, NoReturn

from luqum import tree
from luqum.exceptions import IllegalCharacterError, ParseError
from luqum.thread import parse as luqum_parse

from corpus.errors import GeulgamError
from retrieval.analyzer import Analyzer, clean
from retrieval.query import NOTHING_LEFT, Boolean, Filter, Phrase, Query, Terms

_WIDTH = 72  # columns of the query shown in an error
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_POSITION = re.compile(r"at position (\d+)")
_BAD_NUMBER = re.compile(r"(?<!\\)[\^~](?:\d*\.\d*\.|\.+(?!\d))")
_SPACE = re.compile(r"\s")
_SIGNED = re.compile(
    r"[^\W\d].*(?<![-\s])\s*|[\"(].*", re.DOTALL
)  # after + or -; neither `- 그`, `-10도` nor `-어쩌면-`
_SYMBOL = re.compile(r"&&|\|\||!\w.*", re.DOTALL)
# Quotation marks as keyboards and word processors set them, and what separates words but is no space in luqum.
_PLAIN = str.maketrans({"“": '"', "”": '"', "„": '"', "＂": '"', "（": "(", "）": ")"})

_UNSUPPORTED = {
    tree.Range: ("ranges are not supported", "for a bracket in a word, put \\ before it"),
    tree.From: ("ranges are not supported", "for > in a word, write it as \\>"),
    tree.To: ("ranges are not supported", "for < in a word, write it as \\<"),
    tree.Regex: ("regular expressions are not supported", "for a slash, write it as \\/"),
    tree.Fuzzy: ("fuzzy words are not supported", "leave out the ~"),
    tree.Proximity: ("phrases with gaps are not supported", "leave out the ~ and its number"),
}
_FIELD = re.compile(r"title|source|metadata\..+")
_SYMBOLS = {"&&": "AND", "||": "OR", "!": "NOT"}


class _Sign(Enum):
    SHOULD = 0
    MUST = 1
    MUST_NOT = 2


@dataclass(frozen=True)
class _Clause:
    """One clause of a flat list: what stands before it (AND, or nothing), its sign, and what it is."""

    after_and: bool
    sign: _Sign
    item: tree.Item


def parse(text: str, analyzer: Analyzer) -> Query:
    """The tree of a query, its words taken apart by the analyzer that made the index.

    Raises GeulgamError for what cannot be read, with two more lines in its message (the query, and a caret
    under the place), and for a query of which nothing is left to look for.
    """
    query = _plain(text)
    if not query.strip():
        raise GeulgamError("the query is empty", "write the words to look for, such as: 함께^2 더불어 -정치")
    try:
        parsed = luqum_parse(query)
        found = _Reader(query, analyzer).group(parsed, 1.0)
    except ParseError as error:
        _explain(query, error)
    except ArithmeticError as error:  # luqum makes a Decimal of whatever digits and dots stand after ^ or ~
        number = _BAD_NUMBER.search(query)
        place = number.start() if number else 0
        raise _pointing(query, "not a number", place, "such as ^2 or ^0.5") from error
    except RecursionError as error:
        raise GeulgamError("the query is too deeply nested", "use fewer parentheses") from error
    if found is None:
        raise GeulgamError(f"nothing to look for in {query.strip()!r}", NOTHING_LEFT)
    return found


def first_operator(text: str) -> str:
    """The first operator of a text, with what it stands at (`-아버지`, `가족 AND 학교`); "" where there is none, or
    where the text is no query at all.

    What running text has too is none: `여름 - 그 바다`, `영하 -10도`, `12:30`, `^^`; nor are wildcards and ranges.
    """
    try:
        parsed = luqum_parse(_plain(text))
        return next((str(item).strip() for item in _items(parsed) if _is_operator(item)), "")
    except (ParseError, ArithmeticError, RecursionError):
        return ""


def _items(item: tree.Item) -> Iterator[tree.Item]:
    yield item
    for child in item.children:
        yield from _items(child)


def _is_operator(item: tree.Item) -> bool:
    if isinstance(item, (tree.Plus, tree.Prohibit)):
        return bool(_SIGNED.fullmatch(item.a.__str__(head_tail=True)))
    if isinstance(item, tree.SearchField):
        return bool(_FIELD.fullmatch(item.name)) and not item.expr.head
    if isinstance(item, tree.Boost):
        return not item.implicit_force
    if isinstance(item, tree.Word):
        return bool(_SYMBOL.fullmatch(item.value))
    return isinstance(item, (tree.AndOperation, tree.OrOperation, tree.Not))


def _plain(text: str) -> str:
    """The text with the spaces and the quotation marks that luqum knows."""
    return _SPACE.sub(" ", clean(text)).translate(_PLAIN)


class _Reader:
    """Turns luqum's tree of one query into ours."""

    def __init__(self, query: str, analyzer: Analyzer) -> None:
        self._query = query
        self._analyzer = analyzer

    def group(self, item: tree.Item, boost: float) -> Query | None:
        """What stands at the top or between parentheses; None if no word of it is indexed."""
        clauses = list(self._clauses(item, after_and=False))
        # Lucene: AND makes the clause on either side a must, unless it is excluded.
        signs = [clause.sign for clause in clauses]
        for i, clause in enumerate(clauses):
            if clause.after_and:
                signs[i - 1 : i + 1] = [_Sign.MUST if s is _Sign.SHOULD else s for s in signs[i - 1 : i + 1]]
        if all(sign is _Sign.MUST_NOT for sign in signs):
            hint = "add a word to look for; -word only leaves out documents found by other words"
            self._fail("nothing is looked for here, only left out", _position(item), hint)
        kept: dict[_Sign, list[Query]] = {sign: [] for sign in _Sign}
        for clause, sign in zip(clauses, signs, strict=True):
            query = self._query_of(clause.item, sign, 1.0)
            if query is not None:
                kept[sign].append(query)
        must, should, must_not = (tuple(kept[s]) for s in (_Sign.MUST, _Sign.SHOULD, _Sign.MUST_NOT))
        if not must and not should:
            return None
        if len(should) == 1 and not must and not must_not:
            only = should[0]
            return only if isinstance(only, Filter) else replace(only, boost=only.boost * boost)
        return Boolean(must, should, must_not, boost)

    def _clauses(self, item: tree.Item, after_and: bool) -> Iterator[_Clause]:
        """luqum nests operators by precedence; this is the list in which they were written."""
        if isinstance(item, (tree.OrOperation, tree.AndOperation, tree.UnknownOperation)):
            for i, child in enumerate(item.children):
                yield from self._clauses(child, after_and if i == 0 else isinstance(item, tree.AndOperation))
        elif isinstance(item, (tree.Plus, tree.Prohibit, tree.Not)):
            if isinstance(item.a, (tree.Plus, tree.Prohibit, tree.Not)):
                self._fail("two signs before one word", _position(item.a), "use one of + - NOT, or a space between")
            yield _Clause(after_and, _Sign.MUST if isinstance(item, tree.Plus) else _Sign.MUST_NOT, item.a)
        else:
            yield _Clause(after_and, _Sign.SHOULD, item)

    def _query_of(self, item: tree.Item, sign: _Sign, boost: float) -> Query | None:
        """A word, phrase or group; None if the analyzer leaves nothing of it."""
        for kind, (what, hint) in _UNSUPPORTED.items():
            if isinstance(item, kind):
                self._fail(what, _position(item), hint)
        if isinstance(item, tree.SearchField):
            return self._filter(item)
        if isinstance(item, tree.Boost):
            return self._query_of(item.expr, sign, boost * self._boost(item))
        if isinstance(item, tree.BaseGroup):
            return self.group(item.expr, boost)
        if isinstance(item, tree.Phrase):
            written = _ESCAPED.sub(r"\1", item.value[1:-1])
            terms = self._terms(written)
            if len(terms) > 1:
                return Phrase(terms, boost, written)
            return Terms(terms, boost, written) if terms else None
        if isinstance(item, tree.Word):
            word = _ESCAPED.sub(r"\1", self._word(item))
            terms = self._terms(word)
            if len(terms) > 1 and sign is not _Sign.SHOULD:
                return Boolean(must=tuple(Terms((term,)) for term in terms), boost=boost, written=word)
            return Terms(terms, boost, word) if terms else None
        self._fail("this is not supported", _position(item))

    def _filter(self, item: tree.SearchField) -> Filter:
        field = _ESCAPED.sub(r"\1", item.name)
        if not _FIELD.fullmatch(field):
            hint = "fields are title, source and metadata.NAME; for a colon in a word, write it as \\:"
            self._fail(f"{field} is not a field", _position(item), hint)
        if isinstance(item.expr, tree.Phrase):
            return Filter(field, _ESCAPED.sub(r"\1", item.expr.value[1:-1]))
        if isinstance(item.expr, tree.Word):
            return Filter(field, _ESCAPED.sub(r"\1", self._word(item.expr)))
        hint = f'write it in quotation marks: {field}:"…"'
        self._fail("a field needs one word or a text in quotation marks", _position(item), hint)

    def _word(self, item: tree.Word) -> str:
        """The word as written; refused if it holds something that a user meant as an operator."""
        value = str(item.value)
        if item.has_wildcard():
            self._fail("wildcards are not supported", _position(item), "for * or ? in a word, put \\ before it")
        for symbol, operator in _SYMBOLS.items():
            if value == symbol or (symbol == "!" and value.startswith("!")):
                self._fail(f"{symbol} is not supported", _position(item), f"write {operator}")
        quote = re.search(r'(?<!\\)"', value)
        if quote:
            hint = 'put a space before the phrase; for a quotation mark itself write \\"'
            self._fail("a quotation mark inside a word", _position(item) + quote.start(), hint)
        return value

    def _terms(self, text: str) -> tuple[str, ...]:
        (terms,) = self._analyzer([text])
        return tuple(terms)

    def _boost(self, item: tree.Boost) -> float:
        place = _position(item) + len(str(item.expr)) if item.expr is not None else _position(item)
        try:
            if item.implicit_force:
                raise ValueError
            boost = float(item.force)
        except (ValueError, ArithmeticError):
            self._fail("^ needs a number", place, "such as ^2 or ^0.5")
        if not math.isfinite(boost):
            self._fail("this boost is too large", place)
        return boost

    def _fail(self, what: str, position: int, hint: str = "") -> NoReturn:
        raise _pointing(self._query, what, position, hint)


def _explain(query: str, error: Exception) -> NoReturn:
    """A GeulgamError for what luqum could not read."""
    found = _POSITION.search(str(error))
    position = int(found[1]) if found else len(query.rstrip())
    rest = query[position:]
    if isinstance(error, IllegalCharacterError) and rest.startswith('"'):
        raise _pointing(query, "this quotation mark is never closed", position, 'add " after the phrase')
    if isinstance(error, IllegalCharacterError):
        raise _pointing(query, f"{rest[:1]!r} is not understood here", position, "put \\ before it to mean itself")
    if not found or not rest.strip():
        if query.count("(") > query.count(")"):
            opened = _unclosed(query)
            raise _pointing(query, "this parenthesis is never closed", opened, "add ) after the group")
        raise _pointing(query, "the query ends too early", len(query.rstrip()), "a word is missing after the operator")
    what = f"{rest.split(' ')[0][:1] if not rest[0].isalpha() else rest.split(' ')[0]} is not expected here"
    hint = "to look for the sign itself, put it in quotation marks"
    raise _pointing(query, what, position, hint)


def _unclosed(query: str) -> int:
    """The place of the last parenthesis that was opened and never closed."""
    opened: list[int] = []
    for place, sign in enumerate(query):
        if sign == "(":
            opened.append(place)
        elif sign == ")" and opened:
            opened.pop()
    return opened[-1] if opened else 0


def _pointing(query: str, what: str, position: int, hint: str) -> GeulgamError:
    """The error with the query under it and a caret under the place; Hangul is two columns wide."""
    start = max(0, min(position, len(query)) - _WIDTH // 2)
    shown = query[start : start + _WIDTH]
    before = shown[: position - start]
    columns = sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in before)
    return GeulgamError(f"{what}, character {position + 1} of the query\n  {shown}\n  {' ' * columns}^", hint)


def _position(item: Any) -> int:
    """Where the item begins in the query; that of its first part where luqum keeps none."""
    if item.pos is not None:
        return int(item.pos)
    children: Sequence[Any] = item.children
    return _position(children[0]) if children else 0
