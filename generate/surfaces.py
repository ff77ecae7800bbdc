"""What each token of a vocabulary writes, and which tokens may come where in an essay."""

import re
import unicodedata
from collections.abc import Sequence

import torch

from finetune.vocabulary import Vocabulary

_BAD_SPACE = re.compile(r"  |[^\S ]")  # two spaces; any other whitespace: the writer begins the paragraphs
_TWO_SENTENCES = re.compile(r"[.!?…]\W*\s\W*\w")
_BREAKS = re.compile(r"""[\n:"'“”‘’「」『』]""")
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}  # Unicode's categories of what is no character to be read


class Surfaces:
    """The vocabulary's tokens as the text they add. Masks are (V,) bool, True for what may not come.

    ``within_sentence``: the tokens that no essay may hold: the special ones, parts of characters where the
    tokenizer can do without them, invisible characters, U+FFFD, the end of a line, two spaces, and tokens with parts
    of two sentences. ``inside``: where a sentence has ended within a piece, the same but for the end of the
    document. ``after_space``: those of the first and tokens that begin with whitespace. ``after_sentence``, for the
    start of a piece: those of the first and tokens that do not begin with whitespace. ``breakers``: the tokens with the
    end of a line, a colon or a quotation mark, which recur in any essay.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._anchor = vocabulary.encode("가")
        self._anchor_text = vocabulary.decode(self._anchor)
        anchor = vocabulary.kept[self._anchor].tolist()
        decoded = vocabulary.backend.decode_batch(
            [[*anchor, full] for full in vocabulary.kept.tolist()], skip_special_tokens=False
        )
        texts = [text[len(self._anchor_text) :] for text in decoded]
        special = {int(i) for i in vocabulary.tokenizer.all_special_ids}
        byte = vocabulary.tokenizer.convert_tokens_to_ids("<0xEA>")
        has_halves = byte in (None, vocabulary.tokenizer.unk_token_id)  # then any token may be part of a character
        unfit = torch.tensor(
            [
                int(full) in special or _is_unfit(text, has_halves)
                for full, text in zip(vocabulary.kept, texts, strict=True)
            ]
        )
        self.breakers = frozenset(i for i, text in enumerate(texts) if _BREAKS.search(text))
        is_spaced = torch.tensor([text[:1].isspace() for text in texts])
        self.within_sentence = unfit
        self.inside = unfit.clone()
        self.inside[vocabulary.eos] = False
        self.after_space = unfit | is_spaced
        self.after_sentence = unfit | ~is_spaced
        if self.after_sentence.all():  # a vocabulary without spaces
            self.after_sentence = unfit

    def text(self, tokens: Sequence[int]) -> str:
        """What the tokens add to a text they stand in the middle of; U+FFFD for half a character."""
        return self.vocabulary.decode([*self._anchor, *tokens])[len(self._anchor_text) :]


def _is_unfit(text: str, has_halves: bool) -> bool:
    if not text or _BAD_SPACE.search(text) or _TWO_SENTENCES.search(text) or ("\ufffd" in text and not has_halves):
        return True
    return any(unicodedata.category(character) in _INVISIBLE for character in text)
