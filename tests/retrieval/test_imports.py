"""The retrieval room imports only what stands to its left, and nothing in a circle, in functions neither."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import retrieval

FOLDER = Path(retrieval.__file__).parent
LEFT = {"corpus", "retrieval"}
HOUSE = LEFT | {"finetune", "generate", "geulgam", "bench", "tests"}


def module(path: Path) -> str:
    parts = path.relative_to(FOLDER.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module(path): path for path in FOLDER.rglob("*.py")}


def imported(path: Path) -> set[str]:
    """The modules that the file imports, wherever in it; of ``from package import name`` the name, if it is one."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name for name in names if name in MODULES} or {node.module}
    return found


def test_nothing_to_the_right_is_imported() -> None:
    assert len(MODULES) > 20
    for path in MODULES.values():
        rooms = {name.partition(".")[0] for name in imported(path)}
        assert rooms & HOUSE <= LEFT, path


def test_no_module_imports_itself_through_others() -> None:
    TopologicalSorter({name: imported(path) & set(MODULES) for name, path in MODULES.items()}).prepare()


def test_an_analyzer_or_a_server_is_imported_only_when_it_is_asked_for() -> None:
    late = {"retrieval.kiwi", "retrieval.mecab", "retrieval.elastic"}
    own = (
        "retrieval.elastic",
        "retrieval.keywords",
        "retrieval.map",
        "retrieval.suggest",
    )  # the last three read by Kiwi, whatever is asked
    for name, path in MODULES.items():
        if not name.startswith(own):
            body = ast.parse(path.read_text(encoding="utf-8")).body
            at_once = {node.module for node in body if isinstance(node, ast.ImportFrom)}
            assert not any(str(one).startswith(other) for one in at_once for other in late), path
