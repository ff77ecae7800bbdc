"""A corpus without copies is made from the one with them: anew where something changed, whole or not at all."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from corpus.cleaning.cleaning import Cleaner, Cleaning
from corpus.copies import Copies, Dropped
from corpus.deduplicate import deduplicate, duplicates, forget
from corpus.derive import Derived, derive
from corpus.document import Raw, document_id
from corpus.errors import GeulgamError
from corpus.events import Event, Progress
from corpus.imports import Imports
from corpus.keeping import Keeping, Scores
from corpus.step import Step
from corpus.store import Corpus
from tests.corpus.made_up import prose

LONGEST, EARLIEST = Keeping("longest"), Keeping("earliest")
SHORT, LONG, OTHER = prose(1), prose(1) + prose(2, 60), prose(3)


class Made:
    """Imports, the corpus cleaned from them, and the one without copies."""

    def __init__(self, folder: Path) -> None:
        self.imports, self.cleaned, self.corpus = (
            Imports(folder / "imports"),
            Corpus(folder / "cleaned"),
            Corpus(folder / "corpus"),
        )

    def add(self, texts: Iterable[str], file: str = "a.csv") -> None:
        self.imports.add(Raw(file, line, text) for line, text in enumerate(texts, start=1))

    def make(self, how: Keeping = LONGEST, steps: Sequence[Step] = (), scores: Scores | None = None) -> Derived:
        derive(self.imports, self.cleaned, steps)
        return deduplicate(self.cleaned, self.corpus, self.imports, how, scores=scores)

    @property
    def texts(self) -> list[str]:
        return [one.text for one in self.corpus]

    @property
    def rejected(self) -> list[Any]:
        return [json.loads(line) for line in self.corpus.rejected_path.read_text("utf-8").splitlines()]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


def test_copies_are_dropped_and_listed_with_their_line_and_with_what_stays_for_them(made: Made) -> None:
    made.add([SHORT, OTHER, LONG, "<br>"])
    derived = made.make(steps=[Cleaner(Cleaning().steps())])
    assert made.texts == [OTHER, LONG]
    assert derived == Derived(2, 0, 0, 0, 1, len(OTHER) + len(LONG), {"near-duplicate": 1})
    assert list(duplicates(made.corpus)) == [Copies(document_id(LONG), (Dropped(document_id(SHORT), 1.0),))]
    assert made.rejected == [
        {"file": "a.csv", "line": 4, "reason": "empty text: nothing is left after cleaning", "id": document_id("<br>")},
        {"file": "a.csv", "line": 1, "reason": f"near-duplicate: of {document_id(LONG)}", "id": document_id(SHORT)},
    ]
    (line,) = (made.corpus.folder / "duplicates.jsonl").read_text("utf-8").splitlines()
    told = {"kept": document_id(LONG), "dropped": [{"id": document_id(SHORT), "shared": 1.0}]}
    assert json.loads(line) == told


def test_copies_are_told_after_cleaning(made: Made) -> None:
    made.add(["<b>" + "</b><b>".join(SHORT.split()) + "</b>", LONG.replace(" ", "\u200b ")])
    made.make(steps=[Cleaner(Cleaning().steps())])
    assert made.texts == [LONG]


def test_where_nothing_changed_nothing_is_done_and_another_rule_makes_it_anew(made: Made) -> None:
    made.add([SHORT, LONG, OTHER])
    made.make()
    parts = made.corpus.parts()
    assert made.make() == Derived() and made.corpus.parts() == parts
    derived = made.make(EARLIEST)
    assert made.texts == [SHORT, OTHER]
    assert (derived.taken, derived.gone, derived.rejected) == (1, 1, 1)
    assert made.rejected[0]["line"] == 2 and len(made.rejected) == 1


class ByLength:
    """As good as it is long, or as it is short."""

    def __init__(self, digest: str, sign: int) -> None:
        self.digest, self._sign = digest, sign

    def __call__(self, ids: Sequence[str], texts: Sequence[str]) -> NDArray[np.float64]:
        return np.array([self._sign * float(len(text)) for text in texts])


def test_other_scores_make_it_anew_and_the_same_do_nothing(made: Made) -> None:
    made.add([SHORT, LONG, OTHER])
    short, long = ByLength("one", -1), ByLength("other", 1)
    made.make(Keeping("best"), scores=short)
    assert made.texts == [SHORT, OTHER] and made.corpus.made_from["steps"] == [["deduplicate best one", 1]]
    assert made.make(Keeping("best"), scores=short) == Derived()
    derived = made.make(Keeping("best"), scores=long)
    assert made.texts == [LONG, OTHER] and (derived.taken, derived.gone) == (1, 1)
    assert Keeping("longest").named(long) == [("deduplicate longest", 1)] and Keeping().named(long) == []
    with pytest.raises(ValueError, match="told by scores"):
        made.make(Keeping("best"))


def test_what_is_added_is_compared_with_all_and_what_was_dropped_before_is_not_told_again(made: Made) -> None:
    made.add([SHORT, OTHER])
    assert made.make().rejected == 0 and list(duplicates(made.corpus)) == []
    made.add([LONG], "b.csv")
    derived = made.make()
    assert (derived.taken, derived.gone, derived.rejected) == (1, 1, 1) and made.texts == [OTHER, LONG]
    made.add([prose(8)], "c.csv")
    derived = made.make()
    assert (derived.taken, derived.gone, derived.rejected, derived.reasons) == (1, 0, 0, {})
    assert [row["file"] for row in made.rejected] == ["a.csv"]


def test_of_a_row_that_was_corrected_the_last_reading_is_told(made: Made) -> None:
    made.add([LONG, SHORT])
    made.imports.add([Raw("a.csv", 7, SHORT, "새 제목")])
    made.make()
    assert made.rejected == [
        {"file": "a.csv", "line": 7, "reason": f"near-duplicate: of {document_id(LONG)}", "id": document_id(SHORT)},
    ]


def test_that_all_stay_brings_the_dropped_back_and_removes_what_was_noted(made: Made) -> None:
    made.add([SHORT, LONG])
    made.make()
    derived = derive(made.imports, made.corpus)
    forget(made.corpus, made.cleaned)
    assert derived.taken == 1 and made.texts == [SHORT, LONG]
    assert list(duplicates(made.corpus)) == [] and not made.cleaned.folder.exists()
    assert not made.corpus.rejected_path.read_text("utf-8")
    made.make()
    assert made.texts == [LONG]


def test_broken_off_anywhere_the_old_corpus_stands_and_the_same_call_makes_the_new_one(made: Made) -> None:
    made.add([SHORT, OTHER])
    made.make()
    made.add([LONG], "b.csv")
    derive(made.imports, made.cleaned)
    for moment in range(1, 30):
        left = moment

        def stop(event: Event) -> None:
            nonlocal left
            left -= isinstance(event, Progress)
            if not left:
                raise KeyboardInterrupt

        try:
            deduplicate(made.cleaned, made.corpus, made.imports, LONGEST, on=stop)
        except KeyboardInterrupt:
            assert made.texts == [SHORT, OTHER] and not made.rejected
        else:
            break
    assert moment > 5 and made.texts == [OTHER, LONG]


def test_all_of_no_documents_is_nothing(made: Made) -> None:
    assert made.make() == Derived() and made.texts == []
    with pytest.raises(ValueError, match="nothing is to be dropped"):
        made.make(Keeping())


def test_a_damaged_list_is_one_line(made: Made) -> None:
    made.add([SHORT, LONG])
    made.make()
    (made.corpus.folder / "duplicates.jsonl").write_text('{"kept": 3}\n', encoding="utf-8")
    with pytest.raises(GeulgamError, match=r"duplicates\.jsonl, line 1: damaged"):
        list(duplicates(made.corpus))
