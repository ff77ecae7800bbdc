"""Grams of 16 letters and their hashes: 64 bits each, the same whether one is hashed or a million at once.

A gram is four words of 64 bits, its letters in UTF-16. Two grams of one hash are not always the same: compare them.
"""

import struct

import numpy as np
import numpy.typing as npt

from corpus.events import Task

GRAM = 16  # letters
_CHUNK = 1 << 20  # grams hashed at once: 32 MB
_ODD, _ALL = 0x9E3779B97F4A7C15, (1 << 64) - 1
_WORDS = struct.Struct("<4Q")

Codes = npt.NDArray[np.uint16]  # of letters, one each


def codes_of(letters: str) -> Codes:
    """The letters, all of the Basic Multilingual Plane, as (n,) uint16."""
    return np.frombuffer(letters.encode("utf-16-le"), "<u2")


def windows(codes: Codes) -> Codes:
    """All grams of the codes, (n - 15, 16), none for fewer than 16 codes; no copy."""
    if len(codes) < GRAM:
        return np.empty((0, GRAM), np.uint16)
    return np.lib.stride_tricks.sliding_window_view(codes, GRAM)


def key_of(gram: str) -> int:
    """The hash of 16 letters; :func:`hashed` gives the same for many."""
    key = 0
    for word in _WORDS.unpack(gram.encode("utf-16-le")):
        key = (key ^ word) * _ODD & _ALL
        key ^= key >> 32
    return key


def hashed(grams: Codes) -> npt.NDArray[np.uint64]:
    """The hashes of grams, (n, 16), as (n,)."""
    words = np.ascontiguousarray(grams).view("<u8")
    keys = np.zeros(len(words), np.uint64)
    for column in words.T:
        keys = (keys ^ column) * np.uint64(_ODD)
        keys ^= keys >> np.uint64(32)
    return keys


def anchored(codes: Codes, step: int, task: Task) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]:
    """The hashes of the grams at every so-manyth place, sorted, (n,), and of each its place in steps, (n,).

    Grams over the end of a text, which is a 0, are left out.
    """
    grams = windows(codes)[::step]
    keys = [np.empty(0, np.uint64)]
    anchors = [np.empty(0, np.uint32)]
    for start in range(0, len(grams), _CHUNK):
        chunk = grams[start : start + _CHUNK]
        whole = np.flatnonzero((chunk != 0).all(axis=1))
        keys.append(hashed(chunk[whole]))
        anchors.append((whole + start).astype(np.uint32))
        task.advance(0, "hashing")
    unsorted = np.concatenate(keys)
    order = np.argsort(unsorted, kind="stable")
    return unsorted[order], np.concatenate(anchors)[order]
