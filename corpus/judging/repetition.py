"""The same over and over. After Gopher (Rae et al. 2021, 2112.11446, table A1), with its thresholds.

Gopher counts duplicate lines and paragraphs; essays often come without line ends, so that sentences count as lines
do. Of a text's characters, those in its commonest run of two, three or four words are counted, and those in any run
of ten words that stood there before. A word is what stands between spaces; Korean ones carry their particles and
recur less than English ones, so that the thresholds are, if anything, mild.
"""

import re
from collections import Counter

from corpus.judging.rule import LEAST, percent

LINES = 0.30  # Gopher: of lines; here of the characters in them, for which Gopher has 0.20
TOP = {2: 0.20, 3: 0.18, 4: 0.16}
FEW = 3  # times that any run may come
AGAIN, RUN = 0.10, 10
WORDS = 50  # of a text with fewer no run is the commonest: Gopher reads none such, and a short poem has its refrain
_ENDS = re.compile(r"([.!?…])\s")  # of sentences; faster than to look behind each space


def repetition(text: str) -> str | None:
    """The reason, if one of the shares is larger than it may be."""
    if len(text) < LEAST:
        return None
    share = _again([part.strip() for part in _ENDS.sub(r"\1\n", text).split("\n") if part.strip()])
    if share > LINES:
        return f"repetition: {percent(share)} in lines or sentences that stood there before"
    words = text.split()
    total = sum(map(len, words))
    for size, most in TOP.items() if len(words) >= WORDS else ():
        runs = Counter(zip(*(words[start:] for start in range(size)), strict=False))
        if max(runs.values(), default=0) <= FEW:
            break  # no longer run comes more often
        if not any(n > FEW and n * len("".join(run)) / total > most for run, n in runs.items()):
            continue
        run, count = max(runs.items(), key=lambda item: item[1] * len("".join(item[0])))
        if count > FEW:
            share = count * len("".join(run)) / total
            return f"repetition: {percent(share)} in the words {' '.join(run)[:40]}"
    if (share := _run_over(words) / total) > AGAIN:
        return f"repetition: {percent(share)} in runs of {RUN} words that stood there before"
    return None


def _again(parts: list[str]) -> float:
    """The share of the characters in parts that stood there before."""
    seen: set[str] = set()
    again = 0
    for part in parts:
        again += len(part) if part in seen else 0
        seen.add(part)
    return again / max(1, sum(map(len, parts)))


def _run_over(words: list[str]) -> int:
    """How many characters lie in runs of words that stood there before."""
    if len(set(zip(*(words[start:] for start in range(RUN)), strict=False))) > len(words) - RUN:
        return 0  # each is another
    seen: set[tuple[str, ...]] = set()
    again, done = 0, 0
    for start in range(len(words) - RUN + 1):
        run = tuple(words[start : start + RUN])
        if run in seen:
            low = max(start, done)
            done = start + RUN
            again += sum(map(len, words[low:done]))
        seen.add(run)
    return again
