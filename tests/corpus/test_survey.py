"""A survey tells of every row that was imported what became of it, and shows a little of each."""

import json
import random
from pathlib import Path

import pytest

from corpus.cleaning.cleaning import Cleaner, Cleaning
from corpus.cleaning.marks import Stretch
from corpus.derive import derive
from corpus.document import Raw, Rejected
from corpus.imports import Imports
from corpus.judging.judging import Judge, Judging
from corpus.store import Corpus
from corpus.survey.excerpts import Chosen, difference
from corpus.survey.near import NearGroups
from corpus.survey.survey import survey
from corpus.survey.surveyed import Amount, Survey

BAD = Rejected("나.csv", 9, "wrong number of fields: 3 fields where the header names 2")
ROWS: list[Raw | Rejected] = [
    Raw("가.csv", 2, "<p>봄이 왔다.</p>", "봄", "https://www.example.org/1"),
    Raw("가.csv", 3, "여름이 왔다.", "여름", "https://example.org/2"),
    Raw("가.csv", 4, "여름이 왔다.", "여름", "https://example.org/2"),  # again in the same file
    Raw("나.csv", 5, "여름이   왔다.", "여름이다"),  # and in another one
    Raw("나.csv", 6, "봄이 왔다.", "또 봄"),  # a double once the other is cleaned
    Raw("나.csv", 7, "짧다"),
    Raw("나.csv", 8, "<b></b>"),
    BAD,
    Raw("글/하나.txt", 0, "가을이 왔다."),
    Raw("글/둘.txt", 0, "겨울이  왔다."),
]


def made(folder: Path, *lots: list[Raw | Rejected]) -> tuple[Imports, Corpus]:
    """Each lot is imported, and the corpus derived."""
    imports, corpus = Imports(folder / "imports"), Corpus(folder / "corpus")
    for lot in lots:
        imports.add(lot)
        derive(imports, corpus, (Cleaner(Cleaning().steps()), Judge(Judging(short=4).rules())))
    return imports, corpus


def surveyed(imports: Imports, corpus: Corpus) -> Survey:
    return survey(imports, corpus, Cleaner(Cleaning().steps()))


@pytest.fixture
def found(tmp_path: Path) -> Survey:
    return surveyed(*made(tmp_path, ROWS))


def test_the_funnel_goes_from_the_rows_to_the_corpus(found: Survey, tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "corpus")
    assert found.rows == len(ROWS) and found.waiting == 0
    assert found.read == Amount(9, sum(len(row.text) for row in ROWS if isinstance(row, Raw)))
    assert found.different.documents == found.cleaned.documents == 7 and found.judged.documents == 5
    assert found.kept == Amount(len(corpus), sum(len(document.text) for document in corpus)) == Amount(4, 27)
    assert found.cleaned.characters == 27 + len("봄이 왔다.") + len("짧다")


def test_each_refusal_is_counted_by_kind_and_by_whom_and_shown_with_its_line(found: Survey) -> None:
    told = {(kind.kind, kind.by): kind for kind in found.refusals}
    assert [(kind.kind, kind.by, kind.amount.documents) for kind in found.refusals] == [
        ("wrong number of fields", "reader", 1),
        ("too short", "rule", 2),
        ("duplicate", "double", 1),
    ]
    (short,) = [one for one in told["too short", "rule"].examples if one.line == 7]
    assert (short.file, short.line, short.text) == ("나.csv", 7, "짧다") and short.reason.startswith("too short: 2 ch")
    (unread,) = told["wrong number of fields", "reader"].examples
    assert (unread.line, unread.text, unread.reason) == (9, "", BAD.reason)


def test_texts_that_came_more_than_once_are_told(found: Survey) -> None:
    repeats = found.repeats
    assert (repeats.again, repeats.elsewhere, repeats.corrected) == (1, 1, 0)
    ((times, shown),) = repeats.most
    assert (times, shown.file, shown.line, shown.text) == (3, "가.csv", 3, "여름이 왔다.")


def test_files_and_sources_and_lengths_are_told_before_and_after(found: Survey) -> None:
    files = {name: (told.taken, told.refused) for name, told in found.files.items()}
    assert files == {"가.csv": (3, 0), "나.csv": (4, 1), "글 (files of one row)": (2, 0)}
    before, after = found.sources
    assert before == {"example.org": 2, "나.csv": 3, "글": 2} and after == {"example.org": 2, "글": 2}
    lengths = found.lengths
    assert sum(lengths.before) == 7 and sum(lengths.after) == 4 and (lengths.shortest, lengths.longest) == (6, 7)


def test_what_a_step_changed_is_shown_and_marked(found: Survey) -> None:
    assert list(found.changes) == ["html", "spaces"] == list(found.tally.steps)
    assert found.tally.documents == 7 and found.tally.changed == 3
    marks = {shown.file: shown.marks for shown in found.changes["html"]}["가.csv"]
    assert "".join(mark.text for mark in marks if mark.kind == "removed") == "<p></p>"
    assert {mark.step for mark in marks} == {"", "html"}


def test_rows_that_came_after_the_corpus_was_made_wait(tmp_path: Path) -> None:
    imports, corpus = made(tmp_path, ROWS)
    imports.add([Raw("다.csv", 2, "눈이 왔다."), Raw("가.csv", 3, "여름이 왔다.", "고친 여름")])
    later = surveyed(imports, corpus)
    assert (later.rows, later.waiting, later.kept.documents, later.repeats.corrected) == (len(ROWS), 2, 4, 0)


