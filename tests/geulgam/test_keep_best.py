"""`keep = "best"`, and the learnt judge together with each rule: cleaned, tried, told, undone, by workers."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bench.label import unknown_junk
from corpus.engine import LocalEngine
from corpus.judging.learnt.judge import LearntJudge
from corpus.judging.learnt.marks import Marks
from corpus.store import Corpus
from geulgam.settings_file import put_setting
from geulgam.stages.corpus import CorpusNode
from geulgam.workspace import Workspace
from tests.geulgam.conftest import Command

EDITIONS = range(30, 36)  # of these essays there is another edition
COLLECTED = (36, 37)  # these are one row, too


@pytest.fixture
def filled(workspace: Workspace, geulgam: Command, tmp_path: Path, essays: list[Path]) -> Workspace:
    """The beginnings of 42 essays, six of them also with minutes behind, two also in one row; and 20 other minutes.

    Titles are 0 to 41, "30 with minutes", "36 37" and "minutes".
    """
    texts = [json.loads(line)["text"] for file in essays for line in file.read_text("utf-8").splitlines()]
    minutes = [text for kind, text in unknown_junk() if kind == "minutes"]
    rows = [(str(number), text) for number, text in enumerate(texts)]
    rows += [
        (f"{number} with minutes", f"{texts[number]}\n\n{tail[: len(texts[number]) // 4]}")
        for number, tail in zip(EDITIONS, minutes[20:], strict=True)
    ]
    rows += [(" ".join(map(str, COLLECTED)), "\n\n".join(texts[number] for number in COLLECTED))]
    rows += [("minutes", text) for text in minutes[:20]]
    file = tmp_path / "rows.jsonl"
    lines = (json.dumps({"title": title, "text": text}, ensure_ascii=False) for title, text in rows)
    file.write_text("\n".join(lines), encoding="utf-8")
    assert geulgam("corpus", "add", file).code == 0 and len(texts) == 42 and len(titles(workspace)) == 69
    return workspace


def titles(workspace: Workspace) -> list[str]:
    return [document.title for document in Corpus(workspace.corpus)]


def teach(workspace: Workspace, geulgam: Command, first: int = 0, last: int = 12) -> list[dict[str, Any]]:
    """Mark so many of the essays and of the minutes, have the judge learnt, and all scores told."""
    marks, documents = Marks(workspace.marks), list(Corpus(workspace.corpus))
    junk = [document for document in documents if document.title == "minutes"]
    for document in [*(one for one in documents if one.title.isdigit()), *junk]:
        number = int(document.title) if document.title.isdigit() else junk.index(document)
        if first <= number < last:
            marks.add(document.id, document.title.isdigit())
    said = geulgam("corpus", "label", "--list", "--json")
    assert said.code == 0
    return list(said.json)


def keep(workspace: Workspace, rule: str) -> None:
    put_setting(workspace.settings_file, "corpus.deduplicate.keep", rule)


def reasons(workspace: Workspace) -> list[str]:
    node = CorpusNode(workspace, workspace.settings())
    return node.reasons(node.found())


def without_copies(scores: dict[str, float] | None) -> list[str]:
    """The titles that are to stay, but for the minutes; without scores of the longest."""
    gone = {str(number) for number in COLLECTED}
    for number in EDITIONS:
        one, longer = str(number), f"{number} with minutes"
        gone.add(longer if scores and scores[one] > scores[longer] else one)
    all_ = [*map(str, range(42)), *(f"{number} with minutes" for number in EDITIONS), "36 37"]
    return [title for title in all_ if title not in gone]


@pytest.mark.usefixtures("quick")
def test_the_best_judged_copy_stays_once_something_was_learnt(filled: Workspace, geulgam: Command) -> None:
    keep(filled, "best")
    for words in (("clean",), ("clean", "--dry-run"), ("undo",)):
        untaught = geulgam("corpus", *words)
        (line,) = untaught.err.splitlines()[-1:]
        assert untaught.code == 1 and 'keep is "best", but nothing was learnt from marks yet' in untaught.err
        assert "geulgam corpus label" in line and filled.settings().corpus.deduplicate.keep == "best"

    scores = {one["title"]: one["score"] for one in teach(filled, geulgam)}  # with all copies, though "best" is on
    assert len(scores) == 50 and min(scores[str(number)] for number in EDITIONS) > 0.5
    digest = LearntJudge.load(filled.judge).digest
    assert reasons(filled) == [f"cleaning changed: +deduplicate best {digest}"]
    dry = geulgam("corpus", "clean", "--dry-run")
    assert "61 documents: 0 would be changed, 8 would be gone" in dry.out and len(titles(filled)) == 69
    said = geulgam("corpus", "clean")
    assert said.code == 0 and "61 documents: 0 changed, 8 gone" in said.out
    assert titles(filled) == [*without_copies(scores), *["minutes"] * 20] and not reasons(filled)
    assert without_copies(scores) != without_copies(None)

    teach(filled, geulgam, 12, 20)  # marks of documents that have no copy, and another judge by them
    after = LearntJudge.load(filled.judge).digest
    assert reasons(filled) == [f"cleaning changed: +deduplicate best {after} -deduplicate best {digest}"]
    assert f"+deduplicate best {after}" in geulgam("status").out
    assert geulgam("corpus", "clean").code == 0 and not reasons(filled)


@pytest.mark.usefixtures("quick")
def test_an_edition_that_was_marked_as_an_essay_stays_and_one_marked_as_none_goes(
    filled: Workspace, geulgam: Command
) -> None:
    marks, ids = Marks(filled.marks), {one.title: one.id for one in Corpus(filled.corpus)}
    marks.add(ids["30 with minutes"], True)
    marks.add(ids["31"], False)
    marks.add(ids["32 with minutes"], False)
    teach(filled, geulgam)
    keep(filled, "best")
    assert geulgam("corpus", "clean").code == 0
    left = titles(filled)
    assert {"30 with minutes", "31 with minutes", "32"} <= set(left) and not {"30", "31", "32 with minutes"} & set(left)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("rule", ("longest", "best"))
def test_the_learnt_judge_and_a_rule_work_together_are_told_of_and_undone(
    filled: Workspace, geulgam: Command, rule: str
) -> None:
    scores = {one["title"]: one["score"] for one in teach(filled, geulgam) if one["title"] != "minutes"}
    assert geulgam("corpus", "label", "--at", "0.5").code == 0
    keep(filled, rule)
    dry = geulgam("corpus", "clean", "--dry-run")
    said = geulgam("corpus", "clean")
    expected = without_copies(scores if rule == "best" else None)
    assert min(scores[title] for title in expected) > 0.5 and titles(filled) == expected
    assert dry.err == said.err and "20 × learnt" in said.err and "8 × near-duplicate" in said.err
    report = geulgam("corpus", "report", "--json")
    assert report.code == 0 and "near-duplicate" in report.out and "learnt" in report.out
    assert len(geulgam("corpus", "label", "--list", "--json").json) == (69 if rule == "best" else 61)

    undone = geulgam("corpus", "undo")
    assert undone.code == 0 and f"deduplicate {rule}" in undone.out and "judge.learnt" in undone.out
    assert len(titles(filled)) == 69 and filled.settings().corpus.deduplicate.keep == "all"
    assert geulgam("corpus", "undo").code == 0 and titles(filled) == expected and not reasons(filled)
    keep(filled, "best" if rule == "longest" else "longest")
    assert geulgam("corpus", "clean").code == 0
    assert titles(filled) == without_copies(None if rule == "best" else scores)
    undone = geulgam("corpus", "undo")
    assert f"again: deduplicate {rule}" in undone.out and titles(filled) == expected


@pytest.mark.slow
@pytest.mark.parametrize("rule", ("longest", "best"))
def test_workers_make_the_same(filled: Workspace, geulgam: Command, monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    """With the real encoder, which each worker loads for itself."""
    monkeypatch.setattr("corpus.engine.LocalEngine", partial(LocalEngine, rows=40))  # so that there is work for two
    teach(filled, geulgam)
    geulgam("corpus", "label", "--at", "0.5")
    keep(filled, rule)
    said = geulgam("corpus", "clean", "--workers", 2)
    assert said.code == 0 and "8 × near-duplicate" in said.err and "× learnt" in said.err
    made = Corpus(filled.corpus).fingerprint()
    assert geulgam("corpus", "undo").code == 0 and len(titles(filled)) == 69
    assert geulgam("corpus", "undo").code == 0 and Corpus(filled.corpus).fingerprint() == made  # in this process
