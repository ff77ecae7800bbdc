"""The embedded index on disk: when it is built anew, by whom, and who may search it meanwhile."""

import errno
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.events import Begun, Event, Finished, Progress
from corpus.store import Corpus
from retrieval import postings
from retrieval.bm25 import Bm25Index
from retrieval.index import SearchIndex
from retrieval.query import Phrase, Terms
from retrieval.reference import RankBm25Index
from tests.retrieval.conftest import Counting, built, corpus_of, numbered


def found(index: SearchIndex, *terms: str) -> list[int]:
    return sorted(int(hit.document_id, 16) for hit in index.search(Terms(terms), 100))


def test_an_index_is_reloaded_and_only_made_anew_when_something_changed(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", numbered(["하나 둘", "둘 셋"]))
    index = Bm25Index(tmp_path / "index", Counting())
    assert index.stale(corpus) == ["not built yet"]
    assert index.made() is None and len(index) == 0 and index.status() == {}
    assert index.build(corpus).documents == 2
    assert index.stale(corpus) == []
    (folder,) = index.folder.glob("bm25-*")
    assert index.build(corpus).documents == 2
    assert list(index.folder.glob("bm25-*")) == [folder]
    fresh = Bm25Index(tmp_path / "index", Counting())
    assert len(fresh.search(Terms(("둘",)), 5)) == len(fresh) == 2
    corpus.add([Document(f"{2:032x}", "둘 넷")])
    assert fresh.stale(corpus) == ["corpus changed: 1 new documents"]
    assert fresh.build(corpus).documents == 3
    assert found(fresh, "둘") == [0, 1, 2]
    assert len(list(index.folder.glob("bm25-*"))) == 1


def test_other_settings_make_it_stale_and_say_which(tmp_path: Path) -> None:
    index = built(tmp_path, numbered(["a"]))
    corpus = Corpus(tmp_path / "corpus")
    assert Bm25Index(index.folder, Counting(), k1=1.5).stale(corpus) == [
        "settings changed: k1 1.2, b 0.75 → k1 1.5, b 0.75"
    ]
    assert Bm25Index(index.folder, Counting("counting 2")).stale(corpus) == [
        "analyzer changed: counting 1 → counting 2"
    ]
    fewer = corpus_of(tmp_path / "fewer", numbered([]))
    assert index.stale(fewer) == ["corpus changed"]


def test_what_it_was_made_from_is_told_whatever_the_settings(tmp_path: Path) -> None:
    built(tmp_path, numbered(["a b", "b c c"]))
    made = Bm25Index(tmp_path / "index", Counting("counting 2"), k1=2).made()
    assert made is not None
    assert (made.analyzer, made.k1, made.b) == ("counting 1", 1.2, 0.75)
    assert (made.documents, made.terms, made.tokens, made.refused) == (2, 3, 5, 0)
    assert made.corpus == Corpus(tmp_path / "corpus").fingerprint()


def test_a_corrected_title_is_found_after_the_build_and_the_old_one_is_not(tmp_path: Path) -> None:
    index = built(tmp_path, [Document(f"{0:032x}", "a b", "wrongg"), Document(f"{1:032x}", "b")])
    corrected = corpus_of(tmp_path / "corrected", [Document(f"{0:032x}", "a b", "right"), Document(f"{1:032x}", "b")])
    assert index.stale(corrected) == ["corpus changed"]
    index.build(corrected)
    assert index.stale(corrected) == []
    for searched in (index, RankBm25Index(index.folder, Counting())):
        assert found(searched, "right") == [0]
        assert found(searched, "wrongg") == []
        assert searched.near_terms("wrong") == []
    made = index.made()
    assert made is not None and made.terms == 3


def test_a_changed_source_or_metadata_makes_the_index_stale(tmp_path: Path) -> None:
    index = built(tmp_path, [Document(f"{0:032x}", "a", "", "x.csv", {"author": "김"})])
    for number, other in enumerate(
        (
            Document(f"{0:032x}", "a", "", "y.csv", {"author": "김"}),
            Document(f"{0:032x}", "a", "", "x.csv", {"author": "이"}),
        )
    ):
        corpus = corpus_of(tmp_path / str(number), [other])
        assert index.stale(corpus) == ["corpus changed"]
        index.build(corpus)
        assert index.stale(corpus) == []


def test_a_document_that_left_the_corpus_leaves_the_index(tmp_path: Path) -> None:
    documents = numbered(["a", "a b", "a c"])
    index = built(tmp_path, documents)
    index.build(corpus_of(tmp_path / "fewer", [documents[0], documents[2]]))
    assert len(index) == 2
    assert found(index, "b") == [] and found(index, "a") == [0, 2]
    assert index.near_terms("bb") == []


def test_documents_of_the_same_version_have_the_same_terms(tmp_path: Path) -> None:
    tool = Counting()
    index = built(tmp_path, numbered(["a b", "c", "a b"]), tool)
    assert tool.texts == ["", "a b", "", "c"]
    for searched in (index, RankBm25Index(index.folder, Counting())):
        assert found(searched, "b") == [0, 2]


def test_a_document_analysed_twice_by_two_processes_counts_once(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", numbered(["a b", "b"]))
    index = Bm25Index(tmp_path / "index", Counting())
    index.terms.update(corpus)
    (part,) = index.terms.paths()
    part.with_name("part-000002.arrow").write_bytes(part.read_bytes())
    index.build(corpus)
    assert index.document_frequencies(["b"]) == [len(index)] == [2]
    made = index.made()
    assert made is not None and made.tokens == 3


def test_another_analyzers_index_is_not_searched(tmp_path: Path) -> None:
    index = built(tmp_path, numbered(["a"]), Counting("counting 1"))
    other = Bm25Index(index.folder, Counting("counting 2"))
    for work in (other.check, lambda: other.search(Terms(("a",)), 1)):
        with pytest.raises(GeulgamError, match="another analyzer") as caught:
            work()
        assert "geulgam index build" in caught.value.hint


@pytest.mark.parametrize("damage", ["manifest", "format", "array", "missing", "phrases", "lost"])
def test_a_missing_or_damaged_index_says_what_to_do_and_is_built_anew(damage: str, tmp_path: Path) -> None:
    path = built(tmp_path, numbered(["a b", "b c"])).folder
    folder = next(path.glob("bm25-*"))
    manifest = path / "manifest.json"
    match damage:
        case "manifest":
            manifest.write_text("{")
        case "format":
            manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 1}))
        case "array":
            (folder / "vocabulary.bytes.npy").write_bytes(b"?")
        case "missing":
            (folder / "data.csc.index.npy").unlink()
        case "phrases":
            (folder / "sequence.npy").unlink()
        case "lost":
            manifest.unlink()
    index, corpus = Bm25Index(path, Counting()), Corpus(tmp_path / "corpus")
    for work in (index.check, lambda: index.search(Terms(("a",)), 1)):
        with pytest.raises(GeulgamError) as caught:
            work()
        assert caught.value.hint == "geulgam index build"
    assert len(index.stale(corpus)) == 1
    assert index.build(corpus).documents == 2
    assert index.stale(corpus) == [] and found(index, "a") == [0]