def test_a_title_that_was_corrected_and_a_corpus_made_bit_by_bit_are_told_as_one_made_at_once(tmp_path: Path) -> None:
    corrected: list[Raw | Rejected] = [Raw("가.csv", 3, "여름이 왔다.", "고친 여름", "https://example.org/2")]
    once = surveyed(*made(tmp_path / "once", [*ROWS, *corrected]))
    bit_by_bit = surveyed(*made(tmp_path / "bits", ROWS[:4], ROWS[4:], corrected))
    assert once == bit_by_bit and once.repeats.corrected == 1


def test_a_line_that_says_something_else_by_now_is_not_taken_for_the_one_that_was_refused(tmp_path: Path) -> None:
    first: list[Raw | Rejected] = [Raw("가.csv", 2, "짧다")]
    then: list[Raw | Rejected] = [Raw("가.csv", 2, "이제는 더 길다.")]
    told = surveyed(*made(tmp_path, first, then))
    assert [kind.kind for kind in told.refusals] == ["too short"] and told.kept.documents == 1


def test_a_line_that_was_refused_before_and_after_it_was_changed_is_told_with_a_reason_for_each(tmp_path: Path) -> None:
    told = surveyed(*made(tmp_path, [Raw("가.csv", 2, "짧다")], [Raw("가.csv", 2, "더")]))
    ((kind, examples),) = [(kind.kind, kind.examples) for kind in told.refusals]
    assert kind == "too short" and {(one.text, one.reason[:14]) for one in examples} == {
        ("짧다", "too short: 2 c"),
        ("더", "too short: 1 c"),
    }


def test_what_rejected_jsonl_does_not_say_is_told_as_unknown(tmp_path: Path) -> None:
    imports, corpus = made(tmp_path, ROWS)
    corpus.rejected_path.write_text('{"file": "나.csv", "line": 7, "rea', encoding="utf-8")
    told = surveyed(imports, corpus)
    assert {kind.kind: kind.amount.documents for kind in told.refusals if kind.by == "rule"} == {"unknown": 3}


def test_near_copies_and_scores_are_read_from_the_disk(tmp_path: Path) -> None:
    imports, corpus = made(tmp_path, ROWS)
    ids = {document.title: document.id for document in corpus}
    lines = corpus.rejected_path.read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    for entry in told:
        if entry["line"] == 7:
            entry["reason"] = "learnt: score 0.12"
        if entry["line"] == 6:
            entry["reason"] = f"near-duplicate: of {ids['여름']}"
    corpus.rejected_path.write_text("".join(json.dumps(entry) + "\n" for entry in told), encoding="utf-8")
    copy = Raw("나.csv", 6, "봄이 왔다.").document().id
    group = {"kept": ids["여름"], "dropped": [{"id": copy, "shared": 0.83}]}
    (corpus.folder / "duplicates.jsonl").write_text(json.dumps(group) + "\n", encoding="utf-8")
    found = surveyed(imports, corpus)
    assert found.scores[2] == sum(found.scores) == 1
    assert {(kind.kind, kind.by) for kind in found.refusals} >= {("learnt", "rule"), ("near-duplicate", "double")}
    assert found.near.sizes == {2: 1}
    ((stays, went, shared),) = found.near.pairs
    assert (stays.title, went.title, shared) == ("여름", "또 봄", 0.83)
    assert [mark.text for mark in stays.marks if mark.kind == "removed"] == ["여름이"]
    assert not NearGroups(Corpus(tmp_path / "nowhere")).found().sizes


def test_the_same_examples_are_chosen_in_whatever_order_they_come() -> None:
    keys = [str(n) for n in range(100)]
    orders = [keys, keys[::-1], random.Random(3).sample(keys, 100)]
    chosen = []
    for order in orders:
        some: Chosen[str] = Chosen(3)
        for key in order:
            some.offer(key, lambda key=key: key)  # type: ignore[misc]
        chosen.append(some.found())
    assert chosen[0] == chosen[1] == chosen[2] and len(set(chosen[0])) == 3


def test_a_difference_is_shown_with_what_stands_around_it() -> None:
    text = "가나다라 " * 30
    assert difference(text, text) == ()
    first, gone, rest = difference(f"{text}<b>마{text}", f"{text}마{text}", "html")
    assert first.text.startswith("…") and first.text.endswith("라 ") and len(first.text) == 31
    assert gone == Stretch("removed", "<b>", "html") and rest.text.startswith("마가나다라") and rest.text.endswith("…")


@pytest.mark.parametrize("gone", ["광고 " * 500, "ㅋ" * 5_000])
def test_a_difference_that_is_long_is_cut_and_shows_nothing_as_changed_that_is_not(gone: str) -> None:
    text = "".join(f"{n}번째 문장이다. " for n in range(200))
    marks = difference(gone + text, text, "step")
    assert all(mark.kind != "added" or mark.text in text for mark in marks)
    assert sum(len(mark.text) for mark in marks) < 300 and any(mark.kind == "removed" for mark in marks)
    tags = difference(text.replace(". ", ".<br>"), text, "html")
    assert {mark.text for mark in tags if mark.kind == "removed"} == {"<br>"}
