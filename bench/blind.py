"""A blind reading: two writers, pairs of texts of equal length, and which the reader would rather go on reading.

    python -m bench.blind make FOLDER --a A.jsonl --b B.jsonl [--seed S]
    python -m bench.blind split FOLDER --parts 3         for several readers: FOLDER/part-1 and so on, without the key
    python -m bench.blind merge FOLDER                   their answers into FOLDER/answers.csv
    python -m bench.blind score FOLDER

Each line of the two files is {"id", "topic", "opening", "text"}; the ids of both are the same, and so are topic and
opening of an id. ``pairs.md`` shows each pair's topic and opening and then both texts, named 1 and 2, ended at the
sentence near the shorter one's length. Pairs and sides are shuffled, each writer as often 1 as 2, by a seed drawn from
the operating system that stands in ``key.json``: read nothing but ``pairs.md``, and write 1 or 2 and a word of reason
for every pair into ``answers.csv``. ``score`` opens the key when all are answered.
"""

import argparse
import csv
import hashlib
import json
import random
import re
import secrets
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb, sqrt
from pathlib import Path
from typing import Any

from corpus.atomic import replacing, write_text
from corpus.errors import GeulgamError
from generate.sentences import ends, starts

_WINDOW = 0.7  # of the shorter text's length: no text is ended before this
_HEAD = """Which of the two would you rather go on reading? Write 1 or 2 into answers.csv, and a word of reason.
Both go on from the same opening, which is not to be judged.
"""


@dataclass(frozen=True, slots=True)
class Passage:
    """What one writer made of an opening: ``text`` is what follows it. The opening itself may be empty."""

    id: str
    topic: str
    opening: str
    text: str


def read_passages(path: Path) -> dict[str, Passage]:
    """The passages of a file of JSON lines, by id and in its order. Raises GeulgamError for what is missing."""
    found: dict[str, Passage] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            passage = Passage(*(str(row[name]).strip() for name in ("id", "topic", "opening", "text")))
        except (ValueError, KeyError, TypeError) as error:
            raise GeulgamError(f"{path}, line {number}: {error!r}", "a line has id, topic, opening and text") from error
        if passage.id in found or not passage.text:
            raise GeulgamError(f"{path}, line {number}: {passage.id} has no text or was there before", "mend the file")
        found[passage.id] = passage
    return found


def equal_ends(one: str, other: str) -> tuple[str, str]:
    """Both texts ended at a sentence, at lengths as equal as can be and near the shorter one's.

    A text that no sentence ends near there is ended between two words, with "…".
    """
    limit = min(len(one), len(other))
    pairs = [(x, y) for x in _endings(one, limit) for y in _endings(other, limit)]
    return min(pairs, key=lambda pair: abs(len(pair[0]) - len(pair[1])) + (limit - max(map(len, pair))) / 4)


def _endings(text: str, limit: int) -> list[str]:
    pieces = [text[:start].rstrip() for start in starts(text)[1:]] + ([text] if ends(text) else [])
    near = [piece for piece in pieces if _WINDOW * limit <= len(piece) <= limit]
    return near or [text if len(text) <= limit else text[: limit - 1].rpartition(" ")[0] + "…"]


