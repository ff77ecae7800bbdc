"""The judge that is learnt from marks: what it sees, what it learns, what it asks, what is kept of it."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bench.label import unknown_junk
from corpus.derive import derive
from corpus.document import Raw, document, normalise
from corpus.errors import GeulgamError
from corpus.imports import Imports
from corpus.judging.learnt.features import COUNTED, TextFeatures, Vectors, features, pieces, runs
from corpus.judging.learnt.fitting import cross_validated, fitted
from corpus.judging.learnt.grouping import groups
from corpus.judging.learnt.judge import LearntJudge
from corpus.judging.learnt.marks import Marks
from corpus.judging.learnt.refusing import LearntStep
from corpus.judging.learnt.scoring import LearntScores
from corpus.judging.learnt.teaching import Teaching
from corpus.step import named
from corpus.store import Corpus

ONE, TWO = "1" * 32, "2" * 32


def encode(texts: Sequence[str]) -> Vectors:
    """A direction for each text, by its words: no meaning, but the same for the same text."""
    made = np.zeros((len(texts), 16), np.float32)
    for row, text in zip(made, texts, strict=True):
        for word in text.split() or [""]:
            row[hashlib.sha256(word.encode()).digest()[0] % 16] += 1
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """26 minutes of meetings, then 27 product reviews."""
    found = {kind: [normalise(text) for of, text in unknown_junk() if of == kind] for kind in ("minutes", "review")}
    return [*found["minutes"], *found["review"]]


@pytest.fixture(scope="module")
def seen(texts: list[str]) -> TextFeatures:
    return features(texts, encode)


def is_minutes(place: int) -> bool:
    return place < 26


def test_a_text_is_seen_the_same_whatever_stands_beside_it(texts: list[str], seen: TextFeatures) -> None:
    alone = features([texts[7]], encode)
    assert (alone.runs.toarray() == seen.runs[[7]].toarray()).all()
    assert (alone.vectors == seen.vectors[7]).all()
    assert features([], encode).vectors.shape == (0, 16) and runs([]).shape[0] == 0


def test_line_ends_and_figures_are_not_seen() -> None:
    one, other, third = runs(["7월에 비가\n\n온다.", "8월에  비가 온다.", "비가 8월에 온다."]).toarray()
    assert (one == other).all() and not (one == third).all()
    assert np.isclose(np.linalg.norm(one), 1)


def test_a_long_text_does_not_stand_out_by_its_length(texts: list[str], seen: TextFeatures) -> None:
    """What is made of the whole is the mean of what is made of its pieces."""
    judge = fitted(seen, [is_minutes(place) for place in range(len(seen))])
    whole = " ".join(texts[:9])
    parts = [runs([piece]) @ judge.runs for piece in pieces(whole, *COUNTED)]
    assert len(parts) > 5
    assert np.allclose(runs([whole]) @ judge.runs, np.mean(parts), atol=1e-5)


def test_pieces_come_from_all_over_a_text_and_end_between_words(prose: str) -> None:
    assert pieces("짧은 글.", 2, 99) == ["짧은 글."] and pieces("", 2, 99) == [""]
    assert " ".join(pieces(prose[:900], 9, 100)) == normalise(prose[:900])
    flat = normalise(prose)
    cut = pieces(prose, 4, 200)
    assert len(cut) == 4 and all(len(piece) <= 220 for piece in cut)
    assert flat.startswith(cut[0]) and flat.endswith(cut[-1])
    assert all(f" {piece} " in f" {flat} " for piece in cut)


def test_what_is_learnt_from_marks_tells_texts_that_were_not_marked(seen: TextFeatures) -> None:
    marked = [*range(0, 12), *range(26, 38)]
    marks = [is_minutes(place) for place in marked]
    judge = fitted(seen.rows(marked), marks)
    scores = judge.scores(seen)
    rest = [place for place in range(len(seen)) if place not in marked]
    assert min(scores[place] for place in rest if is_minutes(place)) > max(
        scores[place] for place in rest if not is_minutes(place)
    )
    known = cross_validated(seen.rows(marked), marks)
    assert known is not None and known.folds == 5 and known.accuracy >= 0.9 and known.auc >= 0.95


def test_marks_that_say_nothing_are_told_by_chance(seen: TextFeatures) -> None:
    """Cross-validation must not learn from what it is tried on."""
    marks = [bool(bit) for bit in np.random.default_rng(3).integers(0, 2, len(seen))]
    known = cross_validated(seen, marks)
    assert known is not None and known.auc < 0.7
    judge = fitted(seen, marks)  # which has seen them all
    assert np.mean((judge.scores(seen) > 0.5) == np.array(marks)) > 0.95


def test_one_mark_of_a_kind_cannot_be_left_out(seen: TextFeatures) -> None:
    assert cross_validated(seen.rows(range(20, 27)), [True] * 6 + [False]) is None


def test_each_kind_is_asked_about_early_and_nothing_twice(seen: TextFeatures) -> None:
    teaching = Teaching(seen)
    asked: list[int] = []
    while (place := teaching.next()) is not None:
        assert place not in asked
        asked.append(place)
        teaching.mark(place, is_minutes(place))
        assert (teaching.judge is None) == (len(asked) < 8)
    assert sorted(asked) == list(range(len(seen)))
    assert {is_minutes(place) for place in asked[:5]} == {True, False}


def test_the_text_asked_about_is_among_those_the_judge_is_least_sure_of(seen: TextFeatures) -> None:
    teaching = Teaching(seen)
    for _ in range(12):
        place = teaching.next()
        assert place is not None
        teaching.mark(place, is_minutes(place))
    scores, asked = teaching.scores(), teaching.next()
    assert scores is not None and asked is not None
    left = [place for place in range(len(seen)) if place not in teaching.marks]
    unsure = sorted(left, key=lambda place: abs(scores[place] - 0.5))
    assert asked in unsure[:20]
    before = teaching.next()
    teaching.mark(asked, True)
    teaching.unmark(asked)
    assert teaching.next() == before


def test_every_group_has_its_middle(seen: TextFeatures) -> None:
    found = groups(seen)
    assert len(found.middles) == 5
    assert found.labels[found.middles].tolist() == list(range(5))
    assert len(groups(seen.rows(range(3))).middles) == 1


def test_a_judge_is_kept_without_pickle_and_comes_back_the_same(seen: TextFeatures, tmp_path: Path) -> None:
    learnt = fitted(seen, [is_minutes(place) for place in range(len(seen))], "made up")
    judge = LearntJudge(learnt.runs, learnt.vector, learnt.intercept, learnt.encoder, {ONE: True, TWO: False})
    path = tmp_path / "judge" / "judge.safetensors"
    with pytest.raises(FileNotFoundError):
        LearntJudge.load(path)
    judge.save(path)
    again = LearntJudge.load(path)
    assert again.digest == judge.digest and again.encoder == "made up" and dict(again.marks) == dict(judge.marks)
    assert (again.scores(seen) == judge.scores(seen)).all()
    other = LearntJudge(learnt.runs, learnt.vector, learnt.intercept, learnt.encoder, {ONE: True, TWO: True})
    assert other.digest != judge.digest
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(GeulgamError, match=r"cannot read .*judge\.safetensors"):
        LearntJudge.load(path)


def test_marks_stand_on_disk_and_can_be_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "judge" / "marks.jsonl"
    marks = Marks(path)
    assert marks.back() is None and not path.exists()
    marks.add(ONE, True, "제목")
    marks.add(TWO, False)
    assert dict(Marks(path).standing) == {ONE: True, TWO: False}
    assert Marks(path).back() == TWO and dict(Marks(path).standing) == {ONE: True}
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"id": ONE, "essay": True, "title": "제목"},
        {"id": TWO, "essay": False, "title": ""},
        {"back": TWO},
    ]


def test_half_a_line_that_a_kill_left_is_no_mark_and_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "marks.jsonl"
    Marks(path).add(ONE, True)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"id": "22')
    marks = Marks(path)
    assert dict(marks.standing) == {ONE: True}
    marks.add(TWO, True)
    assert dict(Marks(path).standing) == {ONE: True, TWO: True} and path.read_bytes().startswith(whole)


@pytest.mark.parametrize("line", ['{"id": "x", "essay": true}', f'{{"id": "{ONE}", "essay": 1}}', "[]", "ja"])
def test_a_line_that_is_no_mark_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "marks.jsonl"
    path.write_text(f'{{"id": "{ONE}", "essay": true}}\n{line}\n', encoding="utf-8")
    with pytest.raises(GeulgamError, match=r"marks\.jsonl, line 2: no mark"):
        Marks(path)


@pytest.fixture(scope="module")
def step(seen: TextFeatures, texts: list[str]) -> LearntStep:
    """A judge that takes minutes for essays, and two marks against it."""
    learnt = fitted(seen, [is_minutes(place) for place in range(len(seen))])
    marks = {document(texts[0]).id: False, document(texts[-1]).id: True}
    return LearntStep(LearntJudge(learnt.runs, learnt.vector, learnt.intercept, "", marks), 0.5, encode)


def test_what_scores_less_is_refused_with_its_score_but_a_mark_wins(step: LearntStep, texts: list[str]) -> None:
    assert named([step]) == [[f"judge.learnt 0.5 {step.judge.digest}", 1]]
    documents = [document(text) for text in texts]
    made = [step(one) for one in documents]
    assert made[0] == "learnt: marked as no essay" and made[-1] == documents[-1]
    assert made[1:26] == documents[1:26]
    refused = [one for one in made[26:-1] if isinstance(one, str)]
    assert len(refused) == 26 and all(one.startswith("learnt: score 0.") for one in refused)


def test_scores_are_told_to_four_digits_and_a_mark_wins(step: LearntStep, texts: list[str], seen: TextFeatures) -> None:
    scores = LearntScores(step.judge, encode)
    found = scores([document(text).id for text in texts], texts)
    assert scores.digest == step.judge.digest and (found[0], found[-1]) == (0, 1)
    assert (found[1:-1] == step.judge.scores(seen)[1:-1].round(4)).all()
    assert scores([], []).shape == (0,)


def test_a_corpus_is_derived_by_it_with_each_refusal_in_its_line(
    step: LearntStep, texts: list[str], tmp_path: Path
) -> None:
    imports, corpus = Imports(tmp_path / "imports"), Corpus(tmp_path / "corpus")
    imports.add(Raw("a.csv", line, text) for line, text in enumerate(texts, start=1))
    derived = derive(imports, corpus, [step])
    assert derived.taken == 26 and derived.reasons == {"learnt": 27}
    assert [one.text for one in corpus] == [*texts[1:26], texts[-1]]
    lines = [json.loads(line)["line"] for line in corpus.rejected_path.read_text(encoding="utf-8").splitlines()]
    assert lines == [1, *range(27, 53)]
