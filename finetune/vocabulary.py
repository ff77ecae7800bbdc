"""The trimmed vocabulary: only the tokens a corpus uses, and enough small ones that any text still encodes.

A multilingual model spends most of its weights on tokens of other languages: of Gemma's 262,144, some 4,500
occur in 3 M characters of Korean essays. A :class:`Vocabulary` lists the token ids to keep, in ascending order;
"trimmed id" below means a position in that list. A token that was not kept is spelled in the tokens of its
characters, and a character that was not kept in those of its UTF-8 bytes, so nothing is ever unknown.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from transformers import PreTrainedTokenizerFast

from corpus.atomic import write_text
from corpus.errors import GeulgamError
from finetune.korean import is_syllable

_METASPACE = "▁"  # SentencePiece writes a space so; a text's own ▁ has to be spelled in bytes
_BATCH = 256  # texts given to the tokenizer at a time


class Vocabulary:
    """Maps text to trimmed ids and back, losslessly.

    ``kept``: (V,) int64, the kept ids of the full vocabulary in ascending order; ``is_full``: whether that is
    all of them. ``eos`` and ``bos`` are trimmed ids; a model without a token for the beginning of a text (GPT-2)
    has its ``eos`` there.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast, kept: Sequence[int] | None = None) -> None:
        """The vocabulary of the kept ids, or with None the full one."""
        self.tokenizer = tokenizer
        self.backend = tokenizer.backend_tokenizer
        self.backend.encode_special_tokens = True  # "<eos>" in an essay is five letters, not an end
        self.kept = np.arange(len(tokenizer)) if kept is None else np.unique(np.asarray(kept, dtype=np.int64))
        self._trimmed = np.full(int(self.kept.max()) + 1, -1, dtype=np.int64)
        self._trimmed[self.kept] = np.arange(len(self.kept))
        self.is_full = kept is None
        eos = tokenizer.eos_token_id
        if eos is None:
            raise GeulgamError(
                "the model's tokenizer names no end-of-text token",
                "use a causal language model whose tokenizer has an eos_token",
            )
        bos = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else eos
        self.eos, self.bos = int(self._trimmed[eos]), int(self._trimmed[bos])

    def __len__(self) -> int:
        return len(self.kept)

    @classmethod
    def load(cls, path: Path, tokenizer: PreTrainedTokenizerFast) -> "Vocabulary":
        """The vocabulary of a file that :meth:`save` wrote. Raises GeulgamError if it is none of this tokenizer."""
        if not path.exists():
            raise GeulgamError(f"{path} is missing, the vocabulary that the adapter was trained with", "train it again")
        try:
            return cls(tokenizer, json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError, IndexError) as error:
            raise GeulgamError(f"{path} is no vocabulary of this base model", "remove it, and run again") from error

    def save(self, path: Path) -> None:
        """Write the kept ids as a JSON list, null for a full vocabulary; atomically."""
        write_text(path, json.dumps(None if self.is_full else self.kept.tolist()))

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with the kept ids."""
        return hashlib.sha256(self.kept.tobytes()).hexdigest()[:16]

    def encode(self, text: str) -> list[int]:
        """The trimmed ids of a text, with no token added at either end."""
        return next(self.encode_all([text]))

    def encode_all(self, texts: Iterable[str]) -> Iterator[list[int]]:
        """The trimmed ids of each text, in order; tokenised in batches, so that all cores work."""
        texts = iter(texts)
        while batch := list(islice(texts, _BATCH)):
            for encoding, text in zip(
                self.backend.encode_batch_fast(batch, add_special_tokens=False), batch, strict=True
            ):
                ids = encoding.ids if _METASPACE not in text else self._encode_metaspace(text)
                yield ids if self.is_full else self._trim(ids)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of trimmed ids. Bytes that are no UTF-8 (half a character) become U+FFFD."""
        return str(self.backend.decode(self.kept[np.asarray(ids, dtype=np.int64)].tolist(), skip_special_tokens=False))

    def _encode_metaspace(self, text: str) -> list[int]:
        """Full ids of a text that contains the tokenizer's own sign for a space."""
        if self._style != "bytes":
            return list(self.backend.encode(text, add_special_tokens=False).ids)
        ids: list[int] = []
        for position, part in enumerate(text.split(_METASPACE)):
            ids += self._spell(_METASPACE) if position else []
            ids += self.backend.encode(part, add_special_tokens=False).ids
        return ids

    def _trim(self, ids: list[int]) -> list[int]:
        array = np.asarray(ids, dtype=np.int64)
        if array.size == 0:
            return []
        trimmed = np.where(array < len(self._trimmed), self._trimmed[np.minimum(array, len(self._trimmed) - 1)], -1)
        if (trimmed >= 0).all():
            return list(map(int, trimmed))
        out: list[int] = []
        for full, new in zip(ids, trimmed, strict=True):
            out += [int(new)] if new >= 0 else [int(self._trimmed[i]) for i in self._respell(full)]
        return out

    def _respell(self, full: int) -> list[int]:
        """A token that was not kept, as full ids of its characters (kept ones) or their bytes."""
        ids: list[int] = []
        for character in str(self.tokenizer.convert_ids_to_tokens(full)):
            single = self._ids.get(character)
            if single is not None and single < len(self._trimmed) and self._trimmed[single] >= 0:
                ids.append(single)
            else:
                ids += self._spell(character)
        return ids

    def _spell(self, character: str) -> list[int]:
        return [self._ids[f"<0x{byte:02X}>"] for byte in character.encode("utf-8")]

    @cached_property
    def _ids(self) -> dict[str, int]:
        return dict(self.tokenizer.get_vocab())

    @cached_property
    def _style(self) -> str | None:
        return spelling(self.tokenizer)


def spelling(tokenizer: PreTrainedTokenizerFast) -> str | None:
    """How the tokenizer writes any text without an unknown token, which is what trimming relies on.

    "bytes": one token per byte for what it has no other token for (SentencePiece with byte fallback: Gemma,
    Llama); "letters": every token is made of 256 letters that stand for bytes (GPT-2); None: neither, so the
    vocabulary is not trimmed.
    """
    state: dict[str, Any] = json.loads(tokenizer.backend_tokenizer.to_str())
    if state["model"].get("type") != "BPE":
        return None
    if state["model"].get("byte_fallback"):
        return "bytes"
    return "letters" if '"ByteLevel"' in json.dumps(state.get("decoder")) else None


def trimmed(tokenizer: PreTrainedTokenizerFast, texts: Iterable[str]) -> Vocabulary:
    """The vocabulary of these texts: their tokens, the special ones, and what any other text is spelled in.

    With byte tokens that is one token per Hangul syllable and ASCII character, and one per byte; with byte
    letters, the 256 letters. A tokenizer that spells nothing keeps its full vocabulary.
    """
    full = Vocabulary(tokenizer)
    style = spelling(tokenizer)
    if style is None:
        return full
    names = tokenizer.get_vocab()
    used = np.zeros(max(names.values()) + 1, dtype=bool)
    for ids in full.encode_all(texts):
        used[ids] = True
    used[[i for i in tokenizer.all_special_ids if i < len(used)]] = True
    for name, i in names.items():
        if style == "letters":
            used[i] |= len(name) == 1
        else:
            used[i] |= len(name) == 1 and (name <= "~" or name == _METASPACE or is_syllable(name))
            used[i] |= len(name) == 6 and name.startswith("<0x") and name.endswith(">")
    return Vocabulary(tokenizer, np.flatnonzero(used).tolist())