def make(folder: Path, a: Path, b: Path, seed: int | None = None) -> int:
    """Write pairs.md, answers.csv and key.json, and return how many pairs there are.

    ``seed``: None draws one from the operating system. Raises GeulgamError where the files do not match or the folder
    has pairs already: what somebody answered is not overwritten.
    """
    if (folder / "key.json").exists():
        raise GeulgamError(f"{folder} has pairs already", "name another folder")
    ours, theirs = read_passages(a), read_passages(b)
    if ours.keys() != theirs.keys() or not ours:
        lacking = sorted(ours.keys() ^ theirs.keys())[:3]
        raise GeulgamError(f"the ids of {a} and {b} differ: {lacking}", "both must have gone on from the same openings")
    for id_, passage in ours.items():
        if (passage.topic, passage.opening) != (theirs[id_].topic, theirs[id_].opening):
            raise GeulgamError(f"topic or opening of {id_} differ", "both must have gone on from the same openings")
    seed = secrets.randbits(64) if seed is None else seed
    chance = random.Random(seed)
    ids = sorted(ours)
    chance.shuffle(ids)
    sides = [("ab", "ba")[number % 2] for number in range(len(ids))]
    chance.shuffle(sides)
    pairs = []
    for id_, side in zip(ids, sides, strict=True):
        texts = dict(zip("ab", equal_ends(ours[id_].text, theirs[id_].text), strict=True))
        pairs.append((ours[id_], texts[side[0]], texts[side[1]]))
    shown = [_pair(number, *pair) for number, pair in enumerate(pairs, 1)]
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "pairs.md", _HEAD + "".join(shown))
    _keep(folder / "answers.csv", dict.fromkeys(range(1, len(ids) + 1), ("", "")))
    key = {
        "seed": seed,
        "a": {"file": a.name, "sha256": _sha256(a)},
        "b": {"file": b.name, "sha256": _sha256(b)},
        "pairs_sha256": _sha256(folder / "pairs.md"),
        "pairs": [{"id": i, "topic": ours[i].topic, "sides": s} for i, s in zip(ids, sides, strict=True)],
    }
    write_text(folder / "key.json", json.dumps(key, ensure_ascii=False, indent=1) + "\n")
    return len(ids)


def _pair(number: int, passage: Passage, one: str, two: str) -> str:
    opening = f"{_paragraphs(passage.opening)}\n\n" if passage.opening else ""
    both = f"**1**\n\n{_paragraphs(one)}\n\n**2**\n\n{_paragraphs(two)}\n"
    return f"\n## {number}\n\nTopic: {passage.topic}\n\n{opening}{both}"


def _paragraphs(text: str) -> str:
    """One blank line between paragraphs, whoever wrote them, and nothing that Markdown would take for a heading."""
    return "\n\n".join(
        re.sub(r"^#+", lambda m: "\\" + m[0], line.strip()) for line in text.splitlines() if line.strip()
    )


