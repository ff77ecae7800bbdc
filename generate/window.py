"""How much of an essay the model sees: a window that slides by half its length when it is full."""

from corpus.errors import GeulgamError
from finetune.layout import beginning
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

    def view(self, text: str) -> list[int]:
        """What the model reads of a text to go on with it: all, or the title and the latest half of the window.

        It looks as essays do in training, the beginning-of-text token and the title first, and an excerpt begins with
        a whole sentence where there is one.
        """
        whole = [*self._head, *self._encode(text)]
        if not self.is_full(len(whole)):
            return whole
        room = (self.tokens - self.longest) // 2
        head = self._head if len(self._head) <= room // 2 else self._head[:1]
        room -= len(head)
        recent = text[-4 * room :]
        for start in starts(recent):
            if start and len(tail := self._encode(recent[start:])) <= room:
                return [*head, *tail]
        return [*head, *whole[-room:]]
