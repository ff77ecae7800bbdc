"""A plan as a file that a person reads and changes: `plan.toml`, with a comment to every key."""

import difflib
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import tomlkit

from corpus.atomic import write_text
from corpus.errors import GeulgamError
from generate.planning.plan import Facts, Plan, Role, Section, role_of

_HEAD = """\
# The plan of an essay of {characters:,} characters in {sections}. Change what you like before it is written:
# whatever stands here wins.
"""
_FACTS = "# What stays the same in all sections; an empty one is left open.\n[facts]\n"
_SECTIONS = "# One [[sections]] table for each part, in their order. Their lengths add up to the essay's.\n"
_COMMENTS = {
    "title": "What stands above the essay.",
    "opening": "Its first sentences, if you have written them; they are part of it.",
    "headings": "Whether the titles of the sections stand in the essay.",
    "facts.teller": 'Who tells it, as it stands in the text: "나", "저", "우리", "그녀".',
    "facts.ending": 'How its sentences end: "해라체" (했다), "합쇼체" (했습니다) or "해요체" (했어요).',
    "facts.tense": 'In which most of them do: "past" or "present".',
    "facts.people": 'The only people who may be named, "어머니" as well as "민수"; empty, anybody may.',
    "facts.places": "The only places that may be named; empty, any may.",
    "sections.title": "What it is about, in a few words.",
    "sections.characters": "Its length.",
    "sections.keywords": "What it has to name, the weightiest first.",
    "sections.role": '"opening" (the first alone), "middle" or "closing" (the last alone).',
    "sections.adapter": "The topic whose adapter writes it, if not the essay's own.",
}
_SEAL = "# As geulgam made it: {digest} (`geulgam plan` replaces this file only while it is unchanged)\n"
_SEALED = re.compile(r"# As geulgam made it: ([0-9a-f]{16}) .*\n\Z")
_KEYS: dict[str, tuple[str, ...]] = {
    "": ("title", "opening", "headings", "characters", "facts", "sections"),
    "facts": tuple(field.name for field in fields(Facts)),
    "sections": tuple(field.name for field in fields(Section)),
}
_PLACES = {"": "at the top, above all tables", "facts": "into [facts]", "sections": "into a [[sections]] table"}
_CHOICES = {
    "facts.ending": ("", "해라체", "합쇼체", "해요체"),
    "facts.tense": ("", "past", "present"),
    "sections.role": get_args(Role),
}
_OPTIONAL = ("adapter",)  # of a section: written where there is one, and where the first shows how


def plan_text(plan: Plan) -> str:
    """The plan as TOML, each key explained where it first stands; :func:`parse_plan` gives the same plan."""
    count = f"{len(plan.sections)} section{'s' if len(plan.sections) > 1 else ''}"
    lines = [_HEAD.format(characters=plan.characters, sections=count)]
    lines += [_entry(name, getattr(plan, name)) for name in ("title", "opening", "headings")]
    lines.append(_FACTS + "".join(_entry(name, getattr(plan.facts, name), "facts") for name in _KEYS["facts"]))
    for number, section in enumerate(plan.sections):
        entries = [_SECTIONS if number == 0 else "", "[[sections]]\n"]
        for name in ("title", "role", "characters", "keywords", *_OPTIONAL):
            value = getattr(section, name)
            if value or name not in _OPTIONAL:
                entries.append(_entry(name, value, "sections", explained=number == 0))
            elif number == 0:
                entries.append(f'# {_COMMENTS[f"sections.{name}"]}\n# {name} = ""\n')
        lines.append("".join(entries))
    text = "\n".join(lines) + "\n"
    return text + _SEAL.format(digest=_digest(text))


def write_plan(file: Path, plan: Plan) -> None:
    """Replace the file with the plan, atomically."""
    write_text(file, plan_text(plan))


