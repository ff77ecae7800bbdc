"""A report as one page that needs no network: a template, and the style that all of them share."""

from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined


def page(package: str, template: str, **values: Any) -> str:
    """The template of a package with these values, and ``style``. What the values hold is escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    text = (resources.files(package) / template).read_text(encoding="utf-8")
    style = (resources.files("generate.review") / "page.css").read_text(encoding="utf-8")
    return environment.from_string(text).render(style=style, **values)
