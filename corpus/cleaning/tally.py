"""How much each cleaning step has changed: documents, and characters that went and came."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from operator import ne


@dataclass(slots=True)
class StepTally:
    """What one step has changed.

    ``removed`` and ``added``: by how many characters texts became shorter and longer; ``replaced``: how many are others
    in texts that stayed as long.
    """

    documents: int = 0
    removed: int = 0
    added: int = 0
    replaced: int = 0


@dataclass(slots=True)
class Tally:
    """What all have: of so many ``documents`` looked at ``changed`` came out different; ``steps``: each by its name."""

    documents: int = 0
    characters: int = 0
    changed: int = 0
    steps: dict[str, StepTally] = field(default_factory=dict)

    def count(self, text: str, changes: Sequence[tuple[str, str, str]]) -> None:
        """One more document, and what each step did to its text: (its name, before, after)."""
        self.documents += 1
        self.characters += len(text)
        self.changed += bool(changes)
        for name in dict.fromkeys(name for name, _, _ in changes):
            self.steps.setdefault(name, StepTally()).documents += 1
        for name, before, after in changes:
            fewer = len(before) - len(after)
            replaced = 0 if fewer else sum(map(ne, before, after))
            self.steps[name].removed += max(fewer, 0)
            self.steps[name].added += max(-fewer, 0)
            self.steps[name].replaced += replaced

    def add(self, more: "Tally") -> None:
        """Those of other documents."""
        self.documents += more.documents
        self.characters += more.characters
        self.changed += more.changed
        for name, told in more.steps.items():
            mine = self.steps.setdefault(name, StepTally())
            for field_ in fields(StepTally):
                setattr(mine, field_.name, getattr(mine, field_.name) + getattr(told, field_.name))

    def clear(self) -> None:
        """Count from nothing."""
        self.documents = self.characters = self.changed = 0
        self.steps = {}
