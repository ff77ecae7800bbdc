"""The house's plan holds: each room imports only those to its left, nothing goes in a circle, bars are the face's."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("corpus", "retrieval", "finetune", "generate", "geulgam")


@cache
def modules() -> dict[str, Path]:
    """Every module of the house by its name."""
    found = {}
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(name: str) -> Iterator[str]:
    """The modules of the house that this one imports, also where it does so inside a function."""
    for node in ast.walk(ast.parse(modules()[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules())
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in ROOMS:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in modules() else node.module


def test_every_package_is_installed() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    assert told == sorted(told, key=lambda name: (ROOMS.index(name.partition(".")[0]), name))
    assert set(told) == {
        ".".join(path.parent.relative_to(ROOT).parts) for room in ROOMS for path in (ROOT / room).rglob("__init__.py")
    }


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_those_to_its_left(room: str) -> None:
    allowed = ROOMS[: ROOMS.index(room) + 1]
    for name in modules():
        if name.partition(".")[0] == room:
            wrong = [other for other in imported(name) if other.partition(".")[0] not in allowed]
            assert not wrong, f"{name} imports {wrong}"


def test_no_import_goes_in_a_circle() -> None:
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " → ".join((*above[above.index(name) :], name))
        if name not in done:
            for other in imported(name):
                visit(other, (*above, name))
            done.add(name)

    for name in modules():
        visit(name, ())


def test_bars_are_drawn_by_the_face_alone() -> None:
    for name, path in modules().items():
        if not name.startswith("geulgam"):
            assert not re.search(r"^\s*(from|import) tqdm", path.read_text(encoding="utf-8"), re.MULTILINE), name


def test_no_two_classes_of_the_house_have_one_name() -> None:
    """A word means one thing; what is private to a file may be called as it likes."""
    seen: dict[str, str] = {}
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                assert node.name not in seen, f"{node.name}: {seen[node.name]} and {name}"
                seen[node.name] = name
