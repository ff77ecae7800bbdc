"""How much of an essay the model sees: its beginning, and a window that slides by half its length when it is full."""

from corpus.errors import GeulgamError
from finetune.layout import PARAGRAPH, beginning
from finetune.vocabulary import Vocabulary
from generate.sentences import starts


class Window:
    """The window over one essay. ``tokens``: its size; ``longest``: how many a single piece may add."""

    def __init__(self, vocabulary: Vocabulary, title: str, tokens: int, longest: int) -> None:
        self.tokens = tokens
        self.longest = longest
        self._encode = vocabulary.encode
        self._head = beginning(title, vocabulary)

    def check(self, prompt: str, context: int) -> None:
        """Raise GeulgamError if title and prompt leave no room for a piece in ``context`` tokens."""
        tokens = len(self._head) + len(self._encode(prompt))
        if tokens + self.longest > context:
            raise GeulgamError(
                f"title and prompt are {tokens:,} tokens long, and the model's context of {context:,} has room for "
                f"{context - self.longest:,} beside the next sentences",
                "give a shorter prompt",
            )

    def is_full(self, tokens: int) -> bool:
        """Whether a piece might not fit behind so many tokens."""
        return tokens + self.longest > self.tokens

    def view(self, text: str, header: str = "", start: int = 0) -> list[int]:
        """What the model reads of a text to go on with it: all, or the title, how the text begins, and its latest part.

        Of a text that is too long, its first sentences are seen, up to a sixth of the window, and as much of its end as
        makes half of the window, so that who closes an essay knows how it began. It looks as essays do in training,
        the beginning-of-text token and the title first, and what follows the beginning is a paragraph of its own, which
        begins with a whole sentence where there is one.

        ``header``: what the model is told of the passage that begins at ``start``. It stands there, or where what is
        seen of the passage begins; for a passage that is still to begin there is room for it.
        """
        told = self._encode(header)[: self.tokens // 4]
        whole = [*self._head, *self._headed(text, 0, told, start)]
        to_come = len(told) if start > len(text) else 0
        if not self.is_full(len(whole) + to_come):
            return whole
        room = (self.tokens - self.longest) // 2
        head = self._head if len(self._head) <= room // 2 else self._head[:1]
        room -= len(head) + len(told)
        first = self._first(text)
        room = max(1, room - len(first))
        recent = len(text) - min(len(text), 4 * room)
        for place in starts(text[recent:]):
            if place and len(self._encode(text[recent + place :])) <= room:
                return [*head, *first, *self._headed(text, recent + place, told, start)]
        tail = self._encode(text)[-room:]
        return [*head, *first, *(told if start <= len(text) else ()), *tail]

    def _headed(self, text: str, begin: int, header: list[int], start: int) -> list[int]:
        """The text from ``begin`` on, with the header of the passage that begins at ``start``."""
        if not header or start > len(text):
            return self._encode(text[begin:])
        start = max(begin, start)
        return [*self._encode(text[begin:start]), *header, *self._encode(text[start:])]

    def _first(self, text: str) -> list[int]:
        """As many of the sentences that the text begins with as fit, and the end of their paragraph."""
        room = (self.tokens - self.longest) // 6
        first: list[int] = []
        for start in starts(text[: 4 * room])[1:]:
            longer = self._encode(text[:start].rstrip() + PARAGRAPH)
            if len(longer) > room:
                break
            first = longer
        return first
