"""How settings are read: `geulgam.toml` <- environment (`GEULGAM_FINETUNE__EPOCHS`) <- command options.

Each later source wins over the earlier. Whatever is wrong is one line that names the source, the key, what it
got and what it needs; pydantic's own messages never reach the user.
"""

import dataclasses
import difflib
import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from corpus.cleaning.cleaning import Cleaning
from corpus.errors import GeulgamError
from corpus.judging.judging import Judging
from corpus.keeping import Keeping
from finetune.execution import Execution
from finetune.recipe import Recipe, Shared
from generate.critic.weights import Weights
from geulgam.settings import CorpusSettings, GenerateSettings, RetrievalSettings, Settings, TopicSettings

PREFIX = "GEULGAM_"

_PARTS = {"recipe": Recipe, "execution": Execution}  # of [finetune], each a value of its own
_FIELDS = {part: tuple(field.name for field in dataclasses.fields(kind)) for part, kind in _PARTS.items()}
_SECTIONS: dict[str, tuple[str, ...]] = {
    "corpus": tuple(name for name in CorpusSettings.model_fields if name not in ("clean", "judge", "deduplicate")),
    "corpus.clean": tuple(field.name for field in dataclasses.fields(Cleaning)),
    "corpus.judge": tuple(field.name for field in dataclasses.fields(Judging)),
    "corpus.deduplicate": tuple(field.name for field in dataclasses.fields(Keeping)),
    "retrieval": tuple(RetrievalSettings.model_fields),
    "finetune": ("base", *_FIELDS["recipe"], *_FIELDS["execution"]),
    "finetune.shared": tuple(field.name for field in dataclasses.fields(Shared)),
    "generate": tuple(name for name in GenerateSettings.model_fields if name != "critic"),
    "generate.critic": tuple(field.name for field in dataclasses.fields(Weights)),
}
_SWITCHES = frozenset(
    f"{section}.{field.name}"
    for section, kinds in (("finetune", _PARTS.values()), ("corpus.clean", (Cleaning,)), ("corpus.judge", (Judging,)))
    for kind in kinds
    for field in dataclasses.fields(kind)
    if field.type is bool
) | {f"retrieval.{name}" for name, field in RetrievalSettings.model_fields.items() if field.annotation is bool}
_GONE = {
    "finetune.accumulate": "finetune.batch counts all blocks of a step, finetune.device_batch those computed at once"
}


def known_keys() -> tuple[str, ...]:
    """Every key outside [[topics]], dotted, in the order of the file."""
    return tuple(f"{section}.{name}" for section, names in _SECTIONS.items() for name in names)