def split(folder: Path, parts: int) -> list[Path]:
    """Folders part-1 … part-N with pairs.md and answers.csv of their share, for a reader each. The key stays."""
    head, *shown = re.split(r"(?m)^(?=## \d+$)", (folder / "pairs.md").read_text(encoding="utf-8"))
    if not 1 <= parts <= len(shown):
        raise GeulgamError(f"{len(shown)} pairs do not make {parts} parts", "name fewer parts")
    made = []
    for part in range(parts):
        share = range(part * len(shown) // parts, (part + 1) * len(shown) // parts)
        target = folder / f"part-{part + 1}"
        if target.exists():
            raise GeulgamError(f"{target} is there already", "merge it, or remove it")
        target.mkdir()
        write_text(target / "pairs.md", head + "".join(shown[place] for place in share))
        _keep(target / "answers.csv", {place + 1: ("", "") for place in share})
        made.append(target)
    return made


def merge(folder: Path) -> int:
    """Take the answers of all parts into the folder's; returns how many pairs are answered now.

    Raises GeulgamError where a pair has been answered in two ways.
    """
    answers = read_answers(folder / "answers.csv")
    for path in sorted(folder.glob("part-*/answers.csv")):
        for pair, answer in read_answers(path).items():
            if answer[0] and answers[pair][0] and answer != answers[pair]:
                raise GeulgamError(f"{path}: pair {pair} has another answer in {folder}", "let one of them stand")
            if answer[0]:
                answers[pair] = answer
    _keep(folder / "answers.csv", answers)
    return sum(bool(preferred) for preferred, _ in answers.values())


def read_answers(path: Path) -> dict[int, tuple[str, str]]:
    """What was preferred ("1", "2" or "": no answer yet) and the reason, by the pair's number."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    try:
        return {int(row["pair"]): ((row["preferred"] or "").strip(), (row["reason"] or "").strip()) for row in rows}
    except (KeyError, ValueError) as error:
        raise GeulgamError(f"{path}: {error!r}", "its columns are pair, preferred and reason") from error


@dataclass(frozen=True, slots=True)
class Answer:
    """One pair when the key is open: ``preferred`` is "a" or "b", ``side`` the number that was written."""

    topic: str
    preferred: str
    side: str
    reason: str


def opened(folder: Path) -> tuple[dict[str, Any], list[Answer]]:
    """The key, and each answer under it. Raises GeulgamError while an answer or its reason is wanting, or where
    pairs.md is no longer what was made."""
    answers = read_answers(folder / "answers.csv")
    bad = [pair for pair, (side, reason) in sorted(answers.items()) if side not in ("1", "2") or not reason]
    if bad:
        places = ", ".join(map(str, bad[:10])) + ("…" if len(bad) > 10 else "")
        raise GeulgamError(f"{len(bad)} of {len(answers)} pairs unanswered: {places}", "1 or 2, and a word of reason")
    key = json.loads((folder / "key.json").read_text(encoding="utf-8"))
    if _sha256(folder / "pairs.md") != key["pairs_sha256"]:
        raise GeulgamError(f"{folder / 'pairs.md'} has changed since it was made", "make the pairs again")
    if sorted(answers) != list(range(1, len(key["pairs"]) + 1)):
        raise GeulgamError(f"{folder} has {len(key['pairs'])} pairs, not those answered", "answer every pair once")
    found = []
    for number, pair in enumerate(key["pairs"], 1):
        side, reason = answers[number]
        found.append(Answer(pair["topic"], pair["sides"][int(side) - 1], side, reason))
    return key, found


def wilson(successes: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval for a share (Wilson 1927): 95 % with z = 1.96."""
    share, square = successes / trials, z * z / trials
    middle, half = share + square / 2, z * sqrt(share * (1 - share) / trials + square / trials / 4)
    return (middle - half) / (1 + square), (middle + half) / (1 + square)


def by_chance(successes: int, trials: int) -> float:
    """How probable a share at least as far from a half is by chance: the exact two-sided sign test."""
    far = max(successes, trials - successes)
    return min(1.0, 2 * sum(comb(trials, k) for k in range(far, trials + 1)) / float(2**trials))


def score(folder: Path) -> list[str]:
    """The lines of the result: how often A's text was preferred, per topic, the reasons, and whether a side was."""
    key, answers = opened(folder)
    names = {side: Path(key[side]["file"]).stem for side in "ab"}
    if names["a"] == names["b"]:
        names = {side: side.upper() for side in "ab"}
    lines = [f"{names['a']} preferred to {names['b']}: {_share(answers)}"]
    for topic in sorted({answer.topic for answer in answers}):
        lines.append(f"  {topic}: {_share([answer for answer in answers if answer.topic == topic])}")
    for side in "ab":
        reasons = Counter(answer.reason for answer in answers if answer.preferred == side)
        told = ", ".join(f"{reason} ({count})" if count > 1 else reason for reason, count in reasons.most_common())
        lines.append(f"why {names[side]}: {told or '-'}")
    first = sum(answer.side == "1" for answer in answers)
    lines.append(
        f"text 1 was chosen in {first} of {len(answers)}: by chance so uneven or more in "
        f"{100 * by_chance(first, len(answers)):.0f} % of readings"
    )
    for place in ("1", "2"):
        shown = [answer for answer in answers if (answer.preferred == "a") == (answer.side == place)]
        lines.append(f"  where {names['a']} was text {place}: {_share(shown)}")
    return lines


def _share(answers: Sequence[Answer]) -> str:
    if not answers:
        return "-"
    won = sum(answer.preferred == "a" for answer in answers)
    low, high = wilson(won, len(answers))
    return f"{won} of {len(answers)}, {100 * won / len(answers):.1f} % (95 %: {100 * low:.1f} to {100 * high:.1f})"


def _keep(path: Path, answers: Mapping[int, Iterable[str]]) -> None:
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("pair", "preferred", "reason"))
        writer.writerows((pair, *answer) for pair, answer in sorted(answers.items()))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Make pairs, share them out, or score what was answered."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("make", "split", "merge", "score"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--a", type=Path, help="make: the passages of the one writer")
    parser.add_argument("--b", type=Path, help="make: the passages of the other")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--parts", type=int, default=2)
    options = parser.parse_args()
    folder = options.folder
    try:
        if options.what == "make":
            if not (options.a and options.b):
                parser.error("make needs --a and --b")
            print(f"{make(folder, options.a, options.b, options.seed)} pairs in {folder / 'pairs.md'}")
        elif options.what == "split":
            print("\n".join(map(str, split(folder, options.parts))))
        elif options.what == "merge":
            print(f"{merge(folder)} pairs are answered")
        else:
            print("\n".join(score(folder)))
    except (GeulgamError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
