"""A map as one HTML file: what it shows as JSON beside the script that draws it."""

import json
from importlib import resources
from typing import Any

from generate.review.page import page
from retrieval.map.themes import CorpusMap

_ROOM = 3_000_000  # characters of passages on the page; of more than it can hold whole the beginnings stand there
_LEAST = 140  # of each
_SIDE = 10_000  # places are whole numbers from 0 to this


def html(made: CorpusMap) -> str:
    """The whole page, in which titles and texts are shown and never read as tags."""
    own = resources.files(__package__ or "geulgam.map_page")
    style, script = ((own / name).read_text(encoding="utf-8") for name in ("map.css", "map.js"))
    data = json.dumps(plain(made), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    counts = {"essays": len(made.excerpts.documents), "of": made.excerpts.of, "passages": len(made.theme)}
    themes = [(number, theme) for number, theme in enumerate(made.themes)]
    template = "map.html.jinja"
    return page("geulgam.map_page", template, themes=themes, counts=counts, data=data, own_style=style, script=script)


def plain(made: CorpusMap) -> dict[str, Any]:
    """What the script reads; ``map.js`` begins with what it makes of it."""
    places = (made.places * _SIDE).round().astype(int)
    most = max(_LEAST, _ROOM // max(1, len(made.excerpts.texts)))
    return {
        "titles": [document.title or document.id[:8] for document in made.excerpts.documents],
        "essay": list(made.excerpts.essay),
        "text": [shortened(text, most) for text in made.excerpts.texts],
        "x": places[:, 0].tolist(),
        "y": places[:, 1].tolist(),
        "theme": made.theme.tolist(),
        "themes": [
            {
                "title": theme.name.title,
                "name": theme.name.name,
                "query": theme.name.query,
                "nearest": theme.nearest,
                "passages": theme.passages,
                "essays": theme.essays,
            }
            for theme in made.themes
        ],
        "words": [each.word for each in made.words],
        "worth": [round(each.worth, 3) for each in made.words],
        "holds": made.holds,
    }


def shortened(text: str, most: int) -> str:
    """The text, or its first whole words that are no more than ``most`` characters."""
    if len(text) <= most:
        return text
    return f"{text[:most].rpartition(' ')[0] or text[:most]}…"