def load(
    file: Path | None,
    options: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """The settings from the file, the environment (``os.environ``) and options, later ones winning.

    ``options``: dotted keys; a value of None was not given. Raises GeulgamError for anything wrong.
    """
    text = _read(file) if file is not None else ""
    name = file.name if file is not None else "settings"
    values = _parse(text, name)
    origins = _Origins(name, text)
    _refuse_unknown(values, origins, name)
    for source, key, value in _above(os.environ if environment is None else environment, options or {}):
        _refuse_unknown_key(key, source)
        section, _, field = key.rpartition(".")
        table: Any = values
        for part in section.split("."):
            table = table.setdefault(part, {}) if isinstance(table, dict) else None
        if isinstance(table, dict):
            table[field] = value
            origins.sources[key] = source
    return _validated(values, origins)


@dataclasses.dataclass
class _Origins:
    """Where a key's value came from, for messages."""

    file: str
    text: str
    sources: dict[str, str] = dataclasses.field(default_factory=dict)

    def __getitem__(self, key: str) -> str:
        if key in self.sources:
            return self.sources[key]
        line = _line(self.text, key)
        return f"{self.file}, line {line}" if line else self.file


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise GeulgamError(f"{file} is not UTF-8 text", "save it as UTF-8") from error
    except PermissionError as error:
        raise GeulgamError(f"may not read {file}", "change its permissions") from error


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise GeulgamError(f"{name} is not valid TOML: {error}", "texts stand in quotes, lists in brackets") from error


def _above(environment: Mapping[str, str], options: Mapping[str, Any]) -> Iterable[tuple[str, str, Any]]:
    """(source, dotted key, value) from the environment, then from the options."""
    for variable, text in sorted(environment.items()):
        if variable.startswith(PREFIX) and "__" in variable and text != "":
            section, _, field = variable.removeprefix(PREFIX).lower().partition("__")
            yield f"environment variable {variable}", f"{section}.{field.replace('__', '.')}", text
    for key, value in options.items():
        if value is not None:
            yield f"option for {key}", key, value


def _refuse_unknown(values: Mapping[str, Any], origins: _Origins, file: str) -> None:
    for section, table in values.items():
        if section == "topics":
            entries = table if isinstance(table, list) else []
            for number, entry in enumerate(entries, 1):
                for key in entry if isinstance(entry, dict) else ():
                    if key not in TopicSettings.model_fields:
                        where = origins[f"topics.{number}.{key}"]
                        _unknown(f"topics.{key}", where, [f"topics.{k}" for k in TopicSettings.model_fields])
        elif section not in _SECTIONS:
            known = [*_SECTIONS, "topics"] if isinstance(table, dict | list) else list(known_keys())
            _unknown(section, origins[section], known)
        elif isinstance(table, dict):
            for key, value in table.items():
                within = f"{section}.{key}"
                if within in _SECTIONS:
                    for name in value if isinstance(value, dict) else ():
                        _refuse_unknown_key(f"{within}.{name}", origins[f"{within}.{name}"])
                else:
                    _refuse_unknown_key(within, origins[within])


def _refuse_unknown_key(key: str, source: str) -> None:
    if key not in known_keys():
        _unknown(key, source, list(known_keys()))


def _unknown(key: str, source: str, known: list[str]) -> None:
    """Raise the error for an unknown key, with the nearest known one: in its own section first, then anywhere."""
    if key in _GONE:
        raise GeulgamError(f"{source}: {key} is no setting any more", _GONE[key])
    section, _, name = key.rpartition(".")
    own = {k.rpartition(".")[2]: k for k in known if k.rpartition(".")[0] == section}
    anywhere = {k.rpartition(".")[2]: k for k in reversed(known)}
    near = difflib.get_close_matches(name, own, 1) or difflib.get_close_matches(name, anywhere, 1)
    if near and near[0].startswith("elasticsearch_"):
        hint = "how to reach the server is told by GEULGAM_ELASTICSEARCH_URL, …_USER, …_PASSWORD, …_API_KEY and …_CA"
    elif near:
        hint = f"the nearest known key is {own.get(near[0]) or anywhere[near[0]]}"
    else:
        hint = f"known here: {', '.join(own or anywhere)}"
    raise GeulgamError(f"{source}: unknown key {key}", hint)


def _validated(values: dict[str, Any], origins: _Origins) -> Settings:
    for section in _SECTIONS:
        table: Any = values
        for part in section.split("."):
            table = table.get(part) if isinstance(table, dict) else None
        for name, value in table.items() if isinstance(table, dict) else ():
            key = f"{section}.{name}"
            if isinstance(value, bool) and key not in _SWITCHES:  # which pydantic would take for 1 or 0
                shown = json.dumps(value)
                raise GeulgamError(f"{origins[key]}: {key} is {shown}, but needs another kind of value", _CORRECT)
    shaped: dict[str, Any] = dict(values)
    finetune = shaped.get("finetune")
    if isinstance(finetune, dict):
        parts = {part: {k: finetune[k] for k in names if k in finetune} for part, names in _FIELDS.items()}
        shaped["finetune"] = {**{k: v for k, v in finetune.items() if k in ("base", "shared")}, **parts}
    try:
        settings = Settings.model_validate(shaped)
    except ValidationError as error:
        raise _explained(error, origins) from None
    except GeulgamError as error:  # raised by a recipe or a topic's name, which know nothing of files
        key = next((key for key in re.findall(r"\w+(?:\.\w+)+", str(error)) if key in known_keys()), "")
        raise GeulgamError(f"{origins[key or 'topics']}: {error}", error.hint) from None
    names = [topic.name for topic in settings.topics]
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise GeulgamError(f"{origins.file}: two topics are called {double}", "rename or remove one")
    return settings


_CHOICES = {  # of the settings that have a pattern
    "retrieval.analyzer": '"kiwi", "mecab", "bigram", "whitespace", or "server:NAME" with Elasticsearch',
}
_CORRECT = "correct the value, or remove the line to have the default"
_NEEDS = {
    "int": "a whole number",
    "float": "a number",
    "finite": "a number",
    "bool": "true or false",
    "string": "a text in quotes",
    "missing": "to be given",
    "tuple": "one [[topics]] table for each topic",
    "list": "one [[topics]] table for each topic",
    "model": "a table of settings",
    "dict": "a table of settings",
    "dataclass": "a table of settings",
}


def _explained(error: ValidationError, origins: _Origins) -> GeulgamError:
    """The first of pydantic's complaints as one line: source, key, what it got, what it needs."""
    first = error.errors()[0]
    kind, context = first["type"], first.get("ctx", {})
    loc = [str(part + 1) if isinstance(part, int) else part for part in first["loc"] if part not in _PARTS]
    key = ".".join(loc)
    match kind:
        case "literal_error":
            need = f"one of {context['expected']}".replace(" or ", ", ").replace("'", '"')
        case "greater_than":
            need = f"a number above {context['gt']:g}"
        case "greater_than_equal":
            need = f"{context['ge']:g} or more"
        case "less_than":
            need = f"a number below {context['lt']:g}"
        case "string_pattern_mismatch":
            need = f"one of {_CHOICES[key]}"
        case "less_than_equal":
            need = f"{context['le']:g} or less"
        case _:
            need = _NEEDS.get(kind.split("_")[0], first["msg"].lower())
    if kind == "missing":
        table = ".".join(loc[:-1])
        name = f"topic {loc[1]}" if loc[0] == "topics" else table
        return GeulgamError(f"{origins[table]}: {name} has no {loc[-1]}", 'a topic needs a name and a query = "…"')
    if loc[:2] == ["generate", "banned"]:
        key, need = "generate.banned", 'a list of phrases, ["…", "…"]'
    got = json.dumps(first["input"], ensure_ascii=False, default=str)
    got = got if len(got) <= 60 else got[:59] + "…"
    return GeulgamError(f"{origins[key]}: {key} is {got}, but needs {need}", _CORRECT)


def _line(text: str, key: str) -> int:
    """The line of a dotted key (`finetune.epochs`, `topics.2.query`) in the file's text, from 1; 0: not found."""
    section, topic = "", 0
    found = 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\[?\s*([\w.-]+)\s*\]", line):
            section = header[1]
            topic += section == "topics"
        elif entry := re.match(r"""\s*["']?([^"'=\s#]+)["']?\s*=""", line):
            inside = f"topics.{topic}" if section == "topics" else section
            if key == ".".join(filter(None, (inside, entry[1]))):
                return number
            continue
        if not found and key in (section, f"topics.{topic}" if section == "topics" else section):
            found = number
    return found
