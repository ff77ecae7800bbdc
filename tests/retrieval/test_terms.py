from pathlib import Path

import pytest

from corpus.document import Document, document
from corpus.events import Event, Progress
from corpus.store import Corpus
from retrieval import terms as terms_module
from retrieval.terms import TermStore
from tests.retrieval.conftest import Counting, corpus_of, numbered


def stored(store: TermStore) -> dict[str, list[str]]:
    versions = [str(version) for part in store.parts() for version in part.versions.to_pylist()]
    assert len(versions) == len(set(versions))
    return dict(store.of(versions))


@pytest.fixture
def ten(tmp_path: Path) -> Corpus:
    return corpus_of(tmp_path / "ten", numbered(f"글 {number}" for number in range(10)))


def test_a_second_update_analyses_only_what_is_new(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", [document("하나 둘 셋", "제목"), document("둘 넷")])
    assert TermStore(tmp_path / "terms", Counting()).update(corpus) == 2
    corpus.add([document("다섯 둘")])
    second = Counting()
    store = TermStore(tmp_path / "terms", second)
    assert store.update(corpus) == 1
    assert second.texts == ["", "다섯 둘"]
    assert store.update(corpus) == 0
    assert stored(store) == {
        document("하나 둘 셋", "제목").version: ["제목", "하나", "둘", "셋"],
        document("둘 넷").version: ["둘", "넷"],
        document("다섯 둘").version: ["다섯", "둘"],
    }


def test_a_document_whose_title_was_corrected_is_analysed_again_and_no_other(tmp_path: Path) -> None:
    other = document("둘 넷")
    store = TermStore(tmp_path / "terms", Counting())
    store.update(corpus_of(tmp_path / "old", [document("하나", "제묵"), other]))
    again = Counting()
    corrected = document("하나", "제목")
    assert TermStore(tmp_path / "terms", again).update(corpus_of(tmp_path / "new", [corrected, other])) == 1
    assert again.texts == ["제목", "하나"]
    assert dict(store.of([corrected.version])) == {corrected.version: ["제목", "하나"]}


def test_terms_of_another_analyzer_are_never_taken(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", numbered(["하나 둘"]))
    TermStore(tmp_path, Counting("counting 1")).update(corpus)
    newer = Counting("counting 2")
    assert TermStore(tmp_path, newer).update(corpus) == 1
    assert newer.texts == ["", "하나 둘"]


def test_ctrl_c_loses_nothing_that_was_analysed(tmp_path: Path, ten: Corpus) -> None:
    store = TermStore(tmp_path, Counting(breaks_at="글 7"))
    with pytest.raises(KeyboardInterrupt):
        store.update(ten)
    assert len(stored(store)) == 7
    again = Counting()
    assert TermStore(tmp_path, again).update(ten) == 3
    assert again.texts[1] == "글 7"


def test_what_is_raised_by_a_listener_loses_nothing_that_was_analysed(tmp_path: Path, ten: Corpus) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, Progress) and event.done == 4:
            raise RuntimeError("enough")

    store = TermStore(tmp_path, Counting())
    with pytest.raises(RuntimeError, match="enough"):
        store.update(ten, on=stop)
    assert len(stored(store)) == 4
    assert store.update(ten) == 6


def test_a_killed_process_leaves_whole_parts_and_its_litter_is_swept(
    tmp_path: Path, ten: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terms_module, "PART_DOCUMENTS", 4)
    store = TermStore(tmp_path, Counting())
    store.update(ten)
    assert len(store.paths()) == 3
    torn = store.folder / ".part-000004.arrow.x.part"
    torn.write_bytes(b"half a part")
    assert len(stored(store)) == 10
    ten.add([Document(f"{10:032x}", "글 10")])
    store.update(ten)
    assert not torn.exists()
    assert len(stored(store)) == 11


@pytest.mark.parametrize("left", [0, 100])
def test_a_damaged_part_is_analysed_again(
    left: int, tmp_path: Path, ten: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terms_module, "PART_DOCUMENTS", 2)
    store = TermStore(tmp_path, Counting())
    store.update(ten)
    path = store.paths()[1]
    path.write_bytes(path.read_bytes()[:left])
    assert store.update(ten) == 2
    assert stored(store)[Document("", "글 3").version] == ["글", "3"]


def test_the_terms_of_chosen_versions_come_back_as_strings(tmp_path: Path) -> None:
    documents = numbered(["하나 둘", "셋", ""])
    store = TermStore(tmp_path, Counting())
    store.update(corpus_of(tmp_path / "corpus", documents))
    assert dict(store.of([documents[0].version, documents[2].version, "unknown"])) == {
        documents[0].version: ["하나", "둘"],
        documents[2].version: [],
    }


def test_no_documents_make_no_file(tmp_path: Path) -> None:
    store = TermStore(tmp_path / "terms", Counting())
    assert store.update(Corpus(tmp_path / "corpus")) == 0
    assert not (tmp_path / "terms").exists()
