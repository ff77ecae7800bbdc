"""The model card of an adapter: what it was made from and what was measured, for whoever finds the folder."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from finetune.layout import MOST_KEYWORDS, header
from finetune.recipe import Recipe

_HEADERS = (
    "Before each passage it was told, in a line of its own, which of how many passages it is, and up to "
    f"{MOST_KEYWORDS} of its words:\n\n    {header(2, 3, ['우산', '정류장', '비'])}\nIt writes without, too.\n"
)


@dataclass(frozen=True, slots=True)
class Card:
    """What the card says of the subset: the topic's name, its query, and k as asked.

    ``table``: of the settings, in which the rate of the training stands, for advice.
    """

    topic: str
    query: str = ""
    k: int = 0
    table: str = "finetune"


def documents_hash(ids: Sequence[str]) -> str:
    """32 hexadecimal digits of the sorted document ids: the same for the same set of essays."""
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()[:32]


def model_card(card: Card, base: str, recipe: Recipe, metrics: dict[str, Any], train_ids: Sequence[str]) -> str:
    """The card as Markdown, with the front matter that model hubs read."""
    hub = "google/gemma-3-270m" if base == "gemma-3-270m" else base
    rows = {
        "base model": base,
        "topic": card.topic,
        "query": f"`{card.query}`" if card.query else "",
        "k": card.k or "",
        "training documents": len(train_ids),
        "hash of their ids": documents_hash(train_ids),
    }
    made = {name: value for name, value in recipe.determinants.items() if value is not None}
    measured = {name: value for name, value in metrics.items() if not isinstance(value, list)}
    wrong = metrics.get("diagnosis", [])
    return "\n".join(
        [
            f"---\nbase_model: {hub}\nlibrary_name: peft\nlanguage: ko\ntags: [geulgam, topic-adaptation]\n---",
            f"# {card.topic}: an adapter for {base}",
            f"Trained by geulgam ({recipe.method}) on the essays retrieved for one topic. Load it with peft on the "
            "base model:\n\n"
            f'    PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("{hub}"), FOLDER)\n',
            *([_HEADERS] if recipe.headers else []),
            _table("made from", rows),
            _table("recipe", made),
            _table("measured (losses: nats per token of the trimmed vocabulary, on the valid side)", measured),
            *(["## what may be wrong\n", *(f"- {line}" for line in wrong), ""] if wrong else []),
        ]
    )


def _table(title: str, rows: dict[str, Any]) -> str:
    lines = [f"| {name} | {str(value).replace('|', chr(92) + '|')} |" for name, value in rows.items()]
    return f"## {title}\n\n|  |  |\n| --- | --- |\n" + "\n".join(lines) + "\n"
