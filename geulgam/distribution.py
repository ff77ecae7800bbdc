"""What geulgam's distribution says of itself: version and requirements, installed or in a checkout."""

import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any


def version() -> str:
    """The version, such as "0.1.0"."""
    try:
        return metadata.version("geulgam")
    except metadata.PackageNotFoundError:
        return str(_project()["version"])


def requirements() -> list[str]:
    """What it needs without extras, such as "torch>=2.6"."""
    try:
        required = metadata.requires("geulgam") or []
    except metadata.PackageNotFoundError:
        required = list(_project()["dependencies"])
    return [requirement for requirement in required if "extra ==" not in requirement]


def _project() -> dict[str, Any]:
    file = Path(__file__).parents[1] / "pyproject.toml"
    return dict(tomllib.loads(file.read_text(encoding="utf-8"))["project"])
