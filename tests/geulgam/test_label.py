"""`corpus label`: marks by keys and by lines, kept at once and taken back; the judge learnt from them, and its work."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bench.label import unknown_junk
from corpus.errors import GeulgamError
from corpus.judging.learnt.judge import LearntJudge
from corpus.judging.learnt.marks import Marks
from corpus.store import Corpus
from geulgam.labelling import Marking, mark_by_lines, passage
from geulgam.stages.corpus import CorpusNode, unjudged
from geulgam.stages.label import Labelling, candidates, scored
from geulgam.workspace import Workspace
from tests.geulgam.conftest import Command, Letters, Said, arguments, awaits_a_key, environment


@pytest.fixture
def filled(workspace: Workspace, geulgam: Command, tmp_path: Path, sample: Path) -> Workspace:
    """The workspace with the beginnings of 26 essays, which are called 수필, and 26 minutes, which are called 회의."""
    lines = [
        line for name in ("travel", "nature") for line in (sample / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]
    rows = [{"title": "수필", "text": json.loads(line)["text"][:300]} for line in lines[:26]]
    rows += [{"title": "회의", "text": text} for kind, text in unknown_junk() if kind == "minutes"]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    assert geulgam("corpus", "add", file).code == 0
    assert len(Corpus(workspace.corpus)) == 52
    return workspace


def answering(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, answers: int) -> list[dict[str, Any]]:
    """Mark so many documents as a program does, by their titles; the questions."""
    asked: list[dict[str, Any]] = []

    class Oracle:
        def readline(self) -> str:
            return ("y\n" if asked[-1]["title"] == "수필" else "n\n") if len(asked) <= answers else ""

    monkeypatch.setattr("sys.stdin", Oracle())
    labelling = Labelling(workspace, workspace.settings())
    mark_by_lines(labelling, lambda line: asked.append(json.loads(line)), as_json=True)
    return asked[:answers]


def typed(words: list[object], lines: str) -> Said:
    from geulgam.cli import app

    result = CliRunner().invoke(app, [str(word) for word in words], input=lines, prog_name="geulgam")
    return Said(result.exit_code, result.stdout, result.stderr)


@pytest.mark.usefixtures("quick")
def test_lines_mark_and_take_back_and_the_same_command_goes_on(filled: Workspace) -> None:
    first = typed(["corpus", "label"], "y\nperhaps\nn\nback\nquit\n")
    assert first.code == 0 and "answer y, n, back or quit" in first.out
    assert "0 marks: 0 essays, 0 none — y, n, back or quit?" in first.out and "1 marks: 1 essays, 0 none" in first.err
    assert list(Marks(filled.marks).standing.values()) == [True]
    (marked,) = Marks(filled.marks).standing
    again = typed(["corpus", "label", "--json"], "n\n")  # the end of the input is quit
    told = [json.loads(line) for line in again.out.splitlines()]
    assert again.code == 0 and [(one["essays"], one["others"]) for one in told] == [(1, 0), (1, 1)]
    assert marked not in {one["id"] for one in told} and told[0]["passage"] and told[0]["score"] is None
    typed(["corpus", "label"], "back\nback\nback\n")
    assert not Marks(filled.marks).standing


@pytest.mark.usefixtures("quick")
def test_a_mark_of_a_session_before_is_taken_back_and_its_document_asked_about(
    filled: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(filled, monkeypatch, 10)
    labelling = Labelling(filled, filled.settings())
    assert labelling.back() and labelling.document is not None and labelling.document.id == asked[-1]["id"]
    labelling.answer(True)
    assert labelling.document is not None and labelling.document.id not in {one["id"] for one in asked}
    assert len(Marks(filled.marks).standing) == 10


@pytest.mark.usefixtures("quick")
def test_the_judge_is_learnt_orders_all_and_tells_how_sure_it_is(
    filled: Workspace, geulgam: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(filled, monkeypatch, 20)
    assert asked[5]["auc"] is None and asked[19]["auc"] > 0.8 and asked[19]["score"] is not None
    ordered = geulgam("corpus", "label", "--list", "--json").json
    assert len(ordered) == 52 and [one["score"] for one in ordered] == sorted(
        (o["score"] for o in ordered), reverse=True
    )
    rest = [one for one in ordered if one["mark"] is None]
    assert len(rest) == 32 and {one["id"] for one in ordered} - {one["id"] for one in rest} == {o["id"] for o in asked}
    right = sum((one["score"] > 0.5) == (one["title"] == "수필") for one in rest)
    assert right >= 29
    lines = geulgam("corpus", "label", "--list").out.splitlines()
    assert len(lines) == 52 and lines[0].split("\t")[3] == ordered[0]["id"][:12]


@pytest.mark.usefixtures("quick")
def test_a_threshold_is_kept_and_the_corpus_made_by_it_and_undone(
    filled: Workspace, geulgam: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "nothing was learnt" in geulgam("corpus", "label", "--at", "0.5").err
    answering(filled, monkeypatch, 20)
    wrong = Marks(filled.marks)
    mistaken = next(id_ for id_, essay in wrong.standing.items() if not essay)
    wrong.add(mistaken, True)  # a mark wins over the score
    shown = geulgam("corpus", "label", "--threshold")
    assert shown.code == 0 and "── 0.5 ──" in shown.out and "--at" in shown.err
    (told,) = (each for each in geulgam("corpus", "label", "--threshold", "--json").json if each["threshold"] == 0.5)
    assert all(one["score"] >= 0.5 for one in told["above"]) and all(one["score"] < 0.5 for one in told["below"])
    assert geulgam("corpus", "label", "--at", "1.5").code == 1
    said = geulgam("corpus", "label", "--at", "0.5")
    assert said.code == 0 and "corpus.judge.learnt is now 0.5" in said.err
    node = CorpusNode(filled, filled.settings())
    digest = LearntJudge.load(filled.judge).digest
    assert node.reasons(node.found()) == [f"cleaning changed: +judge.learnt 0.5 {digest}"]

    dry = geulgam("corpus", "clean", "--dry-run")
    assert f"{52 - told['documents']} would be gone" in dry.out and len(Corpus(filled.corpus)) == 52
    assert f"not taken: {52 - told['documents']} × learnt" in geulgam("corpus", "clean").err
    left = list(Corpus(filled.corpus))
    assert len(left) == told["documents"] and mistaken in {one.id for one in left}
    assert sum(one.title == "회의" for one in left) <= 4
    reasons = [
        json.loads(line)["reason"] for line in Corpus(filled.corpus).rejected_path.read_text("utf-8").splitlines()
    ]
    assert {reason.partition(" 0.")[0] for reason in reasons} <= {"learnt: score", "learnt: marked as no essay"}

    again = Labelling(filled, filled.settings())  # also what is refused now may be marked, and its mark mended
    assert len(unjudged(filled, filled.settings())) == 52 and again.essays + again.others == 20
    asked = again.document
    again.answer(True)
    assert geulgam("corpus", "undo").code == 0 and len(Corpus(filled.corpus)) == 52
    assert filled.settings().corpus.judge.learnt == 0
    assert geulgam("corpus", "undo").code == 0 and asked is not None
    # What was marked since counts as it was marked, though nothing was learnt from it yet.
    assert {one.id for one in Corpus(filled.corpus)} == {asked.id, *(one.id for one in left)}
    assert geulgam("corpus", "label", "--at", "0").code == 0 and geulgam("corpus", "clean").code == 0
    assert len(Corpus(filled.corpus)) == 52


@pytest.mark.usefixtures("quick")
def test_marks_given_since_make_the_corpus_stale_once_they_are_learnt(
    filled: Workspace, geulgam: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(filled, monkeypatch, 16)
    geulgam("corpus", "label", "--list")
    geulgam("corpus", "label", "--at", "0.5")
    geulgam("corpus", "clean")
    node = CorpusNode(filled, filled.settings())
    before = LearntJudge.load(filled.judge).digest
    assert not node.reasons(node.found())
    geulgam("corpus", "label", "--list")  # the same marks, the same judge
    assert LearntJudge.load(filled.judge).digest == before and not node.reasons(node.found())
    assert typed(["corpus", "label"], "y\nquit\n").code == 0
    after = LearntJudge.load(filled.judge).digest
    assert node.reasons(node.found()) == [f"cleaning changed: +judge.learnt 0.5 {after} -judge.learnt 0.5 {before}"]


@pytest.mark.usefixtures("quick")
def test_what_cannot_be_is_one_line(filled: Workspace, geulgam: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    few = geulgam("corpus", "label", "--list")
    assert few.code == 1 and "0 documents are marked as essays and 0 as none: too few" in few.err
    monkeypatch.setenv("GEULGAM_CORPUS__JUDGE__LEARNT", "0.5")
    untaught = geulgam("corpus", "clean")
    assert untaught.code == 1 and "nothing was learnt from marks yet" in untaught.err
    assert geulgam("corpus", "label", "--list").code == 1  # and can be taught nevertheless
    monkeypatch.setenv("GEULGAM_CORPUS__JUDGE__LEARNT", "2")
    with pytest.raises(GeulgamError, match=r"LEARNT: corpus\.judge\.learnt is 2"):
        filled.settings()
    monkeypatch.delenv("GEULGAM_CORPUS__JUDGE__LEARNT")
    answering(filled, monkeypatch, 16)
    geulgam("corpus", "label", "--list")
    geulgam("corpus", "label", "--at", "0.5")
    monkeypatch.setattr(Letters, "name", "letters 2")
    other = geulgam("corpus", "clean")
    assert other.code == 1 and "learnt with the encoder letters 1" in other.err
    geulgam("corpus", "label", "--list")
    assert geulgam("corpus", "clean").code == 0


def test_an_empty_workspace_says_how_to_begin(workspace: Workspace, geulgam: Command) -> None:
    said = geulgam("corpus", "label")
    assert said.code == 1 and "geulgam corpus add" in said.err


@pytest.mark.usefixtures("quick")
def test_keys_mark_show_more_and_fit_the_terminal(filled: Workspace) -> None:
    from rich.console import Console

    state = Marking(Labelling(filled, filled.settings()))
    asked = state.labelling.document
    assert asked is not None and state.press("x") and state.labelling.document == asked
    state.press(" ")
    assert state.shown_characters == 800
    assert state.press("ㅛ") and state.labelling.essays == 1 and state.shown_characters == 400
    assert state.press("n") and state.labelling.others == 1
    assert (
        state.press("b") and state.press("b") and state.labelling.document == asked and not Marks(filled.marks).standing
    )
    state.press(" ")
    console = Console(width=40, height=12, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    console.print(state.shown(console))
    lines = console.export_text().splitlines()
    assert len(lines) <= 12 and max(map(len, lines)) <= 40 and lines[-1].startswith("y an essay")
    assert not state.press("q")


@pytest.mark.usefixtures("quick")
def test_when_all_is_marked_it_says_so(filled: Workspace, geulgam: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(answering(filled, monkeypatch, 99)) == 52
    monkeypatch.setattr("geulgam.ticking.is_terminal", lambda: True)
    said = geulgam("corpus", "label")
    assert said.code == 0 and "52 marks: 26 essays, 26 none" in said.err and "all documents are marked" in said.err


@pytest.mark.usefixtures("quick")
def test_a_threshold_is_looked_at_and_chosen_in_a_terminal(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(filled, monkeypatch, 16)
    monkeypatch.setattr("geulgam.ticking.is_terminal", lambda: True)
    left = typed(["corpus", "label", "--threshold"], "0.3\nq\n")
    assert left.code == 0 and "── 0.3 ──" in left.out and filled.settings().corpus.judge.learnt == 0
    taken = typed(["corpus", "label", "--threshold"], "many\n0.35\n0.65\n\n")
    assert "a score is a number from 0 to 1" in taken.out and "── 0.65 ──" in taken.out
    assert filled.settings().corpus.judge.learnt == 0.65


def test_a_passage_ends_with_a_word() -> None:
    assert (
        passage("가나 다라 마바", 6) == "가나 다라"
        and passage("가나", 6) == "가나"
        and passage("가" * 9, 6) == "가" * 6
    )


@pytest.mark.usefixtures("quick")
def test_candidates_count_what_stays(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(filled, monkeypatch, 16)
    ordered = scored(filled, filled.settings())
    found = candidates(ordered)
    counts = [each.documents for each in found]
    assert counts == sorted(counts, reverse=True) and counts[0] <= 52
    for each in found:
        stays = [one for one in ordered if (one.score >= each.threshold if one.mark is None else one.mark)]
        assert each.documents == len(stays) and each.characters == sum(one.characters for one in stays)


@pytest.mark.slow
def test_a_kill_loses_no_mark(filled: Workspace) -> None:
    def run(answers: list[str], then: Callable[["subprocess.Popen[str]"], object]) -> list[dict[str, Any]]:
        command = arguments("corpus", "label", "--json")
        given: dict[str, Any] = {"cwd": filled.folder, "env": environment(), "text": True}
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **given) as process:
            assert process.stdin and process.stdout
            asked = [json.loads(process.stdout.readline())]
            for answer in answers:
                process.stdin.write(answer + "\n")
                process.stdin.flush()
                asked.append(json.loads(process.stdout.readline()))
            then(process)
        return asked

    first = run(["y", "n", "n"], lambda process: process.kill())
    ids = [one["id"] for one in first]
    assert list(Marks(filled.marks).standing.items()) == [(ids[0], True), (ids[1], False), (ids[2], False)]
    second = run(["back", "y"], lambda process: process.send_signal(signal.SIGINT))
    assert second[0]["id"] == ids[3] and second[1]["id"] == ids[2]
    assert list(Marks(filled.marks).standing.items()) == [(ids[0], True), (ids[1], False), (ids[2], True)]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_documents_are_marked_by_keys_in_a_terminal(filled: Workspace) -> None:
    assert pressed(filled.folder, "y", "n", "n", "b", "q") == 0
    assert sorted(Marks(filled.marks).standing.values()) == [False, True]


def pressed(folder: Path, *keys: str) -> int:
    """Run the command in a pseudo-terminal, and press a key whenever it has shown what it asks and is still."""
    import pty

    ours, theirs = pty.openpty()
    variables = environment(TERM="xterm", COLUMNS="100", LINES="30")
    command = arguments("corpus", "label", "-w", folder)
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=variables)
    os.close(theirs)
    seen, waiting, ends = b"", list(keys), time.monotonic() + 200
    while process.poll() is None and time.monotonic() < ends:
        if select.select([ours], [], [], 0.3)[0]:
            try:
                seen += os.read(ours, 65_536)
            except OSError:  # the other end is closed
                break
        elif waiting and b"space more of it" in seen and awaits_a_key(ours):
            os.write(ours, waiting.pop(0).encode())
            seen = b""
    os.close(ours)
    return process.wait(timeout=60)
