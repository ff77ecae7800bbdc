"""How much of an essay the model sees: its beginning, and a window that slides by half its length when it is full."""

from collections.abc import Sequence

from corpus.errors import GeulgamError
from finetune.layout import PARAGRAPH, Header, beginning, with_headers
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

    def view(self, text: str, headers: Sequence[Header] = ()) -> list[int]:
        """What the model reads of a text to go on with it: all, or the title, how the text begins, and its latest part.

        Of a text that is too long, its first sentences are seen, up to a sixth of the window, and as much of its end as
        makes half of the window, so that who closes an essay knows how it began. It looks as essays do in training,
        the beginning-of-text token and the title first, and what follows the beginning is a paragraph of its own, which
        begins with a whole sentence where there is one.

        ``headers``: what the model is told of the passages, the first of which begins with the text. Each stands where
        its passage begins, or where what is seen of it begins; for one that is still to begin there is room.
        """
        to_come = sum(len(self.told(header)) for header in headers if header.start > len(text))
        whole = [*self._head, *self._headed(text, 0, headers)]
        if not self.is_full(len(whole) + to_come):
            return whole
        room = (self.tokens - self.longest) // 2
        head = self._head if len(self._head) <= room // 2 else self._head[:1]
        room -= len(head) + to_come
        if first := self._first(text):
            first = [*(token for header in headers[:1] for token in self.told(header)), *first]
            headers = headers[1:]
        room = max(1, room - len(first))
        recent = len(text) - min(len(text), 4 * room)
        for place in starts(text[recent:]):
            if place and len(latest := self._headed(text, recent + place, headers)) <= room:
                return [*head, *first, *latest]
        begun = [header for header in headers if header.start <= len(text)]
        told = self.told(begun[-1]) if begun else []
        return [*head, *first, *told, *self._encode(text)[-max(1, room - len(told)) :]]

    def told(self, header: Header) -> list[int]:
        """What the model reads of a header: of one that is longer than a quarter of the window, so much."""
        return self._encode(header.text)[: self.tokens // 4]

    def _headed(self, text: str, begin: int, headers: Sequence[Header]) -> list[int]:
        """The text from ``begin`` on, with the headers."""
        parts = with_headers(text[begin:], begin, headers)
        return [
            token for part in parts for token in (self.told(part) if isinstance(part, Header) else self._encode(part))
        ]

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
