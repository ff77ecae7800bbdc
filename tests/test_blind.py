"""bench.blind: pairs that tell nothing of who wrote what, and a score that waits for every answer."""

import csv
import json
from pathlib import Path

import pytest

from bench.blind import by_chance, equal_ends, make, merge, read_answers, score, split, wilson
from corpus.errors import GeulgamError
from generate.sentences import ends

TOPICS = ("산책", "부엌")
OURS = "골목 끝에 작은 빵집이 있었다. 아침마다 고소한 냄새가 났다. 나는 그 앞에서 걸음을 늦추었다."
THEIRS = "하늘은 높고 길은 길다. 길은 길고 하늘은 높다. 하늘이 높다. 길이 길다는 것을 나는 오래 생각했다."


def _files(folder: Path, number: int = 10) -> tuple[Path, Path]:
    paths = folder / "good.jsonl", folder / "bad.jsonl"
    for path, text in zip(paths, (OURS, THEIRS), strict=True):
        rows = [
            {"id": f"n{i}", "topic": TOPICS[i % 2], "opening": f"{i}번째 날이었다.", "text": text}
            for i in range(number)
        ]
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return paths


def _answer(folder: Path, preferring: str | None) -> None:
    """Answer as somebody who likes texts with this word in them (None: always the first)."""
    shown = (folder / "pairs.md").read_text(encoding="utf-8").split("\n## ")[1:]
    with (folder / "answers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("pair", "preferred", "reason"))
        for pair in shown:
            first = pair.partition("**1**")[2].partition("**2**")[0]
            writer.writerow((pair.split()[0], "1" if preferring is None or preferring in first else "2", "생생함"))


def test_the_score_knows_whose_text_was_preferred(tmp_path: Path) -> None:
    make(tmp_path / "r", *_files(tmp_path))
    _answer(tmp_path / "r", "빵집")
    lines = score(tmp_path / "r")
    assert lines[0].startswith("good preferred to bad: 10 of 10, 100.0 % (95 %: 72.2")
    assert "why good: 생생함 (10)" in lines and "why bad: -" in lines
    assert any(line.startswith("  산책: 5 of 5") for line in lines)


def test_who_always_takes_the_first_prefers_neither_and_is_found_out(tmp_path: Path) -> None:
    make(tmp_path / "r", *_files(tmp_path))
    _answer(tmp_path / "r", None)
    lines = score(tmp_path / "r")
    assert "5 of 10, 50.0 %" in lines[0]  # each writer stands first as often as the other
    assert any("text 1 was chosen in 10 of 10" in line and "0 % of readings" in line for line in lines)


def test_the_pairs_say_nothing_of_the_writer(tmp_path: Path) -> None:
    make(tmp_path / "r", *_files(tmp_path))
    for name in ("pairs.md", "answers.csv"):
        shown = (tmp_path / "r" / name).read_text(encoding="utf-8")
        assert "good" not in shown and "bad" not in shown and "n3" not in shown
    assert shown.count("\n") == 11


def test_sides_come_from_the_operating_system_or_from_a_seed(tmp_path: Path) -> None:
    files = _files(tmp_path, 40)
    for name, seed in (("one", None), ("two", None), ("three", 5), ("four", 5)):
        make(tmp_path / name, *files, seed)
    keys = {name: (tmp_path / name / "key.json").read_text("utf-8") for name in ("one", "two", "three", "four")}
    assert keys["three"] == keys["four"] and len({*keys.values()}) == 3


def test_nothing_is_scored_before_all_is_answered(tmp_path: Path) -> None:
    make(tmp_path / "r", *_files(tmp_path))
    _answer(tmp_path / "r", "빵집")
    answers = tmp_path / "r" / "answers.csv"
    rows = answers.read_text("utf-8").splitlines()
    for last in ("10,,", "10,3,생생함", "10,1,"):
        answers.write_text("\n".join([*rows[:-1], last]), "utf-8")
        with pytest.raises(GeulgamError, match="1 of 10 pairs unanswered: 10"):
            score(tmp_path / "r")
    answers.write_text("\n".join(rows[:-1]), "utf-8")
    with pytest.raises(GeulgamError, match="has 10 pairs"):
        score(tmp_path / "r")


def test_pairs_that_were_changed_are_not_scored(tmp_path: Path) -> None:
    make(tmp_path / "r", *_files(tmp_path))
    _answer(tmp_path / "r", "빵집")
    pairs = tmp_path / "r" / "pairs.md"
    pairs.write_text(pairs.read_text("utf-8").replace("골목", "거리"), "utf-8")
    with pytest.raises(GeulgamError, match="has changed"):
        score(tmp_path / "r")


def test_answers_are_not_overwritten_by_new_pairs(tmp_path: Path) -> None:
    files = _files(tmp_path)
    make(tmp_path / "r", *files)
    with pytest.raises(GeulgamError, match="has pairs already"):
        make(tmp_path / "r", *files)


def test_files_of_other_openings_are_refused(tmp_path: Path) -> None:
    a, b = _files(tmp_path)
    lines = b.read_text("utf-8").splitlines()
    b.write_text("\n".join(lines[1:]), "utf-8")
    with pytest.raises(GeulgamError, match="n0"):
        make(tmp_path / "r", a, b)
    b.write_text("\n".join([lines[0].replace("날", "밤"), *lines[1:]]), "utf-8")
    with pytest.raises(GeulgamError, match="opening of n0"):
        make(tmp_path / "r", a, b)


def test_several_readers_share_the_pairs_without_the_key(tmp_path: Path) -> None:
    make(tmp_path / "r", *_files(tmp_path))
    parts = split(tmp_path / "r", 3)
    assert [len(read_answers(part / "answers.csv")) for part in parts] == [3, 3, 4]
    assert all({path.name for path in part.iterdir()} == {"pairs.md", "answers.csv"} for part in parts)
    for part in parts[:2]:
        _answer(part, "빵집")
    assert merge(tmp_path / "r") == 6
    with pytest.raises(GeulgamError, match="4 of 10 pairs unanswered: 7, 8, 9, 10"):
        score(tmp_path / "r")
    _answer(parts[2], "빵집")
    assert merge(tmp_path / "r") == 10
    assert "10 of 10" in score(tmp_path / "r")[0]


def test_two_answers_to_one_pair_are_not_merged(tmp_path: Path) -> None:
    make(tmp_path / "r", *_files(tmp_path))
    part = split(tmp_path / "r", 2)[0]
    _answer(part, "빵집")
    merge(tmp_path / "r")
    _answer(part, "하늘")
    with pytest.raises(GeulgamError, match="pair 1 has another answer"):
        merge(tmp_path / "r")


def test_texts_are_ended_at_sentences_and_at_like_lengths() -> None:
    ours, theirs = " ".join([OURS] * 9), " ".join([THEIRS] * 4)
    one, other = equal_ends(ours, theirs)
    assert ends(one) and ends(other)
    assert abs(len(one) - len(other)) < 15 and len(one) > 0.8 * len(theirs)
    assert ours.startswith(one) and theirs.startswith(other)


def test_a_text_without_sentences_is_ended_between_words() -> None:
    one, other = equal_ends("끝이 없는 말 " * 40, OURS * 2)
    assert one.endswith("…") and len(one) <= len(OURS * 2) and ends(other)


def test_headings_within_a_text_do_not_make_pairs(tmp_path: Path) -> None:
    a, b = _files(tmp_path, 2)
    a.write_text(a.read_text("utf-8").replace("골목", "## 7\\n골목"), "utf-8")
    make(tmp_path / "r", a, b)
    assert [len(read_answers(part / "answers.csv")) for part in split(tmp_path / "r", 2)] == [1, 1]
    assert (tmp_path / "r" / "part-1" / "pairs.md").read_text("utf-8").count("\n## ") == 1


def test_the_interval_is_wilsons() -> None:
    assert wilson(8, 10) == pytest.approx((0.490, 0.943), abs=1e-3)
    assert wilson(0, 20)[0] == 0 and wilson(54, 60) == pytest.approx((0.799, 0.953), abs=1e-3)


def test_chance_is_the_exact_sign_test() -> None:
    assert by_chance(5, 10) == 1 and by_chance(10, 10) == pytest.approx(2 / 1024)
    assert by_chance(2, 10) == by_chance(8, 10) == pytest.approx(0.109, abs=1e-3)