def write_adapters(file: Path, plan: Plan) -> None:
    """Put the adapters of the plan's sections into its file, and leave all else in it as a person has changed it.

    Raises GeulgamError for a file that would not become that plan.
    """
    if is_unchanged(file):
        return write_plan(file, plan)
    text = file.read_text(encoding="utf-8-sig")
    there = [section.adapter for section in parse_plan(text, file.name).sections]
    for number, (section, adapter) in enumerate(zip(plan.sections, there, strict=False), 1):
        if section.adapter != adapter:
            lines = text.splitlines(keepends=True)
            place = _line(text, f"sections.{number}.adapter")
            first = place - bool(place and re.match(r"\s*adapter\s*=", lines[place - 1]))
            lines[first:place] = [_entry("adapter", section.adapter, "sections", explained=False)]
            text = "".join(lines)
    try:
        became = parse_plan(text, file.name)
    except GeulgamError:
        became = None
    if became != plan:
        names = ", ".join(section.adapter for section in plan.sections)
        raise GeulgamError(
            f"could not put the adapters into {file}", f"give its sections adapter = … yourself: {names}"
        )
    write_text(file, text)


def is_unchanged(file: Path) -> bool:
    """Whether the file stands as :func:`write_plan` left it."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    sealed = _SEALED.search(text)
    return sealed is not None and sealed[1] == _digest(text[: sealed.start()])


def read_plan(file: Path) -> Plan:
    """The plan in the file. Raises GeulgamError for a file that is none, naming line and key."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise GeulgamError(f"there is no {file}", "geulgam plan TOPIC makes one") from None
    except UnicodeDecodeError:
        raise GeulgamError(f"{file} is not UTF-8 text", "save it as UTF-8") from None
    except OSError as error:
        raise GeulgamError(f"could not read {file}: {error.strerror}", "name a file that can be read") from error
    return parse_plan(text, file.name)


