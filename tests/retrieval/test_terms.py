from pathlib import Path

import pytest

from corpus.document import document
from corpus.store import Corpus
from retrieval import terms as terms_module
from retrieval.terms import TermStore
from tests.retrieval.conftest import Counting, numbered


def stored(store: TermStore) -> dict[str, list[str]]:
    ids = [str(id_) for part in store.parts() for id_ in part.ids.to_pylist()]
    assert len(ids) == len(set(ids))
    return dict(store.of(ids))


def test_a_second_update_analyses_only_what_is_new(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "corpus")
    corpus.add([document("하나 둘 셋", "제목"), document("둘 넷")])
    first = Counting()
    assert TermStore(tmp_path / "terms", first).update(corpus) == 2
    corpus.add([document("다섯 둘")])
    second = Counting()
    store = TermStore(tmp_path / "terms", second)
    assert store.update(corpus) == 1
    assert second.texts == ["", "다섯 둘"]
    assert store.update(corpus) == 0
    assert stored(store) == {
        document("하나 둘 셋").id: ["제목", "하나", "둘", "셋"],
        document("둘 넷").id: ["둘", "넷"],
        document("다섯 둘").id: ["다섯", "둘"],
    }


def test_terms_of_another_analyzer_are_never_taken(tmp_path: Path) -> None:
    documents = numbered(["하나 둘"])
    TermStore(tmp_path, Counting("counting 1")).add(documents)
    newer = Counting("counting 2")
    assert TermStore(tmp_path, newer).add(documents) == 1
    assert newer.texts == ["", "하나 둘"]


def test_ctrl_c_loses_nothing_that_was_analysed(tmp_path: Path) -> None:
    documents = numbered(f"글 {number}" for number in range(10))
    store = TermStore(tmp_path, Counting(breaks_at="글 7"))
    with pytest.raises(KeyboardInterrupt):
        store.add(documents)
    assert len(stored(store)) == 7
    again = Counting()
    assert TermStore(tmp_path, again).add(documents) == 3
    assert again.texts[1] == "글 7"


def test_a_killed_process_leaves_whole_parts_and_its_litter_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terms_module, "PART_DOCUMENTS", 4)
    store = TermStore(tmp_path, Counting())
    store.add(numbered(f"글 {number}" for number in range(10)))
    assert len(store.paths()) == 3
    torn = store.folder / ".part-000004.arrow.x.part"
    torn.write_bytes(b"half a part")
    assert len(stored(store)) == 10
    store.add(numbered(f"글 {number}" for number in range(11)))
    assert not torn.exists()
    assert len(stored(store)) == 11


def test_a_damaged_part_is_analysed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms_module, "PART_DOCUMENTS", 2)
    documents = numbered(f"글 {number}" for number in range(6))
    store = TermStore(tmp_path, Counting())
    store.add(documents)
    path = store.paths()[1]
    path.write_bytes(path.read_bytes()[:100])
    assert store.add(documents) == 2
    assert stored(store)[documents[3].id] == ["글", "3"]


def test_the_terms_of_chosen_documents_come_back_as_strings(tmp_path: Path) -> None:
    documents = numbered(["하나 둘", "셋", ""])
    store = TermStore(tmp_path, Counting())
    store.add(documents)
    assert dict(store.of([documents[0].id, documents[2].id, "unknown"])) == {
        documents[0].id: ["하나", "둘"],
        documents[2].id: [],
    }


def test_no_documents_make_no_file(tmp_path: Path) -> None:
    store = TermStore(tmp_path / "terms", Counting())
    assert store.add([]) == 0
    assert store.update(Corpus(tmp_path / "corpus")) == 0
    assert not (tmp_path / "terms").exists()