def test_what_another_process_has_built_is_searched_at_once(tmp_path: Path) -> None:
    index = built(tmp_path, numbered(["a"]))
    rank = RankBm25Index(index.folder, Counting())
    assert found(index, "a") == found(rank, "a") == [0]
    corpus = corpus_of(tmp_path / "more", numbered(["a", "a b", "b a"]))
    build_elsewhere(index.folder, corpus.folder)
    assert found(index, "a") == found(rank, "a") == [0, 1, 2]
    assert [hit.document_id for hit in index.search(Phrase(("b", "a")), 5)] == [f"{2:032x}"]
    assert len(index) == 3


def test_an_open_index_is_whole_though_another_process_has_swept_it(tmp_path: Path) -> None:
    index = built(tmp_path, numbered(["a b", "b a"]))
    matrix = index._current()
    build_elsewhere(index.folder, corpus_of(tmp_path / "more", numbered(["a", "b", "c"])).folder)
    assert not matrix.folder.exists()
    documents, scores = matrix.phrase(["b", "a"])  # never looked up before
    assert documents.tolist() == [1] and scores[0] > 0


def test_a_search_between_a_new_manifest_and_the_sweep_finds_the_new_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = built(tmp_path, numbered(["a"]))
    other = Bm25Index(index.folder, Counting())
    corpus = corpus_of(tmp_path / "more", numbered(["a", "a"]))
    opened = Bm25Index._open

    def late(self: Bm25Index, *given: Any) -> Any:
        monkeypatch.undo()
        other.build(corpus)  # after this reader has read the old manifest, before it opens the files
        return opened(self, *given)

    monkeypatch.setattr(Bm25Index, "_open", late)
    assert found(index, "a") == [0, 1]


def test_threads_search_while_another_builds(tmp_path: Path) -> None:
    corpora = [corpus_of(tmp_path / str(n), numbered(["a b"] * n + ["b c"])) for n in range(1, 5)]
    index = Bm25Index(tmp_path / "index", Counting())
    index.build(corpora[0])
    failures: list[BaseException] = []
    stop = threading.Event()

    def search() -> None:
        try:
            while not stop.is_set():
                hits = index.search(Phrase(("a", "b")), 10)
                assert [int(hit.document_id, 16) for hit in hits] == list(range(len(hits))) != []
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    builder = Bm25Index(tmp_path / "index", Counting())
    for _ in range(4):
        for corpus in corpora:
            builder.build(corpus)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []


def build_elsewhere(folder: Path, corpus: Path) -> None:
    """Build the index from the corpus in another process."""
    code = (
        "import sys; from pathlib import Path; from corpus.store import Corpus; from retrieval.bm25 import Bm25Index\n"
        "from tests.retrieval.conftest import Counting\n"
        "Bm25Index(Path(sys.argv[1]), Counting()).build(Corpus(Path(sys.argv[2])))"
    )
    subprocess.run([sys.executable, "-c", code, str(folder), str(corpus)], check=True)


def test_a_build_that_fails_leaves_the_old_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = built(tmp_path, numbered(["a"]))
    more = corpus_of(tmp_path / "more", numbered(["a", "b"]))

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(GeulgamError, match="No space left"):
        index.build(more)
    monkeypatch.undo()
    assert found(index, "a") == [0] and len(index) == 1
    assert len(list(index.folder.glob("bm25-*"))) == 1
    assert index.build(more).documents == 2


def heard(corpus: Corpus, index: Bm25Index) -> list[Event]:
    events: list[Event] = []
    index.build(corpus, on=events.append)
    return events


def test_a_build_tells_what_it_does(tmp_path: Path) -> None:
    corpus, index = (
        corpus_of(tmp_path / "corpus", numbered(["a"] * 3 + ["b"])),
        Bm25Index(tmp_path / "index", Counting()),
    )
    events = heard(corpus, index)
    assert [(event.task, event.total, event.unit) for event in events if isinstance(event, Begun)] == [
        ("analysing", 2, "document"),  # the three are the same
        ("indexing", 4, "step"),
    ]
    assert [event.done for event in events if isinstance(event, Progress) and event.task == "analysing"] == [1, 2]
    assert [event.complete for event in events if isinstance(event, Finished)] == [True, True]
    assert heard(corpus, index) == []


def test_a_build_broken_off_at_any_step_leaves_the_old_index_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings, "BLOCK", 4)
    index = built(tmp_path, numbered(["a"]))
    more = corpus_of(tmp_path / "more", numbered(["a b c", "b c d", "c d a"]))
    steps = 0

    def stopping(after: int) -> Callable[[Event], None]:
        def on(event: Event) -> None:
            nonlocal steps
            steps += 1
            if steps > after:
                raise KeyboardInterrupt

        return on

    after = 0
    while index.stale(more):
        steps = 0
        try:
            index.build(more, on=stopping(after))
        except KeyboardInterrupt:
            assert found(index, "a") == [0]
            assert len(list(index.folder.glob("bm25-*"))) == 1
        after += 1
    assert after > 12
    assert found(index, "a") == [0, 2]


def test_what_a_killed_build_left_is_swept_by_the_next(tmp_path: Path) -> None:
    left = tmp_path / "index" / "bm25-left"
    left.mkdir(parents=True)
    (left / "data.csc.index.npy").write_bytes(b"half")
    built(tmp_path, numbered(["a"]))
    assert not left.exists()


def test_an_empty_corpus_and_documents_without_words_are_refused(tmp_path: Path) -> None:
    index = Bm25Index(tmp_path / "index", Counting())
    with pytest.raises(GeulgamError, match="no documents"):
        index.build(Corpus(tmp_path / "corpus"))
    with pytest.raises(GeulgamError, match="no document has a word"):
        index.build(corpus_of(tmp_path / "corpus", numbered([""])))
    assert len(index) == 0


def test_impossible_settings_are_refused(tmp_path: Path) -> None:
    for k1, b in ((-1.0, 0.5), (1.2, 1.5), (float("nan"), 0.5)):
        with pytest.raises(GeulgamError, match="not defined"):
            Bm25Index(tmp_path, Counting(), k1=k1, b=b)


def test_the_reference_builds_the_same_index_and_says_when_its_terms_are_gone(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", numbered(["a", "b a"]))
    rank = RankBm25Index(tmp_path / "index", Counting())
    assert rank.stale(corpus) == ["not built yet"]
    assert rank.build(corpus).documents == 2
    assert Bm25Index(tmp_path / "index", Counting()).stale(corpus) == rank.stale(corpus) == []
    assert found(rank, "a") == [0, 1]
    for part in rank.terms.paths():
        part.unlink()
    with pytest.raises(GeulgamError, match="cached terms are missing") as caught:
        found(RankBm25Index(tmp_path / "index", Counting()), "a")
    assert "build the index again" in caught.value.hint