def parse_plan(text: str, name: str = "plan.toml") -> Plan:
    """The plan that the text is. ``name``: what errors call it. Raises GeulgamError, naming line and key."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise GeulgamError(f"{name} is not valid TOML: {error}", "texts stand in quotes, lists in brackets") from None
    return _Reader(text, name).plan(values)


class _Reader:
    """Turns parsed TOML into a plan, and knows in which line a key stands."""

    def __init__(self, text: str, name: str) -> None:
        self._text, self._name = text, name

    def plan(self, values: Mapping[str, Any]) -> Plan:
        self._known(values, "")
        tables = values.get("sections")
        if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
            raise GeulgamError(f"{self._name} has no [[sections]]", "write a [[sections]] table for each part")
        facts = values.get("facts", {})
        if not isinstance(facts, dict):
            raise self._wrong("facts", facts, "to be a [facts] table")
        self._known(facts, "facts")
        plan = Plan(
            self._string(values, "title"),
            tuple(self._section(table, number, len(tables)) for number, table in enumerate(tables, 1)),
            self._string(values, "opening", ""),
            Facts(
                self._string(facts, "facts.teller", ""),
                self._choice(facts, "facts.ending", ""),
                self._choice(facts, "facts.tense", ""),
                self._strings(facts, "facts.people"),
                self._strings(facts, "facts.places"),
            ),
            self._flag(values, "headings"),
        )
        if (total := values.get("characters")) is not None and total != plan.characters:
            raise self._wrong("characters", total, f"{plan.characters:,}: what the sections add up to")
        if plan.headings and (bare := next((i for i, s in enumerate(plan.sections, 1) if not s.title), 0)):
            raise self._error("headings", f"headings is true, but section {bare} has no title", "give it one")
        return plan

    def _section(self, table: Mapping[str, Any], number: int, sections: int) -> Section:
        at = f"sections.{number}"
        self._known(table, at)
        role = self._choice(table, f"{at}.role", role_of(number - 1, sections))
        if (role == "opening" and number > 1) or (role == "closing" and (number < sections or sections == 1)):
            which = "first" if role == "opening" else "last of several"
            raise self._error(f"{at}.role", f"section {number} is the {role}, but not the {which}", 'make it "middle"')
        characters = table.get("characters")
        if characters is None:
            raise self._error(at, f"section {number} has no characters", "say how long it is: characters = 2000")
        if not isinstance(characters, int) or isinstance(characters, bool) or characters < 1:
            raise self._wrong(f"{at}.characters", characters, "a whole number, 1 or more")
        return Section(
            self._string(table, f"{at}.title", ""),
            characters,
            self._strings(table, f"{at}.keywords"),
            role,
            self._string(table, f"{at}.adapter", ""),
        )

    def _known(self, table: Mapping[str, Any], at: str) -> None:
        names = _KEYS[at.partition(".")[0]]
        for key in table:
            if key not in names:
                near = difflib.get_close_matches(key, names, 1)
                hint = f"the nearest known key is {near[0]}" if near else f"known here: {', '.join(names)}"
                if belongs := next((_PLACES[table] for table, keys in _KEYS.items() if key in keys), ""):
                    hint = f"it belongs {belongs}"
                raise self._error(f"{at}.{key}".strip("."), f"unknown key {key}", hint)

    def _string(self, table: Mapping[str, Any], key: str, usual: str | None = None) -> str:
        value = table.get(key.rpartition(".")[2], usual)
        if value is None:
            raise GeulgamError(f"{self._name} has no {key}", f'write {key} = "…" at its top')
        if not isinstance(value, str):
            raise self._wrong(key, value, "a text in quotes")
        return value

    def _strings(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = table.get(key.rpartition(".")[2], [])
        if not isinstance(value, list) or not all(isinstance(word, str) and word.strip() for word in value):
            raise self._wrong(key, value, 'a list of words, ["…", "…"]')
        return tuple(value)

    def _choice(self, table: Mapping[str, Any], key: str, usual: str) -> Any:
        value = self._string(table, key, usual)
        choices: Sequence[str] = _CHOICES[re.sub(r"\.\d+", "", key)]
        if value not in choices:
            raise self._wrong(key, value, f"one of {', '.join(json.dumps(c, ensure_ascii=False) for c in choices)}")
        return value

    def _flag(self, table: Mapping[str, Any], key: str) -> bool:
        value = table.get(key, False)
        if not isinstance(value, bool):
            raise self._wrong(key, value, "true or false")
        return value

    def _wrong(self, key: str, value: Any, need: str) -> GeulgamError:
        got = json.dumps(value, ensure_ascii=False, default=str)
        got = got if len(got) <= 60 else f"{got[:59]}…"
        return self._error(key, f"{key} is {got}, but needs {need}", "correct the value")

    def _error(self, key: str, what: str, hint: str) -> GeulgamError:
        line = _line(self._text, key)
        return GeulgamError(f"{self._name}{f', line {line}' if line else ''}: {what}", hint)


def _entry(name: str, value: Any, table: str = "", explained: bool = True) -> str:
    comment = f"# {_COMMENTS[f'{table}.{name}'.strip('.')]}\n" if explained else ""
    item = list(value) if isinstance(value, tuple) else value
    return f"{comment}{name} = {tomlkit.item(item).as_string()}\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _line(text: str, key: str) -> int:
    """The line of a key such as title, facts.ending, sections.2.role; of its table where it is not found; else 0."""
    table, number, found = "", 0, 0
    for count, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\[?\s*(\w+)\s*\]", line):
            number += header[1] == "sections"
            table = f"sections.{number}" if header[1] == "sections" else header[1]
            found = count if key.startswith(table) and not found else found
            found = count if key == table or key.rpartition(".")[0] == table else found
        elif entry := re.match(r"""\s*["']?([\w.-]+)["']?\s*=""", line):
            name = f"{table}.{entry[1]}".strip(".")
            if name == key:
                return count
            found = count if key.startswith(f"{name}.") and not found else found  # facts = { teller = "나" }
    return found
